"""Incidents: the list, and one incident with its cause, evidence, timeline and reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from headgate.app import errors, interface, permissions, words
from headgate.console import desk
from headgate.console.pages import past
from headgate.domain import change, evidence, finding, incident, resource

router = APIRouter()

TABS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "open": ("Open", ("open", "watching", "acting")),
    "resolved": ("Resolved", ("resolved", "closed")),
    "all": ("All", ()),
}


LIVE = TABS["open"][1]
FEW = 3
"""Findings of one code that the page shows with their evidence; the others are lines."""
LISTED = 100
"""Lines of one code; 500 groups of one root are in the JSON."""
SILENCES = ((1, "1 hour"), (4, "4 hours"), (12, "12 hours"), (24, "1 day"), (168, "1 week"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One tab; the chosen one lives in the address."""

    name: str
    href: str
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number that matters, with its unit in words."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A next step that nobody has proposed yet."""

    action: str
    why: str
    label: str
    href: str
    """Where it can be proposed; empty for advice that only a person can follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Which chart shows the incident."""

    title: str
    subject: str
    name: str
    what: str


def tabs(base: str, chosen: str, known: Mapping[str, tuple[str, tuple[str, ...]]]) -> list[Tab]:
    """The tabs over a list."""
    return [
        Tab(name=name, href=f"{base}?show={key}", here=key == chosen)
        for key, (name, _states) in known.items()
    ]


def figures(item: incident.Incident, now: datetime) -> list[Figure]:
    """At most three numbers: time left, how long, how many are hit."""
    draft = item.draft
    shown = []
    if draft.deadline is not None and item.state not in ("resolved", "closed", "merged"):
        left = (draft.deadline - now).total_seconds()
        shown.append(
            Figure(value=words.duration(left), label="until data is lost")
            if left > 0
            else Figure(value="now", label="data is being lost")
        )
    ended = item.resolved_at or now
    shown.append(
        Figure(
            value=words.duration((ended - item.opened_at).total_seconds()),
            label="from start to end" if item.resolved_at else "open",
        )
    )
    hit = len(draft.blast_radius.groups) + len(draft.blast_radius.connectors)
    if hit:
        shown.append(Figure(value=words.count(hit), label="groups and connectors hit"))
    return shown[:3]


def alike(
    findings: Sequence[finding.Finding],
) -> list[tuple[str, Sequence[finding.Finding], Sequence[finding.Finding]]]:
    """(Code, the first few findings, the others) of each code, the leading code first."""
    by_code = finding.by_code(findings)
    # one line that says "1 more" would be no shorter than the finding
    few = {code: FEW if len(held) > FEW + 1 else len(held) for code, held in by_code.items()}
    return [(code, held[: few[code]], held[few[code] :]) for code, held in by_code.items()]


def picture(item: incident.Incident) -> Picture | None:
    """The chart that shows the incident best; None where none does."""
    root = item.draft.resource
    if root.kind in ("group", "member"):
        name = resource.unescape(root.id.split("/")[0]) if root.kind == "member" else root.id
        return Picture(title=f"Lag of {name}", subject="group", name=name, what="lag")
    if root.kind in ("topic", "partition"):
        topic = resource.partition_of(root).topic if root.kind == "partition" else root.id
        return Picture(title=f"Records into {topic}", subject="topic", name=topic, what="rate")
    if item.draft.blast_radius.groups:
        name = item.draft.blast_radius.groups[0]
        return Picture(title=f"Lag of {name}", subject="group", name=name, what="lag")
    return None


def advice(
    item: incident.Incident,
    changes: tuple[change.Change, ...],
    catalogue: Mapping[str, interface.ActionInfo],
) -> list[Advice]:
    """Next steps of the best cause that no change stands for yet."""
    if not item.draft.causes or item.state in ("resolved", "closed", "merged"):
        return []
    proposed = {entry.action for entry in changes}
    shown = []
    for step in item.draft.causes[0].next:
        if step.action in proposed:
            continue
        href, label = "", ""
        if step.action in catalogue and step.parameters:
            query = {"cluster": item.cluster, "action": step.action, "incident": item.id}
            query |= {f"p.{name}": desk.shown(value) for name, value in step.parameters.items()}
            href = f"/changes/new?{urlencode(query)}"
            label = catalogue[step.action].title.lower()
        shown.append(Advice(action=step.action, why=step.why, label=label, href=href))
    return shown


@router.get("/incidents")
def show_all(request: Request, viewer: desk.Seen, show: str = "open", cursor: str = "") -> Response:
    """Incidents, one line each."""
    front = desk.of(request)
    chosen = show if show in TABS else "open"
    page = front.headgate.incidents(viewer.actor, states=TABS[chosen][1], cursor=cursor)
    return front.page(
        request,
        viewer,
        "incidents",
        page=page,
        tabs=tabs("/incidents", chosen, TABS),
        more_href=f"/incidents?{urlencode({'show': chosen, 'cursor': page.next_cursor})}",
        empty_title="No incident is open" if chosen == "open" else "No incident here yet",
        empty_text="An incident appears as soon as a look at a cluster finds something wrong.",
        twin="/api/v1/incidents",
        live="change",
    )


@router.get("/incidents/{incident_id}")
def show(request: Request, viewer: desk.Seen, incident_id: str) -> Response:
    """One incident."""
    front = desk.of(request)
    item = front.headgate.show_incident(viewer.actor, incident_id)
    cluster = front.headgate.cluster(viewer.actor, item.cluster)
    changes = front.headgate.changes(viewer.actor, incident=item.id).items
    known: dict[str, evidence.Evidence] = {entry.id: entry for entry in item.draft.evidence}
    for found in item.draft.findings:
        known.update({entry.id: entry for entry in found.evidence})
    now = datetime.now(UTC)
    catalogue = {entry.code: entry for entry in front.headgate.actions(viewer.actor)}
    return front.page(
        request,
        viewer,
        "incident",
        item=item,
        cluster=cluster,
        cluster_name=item.cluster,
        evidence=known,
        changes=changes,
        advice=advice(item, changes, catalogue),
        figures=figures(item, now),
        chart=picture(item),
        around=past.around(front, viewer, item),
        ruled_out=[one for one in item.draft.causes if one.verdict == "ruled_out"],
        found=alike(item.draft.findings),
        listed=LISTED,
        silent=item.is_silent(now),
        silences=SILENCES,
        may_attend=item.state in LIVE and permissions.may(viewer.actor, "acknowledge"),
        told=front.headgate.told(viewer.actor, item.id),
        freshness=f"facts read {words.ago(cluster.read_at, now)}",
        twin=f"/api/v1/incidents/{item.id}",
        live="sweep",
        ref=item.id,
        ref_kind="incident",
    )


@router.post("/incidents/{incident_id}/attend")
def attend(
    request: Request,
    viewer: desk.Seen,
    incident_id: str,
    csrf: str = Form(""),
    deed: str = Form(""),
    hours: float = Form(1.0),
    why: str = Form(""),
) -> Response:
    """Somebody looks after it, or nobody is told of it for a while."""
    desk.posted(viewer, csrf)
    headgate = desk.of(request).headgate
    if deed == "acknowledge":
        headgate.acknowledge(viewer.actor, incident_id)
    elif deed == "silence":
        headgate.silence(viewer.actor, incident_id, for_s=hours * 3600, why=why)
    elif deed == "unsilence":
        headgate.unsilence(viewer.actor, incident_id)
    else:
        raise errors.Invalid("Say acknowledge, silence or unsilence", where="deed")
    return RedirectResponse(f"/incidents/{incident_id}", status_code=303)
