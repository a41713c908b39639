"""What to do next about a case: the best cause's suggestions, each with the lane it would get."""

import dataclasses
import time
from dataclasses import dataclass

from headgate import actions
from headgate.actions import interface as acting
from headgate.boundary import cedar
from headgate.changes import errors as change_errors
from headgate.changes import proposal
from headgate.domain import diagnosis, incident, person, vocabulary
from headgate.ports import errors as port_errors

LEAST_S = 0.5
"""The least that each read of a plan is given, however late it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A next step with the lane that it would get."""

    suggestion: diagnosis.Suggestion
    lane: vocabulary.Lane
    why: str
    in_catalogue: bool
    """Whether Headgate can do it; else a person does."""


class Adviser:
    """Plans next steps, until a moment of the monotonic clock at full length."""

    def __init__(self, world: acting.World, until: float) -> None:
        """Nothing is planned yet."""
        self._desk = proposal.Desk(catalogue=actions.CATALOGUE, boundary=cedar.CedarBoundary())
        self._world = world
        self._until = until

    def of(self, draft: incident.Draft) -> tuple[Step, ...]:
        """The best cause's suggestions, each with the lane that the shipped policies would give."""
        if not draft.causes:
            return ()
        return tuple(self._step(draft, one) for one in draft.causes[0].next)

    def _step(self, draft: incident.Draft, one: diagnosis.Suggestion) -> Step:
        floor = vocabulary.actions()[one.action].floor
        if one.action not in self._desk.catalogue.actions or not one.parameters:
            return Step(
                suggestion=one,
                lane=vocabulary.stricter(floor, "approve") if floor == "auto" else floor,
                why="a person does it",
                in_catalogue=False,
            )
        origin = acting.Origin(
            requester=person.HEADGATE,
            finding=draft.findings[0].key if draft.findings else "",
            cause=draft.causes[0],
            evidence=draft.evidence,
            rationale=draft.title,
        )
        left_s = max(LEAST_S, self._until - time.monotonic())
        try:
            made = proposal.propose(
                self._desk,
                dataclasses.replace(self._world, deadline_s=min(self._world.deadline_s, left_s)),
                origin,
                change_id="doctor",
                action=one.action,
                given=one.parameters,
            ).item
        except (acting.CannotPlan, port_errors.PortError, change_errors.ChangeError) as error:
            return Step(
                suggestion=one, lane="refuse", why=f"cannot now: {error}", in_catalogue=True
            )
        reasons = made.decision.reasons
        return Step(
            suggestion=one,
            lane=made.decision.lane,
            why=reasons[0].text if reasons else "",
            in_catalogue=True,
        )
