"""The inbox: is anything wrong, what is at stake and until when, what is asked of me."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from headgate.app import interface, words
from headgate.console import desk

router = APIRouter()


def waits(count: int) -> str:
    """How many changes wait for the reader, in words."""
    return f"{words.plural(count, 'change')} {'waits' if count == 1 else 'wait'} for you"


def answer(inbox: interface.Inbox, clusters: tuple[interface.ClusterSummary, ...]) -> str:
    """The state of everything in one sentence."""
    if inbox.incidents:
        first = inbox.incidents[0]
        more = len(inbox.incidents) - 1
        rest = f", and {words.plural(more, 'more incident')}" if more else ""
        return f"{first.draft.title}{rest}"
    if inbox.waiting:
        return waits(len(inbox.waiting))
    unread = [item.name for item in clusters if item.read_at is None]
    if not clusters:
        return "No cluster is configured"
    if unread:
        return f"Not read yet: {', '.join(unread)}"
    blind = [item.name for item in clusters if item.unknown]
    if blind:
        return f"Nothing wrong was seen, but not all of {', '.join(blind)} could be read"
    return "Nothing is wrong on any cluster that was read"


def detail(inbox: interface.Inbox, clusters: tuple[interface.ClusterSummary, ...]) -> str:
    """What is asked and what could not be seen."""
    parts = []
    if inbox.incidents and inbox.waiting:
        parts.append(f"{waits(len(inbox.waiting))}.")
    if inbox.running:
        parts.append(f"{words.plural(len(inbox.running), 'change')} under way.")
    unseen = [f"{item.name}: {text}" for item in clusters for text in item.unknown]
    if unseen:
        parts.append("Not seen: " + "; ".join(unseen[:3]) + ("; ..." if len(unseen) > 3 else ""))
    return " ".join(parts) or "Nothing waits for you."


def freshness(clusters: tuple[interface.ClusterSummary, ...]) -> str:
    """How old the oldest facts are."""
    read = [item.read_at for item in clusters if item.read_at is not None]
    if not read:
        return "nothing was read yet"
    return f"oldest facts read {words.ago(min(read), datetime.now(UTC))}"


@router.get("/")
def show(request: Request, viewer: desk.Seen) -> Response:
    """The inbox of the reader."""
    front = desk.of(request)
    inbox = front.headgate.inbox(viewer.actor)
    clusters = front.headgate.clusters(viewer.actor)
    return front.page(
        request,
        viewer,
        "inbox",
        inbox=inbox,
        clusters=clusters,
        answer=answer(inbox, clusters),
        detail=detail(inbox, clusters),
        freshness=freshness(clusters),
        twin="/api/v1/incidents",
        live="change",
    )
