"""From a request to a change with its preview, lane and digest: plan, decide, bind."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from headgate.actions import interface
from headgate.boundary import interface as boundary_interface
from headgate.changes import digest, errors, pace, parameters, record, transitions
from headgate.domain import change, vocabulary

_FIRST: dict[vocabulary.Lane, vocabulary.ChangeState] = {
    "observe": "approved",
    "auto": "approved",
    "approve": "waiting_approval",
    "review": "in_review",
    "refuse": "refused",
}
"""Lane -> the state that follows ``proposed``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a proposal is made with: the catalogue, the boundary, and how long things hold."""

    catalogue: interface.Catalogue
    boundary: boundary_interface.Boundary
    terms: pace.Terms = field(default_factory=pace.Terms)


def propose(
    desk: Desk,
    world: interface.World,
    origin: interface.Origin,
    *,
    change_id: str,
    action: str,
    given: Mapping[str, object],
) -> record.Record:
    """A new change in the first state of its lane, not yet stored.

    Raises:
        UnknownAction: the catalogue has no such action.
        BadParameters: the parameters are not the action's.
        interface.CannotPlan: the action makes no sense here.
        ports.errors.PortError: the cluster could not be read.
    """
    now = world.clock.now()
    planned = _plan(desk, world, origin, action, given)
    life = _life(desk.terms, planned.decision.lane)
    item = change.Change(
        id=change_id,
        cluster=world.cluster,
        action=action,
        parameters=planned.parameters,
        rationale=origin.rationale,
        requester=origin.requester,
        incident=origin.incident,
        finding=origin.finding,
        cause=origin.cause.code if origin.cause else "",
        proposed_at=now,
        expires_at=now + life,
        state="proposed",
        state_since=now,
        plan=planned.plan,
        decision=planned.decision,
        digest=planned.digest,
    )
    asked = record.state_event(
        item, at=now, actor=record.actor_name(origin.requester), text=planned.plan.summary
    )
    first = _first_state(item, now, fence=0)
    return replace(first, expect="", events=(asked, *first.events))


def again(
    desk: Desk,
    world: interface.World,
    origin: interface.Origin,
    item: change.Change,
    *,
    fence: int = 0,
) -> record.Record:
    """A void change, planned and decided anew, without approvals, in the first state of its lane.

    Raises:
        UnknownAction, BadParameters, interface.CannotPlan, ports.errors.PortError: as for
            ``propose``.
    """
    planned = _plan(desk, world, origin, item.action, item.parameters)
    renewed = replace(
        item,
        parameters=planned.parameters,
        plan=planned.plan,
        decision=planned.decision,
        digest=planned.digest,
        approvals=(),
    )
    return _first_state(renewed, world.clock.now(), fence=fence)


def twin(active: Iterable[change.Change], item: change.Change) -> change.Change | None:
    """The active change of Headgate's own that is for the same action, target and incident.

    None: there is none, or a person asks: people may ask twice.
    """
    if item.requester.kind != "headgate":
        return None
    for other in active:
        if other.id != item.id and other.state not in transitions.FINAL and _same(other, item):
            return other
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    parameters: Mapping[str, object]
    plan: change.Plan
    decision: change.Decision
    digest: str


def _plan(
    desk: Desk,
    world: interface.World,
    origin: interface.Origin,
    code: str,
    given: Mapping[str, object],
) -> _Planned:
    action = desk.catalogue.actions.get(code)
    meaning = vocabulary.actions().get(code)
    if action is None or meaning is None:
        raise errors.UnknownAction(
            f"Headgate has no action {code!r}",
            where=code,
            next_step=f"It has {', '.join(sorted(desk.catalogue.actions)) or 'none'}",
        )
    values = parameters.read(action, given)
    plan = action.plan(values, world, origin)
    decision = desk.boundary.decide(
        action=meaning,
        target=plan.target,
        cluster=world.cluster,
        requester=origin.requester,
        facts=plan.facts,
    )
    plain = parameters.written(action, values)
    bound = digest.digest(
        action=code, cluster=world.cluster, parameters=plain, plan=plan, lane=decision.lane
    )
    return _Planned(parameters=plain, plan=plan, decision=decision, digest=bound)


def _first_state(item: change.Change, now: datetime, *, fence: int) -> record.Record:
    lane = item.decision.lane
    why = "; ".join(reason.text for reason in item.decision.reasons)
    text = f"Lane {lane}{f': {why}' if why else ''}"
    # the reasons stand in the decision; the journal tells what happened
    line = record.Line(phase="note", text=f"Proposed, lane {lane}")
    return record.advance(item, at=now, lines=(line,), to=_FIRST[lane], why=text, fence=fence)


def _life(terms: pace.Terms, lane: vocabulary.Lane) -> timedelta:
    if lane == "review":
        return terms.review
    return terms.approve if lane == "approve" else terms.auto


def _same(one: change.Change, other: change.Change) -> bool:
    return one.requester.kind == other.requester.kind and (
        one.action,
        one.cluster,
        one.incident,
        one.plan.target,
    ) == (other.action, other.cluster, other.incident, other.plan.target)
