"""Leaders that are not on their preferred replica."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.domain import history

_CODE = "leader.imbalance"


class Imbalance:
    """Says whether a broker leads fewer of its partitions than it should."""

    codes: ClassVar[tuple[str, ...]] = (_CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions",)

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding, listing the partitions that are led elsewhere."""
        table = interface.certain(seen.partitions)
        if not table.count:
            return interface.Found()
        preferred = table.replicas[table.replica_start[:-1]]
        several = np.diff(table.replica_start) > 1
        share = seen.observation.number(_CODE, "share")
        away = several & (table.leader != preferred) & (table.leader >= 0)
        worst, most = _worst(preferred, away)
        if most <= share:
            return interface.Found()
        since = _since(seen, preferred, several, share)
        state = seen.state(_CODE, "hold", since)
        if state is None:
            return interface.Found()
        names = [table.name(int(o)) for o in np.flatnonzero(away & (preferred == worst))]
        every = [table.name(int(o)) for o in np.flatnonzero(away)]
        report = interface.Report(seen, _CODE, seen.cluster)
        report.fact(
            "share",
            f"share of the partitions preferring broker {worst} led elsewhere",
            round(most, 3),
        )
        report.fact("away", "partitions not led by their preferred replica", len(every))
        return interface.Found(
            findings=(
                report.finding(
                    f"{words.many(len(names), 'partition')} that broker {worst} should lead "
                    f"({most:.0%} of them) {'is' if len(names) == 1 else 'are'} led elsewhere.",
                    state=state,
                    since=since,
                    partitions=every,
                ),
            )
        )


def _worst(preferred: NDArray[np.int32], away: NDArray[np.bool_]) -> tuple[int, float]:
    """The broker with the largest share of its partitions led elsewhere, and that share."""
    count = np.bincount(preferred)
    missing = np.bincount(preferred, weights=away, minlength=len(count))
    share = np.divide(missing, count, out=np.zeros(len(count)), where=count > 0)
    broker = int(np.argmax(share))
    return broker, float(share[broker])


def _since(
    seen: view.View,
    preferred: NDArray[np.int32],
    several: NDArray[np.bool_],
    share: float,
) -> float:
    column_of = seen.column_of
    of = np.flatnonzero((column_of >= 0) & several)
    columns, wanted = column_of[of], preferred[of]
    since = seen.now
    for row in range(len(seen.history.times) - 1, -1, -1):
        leaders = seen.history.leaders[row, columns]
        if len(columns) and (leaders == history.UNREAD_LEADER).all():
            continue  # not read then
        if not len(columns) or _worst(wanted, (leaders != wanted) & (leaders >= 0))[1] <= share:
            break
        since = float(seen.history.times[row])
    return since
