"""What became different on a cluster, and its restore points, compared with each other or with now.

Both come from the database: they are there also while the cluster cannot be reached.
"""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from headgate.console import desk, render, table
from headgate.console.pages import frame
from headgate.domain import comparison, incident, restore, timeline
from headgate.ports import store

router = APIRouter()

PART_NAMES: Mapping[restore.Name, str] = {
    "offsets": "offsets",
    "topic_configs": "topic settings",
    "broker_configs": "broker settings",
    "acls": "ACLs",
    "quotas": "quotas",
    "scram_users": "SCRAM users",
    "connectors": "connector settings",
}
"""Parts of a restore point as a person reads them."""

BEFORE = timedelta(hours=1)
"""An incident's page shows what became different from so long before its start ..."""
SETTLED = timedelta(minutes=5)
"""... to so long after it: what follows later is no cause."""
MOST_ON_PAGE = 8
"""Entries on the page of a topic, group or connector."""
MOST_AROUND = 30

COLUMNS: tuple[table.Column[comparison.Difference], ...] = (
    table.Column(key="part", value=lambda one: one.part),
    table.Column(key="resource", value=lambda one: one.resource),
    table.Column(key="what", value=lambda one: one.what),
    table.Column(key="before", value=lambda one: one.before),
    table.Column(key="after", value=lambda one: one.after),
)


def of(
    front: desk.Desk, viewer: render.Viewer, cluster: str, about: str
) -> store.Page[timeline.Entry]:
    """The newest entries about one resource, for its page; about the whole cluster where none is
    named.
    """
    return front.headgate.timeline(viewer.actor, cluster, resource=about, limit=MOST_ON_PAGE)


def around(
    front: desk.Desk, viewer: render.Viewer, item: incident.Incident
) -> tuple[timeline.Entry, ...]:
    """What became different on the cluster around an incident's start, newest first."""
    return front.headgate.timeline(
        viewer.actor,
        item.cluster,
        since=item.opened_at - BEFORE,
        until=item.opened_at + SETTLED,
        limit=MOST_AROUND,
    ).items


@router.get("/clusters/{cluster}/timeline")
def show_timeline(
    request: Request,
    viewer: desk.Seen,
    cluster: str,
    kind: str = "",
    text: str = "",
    resource: str = "",
    cursor: str = "",
) -> Response:
    """The timeline; what it shows lives in the address."""
    front = desk.of(request)
    summary = front.headgate.cluster(viewer.actor, cluster)
    page = front.headgate.timeline(
        viewer.actor,
        cluster,
        resource=resource,
        kinds=(kind,) if kind else (),
        text=text,
        cursor=cursor,
    )
    base = f"/clusters/{quote(cluster, safe='')}/timeline"
    wanted = {"kind": kind, "text": text, "resource": resource, "cursor": page.next_cursor}
    return front.page(
        request,
        viewer,
        "timeline",
        summary=summary,
        cluster_name=cluster,
        page=page,
        kinds=timeline.KINDS,
        kind=kind,
        text=text,
        resource=resource,
        older_href=f"{base}?{urlencode({k: v for k, v in wanted.items() if v})}",
        freshness=frame.freshness(summary),
        twin=f"/api/v1{base}",
        live="sweep",
    )


def holds(point: restore.Point) -> str:
    """What the point holds, in words: ``12 offsets, 1 quota``; ``nothing`` where all of it was
    read and there was nothing.
    """
    held = [
        f"{one.values:,} {PART_NAMES[one.name].removesuffix('s' if one.values == 1 else '')}"
        for one in point.parts
        if one.values and not one.reason
    ]
    return ", ".join(held) or ("nothing" if point.complete else "")


@router.get("/clusters/{cluster}/restore-points")
def show_points(request: Request, viewer: desk.Seen, cluster: str, cursor: str = "") -> Response:
    """Restore points, newest first."""
    front = desk.of(request)
    summary = front.headgate.cluster(viewer.actor, cluster)
    page = front.headgate.restore_points(viewer.actor, cluster, cursor=cursor)
    base = f"/clusters/{quote(cluster, safe='')}/restore-points"
    return front.page(
        request,
        viewer,
        "restore_points",
        summary=summary,
        cluster_name=cluster,
        page=page,
        holds=holds,
        part_names=PART_NAMES,
        older_href=f"{base}?{urlencode({'cursor': page.next_cursor})}",
        freshness=frame.freshness(summary),
        twin=f"/api/v1{base}",
    )


@router.get("/clusters/{cluster}/restore-points/{point}")
def show_point(request: Request, viewer: desk.Seen, cluster: str, point: str) -> Response:
    """One restore point: what it holds, and what differs to another or to now."""
    front = desk.of(request)
    summary = front.headgate.cluster(viewer.actor, cluster)
    held = front.headgate.restore_point(viewer.actor, cluster, point)
    other = request.query_params.get("with", "now")
    part = request.query_params.get("part", "")
    found = front.headgate.compare_restore_points(viewer.actor, cluster, point, other)
    made = table.make(
        request,
        [one for one in found.differences if part in ("", one.part)],
        COLUMNS,
        text=lambda one: f"{one.resource} {one.what}",
        sort="resource",
        kept={name: value for name, value in (("with", other), ("part", part)) if value},
    )
    answer = table.csv_if_asked(request, made, COLUMNS, point)
    if answer is not None:
        return answer
    path = f"/clusters/{quote(cluster, safe='')}/restore-points/{quote(point, safe='')}"
    return front.page(
        request,
        viewer,
        "restore_point",
        part_names=PART_NAMES,
        summary=summary,
        cluster_name=cluster,
        point=held.point,
        others=front.headgate.restore_points(viewer.actor, cluster).items,
        other=other,
        part=part,
        parts=restore.PARTS,
        table=made,
        not_compared=found.not_compared,
        freshness=frame.freshness(summary),
        twin=f"/api/v1{path}",
    )
