"""The audit: what was done by whom, and whether the chain is whole."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from headgate.console import desk

router = APIRouter()


@router.get("/audit")
def show(
    request: Request, viewer: desk.Seen, target: str = "", cursor: str = "", verify: str = ""
) -> Response:
    """Audit records, newest first; with ``verify`` the chain is checked from its first link."""
    front = desk.of(request)
    page = front.headgate.audit(viewer.actor, target=target, cursor=cursor)
    return front.page(
        request,
        viewer,
        "audit",
        page=page,
        target=target,
        verdict=front.headgate.verify_audit(viewer.actor) if verify else None,
        more_href=f"/audit?{urlencode({'target': target, 'cursor': page.next_cursor})}",
        twin="/api/v1/audit",
    )
