"""Leaders and in-sync replicas, told of brokers and never of single partitions.

A broker that is out of the cluster takes its leaders and replicas with it; that is one entry, and
``brokers`` gives it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from headgate.domain import layout, snapshot, timeline
from headgate.domain.differences import brokers, interface, topics

_AWAY_AND_BACK = 2
"""A leader epoch rises by one when the lead goes, and by one when it comes back."""


def compare(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterable[timeline.Entry]:
    """What became different in who leads and who is in sync."""
    both = interface.pair(after.cluster, before.partitions, after.partitions)
    if both is None:
        return
    pair, old, new = both
    out = brokers.absent(after.brokers.value) | brokers.absent(before.brokers.value)
    was, now = topics.aligned(old, new)
    yield from _leaders(pair, old, new, was, now, out)
    yield from _in_sync(pair, old, new, out)


def _leaders(
    pair: interface.Pair,
    old: layout.Partitions,
    new: layout.Partitions,
    was: NDArray[np.int64],
    now: NDArray[np.int64],
    out: frozenset[int],
) -> Iterator[timeline.Entry]:
    before, after = old.leader[was], new.leader[now]
    yield from _away_and_back(pair, before, after, new.leader_epoch[now] - old.leader_epoch[was])
    moved = before != after
    if not moved.any():
        return
    led = dict(zip(*(part.tolist() for part in np.unique(before, return_counts=True)), strict=True))
    leads = dict(
        zip(*(part.tolist() for part in np.unique(after, return_counts=True)), strict=True)
    )
    emptied = {one for one in led if one >= 0 and one not in leads} - out
    filled = {one for one in leads if one >= 0 and one not in led} - out
    for one in sorted(emptied):
        yield pair.entry("leaders", "broker", str(one), "leads nothing any more", led[one], 0)
    for one in sorted(filled):
        yield pair.entry("leaders", "broker", str(one), "leads partitions again", 0, leads[one])
    told = np.isin(before, list(emptied | out)) | np.isin(after, list(filled))
    rest = moved & ~told
    elected = rest & (before >= 0) & (after >= 0)
    if elected.any():
        yield pair.of_cluster(
            "leaders",
            f"{int(elected.sum()):,} leaders moved to other brokers",
            _counted(before[elected]),
            _counted(after[elected]),
        )
    lost = rest & (after < 0)
    if lost.any():
        yield pair.of_cluster(
            "leaders", f"{int(lost.sum()):,} partitions lost their leader", _counted(before[lost])
        )


def _away_and_back(
    pair: interface.Pair,
    before: NDArray[np.int32],
    after: NDArray[np.int32],
    risen: NDArray[np.int32],
) -> Iterator[timeline.Entry]:
    """Brokers that gave up everything they led, and took it back, between two looks."""
    returned = (before == after) & (risen >= _AWAY_AND_BACK)
    for one in np.unique(before[returned]).tolist():
        led = before == one
        if one >= 0 and bool(returned[led].all()):
            yield pair.entry(
                "broker",
                "broker",
                str(one),
                f"lost the lead of all its {int(led.sum()):,} partitions and took it back between "
                "two looks, as after a quick restart",
            )


def _counted(ids: NDArray[np.int32]) -> str:
    counts = Counter(ids.tolist()).most_common()
    return timeline.names([f"{count:,} on {broker}" for broker, count in counts], 6)


def _in_sync(
    pair: interface.Pair, old: layout.Partitions, new: layout.Partitions, out: frozenset[int]
) -> Iterator[timeline.Entry]:
    were, are = _lacking(old), _lacking(new)
    for one in sorted(were.keys() | are.keys()):
        lacked, lacks = were.get(one, 0), are.get(one, 0)
        if one in out or bool(lacked) == bool(lacks):
            continue
        what = "has replicas out of sync" if lacks else "has every replica in sync again"
        yield pair.entry("isr", "broker", str(one), what, lacked, lacks)


def _lacking(listing: layout.Partitions) -> dict[int, int]:
    """Broker -> replicas that are not in sync, where there are any."""
    if not len(listing.replicas):
        return {}
    size = int(listing.replicas.max()) + 1
    held = np.bincount(listing.replicas, minlength=size)
    synced = np.bincount(listing.isr[listing.isr < size], minlength=size)
    lacking = held - synced
    return {int(one): int(lacking[one]) for one in (lacking > 0).nonzero()[0]}
