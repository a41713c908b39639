"""Brokers as rows, and the log dirs under them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.app.tables import vitals as vitals_
from headgate.domain import observation, snapshot, storage
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class DirRow:
    """One log dir of a broker."""

    path: str
    state: str
    """``works``, ``cordoned``, or Kafka's error name."""
    works: bool
    replicas: int
    moving_in: int
    """Replicas on their way to it."""
    held_bytes: int
    """Of all replicas in it."""
    total_bytes: int | Unknown
    usable_bytes: int | Unknown


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
    version: str | Unknown
    leaders: int | Unknown
    replicas: int | Unknown
    out_of_sync: int | Unknown
    """Replicas on it that are not in sync."""
    vitals: vitals_.Vitals
    """What metrics tell of its process."""
    used_bytes: int | Unknown
    """Of its disks, whoever uses them; log dirs that show the same numbers are one disk."""
    total_bytes: int | Unknown
    dirs: tuple[DirRow, ...] | Unknown


_PORTS = {
    "answers": "its port answers",
    "accepts": "its port accepts but does not answer",
    "refuses": "its port refuses",
    "silent": "its port is silent",
    "not_probed": "its port was not tried",
}


def rows(seen: observation.Observation) -> tuple[BrokerRow, ...] | Unknown:
    """Every broker with what it leads and holds."""
    return seen.once(_rows)


def _rows(seen: observation.Observation) -> tuple[BrokerRow, ...] | Unknown:
    known = seen.snapshot.brokers.value
    if isinstance(known, Unknown):
        return known
    parts = seen.snapshot.partitions.value
    features = seen.snapshot.features.value
    counts = parts if isinstance(parts, Unknown) else _counts(known, parts)
    dirs = _dirs(seen)
    told = vitals_.of(seen)
    made = []
    for item in known.brokers:
        leaders: int | Unknown
        replicas: int | Unknown
        out: int | Unknown
        if isinstance(counts, Unknown):
            leaders = replicas = out = counts
        else:
            leaders, replicas, in_sync = counts[item.id]
            out = replicas - in_sync
        mine = dirs if isinstance(dirs, Unknown) else dirs.get(item.id, _NO_DIRS)
        used, total = _disks(mine)
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
                version=features
                if isinstance(features, Unknown)
                else features.versions.get(item.id, Unknown("the broker did not tell it")),
                leaders=leaders,
                replicas=replicas,
                out_of_sync=out,
                vitals=told[item.id],
                used_bytes=used,
                total_bytes=total,
                dirs=mine,
            )
        )
    return tuple(made)


_NO_DIRS = Unknown("its log dirs were not read")


def _counts(known: snapshot.Brokers, parts: snapshot.Partitions) -> dict[int, tuple[int, int, int]]:
    """Broker -> (leads, replicas, replicas in sync)."""
    found = []
    for column in (parts.leader, parts.replicas, parts.isr):
        ids, counted = np.unique(column, return_counts=True)
        found.append(dict(zip(ids.tolist(), counted.tolist(), strict=True)))
    lead, held, synced = found
    return {
        one.id: (lead.get(one.id, 0), held.get(one.id, 0), synced.get(one.id, 0))
        for one in known.brokers
    }


def _dirs(seen: observation.Observation) -> dict[int, tuple[DirRow, ...] | Unknown] | Unknown:
    part = seen.snapshot.log_dirs
    held = part.value
    if isinstance(held, Unknown):
        return held
    count = len(held.dirs)
    size = np.where(held.size_bytes > 0, held.size_bytes, 0)
    there = np.bincount(held.place[~held.future], minlength=count)
    coming = np.bincount(held.place[held.future], minlength=count)
    weights = np.bincount(held.place, weights=size, minlength=count)
    made: dict[int, list[DirRow]] = {}
    for place, one in enumerate(held.dirs):
        row = _dir(one, int(there[place]), int(coming[place]), weights[place])
        made.setdefault(one.broker, []).append(row)
    return {broker: tuple(rows) for broker, rows in made.items()}


def _dir(one: storage.LogDir, there: int, coming: int, held: NDArray[np.float64]) -> DirRow:
    state = one.error or ("cordoned" if one.cordoned is True else "works")
    return DirRow(
        path=one.path,
        state=state,
        works=not one.error,
        replicas=there,
        moving_in=coming,
        held_bytes=int(held),
        total_bytes=one.total_bytes,
        usable_bytes=one.usable_bytes,
    )


def _disks(dirs: tuple[DirRow, ...] | Unknown) -> tuple[int | Unknown, int | Unknown]:
    """(Used, total) bytes of the disks under these dirs."""
    if isinstance(dirs, Unknown):
        return dirs, dirs
    disks = set()
    for one in dirs:
        if isinstance(one.total_bytes, Unknown):
            return one.total_bytes, one.total_bytes
        if isinstance(one.usable_bytes, Unknown):
            return one.usable_bytes, one.total_bytes
        disks.add((one.total_bytes, one.usable_bytes))
    return sum(total - usable for total, usable in disks), sum(total for total, _ in disks)


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
