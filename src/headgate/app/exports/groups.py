"""Groups and where they stand, under Headgate's own names."""

import numpy as np

from headgate.app.exports import interface, view
from headgate.domain import layout
from headgate.domain.unknown import Unknown

_G = "gauge"
LAG = interface.Metric(
    name="headgate_group_partition_lag_records",
    kind=_G,
    help="Records of a partition that a group has not committed; transaction markers are none.",
)
COMMIT = interface.Metric(
    name="headgate_group_partition_committed_offset",
    kind=_G,
    help="Offset that a group committed on a partition.",
)
LAG_SECONDS = interface.Metric(
    name="headgate_group_partition_lag_seconds",
    kind=_G,
    help="Age of the next record that a group will read on a partition.",
)
LOSS_SECONDS = interface.Metric(
    name="headgate_group_partition_loss_seconds",
    kind=_G,
    help="Seconds until retention may delete records of a partition that a group has not read.",
)
MEMBERS = interface.Metric(name="headgate_group_members", kind=_G, help="Members of a group.")
STATE = interface.Metric(
    name="headgate_group_state", kind=_G, help="1, labelled with a group's protocol and state."
)
WHOLE_LAG = interface.Metric(
    name="headgate_group_lag_records",
    kind=_G,
    help="Records that a group has not committed, on all its partitions.",
)
WHOLE_LAG_SECONDS = interface.Metric(
    name="headgate_group_lag_seconds",
    kind=_G,
    help="Lag in time of a group's worst partition.",
)
WHOLE_LOSS_SECONDS = interface.Metric(
    name="headgate_group_loss_seconds",
    kind=_G,
    help="Seconds until the first loss of unread records, over a group's partitions.",
)
CATCH_UP_SECONDS = interface.Metric(
    name="headgate_group_catch_up_seconds",
    kind=_G,
    help="Seconds until a group has read all at present rates; +Inf: never.",
)

METRICS = (
    LAG,
    COMMIT,
    LAG_SECONDS,
    LOSS_SECONDS,
    MEMBERS,
    STATE,
    WHOLE_LAG,
    WHOLE_LAG_SECONDS,
    WHOLE_LOSS_SECONDS,
    CATCH_UP_SECONDS,
)


def write(page: interface.Page, seen: view.View) -> None:
    """Each group, and where it stands on each partition."""
    for group in seen.groups:
        named = {**seen.own, "group": group.id}
        if not isinstance(group.members, Unknown):
            page.one(MEMBERS, named, len(group.members))
        page.one(STATE, {**named, "protocol": group.kind, "state": group.state}, 1)
    table = seen.standing
    if table is None:
        return
    labels = seen.commit_labels(seen.own)
    page.column(COMMIT, labels, table.commit, seen.committed)
    page.column(LAG, labels, table.records, seen.committed & (table.records != layout.UNREAD))
    page.column(LAG_SECONDS, labels, table.behind_s, seen.committed)
    page.column(LOSS_SECONDS, labels, table.loss_s, seen.committed)
    _wholes(page, seen)


def _wholes(page: interface.Page, seen: view.View) -> None:
    held = seen.wholes
    if held is None:
        return
    labels = [interface.braces({**seen.own, "group": name}) for name in held.names]
    page.column(WHOLE_LAG, labels, held.records, held.known)
    page.column(WHOLE_LAG_SECONDS, labels, held.behind_s)
    page.column(WHOLE_LOSS_SECONDS, labels, held.loss_s)
    page.column(CATCH_UP_SECONDS, labels, held.catch_up_s)
    for place in np.flatnonzero(np.isinf(held.catch_up_s)).tolist():
        page.raw(CATCH_UP_SECONDS, labels[place], "+Inf")
