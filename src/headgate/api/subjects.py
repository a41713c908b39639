"""Schema registries: subjects with versions, rules and modes; a schema's text on demand."""

import contextlib
from typing import Any

from fastapi import APIRouter, Query

from headgate.api import doors, ordered, paging, wire
from headgate.app import errors
from headgate.app.tables import subjects
from headgate.domain import observation, person
from headgate.domain.unknown import Unknown

router = APIRouter(tags=["subjects"])

Json = dict[str, Any]


@router.get("/clusters/{cluster}/subjects")
def list_subjects(
    cluster: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    filter: paging.Filter = "",
    deleted: bool = Query(default=False, description="Whether soft-deleted ones are listed."),
    sort: ordered.Sort = "name",
    descending: ordered.Descending = False,
    cursor: paging.Cursor = "",
    limit: paging.Limit = 100,
) -> Json:
    """Subjects, with the registries' own rules and modes; registries not read are named."""
    seen = _seen(headgate, actor, cluster)
    answer = ordered.cut_columns(
        subjects.table(seen),
        among=None if deleted else subjects.active(seen),
        filter=filter,
        sort=sort,
        descending=descending,
        cursor=cursor,
        limit=limit,
    )
    answer["registries"] = {
        name: {
            "url": part.value.url,
            "compatibility": wire.encode(part.value.compatibility),
            "mode": wire.encode(part.value.mode),
            "subjects": len(part.value.subjects),
            "read_at": wire.encode(part.at),
        }
        for name, part in seen.snapshot.registries.items()
        if not isinstance(part.value, Unknown)
    }
    answer["not_read"] = {
        name: part.value.reason
        for name, part in seen.snapshot.registries.items()
        if isinstance(part.value, Unknown)
    }
    return answer


@router.get("/clusters/{cluster}/subjects/{subject:path}")
def show_subject(
    cluster: str,
    subject: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    version: int = Query(
        default=0, ge=0, le=2**31 - 1, description="The version whose text is wanted; 0: no text."
    ),
) -> Json:
    """One subject with its versions, read now, or as of the newest look where the registry does
    not answer (``read_at`` tells); with ``version``, the schema's text.
    """
    seen = _seen(headgate, actor, cluster)
    found = subjects.find(seen, subject)
    if found is None:
        raise errors.NotFound(
            f"There is no subject {subject} on {cluster}, as far as the newest look tells",
            where=cluster,
            next_step="The list of subjects names them",
        )
    registry, value = found
    with contextlib.suppress(errors.Unavailable):
        value = headgate.subject(actor, cluster, registry, subject)
    answer: Json = {"registry": registry, **wire.encode(value)}
    answer["used_by"] = list(subjects.users(seen, registry, subject))
    answer["topic"] = subjects.topic_of(seen, subject)
    if version:
        answer["schema"] = {
            "version": version,
            "text": headgate.schema(actor, cluster, registry, subject, version),
        }
    return answer


def _seen(headgate: doors.Headgate, actor: person.Actor, cluster: str) -> observation.Observation:
    seen = headgate.observation(actor, cluster)
    if isinstance(seen, Unknown):
        raise errors.Unavailable(
            f"Not known: {seen.reason}",
            where=cluster,
            next_step="It is read again at the next look",
        )
    return seen
