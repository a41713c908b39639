"""Who may do what: one table of verbs and the least role for each.

Roles include those before them: viewer, operator, approver, admin. Every question names the actor,
the verb and the resource, so that a refusal can say all three.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headgate.app import errors
from headgate.domain import change, person


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
    "post_timeline": Right(role="operator", sentence="write on the timeline"),
    "switch": Right(role="admin", sentence="turn the kill switch"),
}


def holds(actor: person.Actor, role: person.Role) -> bool:
    """Whether the actor has the role, or one that includes it."""
    least = person.ROLES.index(role)
    return any(person.ROLES.index(held) >= least for held in actor.roles)


def included(roles: Iterable[person.Role]) -> frozenset[person.Role]:
    """The roles with all that they include."""
    most = max((person.ROLES.index(role) for role in roles), default=-1)
    return frozenset(person.ROLES[: most + 1])


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
    """Empty: the actor may approve or reject the change; else why not, in one sentence."""
    if actor.kind == "headgate":
        return "Headgate never approves."
    if not may(actor, "decide"):
        return f"Deciding takes the role {TABLE['decide'].role}."
    if item.requester.kind != "headgate" and item.requester.name == actor.name:
        return "You asked for it; somebody else must decide."
    if item.state != "waiting_approval":
        return f"It is {item.state.replace('_', ' ')}; there is nothing to decide."
    return ""


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
