"""Who may do what: one table of verbs and the least role for each.

An operator may what a viewer may, an approver what an operator may; an admin is an operator who
keeps users and the kill switch. Every question names the actor,
the verb and the resource, so that a refusal can say all three.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headgate.app import errors
from headgate.changes import approvals, transitions
from headgate.domain import change, person
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What one verb takes."""

    role: person.Role
    """The least role."""
    sentence: str
    """The verb in words, after "may": "propose changes"."""


TABLE: Mapping[str, Right] = {
    "look": Right(role="viewer", sentence="look at clusters, incidents, changes and the audit"),
    "propose": Right(role="operator", sentence="propose changes"),
    "cancel": Right(role="operator", sentence="withdraw changes"),
    "decide": Right(role="approver", sentence="approve, reject or review changes"),
    "acknowledge": Right(role="operator", sentence="acknowledge incidents"),
    "silence": Right(role="operator", sentence="silence incidents"),
    "test_channel": Right(role="operator", sentence="send test notices"),
    "post_timeline": Right(role="operator", sentence="write on the timeline"),
    "switch": Right(role="admin", sentence="turn the kill switch"),
}


_INCLUDED: Mapping[person.Role, frozenset[person.Role]] = {
    "viewer": frozenset({"viewer"}),
    "operator": frozenset({"viewer", "operator"}),
    "approver": frozenset({"viewer", "operator", "approver"}),
    # who hands out roles does not thereby approve: that takes the role approver as well
    "admin": frozenset({"viewer", "operator", "admin"}),
}


def included(roles: Iterable[person.Role]) -> frozenset[person.Role]:
    """The roles with all that they include."""
    return frozenset(inner for role in roles for inner in _INCLUDED[role])


def holds(actor: person.Actor, role: person.Role) -> bool:
    """Whether the actor has the role, or one that includes it."""
    return role in included(actor.roles)


def may(actor: person.Actor, verb: str) -> bool:
    """Whether the actor's roles allow the verb at all."""
    return holds(actor, TABLE[verb].role)


def demand(actor: person.Actor, verb: str, resource: str) -> None:
    """Nothing happens where the actor may.

    Raises:
        errors.NotPermitted: names who, what and where, and the role it takes.
    """
    if may(actor, verb):
        return
    right = TABLE[verb]
    held = ", ".join(role for role in person.ROLES if role in actor.roles) or "no role"
    raise errors.NotPermitted(
        f"{describe(actor)} may not {right.sentence}: that takes the role {right.role}, "
        f"held is {held}",
        where=resource,
        next_step=f"Ask an admin for the role {right.role}, or someone who has it",
    )


def why_not_decide(actor: person.Actor, item: change.Change) -> str:
    """Empty: the actor may decide on the change now; else why not, in one sentence."""
    if item.state not in ("waiting_approval", "in_review"):
        return f"It is {transitions.words(item.state)}; there is nothing to decide."
    return approvals.refusal(item, actor, not_entitled(actor, item))


def not_entitled(actor: person.Actor, item: change.Change) -> str:
    """Empty: the actor is entitled to the change's target; else why not, in one sentence.

    Who belongs to teams decides on what those teams own and on what nobody owns; an approver
    without teams decides on everything.
    """
    owned_by = item.plan.facts.owners
    if not actor.teams or isinstance(owned_by, Unknown) or not owned_by:
        return ""
    if actor.teams & set(owned_by):
        return ""
    return (
        f"{item.plan.target} belongs to {', '.join(owned_by)}; "
        f"{actor.name} is of {', '.join(sorted(actor.teams))}"
    )


def describe(actor: person.Actor) -> str:
    """Who that is: ``mira``, ``mira's token ci``, ``Headgate``."""
    if actor.kind == "headgate":
        return "Headgate"
    return f"{actor.name}'s token {actor.token}" if actor.kind == "token" else actor.name


def signature(actor: person.Actor) -> str:
    """How the audit names the actor: ``user:mira``, ``token:mira/ci``, ``headgate``."""
    if actor.kind == "headgate":
        return "headgate"
    return f"token:{actor.name}/{actor.token}" if actor.kind == "token" else f"user:{actor.name}"
