"""Groups of every protocol: listed by every broker, described by their coordinators.

Kafka leaves out of the list, without a word, groups that the caller may not describe.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures
from dataclasses import replace
from typing import Any

from headgate.domain import snapshot
from headgate.domain.unknown import Unknown
from headgate.kafka import describing, failure, library
from headgate.kafka.coordinators import CHUNK, Coordinators
from headgate.kafka.nodes import Nodes, finished, outcome
from headgate.ports import errors, kafka

KINDS: Mapping[str, snapshot.GroupKind] = {
    "classic": "classic",
    "consumer": "consumer",
    "share": "share",
    "streams": "streams",
}
"""Group type as ListGroups tells it (lower case) -> kind."""
ABSENT = frozenset((failure.GROUP_ID_NOT_FOUND, 35))
"""Codes by which a coordinator says that it has no group of that kind, or knows no such kind."""

_Found = snapshot.Group | kafka.Failure
_Asked = dict["futures.Future[Any]", list[snapshot.Group]]


def read(
    nodes: Nodes, coordinators: Coordinators, *, deadline: float
) -> tuple[snapshot.Groups, tuple[snapshot.Missing, ...]]:
    """Every group that any broker coordinates.

    Each broker is asked for its list and, as soon as that came, for its groups; no broker waits
    for another, but for the starts of share groups, which have a limit of their own.
    """
    groups: dict[str, snapshot.Group] = {}
    missing: list[snapshot.Missing] = []
    silent: dict[int, kafka.Failure] = {}
    asked: _Asked = {}
    delivered: _Asked = {}
    for broker, answer in nodes.every(_list_request, deadline=deadline):
        if isinstance(answer, errors.PortError):
            silent[broker] = failure.of_error(answer)
            continue
        if answer.error_code:
            silent[broker] = failure.of_code(answer.error_code, api="ListGroups")
        listed = [_listed(entry, broker) for entry in answer.groups]
        coordinators.saw([group.id for group in listed], broker)
        groups.update((group.id, group) for group in listed)
        for chunk in _chunks(listed):
            request = describing.DESCRIBERS[chunk[0].kind].request([group.id for group in chunk])
            asked[nodes.ask(broker, request, deadline=deadline)] = chunk
            if chunk[0].kind == "share":
                starts = describing.starts_request([group.id for group in chunk])
                until = min(deadline, time.monotonic() + describing.STARTS_S)
                delivered[nodes.ask(broker, starts, deadline=until, lane="share")] = chunk
    for future in finished(asked, deadline=deadline):
        for group, failed in _described(asked[future], outcome(future)):
            groups[group.id] = group
            if failed is not None:
                missing.append(_missing(f"group:{group.id}", failed))
    for future in finished(delivered, deadline=deadline):
        for name, found in _delivered(delivered[future], outcome(future)):
            groups[name] = replace(groups[name], starts=found)
    missing += (_missing(f"broker:{number}", failed) for number, failed in silent.items())
    missing += _lost(coordinators, groups, silent, deadline=deadline)
    return {name: groups[name] for name in sorted(groups)}, tuple(missing)


def _lost(
    coordinators: Coordinators,
    groups: Mapping[str, snapshot.Group],
    silent: Mapping[int, kafka.Failure],
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
            yield _missing(f"group:{name}", failed)
        elif broker in silent:
            yield _missing(f"group:{name}", silent[broker])
        else:
            coordinators.forget([name])


def one(coordinators: Coordinators, group_id: str, *, deadline: float) -> _Found:
    """One group. Its kind is not known, so the protocols are asked one after the other, the most
    frequent first; one that does not have the group answers with an error, or calls it dead."""
    missed: kafka.Failure = failure.of_code(failure.GROUP_ID_NOT_FOUND)
    for kind in ("consumer", "classic", "share", "streams"):
        describer = describing.DESCRIBERS[KINDS[kind]]
        answer = coordinators.ask(
            [group_id], describer.request, describing.told, deadline=deadline, api=describer.api
        )[group_id]
        if isinstance(answer, kafka.Failure):
            if answer.code in ABSENT or (kind in ("share", "streams") and answer.name == "REFUSED"):
                continue
            return answer
        if kind == "classic" and answer.group_state == "Dead":
            continue
        at = coordinators.get(group_id)
        found = describer.group(answer, Unknown("it moved") if at is None else at)
        return _with_starts(coordinators, found, deadline) if kind == "share" else found
    return missed


def _with_starts(
    coordinators: Coordinators, group: snapshot.Group, deadline: float
) -> snapshot.Group:
    answer = coordinators.ask(
        [group.id],
        describing.starts_request,
        describing.starts,
        deadline=min(deadline, time.monotonic() + describing.STARTS_S),
        lane="share",
        api="DescribeShareGroupOffsets",
    )[group.id]
    return replace(group, starts=_untold(answer) if isinstance(answer, kafka.Failure) else answer)


def _list_request() -> Any:
    return library.admin.ListGroupsRequest(states_filter=[], types_filter=[])


def _listed(entry: Any, broker: int) -> snapshot.Group:
    """A group as it is listed, before its members are read."""
    told = (entry.group_type or "").lower()
    kind = KINDS.get(told, "unknown" if told else "classic")
    return snapshot.Group(
        id=entry.group_id,
        kind=kind,
        state=entry.group_state or "",
        protocol=entry.protocol_type or told or kind,
        coordinator=broker,
        members=Unknown(
            f"groups of type {told} are not known to Headgate"
            if kind == "unknown"
            else "the group was not described"
        ),
    )


def _chunks(listed: Sequence[snapshot.Group]) -> Iterator[list[snapshot.Group]]:
    """The groups that can be described, by protocol."""
    for kind in describing.DESCRIBERS:
        same = [group for group in listed if group.kind == kind]
        for start in range(0, len(same), CHUNK):
            yield same[start : start + CHUNK]


def _described(
    chunk: Sequence[snapshot.Group], answer: Any | errors.PortError
) -> Iterator[tuple[snapshot.Group, kafka.Failure | None]]:
    """Each group of a chunk with what its description tells, and why it tells nothing."""
    if isinstance(answer, errors.PortError):
        failed = failure.of_error(answer)
        for group in chunk:
            yield replace(group, members=_unknown(failed)), failed
        return
    describer = describing.DESCRIBERS[chunk[0].kind]
    by_id = {item.group_id: item for item in describing.told(answer)}
    for group in chunk:
        item = by_id.get(group.id)
        if item is None or item.code:
            code, message = (item.code, item.message) if item else (-1, "")
            failed = failure.of_code(
                code, message, name=library.error_name(code), api=describer.api, on=group.id
            )
            yield replace(group, members=_unknown(failed)), failed
        else:
            yield describer.group(item.value, group.coordinator), None


def _delivered(
    chunk: Sequence[snapshot.Group], answer: Any | errors.PortError
) -> Iterator[tuple[str, Any]]:
    """Each share group of a chunk with its start offsets, or why they are not known."""
    if isinstance(answer, errors.PortError):
        yield from ((group.id, _untold(failure.of_error(answer))) for group in chunk)
        return
    for item in describing.starts(answer):
        failed = failure.of_code(
            item.code, item.message, api="DescribeShareGroupOffsets", on=item.group_id
        )
        yield item.group_id, _unknown(failed) if item.code else item.value


def _untold(failed: kafka.Failure) -> Unknown:
    """Why the starts are not known; a coordinator that is late waits for another broker itself."""
    if failed.name == "TIMED_OUT":
        return Unknown(f"{failed.reason}; it asks the broker that keeps the group's state")
    return _unknown(failed)


def _unknown(failed: kafka.Failure) -> Unknown:
    return Unknown(failed.reason, "not_allowed" if failed.not_allowed else "", failed.needs)


def _missing(what: str, failed: kafka.Failure) -> snapshot.Missing:
    return snapshot.Missing(what=what, reason=failed.reason, needs=failed.needs)
