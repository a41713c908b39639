"""Starts of a connector's tasks that looks at their states miss.

A start that fails is over within a second, so looks see one in a few. A sink's task joins its group
anew each time. A worker counts each start; it does not say of which connector, so its count tells
only while no other fails or moves there.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.domain import meters, snapshot

STARTS = "worker.task_starts"
TASKS = "connector.tasks"
FAILED = "connector.failed_tasks"
_NEAR = 1.5
"""Samples between what two parts of a look show of one start."""


def joined(
    seen: view.View, connector: snapshot.Connector, failures: Iterable[float]
) -> tuple[float, ...]:
    """When a sink's tasks joined its group and left it again after the first of these failures,
    which have been counted: each time that none of them is beside.
    """
    apart = sorted(failures)
    if not apart or connector.type == "source":
        return ()
    found: list[float] = []
    near_s = _NEAR * seen.sample_s
    for at in sorted(seen.fleeting(view.sink_group(connector)).values()):
        if at > apart[0] and all(abs(at - each) > near_s for each in (*apart, *found)):
            found.append(at)
    return tuple(found)


def counted(seen: view.View, connector: str, over_s: float) -> tuple[float, ...]:
    """Unix seconds of each reading that counts a start of the connector's tasks after they were
    first told to have failed; empty: none, or no source tells.
    """
    found: set[float] = set()
    for told in seen.meters.all(FAILED):
        if told.resource.id == connector and _alone(seen, told, over_s):
            for meter in seen.meters.all(STARTS):
                if meter.source == told.source:
                    found |= _risen(meter, _within(told, over_s))
    return tuple(sorted(found))


def _within(meter: meters.Meter, over_s: float) -> NDArray[np.bool_]:
    """The readings of the trailing seconds from the one on that first told of failed tasks."""
    lately = meter.times >= meter.times.max(initial=0.0) - over_s
    failed = np.flatnonzero(lately & (meter.values > 0))
    lately[: failed[0] if len(failed) else len(lately)] = False
    return np.asarray(lately, dtype=np.bool_)


def _alone(seen: view.View, mine: meters.Meter, over_s: float) -> bool:
    """Whether no other connector of that source failed or got or lost a task meanwhile."""
    within = _within(mine, over_s)
    return not any(
        _differs(meter.values[within], 0.0 if name == FAILED else None)
        for name in (FAILED, TASKS)
        for meter in seen.meters.all(name)
        if meter.source == mine.source and meter.resource != mine.resource
    )


def _differs(values: NDArray[np.float64], usual: float | None) -> bool:
    told = values[~np.isnan(values)]
    return bool(len(told)) and bool((told != (told[0] if usual is None else usual)).any())


def _risen(meter: meters.Meter, within: NDArray[np.bool_]) -> set[float]:
    known = np.flatnonzero(within & ~np.isnan(meter.values))
    steps = np.diff(meter.values[known])
    return set(meter.times[known[1:]][steps > 0].tolist())
