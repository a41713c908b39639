"""What became different on a cluster, and its restore points."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from headgate.api import doors, paging, wire
from headgate.app import errors
from headgate.domain import restore
from headgate.domain.unknown import Unknown

router = APIRouter(prefix="/clusters/{cluster}")

Json = dict[str, Any]
Kinds = Annotated[list[str], Query(description="Only entries of one of these kinds.")]
Since = Annotated[datetime | None, Query(description="Only entries from this time on.")]
Until = Annotated[datetime | None, Query(description="Only entries up to this time.")]
Part = Annotated[str, Query(max_length=40, description="Only this part, such as `offsets`.")]


@router.get("/timeline", tags=["timeline"])
def list_timeline(
    cluster: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    resource: Annotated[
        str, Query(max_length=500, description="Only this resource: `topic:orders`.")
    ] = "",
    kind: Kinds = [],  # noqa: B006 - FastAPI copies it
    text: Annotated[str, Query(max_length=200, description="Part of what is said.")] = "",
    since: Since = None,
    until: Until = None,
    cursor: paging.Cursor = "",
    limit: paging.Limit = 50,
) -> Json:
    """What became different, and deploys that were posted, newest first.

    It happened between `since` and `at`. `away` says that Headgate was not running then; `times`
    counts what went to and fro until `last_at`.
    """
    return wire.stored_page(
        headgate.timeline(
            actor,
            cluster,
            resource=resource,
            kinds=kind,
            text=text,
            since=since,
            until=until,
            cursor=cursor,
            limit=limit,
        )
    )


@router.get("/restore-points", tags=["restore points"])
def list_restore_points(
    cluster: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    cursor: paging.Cursor = "",
    limit: paging.Limit = 50,
) -> Json:
    """Restore points, newest first, each with what it holds in numbers."""
    held = headgate.restore_points(actor, cluster, cursor=cursor, limit=limit)
    return {"items": [_point(one) for one in held.items], "next_cursor": held.next_cursor}


@router.get("/restore-points/{point}", tags=["restore points"])
def show_restore_point(
    cluster: str,
    point: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    part: Part = "",
    filter: paging.Filter = "",
    cursor: paging.Cursor = "",
    limit: paging.Limit = 100,
) -> Json:
    """One restore point with the values that it holds, by part and resource; `now` is the newest
    look. A value `(hidden)` is a secret that nobody shows: it cannot be restored.
    """
    _check_part(part)
    held = headgate.restore_point(actor, cluster, point)
    rows = [
        {"part": name, "resource": resource, "what": what, "value": value}
        for name, one in held.contents.items()
        if part in ("", name) and not isinstance(one.content, Unknown)
        for resource, values in one.content.items()
        for what, value in values.items()
    ]
    page = paging.cut(rows, name=_name, filter=filter, cursor=cursor, limit=limit)
    return {**_point(held.point), "values": page, "total": len(rows)}


@router.get("/restore-points/{point}/compare", tags=["restore points"])
def compare_restore_points(
    cluster: str,
    point: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    other: Annotated[
        str, Query(alias="with", max_length=80, description="Another point, or `now`.")
    ] = "now",
    part: Part = "",
    filter: paging.Filter = "",
    cursor: paging.Cursor = "",
    limit: paging.Limit = 100,
) -> Json:
    """What differs from one restore point to another, or to the newest look, by resource.

    What could not be read in either is in `not_compared`, and is no difference.
    """
    _check_part(part)
    found = headgate.compare_restore_points(actor, cluster, point, other)
    rows = [
        {
            "part": one.part,
            "resource": one.resource,
            "what": one.what,
            "before": one.before,
            "after": one.after,
        }
        for one in found.differences
        if part in ("", one.part)
    ]
    page = paging.cut(rows, name=_name, filter=filter, cursor=cursor, limit=limit)
    return {
        **page,
        "total": len(rows),
        "not_compared": [{"part": name, "why": why} for name, why in found.not_compared],
    }


def _check_part(part: str) -> None:
    if part and part not in restore.PARTS:
        raise errors.Invalid(
            f"A restore point has no part {part!r}",
            next_step=f"There are {', '.join(restore.PARTS)}",
            fields=("part",),
        )


def _name(row: Json) -> str:
    return f"{row['part']}/{row['resource']}/{row['what']}"


def _point(point: restore.Point) -> Json:
    made: Json = wire.encode(point)
    return {**made, "complete": point.complete}
