"""Declared state: what a folder of declarations says that a cluster should be.

Nothing is applied from it. Detection compares it with what is there, both ways; who owns what comes
from it, too.
"""

import fnmatch
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from headgate.domain import access
from headgate.domain.resource import Resource

Whole = Literal["topics", "acls"]
"""What a folder can be complete in: whatever else there is of it is drift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic as it should be; what is not declared may be as it likes."""

    name: str
    place: str
    """``FILE:LINE`` where it is declared."""
    partitions: int | None = None
    replicas: int | None = None
    configs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One ACL that should be there."""

    acl: access.Acl
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """Resources that somebody owns."""

    kind: str
    """A kind of resource, or ``*``."""
    pattern: str
    owner: str


@dataclass(frozen=True, kw_only=True)
class Declared:
    """All that is declared about one cluster; as it is made it declares nothing."""

    where: str = ""
    """The folder; empty: there is none."""
    topics: Mapping[str, Topic] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    whole: frozenset[Whole] = frozenset()
    ignored: tuple[str, ...] = ()
    """Patterns of ``kind:id`` that are never too many, such as ``topic:tmp-*``."""
    owners: tuple[Owned, ...] = ()
    """The first that fits counts."""
    _known: dict[Resource, str] = field(init=False, default_factory=dict, repr=False, compare=False)

    def ignores(self, about: Resource) -> bool:
        """Whether it may be there without being declared."""
        text = str(about)
        return any(_pattern(each).match(text) is not None for each in self.ignored)

    def owner(self, about: Resource) -> str:
        """Who owns the resource; empty: nobody is declared to."""
        known = self._known.get(about)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()  # groups with random names come and go for ever
            known = self._known[about] = next(
                (
                    one.owner
                    for one in self.owners
                    if one.kind in ("*", about.kind)
                    and _pattern(one.pattern).match(about.id) is not None
                ),
                "",
            )
        return known


NOTHING = Declared()
_REMEMBERED = 100_000
"""Resources whose owner was looked up."""


@functools.lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(text))
