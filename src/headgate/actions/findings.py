"""The check that the symptom is gone: what led to a change must no longer be found."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from headgate.actions import interface, parameters
from headgate.domain import change, finding, resource
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Which finding."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    key: str
    """The finding's key, ``code@resource``."""


class Cleared:
    """The finding is neither firing nor pending in a look newer than the change."""

    kind: ClassVar[str] = "finding.cleared"

    def look(
        self, arguments: change.Arguments, world: interface.World, since: datetime
    ) -> interface.Look | Unknown:
        """What the newest detection says of it."""
        key = parameters.parse(Key, arguments).key
        seen = world.detected()
        if isinstance(seen, Unknown):
            return seen
        if seen.at <= since:
            return interface.Look("not_yet", "no sweep has ended since the change")
        for one in seen.findings:
            if one.key == key and one.state in ("firing", "pending"):
                return interface.Look("not_yet", f"{key} is still {one.state}: {one.summary}")
            if one.key == key and one.state == "unknown":
                return Unknown(f"{key} could not be judged: {one.summary}")
        hidden = _hidden(key, seen)
        if hidden is not None:
            return Unknown(f"{key} could not be judged: {hidden.reason}")
        return interface.Look("passed", f"{key} is no longer found")


def _hidden(key: str, seen: finding.Detection) -> finding.NotSeen | None:
    """What kept the finding from being judged: on its resource, or on something that holds it."""
    code, _, name = key.partition("@")
    about = resource.parse(name)
    return next(
        (
            one
            for one in seen.not_seen
            if one.code == code and (one.resource == about or one.resource.kind != about.kind)
        ),
        None,
    )


def checks(origin: interface.Origin) -> tuple[change.Check, ...]:
    """The check that the leading finding clears; none where a person asked without one."""
    if not origin.finding:
        return ()
    return (
        change.Check(
            kind=Cleared.kind,
            arguments={"key": origin.finding},
            sentence=f"{origin.finding} is no longer found",
        ),
    )


CHECKS: tuple[interface.CheckKind, ...] = (Cleared(),)
