"""Groups of every protocol: listed by every broker, described by their coordinators."""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent import futures
from typing import Any

from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import failure, library
from headgate.kafka.coordinators import CHUNK, Coordinators, Told
from headgate.kafka.nodes import Nodes, finished, outcome
from headgate.ports import errors, kafka

KINDS: Mapping[str, snapshot.GroupKind] = {
    "classic": "classic",
    "consumer": "consumer",
    "share": "share",
    "streams": "streams",
}
"""Group type as ListGroups tells it (lower case) -> kind."""
CONSUMER = "consumer"
"""Protocol type of ordinary consumers, and type of groups of the new protocol."""
LEAVE_EPOCH = -1
"""Member epoch that says that a member leaves for good."""

_Found = snapshot.Group | kafka.Failure


def read(
    nodes: Nodes, coordinators: Coordinators, *, deadline: float
) -> tuple[snapshot.Groups, tuple[snapshot.Missing, ...]]:
    """Every group that any broker coordinates.

    Each broker is asked for its list and, as soon as that came, for its groups; no broker waits
    for another.
    """
    groups: dict[str, snapshot.Group] = {}
    missing: list[snapshot.Missing] = []
    silent: dict[int, str] = {}
    asked: dict[futures.Future[Any], list[snapshot.Group]] = {}
    for broker, answer in nodes.every(_list_request, deadline=deadline):
        if isinstance(answer, errors.PortError):
            silent[broker] = failure.reason(answer)
            continue
        if answer.error_code:
            silent[broker] = failure.of_code(answer.error_code).reason
        listed = [_listed(entry, broker) for entry in answer.groups]
        coordinators.saw([group.id for group in listed], broker)
        groups.update((group.id, group) for group in listed)
        for chunk, request in _describe(listed):
            asked[nodes.ask(broker, request, deadline=deadline)] = chunk
    for future in finished(asked, deadline=deadline):
        for group, told in _described(asked[future], outcome(future)):
            groups[group.id] = told
            if isinstance(told.members, Unknown):
                missing.append(
                    snapshot.Missing(what=f"group:{group.id}", reason=told.members.reason)
                )
    missing += (snapshot.Missing(what=f"broker:{n}", reason=why) for n, why in silent.items())
    missing += _lost(coordinators, groups, silent, deadline=deadline)
    return {name: groups[name] for name in sorted(groups)}, tuple(missing)


def _lost(
    coordinators: Coordinators,
    groups: Mapping[str, snapshot.Group],
    silent: Mapping[int, str],
    *,
    deadline: float,
) -> Iterator[snapshot.Missing]:
    """Groups seen before that nobody lists, because the broker that would does not answer.

    Their coordinators are looked up: a group whose coordinator answers and does not list it is
    gone and no longer missed.
    """
    left = [name for name in coordinators.known() if name not in groups]
    failures = coordinators.look_up(left, deadline=deadline, anew=True)
    for name in left:
        failed = failures.get(name)
        broker = coordinators.get(name) or -1
        if failed is not None:
            yield snapshot.Missing(what=f"group:{name}", reason=failed.reason)
        elif broker in silent:
            yield snapshot.Missing(what=f"group:{name}", reason=silent[broker])
        else:
            coordinators.forget([name])


def one(coordinators: Coordinators, group_id: str, *, deadline: float) -> _Found:
    """One group. The new protocol is asked first: a classic group answers it with an error, as
    does a group that does not exist."""
    found = coordinators.ask([group_id], _consumer_request, _consumer_told, deadline=deadline)
    answer = found[group_id]
    if isinstance(answer, kafka.Failure) and answer.code in (failure.GROUP_ID_NOT_FOUND, 35):
        found = coordinators.ask([group_id], _classic_request, _classic_told, deadline=deadline)
        answer = found[group_id]
        if not isinstance(answer, kafka.Failure) and answer.group_state == "Dead":
            return failure.of_code(failure.GROUP_ID_NOT_FOUND)
    if isinstance(answer, kafka.Failure):
        return answer
    coordinator = coordinators.get(group_id)
    return _group(answer, Unknown("it moved") if coordinator is None else coordinator)


def remove_members(
    coordinators: Coordinators, group_id: str, member_ids: Sequence[str], *, deadline: float
) -> Mapping[str, kafka.Failure | None]:
    """The members left the group.

    Classic members are removed by LeaveGroup, static ones by their instance id, too. Members of
    the new protocol leave by a heartbeat in their name; the broker takes it from anyone who may
    read the group.
    """
    group = one(coordinators, group_id, deadline=deadline)
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


# ---- describing ----


def _list_request() -> Any:
    return library.admin.ListGroupsRequest(states_filter=[], types_filter=[])


def _listed(entry: Any, broker: int) -> snapshot.Group:
    """A group as it is listed, before its members are read."""
    told = (entry.group_type or "").lower()
    kind = KINDS.get(told, "unknown" if told else "classic")
    described = kind in ("classic", "consumer")
    return snapshot.Group(
        id=entry.group_id,
        kind=kind,
        state=entry.group_state or "",
        protocol=entry.protocol_type or kind,
        coordinator=broker,
        members=Unknown(
            "the group was not described" if described else f"{kind} groups are not described yet"
        ),
    )


