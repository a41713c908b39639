"""Search over all names: a name leads to its page."""

from dataclasses import dataclass
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from headgate.console import desk, render
from headgate.domain.unknown import Unknown

router = APIRouter()
LIMIT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One name that matches."""

    kind: str
    name: str
    cluster: str
    href: str


def hits(front: desk.Desk, viewer: render.Viewer, query: str) -> list[Hit]:
    """Names that hold the query in any case; those that begin with it first."""
    wanted = query.casefold()
    found: list[Hit] = []
    for summary in front.headgate.clusters(viewer.actor):
        root = f"/clusters/{quote(summary.name, safe='')}"
        names: list[tuple[str, str, str]] = [("cluster", summary.name, root)]
        seen = front.headgate.observation(viewer.actor, summary.name)
        if not isinstance(seen, Unknown):
            parts = seen.snapshot.partitions.value
            if not isinstance(parts, Unknown):
                names += [
                    ("topic", name, f"{root}/topics/{quote(name, safe='')}")
                    for name in parts.topics
                ]
            groups = seen.snapshot.groups.value
            if not isinstance(groups, Unknown):
                names += [
                    ("group", name, f"{root}/groups/{quote(name, safe='')}") for name in groups
                ]
            for part in seen.snapshot.connects.values():
                if not isinstance(part.value, Unknown):
                    names += [
                        ("connector", name, f"{root}?tab=connectors")
                        for name in part.value.connectors
                    ]
        found += [
            Hit(kind=kind, name=name, cluster=summary.name, href=href)
            for kind, name, href in names
            if wanted in name.casefold()
        ]
    found.sort(key=lambda hit: (not hit.name.casefold().startswith(wanted), hit.name))
    return found


@router.get("/search")
def show(request: Request, viewer: desk.Seen, q: str = "") -> Response:
    """Names that match; a single exact one is gone to at once."""
    front = desk.of(request)
    query = q.strip()
    if query.startswith(("chg_", "inc_")):
        place = "changes" if query.startswith("chg_") else "incidents"
        return RedirectResponse(f"/{place}/{quote(query, safe='')}", status_code=303)
    found = hits(front, viewer, query) if query else []
    exact = [hit for hit in found if hit.name == query]
    if len(exact) == 1:
        return RedirectResponse(exact[0].href, status_code=303)
    return front.page(request, viewer, "search", query=query, hits=found[:LIMIT], total=len(found))
