"""Thresholds: what each finding's parameters are for a resource, and what is expected of it.

The vocabulary holds the defaults with their sources. A cluster overrides them for all it holds, or
for resources that match a pattern; and it can say that a condition is meant to be so.
"""

import fnmatch
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from headgate.domain import vocabulary
from headgate.domain.resource import Resource

Value = int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Parameters of one finding for the resources that match."""

    resources: str
    """A pattern of ``kind:id`` with ``*`` and ``?``, such as ``group:nightly-*``."""
    code: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A condition that somebody declared to be as it should be: it is listed, and opens nothing."""

    resources: str
    """A pattern of ``kind:id``, such as ``group:audit-*`` or ``topic:test-*``."""
    findings: tuple[str, ...] = ("*",)
    """Patterns of finding codes, such as ``lag.*``."""
    why: str
    """In a person's words: what the inbox shows instead of an incident."""
    until: datetime | None = None
    """It counts up to then; None: until it is taken away."""

    def covers(self, code: str, about: Resource, at: datetime) -> bool:
        """Whether the finding on that resource is as it should be now."""
        if self.until is not None and at >= self.until:
            return False
        return _pattern(self.resources).match(str(about)) is not None and any(
            _pattern(each).match(code) is not None for each in self.findings
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The parameters of one cluster's findings."""

    cluster: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Finding code -> parameter -> value, for all that the cluster holds."""
    rules: Sequence[Rule] = ()
    """For what matches; a later one wins over an earlier one."""
    expected: Sequence[Expectation] = ()

    def value(self, code: str, name: str, about: Resource | None = None) -> object:
        """The value of a finding's parameter: by resource, by cluster, else the vocabulary's."""
        if about is not None:
            for rule in reversed(self.rules):
                if rule.code == code and name in rule.values and _covers(rule.resources, about):
                    return rule.values[name]
        return self.cluster.get(code, {}).get(
            name, vocabulary.findings()[code].parameters.get(name)
        )

    def varied(self, code: str, name: str) -> bool:
        """Whether some resource has a value of its own."""
        return any(rule.code == code and name in rule.values for rule in self.rules)

    def excuse(self, code: str, about: Resource, at: datetime) -> Expectation | None:
        """The declaration that the finding on that resource is as it should be; None: there is
        none.
        """
        return next((each for each in self.expected if each.covers(code, about, at)), None)


def _covers(resources: str, about: Resource) -> bool:
    return _pattern(resources).match(str(about)) is not None


@functools.lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(text))
