"""The closed set of codes, read from ``vocabulary.toml`` beside this module.

Findings, causes, actions, lanes and states are codes with a published meaning. Reference pages are
generated from here, and an unknown code is a programming error.
"""

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Literal

Severity = Literal["info", "warning", "critical"]
FindingState = Literal["pending", "firing", "cleared", "unknown", "suppressed", "not_applicable"]
Verdict = Literal["confirmed", "likely", "possible", "ruled_out"]
Source = Literal[
    "kafka",
    "connect",
    "registry",
    "metrics",
    "tls_probe",
    "records",
    "timeline",
    "history",
    "actuator",
    "database",
]
Environment = Literal["production", "staging", "development", "lab"]
Architecture = Literal["shared_nothing", "tiered", "shared_storage", "unknown"]
Reversibility = Literal["reversible", "compensable", "irreversible"]
Auto = Literal["eligible", "with_readiness", "never"]
Lane = Literal["observe", "auto", "approve", "review", "refuse"]
TaskFailure = Literal[
    "transient", "configuration", "credentials", "poison", "downstream", "unknown"
]
IncidentState = Literal["open", "watching", "acting", "resolved", "merged", "closed"]
ChangeState = Literal[
    "proposed",
    "in_review",
    "waiting_approval",
    "approved",
    "running",
    "unknown",
    "verifying",
    "rolling_back",
    "succeeded",
    "rolled_back",
    "failed",
    "rejected",
    "refused",
    "cancelled",
    "expired",
]

LANES: tuple[Lane, ...] = ("observe", "auto", "approve", "review", "refuse")
"""In order of strictness."""

SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
"""In order of urgency."""

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"^(\d+(?:\.\d+)?)([smhd])$")


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingCode:
    """What a finding code means."""

    code: str
    kinds: tuple[str, ...]
    severity: Severity
    when: str
    """The condition; ``{name}`` is a parameter."""
    inherits: tuple[str, ...] = ()
    """Findings whose consequence this one is."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Default thresholds, as written: durations such as ``2m``, shares, counts."""
    sources: tuple[str, ...] = ()

    def seconds(self, name: str) -> float:
        """The duration parameter ``name`` in seconds."""
        return seconds(str(self.parameters[name]))

    def number(self, name: str) -> float:
        """The plain numeric parameter ``name``."""
        return float(self.parameters[name])

    @property
    def hazard(self) -> bool:
        """Whether the finding will hurt later rather than being wrong now."""
        return any(
            self.code == entry or (entry.endswith("*") and self.code.startswith(entry[:-1]))
            for entry in _document()["hazards"]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseCode:
    """What a cause code means."""

    code: str
    explains: tuple[str, ...]
    """Finding codes it can explain; ``prefix.*`` stands for all of that prefix."""
    tell: str
    """What separates it from its look-alikes."""
    first: tuple[str, ...]
    """First-choice actions, in order."""
    auto: Auto
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionCode:
    """What an action code means."""

    code: str
    kinds: tuple[str, ...]
    reversibility: Reversibility
    floor: Lane
    """The laxest lane that any policy can give."""
    undo: str
    facts: tuple[str, ...]
    verify: str


def seconds(duration: str) -> float:
    """The seconds in a duration such as ``90s``, ``2m`` or ``1.5h``.

    Raises:
        ValueError: it is not a number followed by s, m, h or d.
    """
    match = _DURATION.match(duration)
    if match is None:
        raise ValueError(f"not a duration: {duration!r} (write a number and s, m, h or d)")
    return float(match[1]) * _SECONDS[match[2]]


@functools.cache
def _document() -> dict[str, Any]:
    source = resources.files(__package__).joinpath("vocabulary.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def source(code: str) -> str:
    """Where a threshold comes from, in words: ``Burrow`` for ``bur``."""
    return str(_document()["sources"][code])


def version() -> str:
    """The vocabulary's version; a new code raises the minor number."""
    return str(_document()["version"])


@functools.cache
def findings() -> Mapping[str, FindingCode]:
    """Every finding code with its meaning."""
    return {
        code: FindingCode(
            code=code,
            kinds=tuple(entry["kind"]),
            severity=entry["severity"],
            when=entry["when"],
            inherits=tuple(entry.get("inherits", ())),
            parameters=entry.get("params", {}),
            sources=tuple(entry.get("sources", ())),
        )
        for code, entry in _document()["findings"].items()
    }


@functools.cache
def causes() -> Mapping[str, CauseCode]:
    """Every cause code with its meaning."""
    return {
        code: CauseCode(
            code=code,
            explains=tuple(entry["explains"]),
            tell=entry["tell"],
            first=tuple(entry["first"]),
            auto=entry["auto"],
            why=entry["why"],
        )
        for code, entry in _document()["causes"].items()
    }


@functools.cache
def actions() -> Mapping[str, ActionCode]:
    """Every action code with its meaning."""
    return {
        code: ActionCode(
            code=code,
            kinds=tuple(entry["kind"]),
            reversibility=entry["reversibility"],
            floor=entry["floor"],
            undo=entry["undo"],
            facts=tuple(entry["facts"]),
            verify=entry["verify"],
        )
        for code, entry in _document()["actions"].items()
    }


def refused() -> tuple[str, ...]:
    """The codes that are never actions: asking for one gives the lane refuse."""
    return tuple(_document()["refused"])


def lane_reasons() -> tuple[str, ...]:
    """The closed set of reasons that a lane may be given for."""
    return tuple(_document()["lane_reasons"])


def lanes() -> Mapping[str, str]:
    """Each lane with its meaning, in order of strictness."""
    return dict(_document()["lanes"])


def change_transitions() -> Mapping[str, frozenset[str]]:
    """For each change state, the states that may follow it."""
    return {state: frozenset(entry["to"]) for state, entry in _document()["change_states"].items()}


def incident_transitions() -> Mapping[str, frozenset[str]]:
    """For each incident state, the states that may follow it."""
    return {
        state: frozenset(entry["to"]) for state, entry in _document()["incident_states"].items()
    }


def meaning(code: str) -> str:
    """One sentence on what ``code`` means, whichever family it is of.

    Raises:
        KeyError: no family knows the code.
    """
    if code in findings():
        return findings()[code].when
    if code in causes():
        return causes()[code].tell
    if code in actions():
        return actions()[code].verify
    for table in ("lanes", "severities", "cause_verdicts", "reversibilities"):
        if code in _document()[table]:
            return str(_document()[table][code])
    for table in ("change_states", "incident_states"):
        if code in _document()[table]:
            return str(_document()[table][code]["means"])
    raise KeyError(code)


def stricter(one: Lane, other: Lane) -> Lane:
    """Whichever of two lanes is the stricter."""
    return max(one, other, key=LANES.index)


def worse(one: Severity, other: Severity) -> Severity:
    """Whichever of two severities is the more urgent."""
    return max(one, other, key=SEVERITIES.index)
