"""Members leave a group, in either protocol that lets an operator remove them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headgate.domain import snapshot
from headgate.domain.unknown import Unknown
from headgate.kafka import failure, groups, library
from headgate.kafka.coordinators import Coordinators, Told
from headgate.ports import kafka

LEAVE_EPOCH = -1
"""Member epoch that says that a member leaves for good."""


def remove_members(
    coordinators: Coordinators, group_id: str, member_ids: Sequence[str], *, deadline: float
) -> Mapping[str, kafka.Failure | None]:
    """The members left the group.

    Classic members are removed by LeaveGroup, static ones by their instance id, too. Members of
    the new protocol leave by a heartbeat in their name; the broker takes it from anyone who may
    read the group.
    """
    group = groups.one(coordinators, group_id, deadline=deadline)
    if isinstance(group, kafka.Failure):
        return dict.fromkeys(member_ids, group)
    if isinstance(group.members, Unknown):
        unread = kafka.Failure(code=0, name="NOT_READ", reason=group.members.reason)
        return dict.fromkeys(member_ids, unread)
    present = {member.id: member for member in group.members}
    gone = [present[name] for name in member_ids if name in present]
    results: dict[str, kafka.Failure | None] = {
        name: failure.of_code(25) for name in member_ids if name not in present
    }
    leave = _leave_consumer if group.kind == "consumer" else _leave_classic
    results.update(leave(coordinators, group_id, gone, deadline) if gone else {})
    return results


def _leave_classic(
    coordinators: Coordinators, group_id: str, members: Sequence[snapshot.Member], deadline: float
) -> dict[str, kafka.Failure | None]:
    request = library.consumer.LeaveGroupRequest

    def make(_: Sequence[str]) -> Any:
        return request(
            group_id=group_id,
            members=[
                request.MemberIdentity(
                    member_id=member.id,
                    group_instance_id=member.instance_id,
                    reason="removed by an operator through Headgate",
                )
                for member in members
            ],
            min_version=3,
        )

    def told(answer: Any) -> Iterable[Told]:
        return [Told(group_id, answer.error_code, "", answer.members)]

    answer = coordinators.ask(
        [group_id], make, told, deadline=deadline, lane="write", api="LeaveGroup"
    )[group_id]
    if isinstance(answer, kafka.Failure):
        return dict.fromkeys((member.id for member in members), answer)
    codes = {item.member_id: item.error_code for item in answer}
    return {member.id: _left(codes.get(member.id, 0)) for member in members}


def _leave_consumer(
    coordinators: Coordinators, group_id: str, members: Sequence[snapshot.Member], deadline: float
) -> dict[str, kafka.Failure | None]:
    def leave(member: snapshot.Member) -> kafka.Failure | None:
        found = coordinators.ask(
            [group_id],
            lambda _: library.ConsumerGroupHeartbeatRequest(
                group_id=group_id,
                member_id=member.id,
                member_epoch=LEAVE_EPOCH,
                instance_id=member.instance_id,
            ),
            lambda answer: [Told(group_id, answer.error_code, answer.error_message or "", None)],
            deadline=deadline,
            lane="write",
            api="ConsumerGroupHeartbeat",
        )[group_id]
        return found if isinstance(found, kafka.Failure) else None

    return {member.id: leave(member) for member in members}


def _left(code: int) -> kafka.Failure | None:
    return failure.of_code(code, name=library.error_name(code)) if code else None
