"""Why brokers are gone and partitions lose replicas or leaders.

What decides: what the port does, and the order in which the leaders moved and the ISR shrank (a
planned stop moves leaders first; seen on Kafka 4.3: within 0.2 s, fenced within 0.1 s, while a
crash stays listed and unfenced for a whole broker session with its port refusing).
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import words
from headgate.diagnose import interface
from headgate.domain import diagnosis, finding, history, resource
from headgate.domain.unknown import Unknown

_WATCH_S = 300.0
_ACTUATOR = "the host and its process: no actuator of them is declared"


class Brokers:
    """Explains brokers that are down or fenced, and a cluster that does not answer."""

    explains: ClassVar[tuple[str, ...]] = ("broker.down", "broker.fenced", "cluster.unreachable")

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Crashed, stopped as planned, hung, or cut off."""
        argument = interface.Argument(case, about)
        if about.code == "cluster.unreachable":
            _unreachable(argument)
        elif about.code == "broker.down":
            _down(argument)
        else:
            _fenced(argument)
        return argument.explained()


def _unreachable(argument: interface.Argument) -> None:
    about = argument.about
    argument.cause(
        "network.partition",
        "possible",
        "The network between Headgate and the cluster may be cut.",
        not_looked_at=("the cluster from another place: Headgate has one vantage point",),
    )
    argument.cause(
        "evidence.source_failing",
        "possible",
        "Headgate's own address or login may be wrong.",
        not_looked_at=("clients' signs of work: they are seen through the same cluster",),
    )
    argument.cause(
        "broker.crashed",
        "possible",
        "All brokers may be down.",
        for_=argument.own("answer"),
        not_looked_at=(_ACTUATOR,),
    )
    argument.cause(
        "unknown",
        "likely",
        f"{about.resource.id} does not answer; from here it cannot be told why.",
        for_=argument.own("answer"),
        not_looked_at=("the cluster from another place", _ACTUATOR),
        next=[
            interface.suggest("diagnostics.collect", "Try the bootstrap address from elsewhere."),
            interface.suggest("incident.channel", "Nothing on this cluster can be judged now."),
        ],
    )


def _down(argument: interface.Argument) -> None:
    about, case = argument.about, argument.case
    broker_id = int(about.resource.id)
    port = argument.own("port")
    samples = case.seen.history.brokers.get(broker_id, ())
    refused = [s for s in samples if s.listed and s.fenced is False and s.port in _DEAD]
    before = [s for s in samples if s.listed and s.fenced is False]
    planned = [p for p in case.seen.observation.planned if p.resource == str(about.resource)]
    silent = bool(samples) and samples[-1].port == "silent"
    first = _order(case, broker_id)
    order = argument.fact(
        "order",
        "what came first, the leaders' move or the loss from the ISR",
        first,
        source="history",
    )
    sudden = argument.fact(
        "sudden",
        "looks at which its port was dead while the cluster still counted on it",
        len(refused),
        source="history",
    )
    restart = [
        interface.suggest("workload.restart", f"Start broker {broker_id} again; keep its disk."),
        interface.suggest("incident.channel", f"Broker {broker_id} is down."),
    ]
    stop_known = bool(before) and not refused and first != "isr"
    if planned or stop_known:
        said = argument.fact(
            "planned",
            "on the timeline",
            planned[-1].what if planned else "nothing",
            source="timeline",
        )
        argument.cause(
            "broker.planned_stop",
            "confirmed" if planned or first == "leaders" else "likely",
            f"{planned[-1].what} is on the timeline."
            if planned
            else "Its leaders moved away before it left: that is how a controlled shutdown looks.",
            for_=(said, order, sudden),
            next=[interface.watch(about.resource, _WATCH_S, "It should be back by itself.")],
        )
        argument.cause(
            "broker.crashed",
            "ruled_out",
            "It did not vanish while the cluster counted on it.",
            against=(order, sudden),
        )
    else:
        argument.cause(
            "broker.crashed",
            "confirmed" if refused and not silent else "likely" if not silent else "possible",
            "Its port went dead while the cluster still counted on it: it did not shut down."
            if refused
            else "Its port is dead.",
            for_=(*port, sudden, order),
            not_looked_at=(_ACTUATOR,)
            if before
            else ("how it left: that was before Headgate's first look", _ACTUATOR),
            next=restart,
        )
        argument.cause(
            "broker.planned_stop",
            "ruled_out" if refused else "possible",
            "It vanished without moving its leaders away."
            if refused
            else "It may have been stopped on purpose.",
            against=(sudden, order) if refused else (),
            not_looked_at=()
            if refused
            else ("how it left: that was before Headgate's first look",),
        )
    _hung_while_down(argument, silent, port, restart)


def _hung_while_down(
    argument: interface.Argument,
    silent: bool,
    port: tuple[str, ...],
    restart: list[diagnosis.Suggestion],
) -> None:
    if silent:
        argument.cause(
            "broker.hung",
            "likely",
            "Its host swallows connections: it hangs or is cut off.",
            for_=port,
            not_looked_at=(_ACTUATOR,),
            next=restart,
        )
    else:
        argument.cause(
            "broker.hung",
            "ruled_out",
            "A hung broker's port still accepts connections.",
            against=port,
        )


