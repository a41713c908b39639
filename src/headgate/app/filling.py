"""When each log dir of a cluster is full, from the history that is kept of it."""

from collections.abc import Mapping

import numpy as np

from headgate.app import past as past_
from headgate.domain import forecast, observation
from headgate.domain.unknown import Unknown
from headgate.observe import moving, tiers

Dir = tuple[int, str]
"""A broker and the path of its log dir."""

LOOK_BACK_S = 7.0 * tiers.DAY_S
"""A week: long enough for the rhythm of days, short enough to follow a change of load."""


def of(
    kept: past_.Past, seen: observation.Observation
) -> Mapping[Dir, forecast.Forecast | Unknown] | Unknown:
    """The forecast of every log dir that was read; Unknown where none was.

    Raises:
        store.StoreError: the database cannot be read.
    """
    dirs = seen.snapshot.log_dirs.value
    if isinstance(dirs, Unknown):
        return dirs
    if not kept.steps:
        none = Unknown("no history is kept")
        return {(one.broker, one.path): none for one in dirs.dirs}
    since = seen.snapshot.at.timestamp() - LOOK_BACK_S
    fine, coarse = (
        kept.read("disk", since=since, span_s=span_s) for span_s in (tiers.DAY_S, LOOK_BACK_S)
    )
    # the finer tier reaches back less far, and is there from the first minutes on
    found = coarse if len(coarse.times) >= forecast.LEAST_SAMPLES else fine
    place = {(key.owner, key.name, n): at for at, (key, n) in enumerate(found.columns)}
    made: dict[Dir, forecast.Forecast | Unknown] = {}
    for one in dirs.dirs:
        columns = [
            place.get((str(one.broker), one.path, n), -1) for n in range(moving.DISK_COLUMNS)
        ]
        if min(columns) < 0 or isinstance(one.total_bytes, Unknown):
            made[one.broker, one.path] = Unknown("no history of it is kept yet")
            continue
        sizes = found.values[:, columns].astype(np.float64)
        sizes[(sizes < 0).any(axis=1)] = np.nan
        made[one.broker, one.path] = forecast.full(
            found.times, sizes[:, 0] - sizes[:, 1], float(one.total_bytes)
        )
    return made
