"""Brokers as rows."""

from dataclasses import dataclass

from headgate.domain import observation, snapshot
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerRow:
    """One broker."""

    id: int
    address: str
    rack: str
    state: str
    """In words: ``in service``, ``fenced, its port accepts but does not answer``, ..."""
    healthy: bool | Unknown
    controller: bool | Unknown
    leaders: int | Unknown
    replicas: int | Unknown
    out_of_sync: int | Unknown
    """Replicas on it that are not in sync."""


_PORTS = {
    "answers": "its port answers",
    "accepts": "its port accepts but does not answer",
    "refuses": "its port refuses",
    "silent": "its port is silent",
    "not_probed": "its port was not tried",
}


def rows(seen: observation.Observation) -> tuple[BrokerRow, ...] | Unknown:
    """Every broker with what it leads and holds."""
    known = seen.snapshot.brokers.value
    if isinstance(known, Unknown):
        return known
    parts = seen.snapshot.partitions.value
    made = []
    for item in known.brokers:
        leaders: int | Unknown
        replicas: int | Unknown
        out: int | Unknown
        if isinstance(parts, Unknown):
            leaders = replicas = out = parts
        else:
            leaders = int((parts.leader == item.id).sum())
            replicas = int((parts.replicas == item.id).sum())
            out = replicas - int((parts.isr == item.id).sum())
        made.append(
            BrokerRow(
                id=item.id,
                address=f"{item.host}:{item.port}",
                rack=item.rack or "no rack",
                state=_broker_state(item),
                healthy=_healthy(item),
                controller=known.controller
                if isinstance(known.controller, Unknown)
                else known.controller == item.id,
                leaders=leaders,
                replicas=replicas,
                out_of_sync=out,
            )
        )
    return tuple(made)


def _healthy(item: snapshot.Broker) -> bool | Unknown:
    if not item.listed or item.fenced is True:
        return False
    if item.port_state == "not_probed":
        return Unknown("its port was not tried")
    return item.port_state == "answers"


def _broker_state(item: snapshot.Broker) -> str:
    port = _PORTS[item.port_state]
    if not item.listed:
        return f"gone from the cluster, {port}"
    if isinstance(item.fenced, Unknown):
        return f"listed, {port}; fenced or not is {item.fenced}"
    if item.fenced:
        return f"fenced, {port}"
    return "in service" if item.port_state == "answers" else f"listed, {port}"