_DUMB = ("refuses", "silent", "accepts")
_DEAD = ("refuses", "silent")


def _order(case: interface.Case, broker_id: int) -> str:
    """``leaders``, ``isr`` or ``together``; ``not seen`` where the history does not show it."""
    past, table = case.seen.history, case.seen.partitions
    read = ~(past.leaders == history.UNREAD_LEADER).all(axis=1)
    if isinstance(table, Unknown) or read.sum() < 2:
        return "not seen"
    leading = past.leaders[read] == broker_id
    led = np.flatnonzero(leading.any(axis=0) & ~leading[-1])
    moved = _first_without(leading[:, led])
    sizes = past.isr_sizes[read][:, _columns_of(case, broker_id)]
    shrunk = _first_without(sizes >= sizes.max(axis=0, initial=0))
    if moved >= len(leading) or shrunk >= len(leading):
        return "not seen"
    if moved < shrunk:
        return "leaders"
    return "isr" if shrunk < moved else "together"


def _first_without(holds: NDArray[np.bool_]) -> int:
    """The first row, after one in which all held, in which some column does not; W if none."""
    if not holds.size:
        return len(holds)
    whole = np.asarray(holds.all(axis=1))
    broken = np.flatnonzero(whole[:-1] & ~whole[1:]) + 1
    return int(broken[-1]) if len(broken) else len(holds)


def _columns_of(case: interface.Case, broker_id: int) -> NDArray[np.intp]:
    """History columns of the partitions that have a replica on the broker."""
    table = case.seen.partitions
    if isinstance(table, Unknown):
        return np.zeros(0, dtype=np.intp)
    ordinal_of = np.repeat(np.arange(table.count), np.diff(table.replica_start))
    mine = {table.name(int(o)) for o in ordinal_of[table.replicas == broker_id]}
    listed = [c for c, name in enumerate(case.seen.history.partitions) if name in mine]
    return np.array(listed, dtype=np.intp)


def _fenced(argument: interface.Argument) -> None:
    about = argument.about
    port = argument.own("port", "fenced")
    samples = argument.case.seen.history.brokers.get(int(about.resource.id), ())
    answers = bool(samples) and samples[-1].port == "answers"
    restart = interface.suggest(
        "workload.restart", f"Restart broker {about.resource.id} if it does not come back."
    )
    if answers:
        argument.cause(
            "network.partition",
            "likely",
            "It answers requests while fenced: it cannot reach the controllers.",
            for_=port,
            not_looked_at=("the path from the broker to the controllers",),
            next=[
                interface.suggest("diagnostics.collect", "Check the broker's way to the quorum.")
            ],
        )
        argument.cause(
            "broker.hung", "ruled_out", "A hung broker does not answer requests.", against=port
        )
    else:
        argument.cause(
            "broker.hung",
            "likely",
            "Its port accepts connections and answers nothing, and the controller fenced it: the "
            "process is there and does not run.",
            for_=port,
            not_looked_at=("another vantage point: Headgate has one", _ACTUATOR),
            next=[interface.watch(about.resource, 60, "A pause ends by itself."), restart],
        )
        argument.cause(
            "network.partition",
            "possible",
            "It may be cut off from the controllers.",
            not_looked_at=("another vantage point: Headgate has one",),
        )
    argument.cause(
        "broker.crashed", "ruled_out", "A crashed broker's port refuses connections.", against=port
    )


def down(case: interface.Case) -> dict[int, finding.Finding]:
    """Brokers that are down or fenced, with the finding that says so."""
    return {int(item.resource.id): item for item in case.findings("broker.down", "broker.fenced")}


def troubled(case: interface.Case) -> dict[int, str]:
    """Brokers that do not do their work now, given up or not yet, and what shows it."""
    table = case.seen.brokers
    if isinstance(table, Unknown):
        return {}
    found = {}
    for each in table.brokers:
        if not each.listed:
            found[each.id] = "the cluster no longer lists it"
        elif each.fenced is True:
            found[each.id] = "the controller fenced it"
        elif each.port_state in _DUMB:
            found[each.id] = f"its port {each.port_state}"
    return found


def lost(case: interface.Case, about: finding.Finding) -> set[int]:
    """Brokers whose replicas the partitions of the finding miss."""
    table = case.seen.partitions
    if isinstance(table, Unknown):
        return set()
    missing: set[int] = set()
    for name in about.partitions:
        ordinal = table.ordinal(name)
        if ordinal is None:
            continue
        replicas = set(table.replicas_of(ordinal))
        alone = about.code == "partition.offline"
        missing |= replicas if alone else replicas - set(table.isr_of(ordinal))
    return missing


def names(brokers: set[int] | list[int]) -> str:
    """The brokers in words."""
    return f"broker {words.names(sorted(brokers))}"


def broker(broker_id: int) -> resource.Resource:
    """The resource of a broker."""
    return resource.Resource("broker", str(broker_id))