def _describe(listed: Sequence[snapshot.Group]) -> Iterator[tuple[list[snapshot.Group], Any]]:
    """Requests that describe the groups, in chunks by protocol."""
    makers = {"classic": _classic_request, "consumer": _consumer_request}
    for kind, make in makers.items():
        same = [group for group in listed if group.kind == kind]
        for start in range(0, len(same), CHUNK):
            chunk = same[start : start + CHUNK]
            yield chunk, make([group.id for group in chunk])


def _described(
    chunk: Sequence[snapshot.Group], answer: Any | errors.PortError
) -> Iterator[tuple[snapshot.Group, snapshot.Group]]:
    """Each group of a chunk with what its description tells."""
    if isinstance(answer, errors.PortError):
        for group in chunk:
            yield group, _unread(group, failure.reason(answer))
        return
    told = _consumer_told(answer) if chunk[0].kind == "consumer" else _classic_told(answer)
    by_id = {item.group_id: item for item in told}
    for group in chunk:
        item = by_id.get(group.id)
        if item is None or item.code:
            code = item.code if item else -1
            yield group, _unread(group, failure.of_code(code).reason)
        else:
            yield group, _group(item.value, group.coordinator)


def _unread(group: snapshot.Group, reason: str) -> snapshot.Group:
    return snapshot.Group(
        id=group.id,
        kind=group.kind,
        state=group.state,
        protocol=group.protocol,
        coordinator=group.coordinator,
        members=Unknown(reason),
    )


def _classic_request(group_ids: Sequence[str]) -> Any:
    return library.admin.DescribeGroupsRequest(
        groups=list(group_ids), include_authorized_operations=False
    )


def _classic_told(answer: Any) -> Iterator[Told]:
    for group in answer.groups:
        yield Told(group.group_id, group.error_code, group.error_message or "", group)


def _consumer_request(group_ids: Sequence[str]) -> Any:
    return library.ConsumerGroupDescribeRequest(
        group_ids=list(group_ids), include_authorized_operations=False
    )


def _consumer_told(answer: Any) -> Iterator[Told]:
    for group in answer.groups:
        yield Told(group.group_id, group.error_code, group.error_message or "", group)


def _group(told: Any, coordinator: int | Unknown) -> snapshot.Group:
    if isinstance(told, library.ConsumerGroupDescribeResponse.DescribedGroup):
        return snapshot.Group(
            id=told.group_id,
            kind="consumer",
            state=told.group_state,
            protocol=f"{CONSUMER}/{told.assignor_name}" if told.assignor_name else CONSUMER,
            coordinator=coordinator,
            members=tuple(_consumer_member(member) for member in told.members),
            epoch=told.group_epoch,
        )
    protocol = told.protocol_type or ""
    return snapshot.Group(
        id=told.group_id,
        kind="classic",
        state=told.group_state,
        protocol=f"{protocol}/{told.protocol_data}" if told.protocol_data else protocol,
        coordinator=coordinator,
        members=tuple(_classic_member(member, protocol) for member in told.members),
    )


def _consumer_member(member: Any) -> snapshot.Member:
    return snapshot.Member(
        id=member.member_id,
        client_id=member.client_id,
        host=member.client_host,
        instance_id=member.instance_id,
        assigned=tuple(
            TopicPartition(topic.topic_name, number)
            for topic in member.assignment.topic_partitions
            for number in topic.partitions
        ),
        epoch=member.member_epoch,
    )


def _classic_member(member: Any, protocol: str) -> snapshot.Member:
    return snapshot.Member(
        id=member.member_id,
        client_id=member.client_id,
        host=member.client_host,
        instance_id=member.group_instance_id,
        assigned=assignment(member.member_assignment) if protocol == CONSUMER else (),
    )


def assignment(data: bytes) -> tuple[TopicPartition, ...]:
    """The partitions in a classic consumer's assignment; empty where it is none.

    Layout: version int16, then topics (string, array of int32). What else follows is user data of
    the assignor. A member may hand out anything, so bytes that do not fit give no partitions.
    """
    found: list[TopicPartition] = []
    try:
        (count,) = struct.unpack_from(">i", data, 2)
        at = 6
        for _ in range(count):
            (length,) = struct.unpack_from(">h", data, at)
            topic = bytes(data[at + 2 : at + 2 + length]).decode()
            at += 2 + length
            (size,) = struct.unpack_from(">i", data, at)
            numbers = struct.unpack_from(f">{size}i", data, at + 4)
            at += 4 + 4 * size
            found += [TopicPartition(topic, number) for number in numbers]
    except (struct.error, UnicodeDecodeError):
        return ()
    return tuple(found)


# ---- leaving ----


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

    answer = coordinators.ask([group_id], make, told, deadline=deadline, lane="write")[group_id]
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
        )[group_id]
        return found if isinstance(found, kafka.Failure) else None

    return {member.id: leave(member) for member in members}


def _left(code: int) -> kafka.Failure | None:
    return failure.of_code(code, name=library.error_name(code)) if code else None
