"""Kafka Connect: clusters with workers and plugins, connectors with tasks; secrets are masked."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter

from headgate.api import doors, ordered, paging, wire
from headgate.app import errors
from headgate.app.tables import connectors
from headgate.domain import observation, person
from headgate.domain.unknown import Unknown

router = APIRouter(tags=["connectors"])

Json = dict[str, Any]
LIVE = ("open", "watching", "acting")

COLUMNS: Mapping[str, Callable[[connectors.ConnectorRow], object]] = {
    "name": lambda row: (row.connect, row.name),
    "type": lambda row: row.type,
    "state": lambda row: row.state,
    "tasks": lambda row: row.tasks,
    "failed": lambda row: row.failed,
    "lost": lambda row: row.lost,
}


@router.get("/clusters/{cluster}/connectors")
def list_connectors(
    cluster: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    filter: paging.Filter = "",
    sort: ordered.Sort = "name",
    descending: ordered.Descending = False,
    cursor: paging.Cursor = "",
    limit: paging.Limit = 100,
) -> Json:
    """Connectors, by Connect cluster and name where nothing else is said; Connect clusters that
    did not answer are named.
    """
    seen = _seen(headgate, actor, cluster)
    answer = ordered.cut(
        connectors.rows(seen),
        COLUMNS,
        text=lambda row: f"{row.connect}/{row.name}",
        filter=filter,
        sort=sort,
        descending=descending,
        cursor=cursor,
        limit=limit,
    )
    answer["not_read"] = _not_read(seen)
    return answer


@router.get("/clusters/{cluster}/connectors/{connector:path}")
def show_connector(
    cluster: str,
    connector: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    connect: str = "",
) -> Json:
    """One connector with its tasks, traces, settings, offsets and the incidents that touch it;
    ``connect`` names its Connect cluster where several have one of that name.
    """
    seen = _seen(headgate, actor, cluster)
    found = connectors.find(seen, connector, connect)
    if found is None:
        raise errors.NotFound(
            f"There is no connector {connector} on {cluster}, as far as the newest look tells",
            where=cluster,
            next_step="The list of connectors names them",
        )
    held, value = found
    touching = connectors.incidents(
        headgate.incidents(actor, cluster=cluster, states=LIVE, limit=200).items, value
    )
    return {
        "connect": held.name,
        **wire.encode(value),
        "tasks": wire.encode(connectors.tasks(held, value)),
        "incidents": [
            {"id": one.id, "title": one.draft.title, "severity": one.draft.severity}
            for one in touching
        ],
    }


@router.get("/clusters/{cluster}/connects")
def list_connects(cluster: str, headgate: doors.Headgate, actor: doors.Actor) -> Json:
    """Connect clusters with their workers and plugins."""
    seen = _seen(headgate, actor, cluster)
    answer = wire.page(
        [
            {
                "name": name,
                "url": part.value.url,
                "version": part.value.version,
                "kafka_cluster_id": part.value.kafka_cluster_id,
                "connectors": len(part.value.connectors),
                "workers": connectors.workers(part.value),
                "plugins": part.value.plugins,
                "read_at": part.at,
            }
            for name, part in seen.snapshot.connects.items()
            if not isinstance(part.value, Unknown)
        ]
    )
    return {**answer, "not_read": _not_read(seen)}


def _not_read(seen: observation.Observation) -> Json:
    return {
        name: part.value.reason
        for name, part in seen.snapshot.connects.items()
        if isinstance(part.value, Unknown)
    }


def _seen(headgate: doors.Headgate, actor: person.Actor, cluster: str) -> observation.Observation:
    seen = headgate.observation(actor, cluster)
    if isinstance(seen, Unknown):
        raise errors.Unavailable(
            f"Not known: {seen.reason}",
            where=cluster,
            next_step="It is read again at the next look",
        )
    return seen
