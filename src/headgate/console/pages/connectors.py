"""Kafka Connect: a cluster's connectors, one Connect cluster, and one connector."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from headgate.app import errors
from headgate.app.tables import connectors
from headgate.console import desk, tab, table
from headgate.console.pages import frame, incidents
from headgate.domain import snapshot
from headgate.domain.unknown import Unknown

router = APIRouter()

COLUMNS: tuple[table.Column[connectors.ConnectorRow], ...] = (
    table.Column(key="name", value=lambda row: row.name),
    table.Column(key="connect", value=lambda row: row.connect),
    table.Column(key="type", value=lambda row: row.type),
    table.Column(key="state", value=lambda row: (-row.failed, -row.lost, row.state)),
    table.Column(key="tasks", value=lambda row: row.tasks),
    table.Column(key="cause", value=lambda row: row.cause),
    table.Column(key="topics", value=lambda row: row.topics),
)
SHOWN_OFFSETS = 500
"""Positions on a connector's page; the API gives them all."""


def fill(asked: tab.Asked) -> Response | None:
    """The connectors of every Connect cluster."""
    parts = asked.seen.snapshot.connects
    asked.values["connects"] = {
        name: part.value for name, part in parts.items() if not isinstance(part.value, Unknown)
    }
    asked.values["silent"] = {
        name: part.value for name, part in parts.items() if isinstance(part.value, Unknown)
    }
    asked.values["twins"] = connectors.twins(asked.seen)
    made = _table(asked.request, connectors.rows(asked.seen), kept={"tab": "connectors"})
    asked.values["table"] = made
    return table.csv_if_asked(asked.request, made, COLUMNS, "connectors")


@router.get("/clusters/{cluster}/connect/{connect}")
def show_connect(request: Request, viewer: desk.Seen, cluster: str, connect: str) -> Response:
    """One Connect cluster: its workers, connectors and plugins."""
    front = desk.of(request)
    summary = front.headgate.cluster(viewer.actor, cluster)
    seen = frame.observed(front, viewer, cluster)
    part = seen.snapshot.connects.get(connect)
    if part is None:
        raise errors.NotFound(
            f"There is no Connect cluster {connect!r} on {cluster}",
            where=frame.freshness(summary),
            next_step="Name its workers in headgate.toml: connect = [...].",
        )
    if isinstance(part.value, Unknown):
        raise errors.Unavailable(
            f"Connect cluster {connect} could not be read",
            where=part.value.reason,
            next_step="It is read again with the next sweep.",
        )
    rows = [row for row in connectors.rows(seen) if row.connect == connect]
    made = _table(request, rows)
    answer = table.csv_if_asked(request, made, COLUMNS, connect)
    if answer is not None:
        return answer
    return front.page(
        request,
        viewer,
        "connect",
        summary=summary,
        cluster_name=cluster,
        part=part,
        held=part.value,
        rows=rows,
        workers=connectors.workers(part.value),
        table=made,
        freshness=frame.freshness(summary),
        twin=f"/api/v1/clusters/{quote(cluster, safe='')}/connects",
        live="sweep",
    )


@router.get("/clusters/{cluster}/connectors/{connector:path}")
def show(
    request: Request, viewer: desk.Seen, cluster: str, connector: str, connect: str = ""
) -> Response:
    """One connector: tasks with traces, settings, offsets, topics, and what goes wrong with it."""
    front = desk.of(request)
    summary = front.headgate.cluster(viewer.actor, cluster)
    seen = frame.observed(front, viewer, cluster)
    found = connectors.find(seen, connector, connect)
    if found is None:
        raise errors.NotFound(
            f"There is no connector {connector!r} on {cluster}",
            where=frame.freshness(summary),
            next_step="It may be new: wait for the next sweep, or search with /.",
        )
    held, value = found
    open_ones = front.headgate.incidents(
        viewer.actor, cluster=cluster, states=incidents.TABS["open"][1], limit=200
    ).items
    return front.page(
        request,
        viewer,
        "connector",
        summary=summary,
        cluster_name=cluster,
        held=held,
        part=seen.snapshot.connects[held.name],
        connector=value,
        tasks=connectors.tasks(held, value),
        group=_group(value),
        incidents=connectors.incidents(open_ones, value),
        shown_offsets=SHOWN_OFFSETS,
        restart=_restart(cluster, held.name, value),
        freshness=frame.freshness(summary),
        twin=f"/api/v1/clusters/{quote(cluster, safe='')}/connectors/{quote(connector, safe='')}",
        live="sweep",
    )


def _table(
    request: Request,
    rows: Sequence[connectors.ConnectorRow],
    kept: Mapping[str, str] | None = None,
) -> table.Table[connectors.ConnectorRow]:
    return table.make(
        request,
        rows,
        COLUMNS,
        text=lambda row: f"{row.connect} {row.name}",
        sort="state",
        kept=kept,
    )


def _group(connector: snapshot.Connector) -> str:
    """A sink's consumer group; empty for a source."""
    if connector.type != "sink":
        return ""
    return connector.config.get("consumer.override.group.id") or f"connect-{connector.name}"


def _restart(cluster: str, connect: str, connector: snapshot.Connector) -> str:
    """Where a restart of what failed can be proposed; empty where nothing failed."""
    if connector.state != "FAILED" and all(task.state != "FAILED" for task in connector.tasks):
        return ""
    wanted = {
        "action": "connector.restart_failed_tasks",
        "cluster": cluster,
        "p.connect": connect,
        "p.connector": connector.name,
    }
    return f"/changes/new?{urlencode(wanted)}"
