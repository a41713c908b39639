"""Members that keep a group of the new protocol from its target (KIP-848)."""

from headgate.detect import words
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import Prediction, decides, requires
from headgate.domain import resource, snapshot
from headgate.domain.unknown import Unknown


def blockers(group: snapshot.Group) -> tuple[snapshot.Member, ...]:
    """Members that still hold what others are to get."""
    if group.kind not in ("consumer", "streams") or isinstance(group.members, Unknown):
        return ()
    told = [member for member in group.members if member.target is not None]
    wanted = {name for member in told for name in set(member.target or ()) - set(member.assigned)}
    return tuple(
        member for member in told if (set(member.assigned) - set(member.target or ())) & wanted
    )


def weigh(argument: interface.Argument, group_id: str, *more: Prediction) -> None:
    """Weighs a member that does not give up what another is to get."""
    listed = argument.case.seen.groups
    group = listed if isinstance(listed, Unknown) else listed.get(group_id)
    held = blockers(group) if isinstance(group, snapshot.Group) else ()
    new = isinstance(group, snapshot.Group) and group.kind == "consumer"
    names = words.names(f"{one.client_id} (epoch {one.epoch})" for one in held)
    fact = argument.fact(
        "blockers",
        f"members of {group_id} that hold partitions which are to be another's"
        + (f"; the group is at epoch {group.epoch}" if isinstance(group, snapshot.Group) else ""),
        names or ("none" if new else "none: the group uses the classic protocol"),
        how="ConsumerGroupDescribe",
    )
    behind = [one for one in held if isinstance(group, snapshot.Group) and one.epoch < group.epoch]
    called = held[0].client_id if held else "A member"
    argument.weigh(
        "member.revocation_blocked",
        f"{called} does not give up partitions that another member is to get.",
        requires("a member holds what another is to get", bool(held), fact),
        decides("its epoch is behind that of the group", bool(behind), fact),
        *more,
        on=resource.member(group_id, held[0].id) if held else None,
        next=[
            interface.suggest(
                "workload.restart", f"Restart the instance behind {called}: it gives them up."
            )
        ],
    )
