"""Schema registries: a cluster's subjects, and one subject with its versions and their text."""

import contextlib
import json
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from headgate.app import errors
from headgate.app.tables import subjects
from headgate.console import desk, tab, table
from headgate.console.pages import frame
from headgate.domain.unknown import Unknown

router = APIRouter()

COLUMNS: tuple[table.Column[subjects.SubjectRow], ...] = (
    table.Column(key="name", value=lambda row: row.name),
    table.Column(key="type", value=lambda row: row.type),
    table.Column(key="versions", value=lambda row: row.versions),
    table.Column(key="schema_id", value=lambda row: row.schema_id),
    table.Column(key="compatibility", value=lambda row: row.compatibility),
    table.Column(key="mode", value=lambda row: row.mode),
    table.Column(key="references", value=lambda row: row.references),
    table.Column(key="deleted", value=lambda row: row.deleted),
)


def fill(asked: tab.Asked) -> Response | None:
    """The subjects of every registry."""
    parts = asked.seen.snapshot.registries
    deleted = asked.request.query_params.get("deleted") == "1"
    asked.values["registries"] = parts
    asked.values["deleted"] = deleted
    found = subjects.table(asked.seen)
    active = subjects.active(asked.seen)
    asked.values["hidden"] = 0 if deleted else len(found) - len(active)
    made = table.from_columns(
        asked.request,
        found,
        among=None if deleted else active,
        sort="name",
        kept={"tab": "subjects", **({"deleted": "1"} if deleted else {})},
    )
    asked.values["table"] = made
    return table.csv_if_asked(asked.request, made, COLUMNS, "subjects")


@router.get("/clusters/{cluster}/subjects/{subject:path}")
def show(
    request: Request,
    viewer: desk.Seen,
    cluster: str,
    subject: str,
    version: int = Query(default=0, ge=0, le=2**31 - 1),
) -> Response:
    """One subject with the text of the wanted version, or of the latest, read now; where the
    registry does not answer, the subject as of the newest look.
    """
    front = desk.of(request)
    summary = front.headgate.cluster(viewer.actor, cluster)
    seen = frame.observed(front, viewer, cluster)
    found = subjects.find(seen, subject)
    if found is None:
        raise errors.NotFound(
            f"There is no subject {subject!r} on {cluster}",
            where=frame.freshness(summary),
            next_step="It may be new: wait for the next reading, or search with /.",
        )
    registry, held = found
    with contextlib.suppress(errors.Unavailable):
        held = front.headgate.subject(viewer.actor, cluster, registry, subject)
    latest = held.latest
    shown = version or (latest.number if latest else 0)
    text: str | Unknown = Unknown("it has no version that is not deleted")
    if shown:
        try:
            text = _laid_out(front.headgate.schema(viewer.actor, cluster, registry, subject, shown))
        except (errors.Unavailable, errors.NotFound) as error:
            text = Unknown(error.what)
    return front.page(
        request,
        viewer,
        "subject",
        summary=summary,
        cluster_name=cluster,
        registry=registry,
        part=seen.snapshot.registries[registry],
        subject=held,
        row=subjects.row(registry, held),
        version=shown,
        text=text,
        users=subjects.users(seen, registry, subject),
        topic=subjects.topic_of(seen, subject),
        freshness=frame.freshness(summary),
        twin=f"/api/v1/clusters/{quote(cluster, safe='')}/subjects/{quote(subject, safe='')}",
    )


def _laid_out(text: str) -> str:
    """JSON over several lines; anything else as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
