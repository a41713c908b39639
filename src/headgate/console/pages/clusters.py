"""Clusters, and in each its brokers, topics, groups and connectors."""

from datetime import UTC, datetime
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from headgate.app import errors, interface, words
from headgate.app.tables import brokers, connectors, groups, topics
from headgate.console import desk, render, table
from headgate.console.pages import incidents
from headgate.domain import finding, observation, vocabulary
from headgate.domain.unknown import Unknown

router = APIRouter()

TABS = {
    "overview": ("Overview", ()),
    "topics": ("Topics", ()),
    "groups": ("Groups", ()),
    "connectors": ("Connectors", ()),
    "hazards": ("Hazards", ()),
}

TOPIC_COLUMNS: tuple[table.Column[topics.TopicRow], ...] = (
    table.Column(key="name", value=lambda row: row.name),
    table.Column(key="partitions", value=lambda row: row.partitions),
    table.Column(key="replication", value=lambda row: row.replication),
    table.Column(key="lacking", value=lambda row: row.under_replicated + row.offline),
    table.Column(key="rate", value=lambda row: row.records_in_per_s),
    table.Column(key="records", value=lambda row: row.records),
    table.Column(key="groups", value=lambda row: row.groups),
)
GROUP_COLUMNS: tuple[table.Column[groups.GroupRow], ...] = (
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
PARTITION_COLUMNS: tuple[table.Column[topics.PartitionRow], ...] = (
    table.Column(key="partition", value=lambda row: row.number),
    table.Column(key="leader", value=lambda row: row.leader),
    table.Column(key="start", value=lambda row: row.start),
    table.Column(key="end", value=lambda row: row.end),
    table.Column(key="rate", value=lambda row: row.records_in_per_s),
)
POSITION_COLUMNS: tuple[table.Column[groups.PositionRow], ...] = (
    table.Column(key="partition", value=lambda row: row.partition),
    table.Column(key="member", value=lambda row: row.member),
    table.Column(key="commit", value=lambda row: row.commit),
    table.Column(key="end", value=lambda row: row.end),
    table.Column(key="lag", value=lambda row: row.lag),
    table.Column(key="behind", value=lambda row: row.behind_s),
    table.Column(key="in", value=lambda row: row.in_per_s),
    table.Column(key="out", value=lambda row: row.out_per_s),
    table.Column(key="catch_up", value=lambda row: row.catch_up_s),
    table.Column(key="loss", value=lambda row: row.loss_s),
)


def _freshness(summary: interface.ClusterSummary) -> str:
    if summary.read_at is None:
        return "not read yet"
    return f"facts read {words.ago(summary.read_at, datetime.now(UTC))}"


def _observed(front: desk.Desk, viewer: render.Viewer, cluster: str) -> observation.Observation:
    seen = front.headgate.observation(viewer.actor, cluster)
    if isinstance(seen, Unknown):
        raise errors.Unavailable(
            f"Nothing was read from {cluster} yet",
            where=seen.reason,
            next_step="The page fills as soon as a sweep ends. Check the bootstrap address with "
            "`headgate doctor` if it does not.",
        )
    return seen


@router.get("/clusters")
def show_all(request: Request, viewer: desk.Seen) -> Response:
    """Every cluster, one row each."""
    front = desk.of(request)
    return front.page(
        request,
        viewer,
        "clusters",
        clusters=front.headgate.clusters(viewer.actor),
        twin="/api/v1/clusters",
        live="sweep",
    )


@router.get("/clusters/{cluster}")
def show(request: Request, viewer: desk.Seen, cluster: str, tab: str = "overview") -> Response:
    """One cluster; the tab lives in the address."""
    front = desk.of(request)
    summary = front.headgate.cluster(viewer.actor, cluster)
    chosen = tab if tab in TABS else "overview"
    base = f"/clusters/{quote(cluster, safe='')}"
    seen = front.headgate.observation(viewer.actor, cluster)
    values: dict[str, object] = {}
    if isinstance(seen, Unknown):
        chosen, values["unread"] = "overview", seen
    elif chosen == "topics":
        answer = _topics(request, seen, values)
        if answer is not None:
            return answer
    elif chosen == "groups":
        answer = _groups(request, seen, values)
        if answer is not None:
            return answer
    elif chosen == "connectors":
        values |= _connectors(seen)
    elif chosen == "hazards":
        values["detection"] = front.headgate.detection(viewer.actor, cluster)
        values["hazards"] = _hazards(values["detection"])
    else:
        values["brokers"] = brokers.rows(seen)
        values["parts"] = seen.snapshot.parts()
        values["incidents"] = front.headgate.incidents(
            viewer.actor, cluster=cluster, states=incidents.TABS["open"][1]
        ).items
    return front.page(
        request,
        viewer,
        "cluster",
        summary=summary,
        cluster_name=cluster,
        freshness=_freshness(summary),
        tabs=[
            incidents.Tab(name=name, href=f"{base}?tab={key}", here=key == chosen)
            for key, (name, _states) in TABS.items()
        ],
        tab=chosen,
        values=values,
        twin=f"/api/v1{base}",
        live="sweep",
        extra=values,
    )


def _connectors(seen: observation.Observation) -> dict[str, object]:
    silent = {
        name: part.value
        for name, part in seen.snapshot.connects.items()
        if isinstance(part.value, Unknown)
    }
    return {"connectors": connectors.rows(seen), "silent": silent}


def _hazards(detection: object) -> list[finding.Finding]:
    if not isinstance(detection, finding.Detection):
        return []
    return [
        found
        for found in detection.findings
        if found.code in vocabulary.findings() and vocabulary.findings()[found.code].hazard
    ]


def _topics(
    request: Request, seen: observation.Observation, values: dict[str, object]
) -> Response | None:
    rows = topics.rows(seen)
    internal = values["internal"] = request.query_params.get("internal") == "1"
    if isinstance(rows, Unknown):
        values["rows_unknown"] = rows
        return None
    kept = {"tab": "topics", **({"internal": "1"} if internal else {})}
    made = table.make(
        request,
        [row for row in rows if internal or not row.internal],
        TOPIC_COLUMNS,
        text=lambda row: row.name,
        sort="name",
        kept=kept,
    )
    values["table"] = made
    if request.query_params.get("format") == "csv":
        return table.as_csv(made, TOPIC_COLUMNS, "topics")
    return None


def _groups(
    request: Request, seen: observation.Observation, values: dict[str, object]
) -> Response | None:
    rows = groups.rows(seen)
    if isinstance(rows, Unknown):
        values["rows_unknown"] = rows
        return None
    made = table.make(
        request,
        rows,
        GROUP_COLUMNS,
        text=lambda row: row.id,
        sort="lag",
        descending=True,
        kept={"tab": "groups"},
    )
    values["table"] = made
    if request.query_params.get("format") == "csv":
        return table.as_csv(made, GROUP_COLUMNS, "groups")
    return None


@router.get("/clusters/{cluster}/topics/{topic}")
def show_topic(request: Request, viewer: desk.Seen, cluster: str, topic: str) -> Response:
    """One topic: partitions, rate, settings with their sources, and who reads it."""
    front = desk.of(request)
    summary = front.headgate.cluster(viewer.actor, cluster)
    seen = _observed(front, viewer, cluster)
    all_topics = topics.rows(seen)
    if isinstance(all_topics, Unknown):
        raise errors.Unavailable(f"The topics of {cluster} are {all_topics}")
    row = next((entry for entry in all_topics if entry.name == topic), None)
    if row is None:
        raise errors.NotFound(
            f"There is no topic {topic!r} on {cluster}",
            where=_freshness(summary),
            next_step="It may be new: wait for the next sweep, or search with /.",
        )
    parts = topics.partitions(seen, topic)
    made = table.make(
        request,
        () if isinstance(parts, Unknown) else parts,
        PARTITION_COLUMNS,
        text=lambda entry: str(entry.number),
        sort="partition",
    )
    if request.query_params.get("format") == "csv":
        return table.as_csv(made, PARTITION_COLUMNS, topic)
    configs = seen.snapshot.configs.value
    settings = configs if isinstance(configs, Unknown) else configs.get(topic)
    return front.page(
        request,
        viewer,
        "topic",
        summary=summary,
        cluster_name=cluster,
        row=row,
        table=made,
        settings=settings
        if isinstance(settings, Unknown)
        else Unknown("its settings could not be read")
        if settings is None
        else sorted(settings.items(), key=lambda item: (item[1].default, item[0])),
        freshness=_freshness(summary),
        twin=f"/api/v1/clusters/{quote(cluster, safe='')}/topics/{quote(topic, safe='')}",
        live="sweep",
    )


@router.get("/clusters/{cluster}/groups/{group:path}")
def show_group(request: Request, viewer: desk.Seen, cluster: str, group: str) -> Response:
    """One group: lag in records and time, partition by partition, and its members."""
    front = desk.of(request)
    summary = front.headgate.cluster(viewer.actor, cluster)
    seen = _observed(front, viewer, cluster)
    known = seen.snapshot.groups.value
    if isinstance(known, Unknown):
        raise errors.Unavailable(f"The groups of {cluster} are {known}")
    if group not in known:
        raise errors.NotFound(
            f"There is no group {group!r} on {cluster}",
            where=_freshness(summary),
            next_step="A group without members and commits disappears. Search with /.",
        )
    rows = groups.positions(seen, group)
    made = table.make(
        request,
        () if isinstance(rows, Unknown) else rows,
        POSITION_COLUMNS,
        text=lambda entry: f"{entry.partition} {entry.member}",
        sort="lag",
        descending=True,
    )
    if request.query_params.get("format") == "csv":
        return table.as_csv(made, POSITION_COLUMNS, group)
    whole = groups.row(seen, group)
    lags = [row.lag for row in _rows(rows) if not isinstance(row.lag, Unknown)]
    return front.page(
        request,
        viewer,
        "group",
        summary=summary,
        cluster_name=cluster,
        group=known[group],
        whole=whole,
        table=made,
        rows_unknown=rows if isinstance(rows, Unknown) else None,
        largest=max(lags, default=0),
        least=sum(lags),
        samples=seen.history.groups.get(group, ()),
        freshness=_freshness(summary),
        twin=f"/api/v1/clusters/{quote(cluster, safe='')}/groups/{quote(group, safe='')}",
        live="sweep",
    )


def _rows(rows: tuple[table.T, ...] | Unknown) -> tuple[table.T, ...]:
    return () if isinstance(rows, Unknown) else rows
