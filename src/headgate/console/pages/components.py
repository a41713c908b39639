"""Every component in every state, for those who change the console; light or dark by ``theme``."""

from dataclasses import replace
from typing import get_args

from fastapi import APIRouter, Request
from fastapi.responses import Response

from headgate.console import desk, samples
from headgate.domain import vocabulary
from headgate.domain.unknown import Unknown

router = APIRouter()


@router.get("/components")
def show(request: Request, viewer: desk.Seen, theme: str = "") -> Response:
    """The component page."""
    front = desk.of(request)
    if theme in ("light", "dark"):
        viewer = replace(viewer, theme=theme)
    return front.page(
        request,
        viewer,
        "components",
        incident=samples.INCIDENT,
        incidents=[samples.incident_in(state) for state in get_args(vocabulary.IncidentState)],
        changes=[samples.in_state(state) for state in get_args(vocabulary.ChangeState)],
        plan=samples.PLAN,
        evidence={item.id: item for item in (samples.FROZEN, samples.RECORD, samples.UNREAD)},
        causes=samples.CAUSES,
        nothing=Unknown("Connect did not answer since 03:02"),
        severities=vocabulary.SEVERITIES,
        verdicts=get_args(vocabulary.Verdict),
        lanes=vocabulary.LANES,
        environments=get_args(vocabulary.Environment),
    )
