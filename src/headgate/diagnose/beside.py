"""What was done on purpose about when an incident began: told beside it, and blamed for nothing.

Whether a deploy is the cause is weighed like any other cause, by what it predicts.
"""

from datetime import datetime, timedelta

from headgate.detect import view
from headgate.domain import incident

BEFORE_S = 1800.0
"""Deeds so long before the incident began are told; judgment."""
AFTER_S = 60.0
"""And so long after, for the beginning is known to a minute at best."""
_MOST = 10


def happenings(seen: view.View, began: datetime) -> tuple[incident.Happening, ...]:
    """Deploys and other deeds that were posted about that time, oldest first."""
    low, high = began - timedelta(seconds=BEFORE_S), began + timedelta(seconds=AFTER_S)
    found = sorted(
        (one for one in seen.observation.planned if low <= one.at <= high),
        key=lambda one: one.at,
    )
    return tuple(
        incident.Happening(
            at=one.at,
            what=f"{one.what} was posted" + (f" for {one.resource}" if one.resource else ""),
            kind="deploy",
            ref=one.resource,
        )
        for one in found[-_MOST:]
    )
