"""Headers and limits that hold for every answer, pages and API alike; plain ASGI, so that streams
are not held up.
"""

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headgate.api import problems

MOST_BYTES = 1_000_000
"""Of a request's body."""

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class TooLarge(HTTPException):
    """The body is larger than any request needs; of a kind that no reader of bodies rewords."""

    def __init__(self) -> None:
        super().__init__(413, f"The request is larger than {MOST_BYTES:,} bytes: send less")


class Shields:
    """Wraps an application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on; its answer carries the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = False
        taken = 0

        async def shielded(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/") or scope["path"] == "/metrics":
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > MOST_BYTES:
                    raise TooLarge
            return message

        try:
            await self._app(scope, counted, shielded)
        except TooLarge:
            if began:
                raise
            answer = problems.answer(
                413,
                "Too large",
                what=f"The request is larger than {MOST_BYTES:,} bytes",
                next_step="Send less",
            )
            await answer(scope, receive, shielded)
