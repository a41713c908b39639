"""Topics of a cluster, and one topic: partitions, sizes, settings, who reads and who writes."""

from urllib.parse import quote

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response

from headgate.app import errors
from headgate.app.tables import page, partitions, readers, topics
from headgate.console import desk, heat, tab, table
from headgate.console.pages import frame, past
from headgate.domain import imbalance, observation, snapshot
from headgate.domain.unknown import Unknown

router = APIRouter()

COLUMNS: tuple[table.Column[topics.TopicRow], ...] = (
    table.Column(key="name", value=lambda row: row.name),
    table.Column(key="partitions", value=lambda row: row.partitions),
    table.Column(key="replication", value=lambda row: row.replication),
    table.Column(key="lacking", value=lambda row: row.under_replicated + row.offline),
    table.Column(key="rate", value=lambda row: row.records_in_per_s),
    table.Column(key="records", value=lambda row: row.records),
    table.Column(key="size", value=lambda row: row.size_bytes),
    table.Column(key="groups", value=lambda row: row.groups),
)
PARTITION_COLUMNS: tuple[table.Column[partitions.PartitionRow], ...] = (
    table.Column(key="partition", value=lambda row: row.number),
    table.Column(key="leader", value=lambda row: row.leader),
    table.Column(key="replicas", value=lambda row: row.replicas),
    table.Column(key="isr", value=lambda row: row.isr),
    table.Column(key="start", value=lambda row: row.start),
    table.Column(key="end", value=lambda row: row.end),
    table.Column(key="stable", value=lambda row: row.stable),
    table.Column(key="newest", value=lambda row: row.newest_at),
    table.Column(key="size", value=lambda row: row.size_bytes),
    table.Column(key="rate", value=lambda row: row.records_in_per_s),
)
WIDE = 24
"""From so many partitions on, a strip shows their rates at a glance."""


def fill(asked: tab.Asked) -> Response | None:
    """The list of topics."""
    found = topics.table(asked.seen)
    internal = asked.request.query_params.get("internal") == "1"
    asked.values["internal"] = internal
    if isinstance(found, Unknown):
        asked.values["rows_unknown"] = found
        return None
    made = table.from_columns(
        asked.request,
        found,
        sort="name",
        among=topics.shown(asked.seen, internal),
        kept={"tab": "topics", **({"internal": "1"} if internal else {})},
    )
    asked.values["table"] = made
    return table.csv_if_asked(asked.request, made, COLUMNS, "topics")


@router.get("/clusters/{cluster}/topics/{topic}")
def show(request: Request, viewer: desk.Seen, cluster: str, topic: str) -> Response:
    """One topic."""
    front = desk.of(request)
    summary = front.headgate.cluster(viewer.actor, cluster)
    seen = frame.observed(front, viewer, cluster)
    row = topics.row(seen, topic)
    if isinstance(row, Unknown):
        raise errors.Unavailable(f"The topics of {cluster} are {row}")
    if row is None:
        raise errors.NotFound(
            f"There is no topic {topic!r} on {cluster}",
            where=frame.freshness(summary),
            next_step="It may be new: wait for the next sweep, or search with /.",
        )
    found = partitions.table(seen, topic)
    assert isinstance(found, page.Columns)  # noqa: S101 - the topic's row was made of them
    made = table.from_columns(request, found, sort="partition")
    answer = table.csv_if_asked(request, made, PARTITION_COLUMNS, topic)
    if answer is not None:
        return answer
    rates = partitions.rates(seen, topic)
    uneven = imbalance.of(rates, np.zeros(len(rates), np.int32), 1)
    return front.page(
        request,
        viewer,
        "topic",
        summary=summary,
        cluster_name=cluster,
        row=row,
        table=made,
        snap=seen.snapshot,
        strip=heat.strip(rates) if row.partitions >= WIDE else None,
        busiest=int(uneven.busiest[0]),
        busiest_share=float(np.nan_to_num(uneven.share[0])),
        busiest_ratio=float(np.nan_to_num(uneven.ratio[0], posinf=0.0)),
        settings=_settings(seen, topic),
        readers=readers.of(seen, topic),
        writers=readers.writers(seen, topic),
        happened=past.of(front, viewer, cluster, f"topic:{topic}"),
        freshness=frame.freshness(summary),
        twin=f"/api/v1/clusters/{quote(cluster, safe='')}/topics/{quote(topic, safe='')}",
        live="sweep",
    )


def _settings(
    seen: observation.Observation, topic: str
) -> list[tuple[str, snapshot.ConfigValue]] | Unknown:
    """The topic's settings, its own first."""
    configs = seen.snapshot.configs
    if isinstance(configs.value, Unknown):
        return configs.value
    held = configs.value.get(topic)
    if held is None:
        said = next((one for one in configs.missing if one.what == topic), None)
        return Unknown(
            said.reason if said else "its settings were not read", needs=said.needs if said else ""
        )
    return sorted(held.items(), key=lambda item: (item[1].default, item[0]))
