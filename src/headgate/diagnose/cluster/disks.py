"""Why log dirs are offline: full, or failed."""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from headgate.detect import view
from headgate.detect.cluster import disks
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding, resource, snapshot, storage
from headgate.domain.unknown import Unknown

FULL = 0.97
"""Used beyond this just before it failed, a log dir ran full (judgment)."""
NEAR = 0.8
"""Used beyond this while it worked, a log dir may have run full (judgment)."""


def last_of(seen: view.View, broker: int) -> list[storage.LogDir] | Unknown:
    """The log dirs of a broker as they were last read, now or before."""
    for part in reversed(seen.readings("log_dirs")):
        held = part.value
        if isinstance(held, Unknown):
            continue
        found = [one for one in held.dirs if one.broker == broker]
        if found:
            return found
    return Unknown("its log dirs were never read")


def most_used(seen: view.View, broker: int) -> float | Unknown:
    """The share in use of a broker's fullest log dir, of those that tell, when it was last read."""
    dirs = last_of(seen, broker)
    if isinstance(dirs, Unknown):
        return dirs
    shares = [disks.used(one) for one in dirs]
    known = [share for share in shares if not isinstance(share, Unknown)]
    return max(known) if known else Unknown("no log dir of it tells how full it is")


def fullest_before(seen: view.View, one: storage.LogDir) -> float | Unknown:
    """The share in use when a log dir failed, as near as it can be told.

    What was read while it worked, or what its growth came to by then: a look every half minute
    misses the last seconds of a small disk, so what arrived since in its partitions counts, too,
    and what the other copies of them take.
    """
    points: list[tuple[float, float]] = []
    last: snapshot.Part[storage.LogDirs] | None = None
    failed: storage.LogDirs | None = None
    failed_at = seen.now
    for part in seen.readings("log_dirs"):
        held = part.value
        for each in () if isinstance(held, Unknown) else held.dirs:
            if (each.broker, each.path) != (one.broker, one.path):
                continue
            share = disks.used(each)
            if each.error:
                failed_at = min(failed_at, part.at.timestamp())
                failed = failed or (None if isinstance(held, Unknown) else held)
            elif not isinstance(share, Unknown):
                points.append((part.at.timestamp(), share))
                last = part
    if last is None:
        return Unknown("how full it was while it worked was never read")
    most = max(share for _at, share in points)
    if most >= NEAR:
        return most
    pace = 0.0
    if len(points) > 1:
        (before, low), (after, high) = points[-2:]
        pace = max(0.0, (high - low) / max(after - before, 1e-6))
    grown = points[-1][1] + pace * (failed_at - points[-1][0])
    arrived = points[-1][1] + _arrived(seen, last, one)
    elsewhere = _elsewhere(last, failed, one) if failed else 0.0
    return max(most, *(min(1.0, share) for share in (grown, arrived, elsewhere)))


def _replicas(held: storage.LogDirs, one: storage.LogDir) -> tuple[list[int], int]:
    """(Rows of the replicas in a log dir, its size in bytes); size 0: it is not known."""
    places = [i for i, x in enumerate(held.dirs) if (x.broker, x.path) == (one.broker, one.path)]
    total = held.dirs[places[0]].total_bytes if places else 0
    rows = np.flatnonzero(np.isin(held.place, places) & ~held.future).tolist()
    return rows, 0 if isinstance(total, Unknown) else max(0, total)


def _elsewhere(
    part: snapshot.Part[storage.LogDirs], failed: storage.LogDirs, one: storage.LogDir
) -> float:
    """Share of a log dir that the partitions which it held take on other brokers, when it was first
    seen to have failed: records that come by another size than before are not told by their number.
    """
    held = part.value
    if isinstance(held, Unknown):
        return 0.0
    rows, total = _replicas(held, one)
    if not total:
        return 0.0
    mine = failed.partitions.ordinals(
        held.partitions.name(int(ordinal)) for ordinal in np.unique(held.ordinal[rows])
    )
    brokers = np.array([each.broker for each in failed.dirs])
    copies = np.flatnonzero(
        np.isin(failed.ordinal, mine) & ~failed.future & (brokers[failed.place] != one.broker)
    )
    largest = np.zeros(failed.partitions.count, dtype=np.int64)
    np.maximum.at(largest, failed.ordinal[copies], failed.size_bytes[copies])
    return float(largest.sum()) / total


def _arrived(seen: view.View, part: snapshot.Part[storage.LogDirs], one: storage.LogDir) -> float:
    """Share of a log dir that the records would take that came to its partitions since then."""
    held, past = part.value, seen.history
    if isinstance(held, Unknown) or not len(past.times):
        return 0.0
    rows, total = _replicas(held, one)
    if not total:
        return 0.0
    row = min(int(np.searchsorted(past.times, part.at.timestamp())), len(past.times) - 1)
    column = {name: place for place, name in enumerate(past.partitions)}
    more = 0.0
    for at in rows:
        where = column.get(held.partitions.name(int(held.ordinal[at])))
        if where is None or past.ends[row, where] < 0 or past.ends[-1, where] < 0:
            continue
        records = int(past.ends[row, where] - max(past.starts[row, where], 0))
        came = int(past.ends[-1, where] - past.ends[row, where])
        if records > 0 and came > 0:
            more += came * int(held.size_bytes[at]) / records
    return more / total


