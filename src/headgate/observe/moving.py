"""What of a snapshot is kept as history, as named columns: log ends, commits, disks, and sums.

Sums are kept beside their parts so that a chart of a whole cluster does not read all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from headgate.domain import snapshot
from headgate.domain.layout import UNREAD
from headgate.domain.unknown import Unknown
from headgate.observe import slots

Kind = Literal["end", "commit", "disk", "sum"]
KINDS: tuple[Kind, ...] = get_args(Kind)

DISK_COLUMNS = 2
"""Of a disk: total bytes, usable bytes."""

WRITTEN, LAG = "written", "lag"
"""Names of sums: log ends of all topics but internal ones; a group's lag, owned by the group."""


@dataclass(frozen=True, kw_only=True)
class Moving:
    """Values of one kind in one sample; entry i is column ``number[i]`` of name ``name_of[i]``."""

    names: tuple[slots.Key, ...]
    widths: NDArray[np.int64]
    name_of: NDArray[np.int64]
    number: NDArray[np.int64]
    values: NDArray[np.int64]
    basis: tuple[object, ...] = ()
    """What names and columns follow from; the same basis has the same."""

    def wanted(self) -> Mapping[slots.Key, int]:
        """Width by name."""
        return dict(zip(self.names, self.widths.tolist(), strict=True))


def of(
    seen: snapshot.Snapshot, kind: Kind, ends: NDArray[np.int64], before: Moving | None = None
) -> Moving | None:
    """What the snapshot holds of that kind; None where it could not be read.

    ``ends`` are its log ends with those that were not read filled in as far as they are known, so
    that no sum falls and rises with what could be read. ``before`` is the sample before: where
    names and columns are the same, they are the same objects.
    """
    if kind == "disk":
        return _disks(seen)
    listed = seen.partitions.value
    if isinstance(listed, Unknown):
        return None
    if kind == "sum":
        return _sums(seen, listed, ends)
    return _ends(seen, listed, before) if kind == "end" else _commits(seen, listed, before)


def _same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return len(one) == len(other) and all(
        a is b
        or (
            np.array_equal(a, b)
            if isinstance(a, np.ndarray) and isinstance(b, np.ndarray)
            else a == b
        )
        for a, b in zip(one, other, strict=True)
    )


def _ends(
    seen: snapshot.Snapshot, listed: snapshot.Partitions, before: Moving | None
) -> Moving | None:
    offsets = seen.offsets.value
    if isinstance(offsets, Unknown):
        return None
    basis = (listed.topics, listed.topic_ids, listed.first)
    if before is not None and _same(before.basis, basis):
        return replace(before, values=offsets.latest)
    widths = np.diff(listed.first).astype(np.int64)
    return Moving(
        basis=basis,
        names=tuple(
            slots.Key("", topic, uid)
            for topic, uid in zip(listed.topics, listed.topic_ids, strict=True)
        ),
        widths=widths,
        name_of=np.repeat(np.arange(len(widths)), widths),
        number=np.arange(listed.count) - np.repeat(listed.first[:-1], widths),
        values=offsets.latest,
    )


def _commits(
    seen: snapshot.Snapshot, listed: snapshot.Partitions, before: Moving | None
) -> Moving | None:
    commits = seen.commits.value
    if isinstance(commits, Unknown):
        return None
    basis = (
        listed.topics,
        listed.topic_ids,
        listed.first,
        commits.groups,
        commits.group_index,
        commits.ordinal,
    )
    if before is not None and _same(before.basis, basis):
        return replace(before, values=commits.offset)
    topic = np.searchsorted(listed.first, commits.ordinal, side="right") - 1
    pair = commits.group_index.astype(np.int64) * max(len(listed.topics), 1) + topic
    pairs, name_of = np.unique(pair, return_inverse=True)
    at = pairs % max(len(listed.topics), 1)
    owners = pairs // max(len(listed.topics), 1)
    return Moving(
        basis=basis,
        names=tuple(
            slots.Key(commits.groups[owner], listed.topics[place], listed.topic_ids[place])
            for owner, place in zip(owners.tolist(), at.tolist(), strict=True)
        ),
        widths=np.diff(listed.first)[at].astype(np.int64),
        name_of=name_of,
        number=commits.ordinal.astype(np.int64) - listed.first[topic],
        values=commits.offset,
    )


def _disks(seen: snapshot.Snapshot) -> Moving | None:
    part = seen.log_dirs.value
    if isinstance(part, Unknown):
        return None
    known = [
        (one, one.total_bytes, one.usable_bytes)
        for one in part.dirs
        if not isinstance(one.total_bytes, Unknown) and not isinstance(one.usable_bytes, Unknown)
    ]
    return Moving(
        names=tuple(slots.Key(str(one.broker), one.path, "") for one, _, _ in known),
        widths=np.full(len(known), DISK_COLUMNS, np.int64),
        name_of=np.repeat(np.arange(len(known)), DISK_COLUMNS),
        number=np.tile(np.arange(DISK_COLUMNS), len(known)),
        values=np.array([value for _, *sizes in known for value in sizes], np.int64),
    )


def _sums(
    seen: snapshot.Snapshot, listed: snapshot.Partitions, ends: NDArray[np.int64]
) -> Moving | None:
    if len(ends) != listed.count:
        return None
    users = ~np.repeat(listed.internal, np.diff(listed.first))
    names, values = [slots.Key("", WRITTEN, "")], [int(ends[users].clip(min=0).sum())]
    commits = seen.commits.value
    if not isinstance(commits, Unknown) and len(commits.groups):
        end = ends[commits.ordinal]
        unread = (end == UNREAD) | (commits.offset == UNREAD)
        lag = np.where(unread, 0, np.maximum(end - commits.offset, 0))
        count = len(commits.groups)
        total = np.zeros(count, np.int64)
        np.add.at(total, commits.group_index, lag)
        blind = np.bincount(commits.group_index, weights=unread, minlength=count) > 0
        names += [slots.Key(group, LAG, "") for group in commits.groups]
        values += np.where(blind, UNREAD, total).tolist()
    return Moving(
        names=tuple(names),
        widths=np.ones(len(names), np.int64),
        name_of=np.arange(len(names)),
        number=np.zeros(len(names), np.int64),
        values=np.array(values, np.int64),
    )
