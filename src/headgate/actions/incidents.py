"""Watching as a response: nothing is done, and what led to it must clear by itself in time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from headgate.actions import facts, findings, interface, parameters
from headgate.domain import change, finding, resource, vocabulary

MAX_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchParameters:
    """What to watch, and for how long."""

    __pydantic_config__: ClassVar[Any] = parameters.CONFIG

    resource: str
    """The resource, such as ``group:billing``."""
    for_s: float = 600.0
    """Seconds within which the finding must clear."""


class Watch:
    """``incident.watch``."""

    code: ClassVar[str] = "incident.watch"
    title: ClassVar[str] = "Watch with a deadline"
    parameters: ClassVar[type[Any]] = WatchParameters
    example: ClassVar[Mapping[str, object]] = {"resource": "group:billing", "for_s": 600}

    def plan(
        self, parameters: WatchParameters, world: interface.World, origin: interface.Origin
    ) -> change.Plan:
        """No step; the leading finding must be gone by the deadline."""
        if not 0 < parameters.for_s <= MAX_S:
            raise interface.CannotPlan(
                f"{parameters.for_s:g} s is not a time to watch",
                next_step=f"Give for_s above 0 and at most {MAX_S:.0f} s",
            )
        try:
            target = resource.parse(parameters.resource)
        except ValueError as error:
            raise interface.CannotPlan(str(error), where="resource") from error
        key = origin.finding or _worst(world, target)
        readings = facts.Readings(world)
        watched = interface.Origin(
            requester=origin.requester, incident=origin.incident, finding=key, cause=origin.cause
        )
        return change.Plan(
            summary=f"watch {target} for {parameters.for_s:.0f} s",
            target=target,
            differences=(),
            steps=(),
            checks=findings.checks(watched),
            verify_within_s=parameters.for_s,
            facts=facts.build(
                action=self.code,
                given=parameters,
                world=world,
                origin=origin,
                target=target,
                touched=(target,),
                readings=readings,
                changes_nothing=True,
            ),
            notes=(f"Nothing is changed; passed when {key} is no longer found",),
        )


def _worst(world: interface.World, target: resource.Resource) -> str:
    """Key of the most urgent finding on the resource."""
    seen = world.detected()
    if not isinstance(seen, finding.Detection):
        raise interface.CannotPlan(
            f"Nothing was detected yet: {seen.reason}", next_step="Wait for the next sweep"
        )
    here = [x for x in seen.findings if x.resource == target and x.state in ("firing", "pending")]
    if not here:
        raise interface.CannotPlan(
            f"Nothing is found on {target} that could clear",
            where=str(target),
            next_step="Watch a resource that has a finding",
        )
    return max(here, key=lambda x: vocabulary.SEVERITIES.index(x.severity)).key


ACTIONS: tuple[interface.Action, ...] = (Watch(),)
