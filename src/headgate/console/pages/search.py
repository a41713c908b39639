"""Search over all names: a name leads to its page."""

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from headgate.app import searching
from headgate.console import desk

router = APIRouter()
LIMIT = 50


def href(hit: searching.Hit) -> str:
    """The page of what was found."""
    root = f"/clusters/{quote(hit.cluster, safe='')}"
    name = quote(hit.name, safe="")
    match hit.kind:
        case "topic" | "group":
            return f"{root}/{hit.kind}s/{name}"
        case "connector":
            return f"{root}/connectors/{name}?connect={quote(hit.within, safe='')}"
        case "subject":
            return f"{root}/subjects/{name}"
        case "incident":
            return f"/incidents/{quote(hit.ref, safe='')}"
        case "change":
            return f"/changes/{quote(hit.ref, safe='')}"
        case "broker":
            return f"{root}#brokers"
        case _:
            return root


@router.get("/search")
def show(request: Request, viewer: desk.Seen, q: str = "") -> Response:
    """Names that match; a single exact one is gone to at once."""
    front = desk.of(request)
    query = q.strip()
    if query.startswith(("chg_", "inc_")):
        place = "changes" if query.startswith("chg_") else "incidents"
        return RedirectResponse(f"/{place}/{quote(query, safe='')}", status_code=303)
    found = searching.find(front.headgate, viewer.actor, query, limit=LIMIT)
    exact = [hit for hit in found.hits if hit.name == query]
    if len(exact) == 1:
        return RedirectResponse(href(exact[0]), status_code=303)
    return front.page(
        request,
        viewer,
        "search",
        query=query,
        hits=[(hit, href(hit)) for hit in found.hits],
        total=found.total,
        twin=f"/api/v1/search?q={quote(query, safe='')}",
    )
