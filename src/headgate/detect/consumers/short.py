"""What a window that was cut cannot tell from growth: it may hold one turn of a reader that serves
its partitions one after another, or only the end of one that has just stopped.
"""

import numpy as np
from numpy.typing import NDArray

from headgate.detect import view
from headgate.detect.consumers import courses, lags, outlines

TOGETHER = 0.5
"""A member's lag on a topic rises by this share of the rise on one of its partitions, where that is
no matter of turns (judgment)."""
STEPS = 2.0
"""A rise of lag within so many commit steps may be a reader that has just stopped: until its newest
commit is late (judgment: ``RHYTHM`` pauses, and the step that it was in)."""
RHYTHM = 1.5
"""A commit that is later than so many of its usual pauses has stopped coming (judgment)."""


def not_in_turn(
    seen: view.View, now: lags.Lags, columns: NDArray[np.intp], sums: outlines.Outlines
) -> NDArray[np.bool_]:
    """Whether a partition's lag rose with that of its member on the topic as a whole: a short look
    may see a reader of several partitions while it is busy with another one.
    """
    past = seen.history
    topic = past.places.topic_of[now.partition_of[columns]].astype(np.int64)
    owner = past.owners[-1, columns].astype(np.int64)
    whose = np.stack([now.group_of[columns].astype(np.int64), topic, owner])
    place = np.unique(whose, axis=1, return_inverse=True)[1].reshape(-1)
    risen = np.bincount(place, weights=np.where(sums.known, sums.rise, 0))
    result: NDArray[np.bool_] = (owner < 0) | (risen[place] >= TOGETHER * sums.rise)
    return result


def reads_on(course: courses.Course) -> NDArray[np.bool_]:
    """Whether the newest commit came in its rhythm: what has just stopped is no slow reader, and a
    window that was cut holds little else than its end.
    """
    ahead, times = course.ahead, course.times
    last = times[1:][lags.last_row(ahead)]
    since = times[-1] - last
    rhythm = (last - times[0]) / np.maximum(ahead.sum(axis=0), 1)  # without the pause in question
    result: NDArray[np.bool_] = ahead.any(axis=0) & (since <= RHYTHM * rhythm)
    return result


def without_one(
    parts: courses.Course, place: NDArray[np.intp], rise: NDArray[np.int64]
) -> NDArray[np.int64]:
    """By how much each sum rose without the partition, of those whose commit stands, that rose
    most: a short look cannot tell one that is stuck from one that waits for its turn.
    """
    stands = ~parts.ahead[len(parts.ahead) // 2 :].any(axis=0)
    most = np.zeros(len(rise), dtype=np.int64)
    np.maximum.at(most, place, np.where(stands, parts.rise, 0))
    return rise - most
