"""How members left a group: by their own request (LeaveGroup), or put out by its coordinator.

The brokers' counter of such requests is of all groups. Where others lose members, too, it can only
tell of too few, for whoever comes and leaves between two looks is in it and not in the history.
"""

import itertools

import numpy as np

from headgate.detect import view
from headgate.detect.consumers import clients
from headgate.diagnose.consumers import groups
from headgate.domain import meters
from headgate.domain.unknown import Unknown


def by_request(
    seen: view.View, group: groups.Facts, *, left: int, last_at: float | None
) -> bool | Unknown:
    """Whether as many asked to leave as are gone, the last of them then (Unix seconds)."""
    if not left:
        return Unknown("nobody left while Headgate looked")
    if not isinstance(group.group, Unknown) and group.group.kind != "classic":
        return Unknown("members of the new protocol leave by heartbeat")
    counted = clients.answers(seen, "LeaveGroup", seen.history.span_s)
    if isinstance(counted, Unknown):
        return counted
    if _put_out(seen, group.id):
        return False
    if 2 * sum(counted.values()) >= left:
        return True
    newest = min((each.told_at for each in seen.meters.all("broker.errors")), default=0.0)
    if newest < (last_at or 0.0):
        return Unknown("the brokers' counters were last read before the last one left")
    return False


def _put_out(seen: view.View, group_id: str) -> bool:
    """Whether some member was gone between two readings of the brokers' counters in which nobody
    at all asked to leave."""
    samples = seen.history.groups.get(group_id, ())
    every = seen.meters.all("broker.errors")
    times = every[0].times if every else np.zeros(0)
    asked = seen.meters.all("broker.errors", request="LeaveGroup")
    for one, two in itertools.pairwise(samples):
        if not one.members - two.members:
            continue
        # one reading more on each side: counters and members are not read at the same moment
        low = int(np.searchsorted(times, one.at, side="right")) - 2
        high = int(np.searchsorted(times, two.at)) + 1
        if low < 0 or high >= len(times):
            continue
        first, last = float(times[low]), float(times[high])
        if not any(_rose(meter, first, last) for meter in asked):
            return True
    return False


def _rose(meter: meters.Meter, first: float, last: float) -> bool:
    """Whether the counter is higher after that time than before it, or was not read then."""
    within = meter.values[(meter.times >= first - 1) & (meter.times <= last + 1)]
    known = within[~np.isnan(within)]
    if len(known) < len(within):  # a counter begins with its first event
        return True
    return len(known) < 2 or bool(known[-1] > known[0])
