"""What metrics tell of the members of groups: by the clients' own numbers, and by what brokers
answered them.

A client's numbers go by its client id. They are a member's where no other member has that id.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from headgate.detect import view
from headgate.domain import meters, resource, snapshot
from headgate.domain.unknown import Unknown

NONE = "NONE"
"""Kafka's word for an answer without an error."""
WOULD_TELL = "client metrics (KIP-714, or the application's own endpoint)"


def members(seen: view.View) -> Mapping[str, tuple[str, snapshot.Member]]:
    """Client id -> (group, member), where exactly one member of the cluster has it."""
    return seen.once(_members)


def _members(seen: view.View) -> Mapping[str, tuple[str, snapshot.Member]]:
    found: dict[str, tuple[str, snapshot.Member] | None] = {}
    if isinstance(seen.groups, Unknown):
        return {}
    for group in seen.groups.values():
        if isinstance(group.members, Unknown):
            continue
        for member in group.members:
            known = member.client_id in found
            found[member.client_id] = None if known else (group.id, member)
    return {name: held for name, held in found.items() if held is not None}


def told(seen: view.View, name: str) -> Iterator[tuple[str, snapshot.Member, meters.Meter]]:
    """(Group, member, meter) of every member whose client tells that measure."""
    known = members(seen)
    for meter in seen.meters.all(name):
        held = known.get(meter.resource.id) if meter.resource.kind == "client" else None
        if held is not None:
            yield (*held, meter)


def of_group(
    seen: view.View, group_id: str, name: str
) -> tuple[tuple[snapshot.Member, meters.Meter], ...]:
    """(Member, meter) of the group's members whose clients tell that measure."""
    return tuple((member, meter) for group, member, meter in told(seen, name) if group == group_id)


def one(seen: view.View, group_id: str, member_id: str, name: str) -> meters.Meter | Unknown:
    """The measure of one member, or why it is not known."""
    for member, meter in of_group(seen, group_id, name):
        if member.id == member_id:
            return meter
    return Unknown(f"no metrics source tells {name} of this member; {WOULD_TELL} would")


def consumed(seen: view.View, group_id: str, over_s: float) -> float | Unknown:
    """Records that the group's members got over the trailing seconds, as their clients count."""
    rises = [
        grown(meter, over_s) for _, meter in of_group(seen, group_id, "consumer.records_consumed")
    ]
    known = [rise for rise in rises if not isinstance(rise, Unknown)]
    if not known:
        return Unknown(
            f"no metrics source tells what the members of {group_id} consumed; {WOULD_TELL} would"
        )
    return sum(known)


def grown(meter: meters.Meter, over_s: float) -> float | Unknown:
    """By how much a counter grew; one that its source named first within that time grew from 0."""
    if len(meter.times) < 2:
        return Unknown(f"{meter.name} was read fewer than twice")
    low = int(np.searchsorted(meter.times, meter.times[-1] - over_s - 1e-6))
    low = max(0, min(low, len(meter.times) - 2))
    values = meter.values[low:]
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return Unknown(f"{meter.source} does not tell {meter.name} now")
    # A source that told other numbers before and this one not had nothing to count.
    fresh = known[0] > 0 and bool(np.isnan(meter.values[: low + known[0]]).all())
    held = values[known]
    steps = np.diff(np.append(0.0, held) if fresh else held)
    return float(np.where(steps >= 0, steps, held[-len(steps) :]).sum())


def answers(seen: view.View, request: str, over_s: float) -> Mapping[str, float] | Unknown:
    """How often brokers answered that request with each error over the trailing seconds.

    Kafka counts an error from its first time on; so one that no broker names never came.
    """
    counted = seen.meters.all("broker.errors", request=request)
    if not counted and not seen.meters.all("broker.errors"):
        return Unknown(
            "no metrics source tells broker.errors; the brokers' counters of answers by error would"
        )
    found: dict[str, float] = {}
    for meter in counted:
        rise = grown(meter, over_s)
        if not isinstance(rise, Unknown) and rise > 0:
            error = meter.labels.get("error", NONE)
            found[error] = found.get(error, 0.0) + rise
    return found


def about(group_id: str, member: snapshot.Member) -> resource.Resource:
    """The resource of a member."""
    return resource.member(group_id, member.id)
