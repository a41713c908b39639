"""Clusters, and one cluster with its tabs."""

from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from headgate.console import desk, tab, table
from headgate.console.pages import (
    access,
    connectors,
    frame,
    groups,
    incidents,
    overview,
    subjects,
    topics,
    transactions,
)
from headgate.domain import finding, vocabulary
from headgate.domain.unknown import Unknown

router = APIRouter()


HAZARD_COLUMNS: tuple[table.Column[finding.Finding], ...] = (
    table.Column(
        key="severity",  # what is declared to be as it should be comes last
        value=lambda one: (
            (len(vocabulary.SEVERITIES) if one.excuse else 0)
            - vocabulary.SEVERITIES.index(one.severity)
        ),
    ),
    table.Column(key="code", value=lambda one: one.code),
    table.Column(key="resource", value=lambda one: str(one.resource)),
    table.Column(key="summary", value=lambda one: one.summary),
)


def _hazards(asked: tab.Asked) -> Response | None:
    found = asked.front.headgate.detection(asked.viewer.actor, asked.cluster)
    made = table.make(
        asked.request,
        _hazardous(found),
        HAZARD_COLUMNS,
        text=lambda one: f"{one.summary} {one.code} {one.resource}",
        sort="severity",
        kept={"tab": "hazards"},
    )
    asked.values.update(detection=found, table=made)
    return table.csv_if_asked(asked.request, made, HAZARD_COLUMNS, "hazards")


def _hazardous(detection: object) -> list[finding.Finding]:
    if not isinstance(detection, finding.Detection):
        return []
    return [
        found
        for found in detection.findings
        if found.code in vocabulary.findings() and vocabulary.findings()[found.code].hazard
    ]


TABS = (
    tab.Tab(key="overview", name="Overview", fill=overview.fill),
    tab.Tab(key="topics", name="Topics", fill=topics.fill),
    tab.Tab(key="groups", name="Groups", fill=groups.fill),
    tab.Tab(key="connectors", name="Connectors", fill=connectors.fill),
    tab.Tab(key="subjects", name="Subjects", fill=subjects.fill),
    tab.Tab(key="access", name="Access", fill=access.fill),
    tab.Tab(key="transactions", name="Transactions", fill=transactions.fill),
    tab.Tab(key="hazards", name="Hazards", fill=_hazards),
    tab.Tab(key="capabilities", name="Capabilities", fill=overview.fill_capabilities),
)


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
def show(
    request: Request, viewer: desk.Seen, cluster: str, chosen: str = Query("", alias="tab")
) -> Response:
    """One cluster; the tab lives in the address."""
    front = desk.of(request)
    summary = front.headgate.cluster(viewer.actor, cluster)
    base = f"/clusters/{quote(cluster, safe='')}"
    seen = front.headgate.observation(viewer.actor, cluster)
    values: dict[str, object] = {}
    shown = next((one for one in TABS if one.key == chosen), TABS[0])
    if isinstance(seen, Unknown):
        shown, values["unread"] = TABS[0], seen
    else:
        asked = tab.Asked(
            request=request, front=front, viewer=viewer, cluster=cluster, seen=seen, values=values
        )
        answer = shown.fill(asked)
        if answer is not None:
            return answer
    return front.page(
        request,
        viewer,
        "cluster",
        summary=summary,
        cluster_name=cluster,
        freshness=frame.freshness(summary),
        tabs=[
            *(
                incidents.Tab(name=one.name, href=f"{base}?tab={one.key}", here=one is shown)
                for one in TABS
            ),
            incidents.Tab(name="Timeline", href=f"{base}/timeline", here=False),
            incidents.Tab(name="Restore points", href=f"{base}/restore-points", here=False),
        ],
        tab=shown.key,
        values=values,
        twin=f"/api/v1{base}",
        live="sweep",
        extra=values,
    )
