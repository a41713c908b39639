"""Live events: what changed, as server-sent events; a reader then reads it anew."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import asdict

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from headgate.api import doors
from headgate.app import errors, interface
from headgate.domain import person

router = APIRouter(tags=["events"])

WAITING = 100
"""Events that wait for one connection."""


@router.get("/events")
def events(headgate: doors.Headgate, actor: doors.Actor) -> Response:
    """Notices as they come: `event: notice`, data `{"kind", "cluster", "ref"}`; kind is `sweep`,
    `incident` or `change`. A comment line comes every 15 s where nothing happens.
    """
    return StreamingResponse(
        _stream(headgate, actor),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(headgate: interface.Headgate, actor: person.Actor) -> AsyncIterator[str]:
    """Read from the blocking stream by a thread of its own, so that no other request waits."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue(maxsize=WAITING)
    gone = threading.Event()

    def put(text: str | None) -> None:
        if text is None and queue.full():
            queue.get_nowait()
        if not queue.full():
            queue.put_nowait(text)

    def pump() -> None:
        try:
            with headgate.notices(actor) as stream:
                for notice in stream:
                    if gone.is_set():
                        return
                    loop.call_soon_threadsafe(put, _text(notice))
        except errors.AppError as error:
            loop.call_soon_threadsafe(put, f": {error.what}\n\n")
        except RuntimeError:  # the loop closed while the server stopped
            return
        finally:
            if not loop.is_closed():
                loop.call_soon_threadsafe(put, None)

    threading.Thread(target=pump, name="events", daemon=True).start()
    try:
        yield "retry: 2000\n\n"
        while (text := await queue.get()) is not None:
            yield text
    finally:
        gone.set()


def _text(notice: interface.Notice | None) -> str:
    if notice is None:
        return ": still here\n\n"
    return f"event: notice\ndata: {json.dumps(asdict(notice))}\n\n"
