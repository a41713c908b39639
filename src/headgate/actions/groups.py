"""What the actions on groups share: which groups can be acted on, and how they are told apart."""

from headgate.actions import commits, interface, parameters, reading
from headgate.domain import change, snapshot
from headgate.domain.unknown import Unknown

REJOIN = Unknown("how long members take to rejoin is not known")


def plain(world: interface.World, group_id: str) -> snapshot.Group:
    """The group, provided that its commits can be set from outside.

    Raises:
        CannotPlan: there is no such group, or its protocol keeps its own positions.
    """
    group = reading.group(world, group_id)
    if group.kind not in ("classic", "consumer"):
        raise interface.CannotPlan(
            f"{group_id} is a {group.kind} group, whose commits cannot be set like this",
            where=f"group {group_id}",
            next_step="A share group gives a record up at its delivery limit by itself"
            if group.kind == "share"
            else "Use the tools of its own protocol",
        )
    return group


def same_kind(group: snapshot.Group) -> change.Precondition:
    """That the group still speaks the protocol it spoke at the preview."""
    return change.Precondition(
        kind=commits.Kind.kind,
        arguments=parameters.dump(commits.Places(group=group.id)),
        sentence=f"{group.id} still speaks the {group.kind} protocol",
        fingerprint=group.kind,
    )


def members(group: snapshot.Group) -> int | Unknown:
    """How many members it has."""
    return group.members if isinstance(group.members, Unknown) else len(group.members)
