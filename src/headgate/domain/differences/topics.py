"""Topics created, deleted and recreated; partitions added; replicas moved."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from headgate.domain import layout, resource, snapshot, timeline
from headgate.domain.differences import interface

DELETED = "was deleted, or can no longer be seen"
CREATED = "was created"
RECREATED = "was deleted and created anew: its records and offsets are others"
_ID = "id "
_SHOWN = 4
"""Partitions whose replicas an entry writes out."""


def compare(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterable[timeline.Entry]:
    """What became different in the list of topics and in where their replicas lie."""
    both = interface.pair(after.cluster, before.partitions, after.partitions)
    if both is None:
        return
    pair, old, new = both
    hidden = interface.hidden(after.partitions, "topic")
    were, are = old.topic_ordinals, new.topic_ordinals
    recreated: set[str] = set()
    if old.topics != new.topics or old.topic_ids != new.topic_ids:
        for name in hidden.gone(were.keys() - are.keys()):
            yield pair.entry("topic", "topic", name, DELETED, _id(old.topic_ids[were[name]]))
        for name in sorted(are.keys() - were.keys()):
            yield _created(pair, new, name)
        for name in old.topics:
            if name in are and _is_other(old.topic_ids[were[name]], new.topic_ids[are[name]]):
                recreated.add(name)
                yield pair.entry(
                    "topic",
                    "topic",
                    name,
                    RECREATED,
                    _id(old.topic_ids[were[name]]),
                    _id(new.topic_ids[are[name]]),
                )
    yield from _resized(pair, old, new, recreated)
    yield from _moved(pair, old, new, recreated)


def _created(pair: interface.Pair, new: layout.Partitions, name: str) -> timeline.Entry:
    span = new.of_topic(name)
    copies = len(new.replicas_of(span.start)) if len(span) else 0
    shape = f"{len(span)} partition{'s' if len(span) != 1 else ''}, replication factor {copies}"
    told = _id(new.topic_ids[new.topic_ordinals[name]])
    return pair.entry("topic", "topic", name, CREATED, "", f"{shape}, {told}" if told else shape)


def anew(told: Iterable[timeline.Entry]) -> tuple[timeline.Entry, ...]:
    """The entries by which a topic is another one under its name, those between whose looks it was
    seen to be gone included; in the order given, which is that of time.
    """
    gone: dict[resource.Resource, str] = {}
    found = []
    for one in told:
        if one.what == DELETED and one.before:
            gone[one.resource] = one.before
        before = gone.pop(one.resource, "") if one.what == CREATED else ""
        another = before and _ID in one.after and not one.after.endswith(f", {before}")
        if one.what == RECREATED or another:
            found.append(one)
    return tuple(found)


def _id(held: str) -> str:
    """The id in words; empty: the broker knows no ids."""
    return f"{_ID}{held}" if held else ""


def _is_other(old: str, new: str) -> bool:
    """Whether two ids name two topics; a broker that knows no ids gives none."""
    return bool(old) and bool(new) and old != new


def _resized(
    pair: interface.Pair, old: layout.Partitions, new: layout.Partitions, recreated: set[str]
) -> Iterator[timeline.Entry]:
    if old.topics == new.topics and np.array_equal(old.first, new.first):
        return
    for place, name in enumerate(old.topics):
        other = new.topic_ordinals.get(name)
        if other is None or name in recreated:
            continue
        count = int(old.first[place + 1] - old.first[place])
        now = int(new.first[other + 1] - new.first[other])
        if count != now:
            what = f"has {abs(now - count)} {'more' if now > count else 'fewer'} partitions"
            yield pair.entry("partitions", "topic", name, what, count, now)


def _moved(
    pair: interface.Pair, old: layout.Partitions, new: layout.Partitions, recreated: set[str]
) -> Iterator[timeline.Entry]:
    was, now = aligned(old, new)
    changed = ~_same_lists(
        (old.replica_start, old.replicas, was), (new.replica_start, new.replicas, now)
    )
    by_topic: dict[int, list[tuple[int, int]]] = {}
    for place in changed.nonzero()[0]:
        topic = int(np.searchsorted(new.first, now[place], side="right")) - 1
        by_topic.setdefault(topic, []).append((int(was[place]), int(now[place])))
    for topic, moved in by_topic.items():
        name = new.topics[topic]
        if name in recreated:
            continue
        first = int(new.first[topic])
        same = all(set(old.replicas_of(a)) == set(new.replicas_of(b)) for a, b in moved)
        subject = f"{len(moved)} partition{'s' if len(moved) != 1 else ''}"
        what = f"preferred leaders of {subject} changed" if same else f"replicas of {subject} moved"
        yield pair.entry(
            "replicas",
            "topic",
            name,
            what,
            _lists(((b - first, old.replicas_of(a)) for a, b in moved), len(moved)),
            _lists(((b - first, new.replicas_of(b)) for a, b in moved), len(moved)),
        )


def _lists(items: Iterable[tuple[int, tuple[int, ...]]], count: int) -> str:
    shown = [
        f"{number}: {','.join(map(str, ids))}"
        for (number, ids), _ in zip(items, range(_SHOWN), strict=False)
    ]
    more = f" and {count - _SHOWN} more" if count > _SHOWN else ""
    return "; ".join(shown) + more


Columns = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]
"""(start of each list, the lists end to end, the ordinals to look at)."""


def _same_lists(old: Columns, new: Columns) -> NDArray[np.bool_]:
    """Whether the lists at the ordinals are the same, row by row."""
    old_sizes = np.diff(old[0])[old[2]]
    new_sizes = np.diff(new[0])[new[2]]
    same: NDArray[np.bool_] = old_sizes == new_sizes
    for size in np.unique(old_sizes[same]).tolist():
        rows = (same & (old_sizes == size)).nonzero()[0]
        steps = np.arange(size)
        left = old[1][old[0][old[2][rows]][:, None] + steps]
        right = new[1][new[0][new[2][rows]][:, None] + steps]
        same[rows] = (left == right).all(axis=1)
    return same


def aligned(
    old: layout.Partitions, new: layout.Partitions
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ordinals of the partitions that both have, in the old and in the new listing."""
    if old.topics == new.topics and np.array_equal(old.first, new.first):
        every = np.arange(old.count)
        return every, every
    places = [
        (place, other)
        for place, name in enumerate(old.topics)
        if (other := new.topic_ordinals.get(name)) is not None
    ]
    if not places:
        none = np.zeros(0, dtype=np.int64)
        return none, none
    left, right = np.array(places, dtype=np.int64).T
    counts = np.minimum(np.diff(old.first)[left], np.diff(new.first)[right]).astype(np.int64)
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(old.first[left], counts) + within, np.repeat(new.first[right], counts) + within
