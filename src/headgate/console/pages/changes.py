"""Changes: the list, one change with its diff and its decision, and the form that proposes one."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from headgate.app import errors, interface, words
from headgate.console import desk, forms, render
from headgate.console.pages import incidents
from headgate.domain import change, vocabulary
from headgate.domain import facts as boundary_facts
from headgate.domain.unknown import Unknown

router = APIRouter()

TABS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "waiting": ("Waiting", ("waiting_approval", "in_review", "proposed")),
    "running": ("Under way", ("approved", "running", "unknown", "verifying", "rolling_back")),
    "ended": (
        "Ended",
        ("succeeded", "rolled_back", "failed", "rejected", "refused", "cancelled", "expired"),
    ),
    "all": ("All", ()),
}
OPEN = ("waiting_approval", "in_review")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFacts:
    """Facts in words: those that weigh here, and the rest."""

    main: tuple[tuple[str, object], ...]
    rest: tuple[tuple[str, object], ...]


ALWAYS = (
    "reversibility",
    "undo_saved",
    "environment",
    "cause_verdict",
    "evidence_age_s",
    "complete",
)


def facts(item: change.Change) -> ShownFacts:
    """The facts in the order of the four properties.

    Those that weigh are the ones every change has, the ones its action names, and whatever is
    unknown or not trivially absent.
    """
    known = vocabulary.actions()
    named = known[item.action].facts if item.action in known else ()
    main: list[tuple[str, object]] = []
    rest: list[tuple[str, object]] = []
    for field in fields(item.plan.facts):
        value = getattr(item.plan.facts, field.name)
        plain = _fact(field.name, value)
        trivial = not isinstance(value, Unknown) and (value in (0, "", ()) or value is None)
        weighs = field.name in ALWAYS or field.name in named or not trivial
        if field.name in ("evidence_at", "evidence_limit_s", "agree", "cause_auto"):
            weighs = False
        (main if weighs else rest).append((boundary_facts.WORDS[field.name], plain))
    return ShownFacts(main=tuple(main), rest=tuple(rest))


def _fact(name: str, value: object) -> object:
    if isinstance(value, Unknown):
        return value
    if value is None:
        return "none: a person asked"
    if isinstance(value, datetime):
        return words.instant(value)
    if name.endswith("_s") and isinstance(value, int | float):
        return words.duration(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return render.plain(value) if value != "" else "none"


@router.get("/changes")
def show_all(
    request: Request, viewer: desk.Seen, show: str = "waiting", cursor: str = ""
) -> Response:
    """Changes, one line each."""
    front = desk.of(request)
    chosen = show if show in TABS else "waiting"
    page = front.headgate.changes(viewer.actor, states=TABS[chosen][1], cursor=cursor)
    return front.page(
        request,
        viewer,
        "changes",
        page=page,
        tabs=incidents.tabs("/changes", chosen, TABS),
        more_href=f"/changes?{urlencode({'show': chosen, 'cursor': page.next_cursor})}",
        empty_title="No change here",
        empty_text="Propose one with New change, from an incident, or with "
        "`headgate changes propose`.",
        twin="/api/v1/changes",
        live="change",
    )


def _info(front: desk.Desk, viewer: render.Viewer, action: str) -> interface.ActionInfo:
    for info in front.headgate.actions(viewer.actor):
        if info.code == action:
            return info
    raise errors.NotFound(
        f"There is no action {action!r} in the catalogue",
        next_step="Choose one under New change.",
    )


@router.get("/changes/new")
def show_form(request: Request, viewer: desk.Seen) -> Response:
    """The form that proposes a change; it changes nothing by itself."""
    front = desk.of(request)
    query = dict(request.query_params)
    info = _info(front, viewer, query["action"]) if query.get("action") else None
    return front.page(
        request,
        viewer,
        "propose",
        catalogue=front.headgate.actions(viewer.actor),
        clusters=front.headgate.clusters(viewer.actor),
        info=info,
        fields=forms.fields(info, forms.typed(query)) if info else [],
        cluster=query.get("cluster", ""),
        incident=query.get("incident", ""),
        rationale=query.get("rationale", ""),
        error=None,
    )


@router.post("/changes/new")
async def propose(request: Request, viewer: desk.Seen) -> Response:
    """The change is proposed; on an error what was typed is kept."""
    front = desk.of(request)
    typed = {name: str(value) for name, value in (await request.form()).items()}
    return await desk.in_thread(lambda: _propose(request, front, viewer, typed))


def _propose(
    request: Request, front: desk.Desk, viewer: render.Viewer, typed: Mapping[str, str]
) -> Response:
    desk.posted(viewer, typed.get("csrf", ""))
    info = _info(front, viewer, typed.get("action", ""))
    given = forms.typed(typed)
    try:
        made = front.headgate.propose(
            viewer.actor,
            cluster=typed.get("cluster", ""),
            action=info.code,
            parameters=forms.values(info, given),
            rationale=typed.get("rationale", ""),
            incident=typed.get("incident", ""),
        )
    except errors.AppError as error:
        return front.page(
            request,
            viewer,
            "propose",
            status=error.status,
            catalogue=front.headgate.actions(viewer.actor),
            clusters=front.headgate.clusters(viewer.actor),
            info=info,
            fields=forms.fields(info, given, error.fields),
            cluster=typed.get("cluster", ""),
            incident=typed.get("incident", ""),
            rationale=typed.get("rationale", ""),
            error=error,
        )
    return RedirectResponse(f"/changes/{made.id}", status_code=303)


@router.get("/changes/{change_id}")
def show(request: Request, viewer: desk.Seen, change_id: str) -> Response:
    """One change."""
    front = desk.of(request)
    return _shown(request, front, viewer, front.headgate.show_change(viewer.actor, change_id))


def _shown(
    request: Request,
    front: desk.Desk,
    viewer: render.Viewer,
    item: change.Change,
    *,
    status: int = 200,
    flash: render.Flash | None = None,
) -> Response:
    why_not = front.headgate.may_decide(viewer.actor, item)
    mine = item.requester.name == viewer.actor.name and item.requester.kind != "headgate"
    undo = any(isinstance(step.undo, change.Operation) for step in item.plan.steps)
    note = why_not or (
        "Counts for exactly this plan. "
        + ("If it is not verified, the undo runs." if undo else "It has no undo.")
    )
    if item.decision.lane == "review":
        note = f"Architecture review, not an operations fix. {note}"
    return front.page(
        request,
        viewer,
        "change",
        status=status,
        flash=flash,
        item=item,
        cluster=front.headgate.cluster(viewer.actor, item.cluster),
        facts=facts(item),
        open_for_decision=item.state in OPEN,
        may_decide=item.state in OPEN and not why_not,
        may_cancel=item.state in OPEN and (mine or not why_not),
        decide_note=note,
        twin=f"/api/v1/changes/{item.id}",
        cluster_name=item.cluster,
        live="change",
        ref=item.id,
        ref_kind="change",
    )


@router.post("/changes/{change_id}/decide")
def decide(
    request: Request,
    viewer: desk.Seen,
    change_id: str,
    csrf: str = Form(""),
    digest: str = Form(""),
    verdict: str = Form(""),
    comment: str = Form(""),
) -> Response:
    """Approved, rejected, or its review concluded, as shown."""
    desk.posted(viewer, csrf)
    front = desk.of(request)
    deeds = {
        "approve": front.headgate.approve,
        "reject": front.headgate.reject,
        "conclude": front.headgate.conclude_review,
    }
    if verdict not in deeds:
        raise errors.Invalid("Say approve, reject or conclude", where="verdict")
    try:
        deeds[verdict](viewer.actor, change_id, digest=digest, comment=comment)
    except (errors.Stale, errors.Conflict, errors.NotPermitted, errors.Invalid) as refused:
        item = front.headgate.show_change(viewer.actor, change_id)
        text = " ".join(part for part in (refused.what + ".", refused.next_step) if part)
        return _shown(
            request,
            front,
            viewer,
            item,
            status=refused.status,
            flash=render.Flash(text=text, kind="warning"),
        )
    return RedirectResponse(f"/changes/{change_id}", status_code=303)


@router.post("/changes/{change_id}/cancel")
def cancel(request: Request, viewer: desk.Seen, change_id: str, csrf: str = Form("")) -> Response:
    """The change is withdrawn."""
    desk.posted(viewer, csrf)
    desk.of(request).headgate.cancel(viewer.actor, change_id)
    return RedirectResponse(f"/changes/{change_id}", status_code=303)
