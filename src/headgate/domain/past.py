"""The past: earlier readings of the parts that are read seldom, for conditions that need time.

What moves at every sweep is in ``history``; numbers of metrics are in ``meters``. Here are the
other parts, as they were read: a throttle that stayed, a disk that fills, a task that flips.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headgate.domain import snapshot
from headgate.domain.unknown import Unknown

KEPT_S = 2400.0
"""Older readings are forgotten: longer than the longest hold of any finding (30 min)."""
MOST = 120
"""Readings of one part."""
MOST_LARGE = 15
"""Readings of a part that has a row for each partition or replica of the cluster."""
LARGE = frozenset({"log_dirs", "positions", "eligible"})
_LEFT_OUT = frozenset({"partitions", "offsets", "configs", "groups", "commits"})
"""Read at every sweep: what moves in them is in the history."""
_LAST = "brokers"
"""As these, but the last listing is kept: where a cluster was, once it does not answer."""

Parts = Mapping[str, tuple[snapshot.Part[Any], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Readings of each seldom-read part, oldest first; the newest is that of the snapshot."""

    parts: Parts = field(default_factory=dict)
    """By the part's name, as in ``Snapshot.parts()``; metrics are left out."""

    def readings(self, name: str) -> tuple[snapshot.Part[Any], ...]:
        """The readings of one part that told something, oldest first."""
        return tuple(
            part for part in self.parts.get(name, ()) if not isinstance(part.value, Unknown)
        )


def followed(before: Past, seen: snapshot.Snapshot) -> Past:
    """The past with what the snapshot read anew."""
    kept: dict[str, tuple[snapshot.Part[Any], ...]] = {}
    for name, part in seen.parts().items():
        if name in _LEFT_OUT or name.startswith("metrics:"):
            continue
        earlier = before.parts.get(name, ())
        if name == _LAST:
            kept[name] = earlier if isinstance(part.value, Unknown) else (part,)
            continue
        if earlier and earlier[-1].at == part.at:
            kept[name] = earlier
            continue
        oldest = part.at.timestamp() - KEPT_S
        young = [each for each in earlier if each.at.timestamp() >= oldest]
        most = MOST_LARGE if name in LARGE else MOST
        if len(young) >= most:
            # Every second one of the older half goes: the span stays, thinner.
            half = len(young) // 2
            young = [*young[:half:2], *young[half:]]
        kept[name] = (*young, part)
    return Past(parts=kept)
