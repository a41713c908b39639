"""Groups of a cluster, and one group: lag, positions against retention, members, rebalances."""

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from headgate.app import errors
from headgate.app.tables import groups, positions, rebalances
from headgate.console import desk, tab, table
from headgate.console.pages import frame, past
from headgate.domain.unknown import Unknown

router = APIRouter()

COLUMNS: tuple[table.Column[groups.GroupRow], ...] = (
    table.Column(key="id", value=lambda row: row.id),
    table.Column(key="state", value=lambda row: row.state),
    table.Column(key="members", value=lambda row: row.members),
    table.Column(key="lag", value=lambda row: row.lag),
    table.Column(key="behind", value=lambda row: row.behind_s),
    table.Column(key="rate", value=lambda row: row.consumed_per_s),
    table.Column(key="catch_up", value=lambda row: row.catch_up_s),
    table.Column(key="loss", value=lambda row: row.loss_s),
    table.Column(key="topics", value=lambda row: row.topics),
)
POSITION_COLUMNS: tuple[table.Column[positions.PositionRow], ...] = (
    table.Column(key="partition", value=lambda row: row.partition),
    table.Column(key="member", value=lambda row: row.member),
    table.Column(key="commit", value=lambda row: row.commit),
    table.Column(key="start", value=lambda row: row.start),
    table.Column(key="end", value=lambda row: row.end),
    table.Column(key="lag", value=lambda row: row.lag),
    table.Column(key="behind", value=lambda row: row.behind_s),
    table.Column(key="in", value=lambda row: row.in_per_s),
    table.Column(key="out", value=lambda row: row.out_per_s),
    table.Column(key="catch_up", value=lambda row: row.catch_up_s),
    table.Column(key="loss", value=lambda row: row.loss_s),
)
MEMBERS = 200
"""Members that are listed; a group rarely has more."""


def fill(asked: tab.Asked) -> Response | None:
    """The list of groups."""
    found = groups.table(asked.seen)
    if isinstance(found, Unknown):
        asked.values["rows_unknown"] = found
        return None
    made = table.from_columns(
        asked.request, found, sort="lag", descending=True, kept={"tab": "groups"}
    )
    asked.values["table"] = made
    return table.csv_if_asked(asked.request, made, COLUMNS, "groups")


@router.get("/clusters/{cluster}/groups/{group:path}")
def show(request: Request, viewer: desk.Seen, cluster: str, group: str) -> Response:
    """One group."""
    front = desk.of(request)
    summary = front.headgate.cluster(viewer.actor, cluster)
    seen = frame.observed(front, viewer, cluster)
    known = seen.snapshot.groups.value
    if isinstance(known, Unknown):
        raise errors.Unavailable(f"The groups of {cluster} are {known}")
    if group not in known:
        raise errors.NotFound(
            f"There is no group {group!r} on {cluster}",
            where=frame.freshness(summary),
            next_step="A group without members and commits disappears. Search with /.",
        )
    found = positions.table(seen, group)
    made = table.from_columns(
        request,
        table.NOTHING if isinstance(found, Unknown) else found,
        sort="lag",
        descending=True,
    )
    answer = table.csv_if_asked(request, made, POSITION_COLUMNS, group)
    if answer is not None:
        return answer
    least, largest = positions.least_lag(seen, group)
    return front.page(
        request,
        viewer,
        "group",
        summary=summary,
        cluster_name=cluster,
        group=known[group],
        whole=groups.row(seen, group),
        table=made,
        snap=seen.snapshot,
        rows_unknown=found if isinstance(found, Unknown) else None,
        largest=largest,
        least=least,
        members_shown=MEMBERS,
        rebalances=rebalances.of(seen, group),
        span_s=seen.history.span_s,
        freshness=frame.freshness(summary),
        happened=past.of(front, viewer, cluster, f"group:{group}"),
        twin=f"/api/v1/clusters/{quote(cluster, safe='')}/groups/{quote(group, safe='')}",
        live="sweep",
    )
