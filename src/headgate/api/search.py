"""Search over all names."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from headgate.api import doors, paging, wire
from headgate.app import searching

router = APIRouter(tags=["search"])


@router.get("/search")
def search(
    headgate: doors.Headgate,
    actor: doors.Actor,
    q: Annotated[str, Query(max_length=300, description="Part of a name, in any case.")] = "",
    limit: paging.Limit = 50,
) -> dict[str, Any]:
    """Clusters, topics, groups, connectors, subjects, brokers, incidents and changes by name.

    Exact names come first, then those that begin so. `total` counts all that match.
    """
    found = searching.find(headgate, actor, q, limit=limit)
    return {**wire.page(found.hits), "total": found.total}