def of(case: interface.Case, about: resource.Resource) -> storage.LogDir | None:
    """The log dir that a finding is about; None: metrics alone told of it."""
    held = case.seen.snapshot.log_dirs.value
    for one in () if isinstance(held, Unknown) else held.dirs:
        if disks.about(one) == about:
            return one
    return None


def offline_of(case: interface.Case, of_brokers: Iterable[int]) -> set[int]:
    """Those of the brokers that have a log dir offline."""
    held = case.seen.snapshot.log_dirs.value
    if isinstance(held, Unknown):
        return set()
    return {one.broker for one in held.dirs if one.error} & set(of_brokers)


def lies_offline(case: interface.Case, broker: int, name: resource.TopicPartition) -> bool:
    """Whether a broker with an offline log dir tells of no copy of the partition in another one."""
    held = case.seen.snapshot.log_dirs.value
    if isinstance(held, Unknown) or not offline_of(case, (broker,)):
        return False
    ordinal = held.partitions.ordinal(name)
    if ordinal is None:
        return False
    low, high = np.searchsorted(held.ordinal, [ordinal, ordinal + 1])
    return all(held.dirs[int(place)].broker != broker for place in held.place[low:high])


def argue(argument: interface.Argument, of_brokers: set[int]) -> None:
    """Weighs whether the replicas are away because a log dir of their broker is offline."""
    case = argument.case
    held = case.seen.snapshot.log_dirs.value
    out: list[storage.LogDir] = []
    said: bool | Unknown
    if isinstance(held, Unknown):
        said = Unknown(f"log dirs were not read: {held.reason}")
    else:
        out = [one for one in held.dirs if one.error and one.broker in of_brokers]
        said = bool(out)
    before = fullest_before(case.seen, out[0]) if out else Unknown("no log dir is offline")
    fact = argument.fact(
        "log-dirs",
        "log dirs of the brokers concerned that are offline",
        said
        if isinstance(said, Unknown)
        else ", ".join(f"{disks.called(one)}: {one.error}" for one in out) or "none",
        how="DescribeLogDirs",
    )
    full: bool | Unknown = before if isinstance(before, Unknown) else before >= FULL
    about = disks.about(out[0]) if out else None
    argument.weigh(
        "disk.failed",
        "The log dir that holds the replica is offline.",
        requires("a log dir of its broker is offline", said, fact),
        decides("a log dir of its broker is offline", said, fact),
        expects("it had room before", full if isinstance(full, Unknown) else not full, fact),
        on=about,
        next=[interface.suggest("workload.restart", "Mend the disk, then restart the broker.")],
    )
    argument.weigh(
        "disk.full",
        "The log dir that holds the replica ran full and is offline.",
        requires("a log dir of its broker is offline", said, fact),
        requires("it was full just before", full if out else said, fact),
        decides("it was full just before", full, fact),
        on=about,
    )


class Offline:
    """Explains log dirs that a broker has given up."""

    explains: ClassVar[tuple[str, ...]] = ("log_dir.offline",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Full just before, or failed."""
        argument = interface.Argument(case, about)
        one = of(case, about.resource)
        before: float | Unknown = (
            Unknown("which log dir it is, only metrics would not tell")
            if one is None
            else fullest_before(case.seen, one)
        )
        fact = argument.fact(
            "before",
            "largest share in use while it worked",
            before if isinstance(before, Unknown) else round(before, 3),
            source="history",
        )
        error = argument.own("error")
        full: bool | Unknown = before if isinstance(before, Unknown) else before >= FULL
        near: bool | Unknown = before if isinstance(before, Unknown) else before >= NEAR
        argument.weigh(
            "disk.full",
            "It ran full: the broker gives a log dir up when it cannot write.",
            requires("it was nearly full while it worked", near, fact),
            decides("it had no room left just before", full, fact),
            requires("the broker reports an error on it", True, *error),
            next=[
                interface.suggest("broker.cordon", "Let no new replica land there."),
                interface.suggest(
                    "incident.channel", "Give it room; it comes back only with a restart."
                ),
            ],
        )
        argument.weigh(
            "disk.failed",
            "The disk or its mount failed.",
            requires("the broker reports an error on it", True, *error),
            requires(
                "it had room before", before if isinstance(before, Unknown) else not full, fact
            ),
            expects(
                "it had plenty of room before",
                near if isinstance(near, Unknown) else not near,
                fact,
            ),
            next=[
                interface.suggest("broker.cordon", "Let no new replica land there."),
                interface.suggest(
                    "workload.restart", "Mend the mount, then restart: dirs come back only so."
                ),
            ],
        )
        return argument.explained()
