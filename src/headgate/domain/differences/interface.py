"""What a comparison gets to see, and how it says what it found."""

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from headgate.domain import snapshot, timeline, vocabulary
from headgate.domain.resource import Kind, Resource
from headgate.domain.unknown import Unknown

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """What of a part cannot be seen, though the part as a whole was read."""

    names: Set[str]
    """Items that are named as missing."""
    doubtful: bool
    """Whether more may be missing than is named: then nothing that is absent is gone."""

    def gone(self, names: Iterable[str]) -> list[str]:
        """Those of the absent names that are really gone, in order."""
        return [] if self.doubtful else sorted(set(names) - self.names)


def hidden(part: snapshot.Part[object], kind: str) -> Hidden:
    """What the part's missing items say of items of that kind (``topic``, ``group``, ...)."""
    mark = f"{kind}:"
    return Hidden(
        names={one.what.removeprefix(mark) for one in part.missing if one.what.startswith(mark)},
        doubtful=any(not one.what.startswith(mark) for one in part.missing),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One part as it was last known and as it is now, both read."""

    since: datetime
    at: datetime
    source: vocabulary.Source
    cluster: str

    def entry(
        self,
        kind: timeline.Kind,
        resource_kind: Kind,
        resource_id: str,
        what: str,
        before: object = "",
        after: object = "",
    ) -> timeline.Entry:
        """An entry of this part."""
        return timeline.Entry(
            at=self.at,
            resource=Resource(resource_kind, resource_id),
            kind=kind,
            what=what,
            before=timeline.cut(str(before)),
            after=timeline.cut(str(after)),
            source=self.source,
            since=self.since,
        )

    def of_cluster(
        self, kind: timeline.Kind, what: str, before: object = "", after: object = ""
    ) -> timeline.Entry:
        """An entry about the cluster as a whole."""
        return self.entry(kind, "cluster", self.cluster, what, before, after)


def pair(
    cluster: str, before: snapshot.Part[T], after: snapshot.Part[T]
) -> tuple[Pair, T, T] | None:
    """Both values, where both are known and the second is another reading; else None."""
    old, new = before.value, after.value
    if old is new or isinstance(old, Unknown) or isinstance(new, Unknown):
        return None
    return Pair(since=before.at, at=after.at, source=after.source, cluster=cluster), old, new


Comparison = Callable[[snapshot.Snapshot, snapshot.Snapshot], Iterable[timeline.Entry]]
"""(as last known, as seen now) -> what became different; pure."""
