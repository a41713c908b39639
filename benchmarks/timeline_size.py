"""Two looks at a large cluster compared into a timeline, and a restore point taken of it.

60 brokers, 100,000 partitions, 2,000 groups, 20,000 members; nothing of the second look is the same
object as in the first. Once everything is equal, once 1 % of everything differs.
"""

import copy
import dataclasses
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import observed, table
from headgate.domain import differences, known, restore, snapshot

ROUNDS = 5
EVERY = 100
"""One of so many differs."""


def run() -> list[table.Row]:
    """One row each for equal looks, looks with 1 % changed, remembering, and a restore point."""
    seen = observed.make().snapshot
    again = copy.deepcopy(seen)
    other = _changed(copy.deepcopy(seen))
    found = differences.compare(seen, other)
    assert differences.compare(seen, again) == (), "equal looks differ in nothing"
    assert {"topic", "config", "group", "members", "replicas"} <= {one.kind for one in found}
    return [
        _row("timeline of two equal looks", lambda: differences.compare(seen, again), 0.5),
        _row("timeline of two looks, 1 % changed", lambda: differences.compare(seen, other), 0.5),
        _row("what is known after a look", lambda: known.merged(seen, other), 0.5),
        _row("restore point of 100,000 partitions", lambda: restore.point("rp", seen), None),
    ]


def _row(what: str, work: Callable[[], object], goal: float | None) -> table.Row:
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        took.append(time.perf_counter() - begun)
    return table.Row(what=what, value=statistics.median(took), unit="s", goal=goal)


def _changed(seen: snapshot.Snapshot) -> snapshot.Snapshot:
    listed: Any = seen.partitions.value
    configs: Any = dict(seen.configs.value)  # type: ignore[arg-type]  # was made just now
    groups: Any = dict(seen.groups.value)  # type: ignore[arg-type]  # was made just now
    replicas = listed.replicas.copy()
    moved = listed.replica_start[:-1:EVERY]
    replicas[moved] = (replicas[moved] + 7) % observed.BROKERS
    ids = list(listed.topic_ids)
    for place in range(0, len(ids), EVERY):
        ids[place] = f"{ids[place]}-anew"
        name = listed.topics[place + 1]
        configs[name] = {
            **configs[name],
            "retention.ms": snapshot.ConfigValue(value=str(place), source="dynamic_topic"),
        }
    for place, name in enumerate(sorted(groups)):
        if place % EVERY == 0:
            groups[f"{name}-anew"] = dataclasses.replace(groups.pop(name), id=f"{name}-anew")
        elif place % EVERY == 1:
            groups[name] = dataclasses.replace(groups[name], members=groups[name].members[:-1])
    leader = np.where(np.arange(listed.count) % EVERY == 2, 3, listed.leader).astype(np.int32)
    other = dataclasses.replace(
        listed, replicas=replicas.astype(np.int32), topic_ids=tuple(ids), leader=leader
    )
    return dataclasses.replace(
        seen,
        partitions=dataclasses.replace(seen.partitions, value=other),
        configs=dataclasses.replace(seen.configs, value=configs),
        groups=dataclasses.replace(seen.groups, value=groups),
    )
