"""The timeline: what became different on a cluster, when, and how Headgate knows.

Entries come from two sources: people and CI say what they deployed, and two looks at a cluster
differ. An entry never says more than was seen: ``since`` and ``at`` are the two readings between
which it happened.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from headgate.domain import vocabulary
from headgate.domain.resource import Resource

Kind = Literal[
    "deploy",
    "cluster",
    "topic",
    "partitions",
    "replicas",
    "config",
    "broker",
    "leaders",
    "isr",
    "controller",
    "voters",
    "log_dir",
    "version",
    "feature",
    "group",
    "group_state",
    "members",
    "connector",
    "connector_state",
    "tasks",
    "worker",
    "plugin",
    "schema",
    "compatibility",
    "acl",
    "quota",
    "scram_user",
    "more",
]
"""What an entry is about; ``more`` counts those that were too many to list."""
KINDS: tuple[Kind, ...] = get_args(Kind)

RESTLESS: frozenset[Kind] = frozenset(
    {"group_state", "members", "connector_state", "tasks", "worker", "leaders", "isr", "broker"}
)
"""Kinds that can go to and fro all day; repeats of one of them become one entry with a count."""

HIDDEN = "(hidden)"
"""Stands for a value that Kafka or Connect does not show."""

MOST_ALIKE = 25
"""Entries of one kind that say the same of different resources; past that they become one."""

MOST = 400
"""Entries of one comparison; past that the rest is only counted."""

_NAMED = 12
"""Names that an entry about many lists."""

LONGEST = 2000
"""Letters of a value that are kept; the middle of a longer one is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that became different."""

    at: datetime
    """When it was first seen; for a deploy, when it was done."""
    resource: Resource
    kind: Kind
    what: str
    """In words, without the resource's name: ``was created``."""
    before: str = ""
    """Empty: there was none, or it says nothing."""
    after: str = ""
    source: vocabulary.Source
    """``timeline``: somebody posted it."""
    since: datetime | None = None
    """When it was last seen as it was before; None: not known, or a deploy."""
    away: bool = False
    """Whether it happened while Headgate was not running."""
    by: str = ""
    """Who posted it."""
    times: int = 1
    """How often it went to and fro; ``last_at`` tells when it did so last."""
    last_at: datetime | None = None

    @property
    def key(self) -> tuple[Kind, Resource, str, str]:
        """What makes two entries tell the same."""
        return (self.kind, self.resource, self.what, self.after)

    @property
    def came_back(self) -> bool:
        """Whether it went to and fro and ended as it began, whoever or whichever moved."""
        return bool(self.before) and self.times > 1 and _state(self.before) == _state(self.after)


def _state(told: str) -> str:
    """What is told without which ones it is about: ``2 members; joined: x`` is ``2 members``."""
    return told.split("; ", 1)[0].split(" (", 1)[0]


def names(items: Sequence[str], most: int = _NAMED) -> str:
    """The items with commas between them; past ``most`` only their number: ``a, b and 3 more``."""
    shown = ", ".join(items[:most])
    return f"{shown} and {len(items) - most:,} more" if len(items) > most else shown


def cut(text: str) -> str:
    """The text, without its middle where it is longer than is kept."""
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2 - 10
    return f"{text[:half]} ... {text[-half:]}"


def bounded(entries: Iterable[Entry], cluster: str) -> tuple[Entry, ...]:
    """The entries, oldest first, with those that are too many to list told as one.

    10,000 groups that appear at once are one entry with twelve of their names.
    """
    alike: dict[tuple[Kind, str, str], list[Entry]] = {}
    for one in entries:
        alike.setdefault((one.kind, one.resource.kind, one.what), []).append(one)
    made: list[Entry] = []
    for group in alike.values():
        made += group if len(group) <= MOST_ALIKE else [_folded(group, cluster)]
    made.sort(key=lambda one: (one.at, one.resource, one.kind))
    if len(made) <= MOST:
        return tuple(made)
    return (*made[: MOST - 1], _rest(made[MOST - 1 :], cluster))


def _folded(entries: Sequence[Entry], cluster: str) -> Entry:
    first = entries[0]
    noun = f"{first.resource.kind.replace('_', ' ')}s"
    said = first.what
    for one, many in (("was ", "were "), ("has ", "have "), ("is ", "are ")):
        if said.startswith(one):
            said = many + said.removeprefix(one)
            break
    else:
        said = f"each: {said}"
    befores, afters = {one.before for one in entries}, {one.after for one in entries}
    listed = names(sorted(one.resource.id for one in entries))
    return Entry(
        at=max(one.at for one in entries),
        resource=Resource("cluster", cluster),
        kind=first.kind,
        what=cut(f"{len(entries):,} {noun} {said}: {listed}"),
        before=first.before if len(befores) == 1 else "",
        after=first.after if len(afters) == 1 else "",
        source=first.source,
        since=min((one.since for one in entries if one.since is not None), default=None),
    )


def _rest(entries: Sequence[Entry], cluster: str) -> Entry:
    last = entries[-1]
    kinds = names(sorted({one.kind for one in entries}))
    return Entry(
        at=last.at,
        resource=Resource("cluster", cluster),
        kind="more",
        what=f"{len(entries):,} more differences of this look are not listed ({kinds})",
        source=last.source,
        since=last.since,
    )
