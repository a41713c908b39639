"""Local receivers that speak the formats of the services that take notices, strictly.

Each refuses what the real service would refuse, so that a wrong notice fails a test here and not
at three in the morning. The rules are from the services' public documentation.
"""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

Said = tuple[int, dict[str, object]]


@dataclass
class Request:
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """Its JSON."""
        return cast("dict[str, Any]", json.loads(self.body))


@dataclass
class Receiver:
    """A server on a free port that keeps what it got."""

    answer: Callable[["Receiver", Request], Said]
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    down: Said | None = None
    """What it answers instead while it is out of order."""
    held: dict[str, Any] = field(default_factory=dict)


@contextmanager
def running(answer: Callable[[Receiver, Request], Said]) -> Iterator[Receiver]:
    """The receiver, listening on loopback until the end of the block."""
    receiver = Receiver(answer=answer)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", "0"))
            request = Request(
                path=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(size),
            )
            receiver.requests.append(request)
            status, said = receiver.down or receiver.answer(receiver, request)
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def slack(receiver: Receiver, request: Request) -> Said:
    """Slack's ``chat.postMessage`` and ``chat.update``."""
    if request.headers.get("authorization") != "Bearer xoxb-1":
        return 200, {"ok": False, "error": "invalid_auth"}
    if request.headers.get("content-type") != "application/json; charset=utf-8":
        return 200, {"ok": False, "error": "invalid_arguments"}
    sent = request.document
    messages: dict[str, dict[str, Any]] = receiver.held
    if not sent.get("text"):
        return 200, {"ok": False, "error": "no_text"}
    for block in sent.get("blocks", ()):
        if block["type"] == "header" and len(block["text"]["text"]) > 150:
            return 200, {"ok": False, "error": "invalid_blocks"}
        if block["type"] == "section" and len(block["text"]["text"]) > 3000:
            return 200, {"ok": False, "error": "invalid_blocks"}
    if request.path == "/chat.postMessage":
        if sent.get("channel") not in ("#ops", "C1"):
            return 200, {"ok": False, "error": "channel_not_found"}
        if "thread_ts" in sent and sent["thread_ts"] not in messages:
            return 200, {"ok": False, "error": "thread_not_found"}
        stamp = f"1700000000.{len(messages):06}"
        messages[stamp] = sent
        return 200, {"ok": True, "channel": "C1", "ts": stamp}
    if request.path == "/chat.update":
        if sent.get("channel") != "C1" or sent.get("ts") not in messages:
            return 200, {"ok": False, "error": "message_not_found"}
        messages[str(sent["ts"])] = sent
        return 200, {"ok": True, "channel": "C1", "ts": sent["ts"]}
    return 404, {"ok": False, "error": "unknown_method"}


def pagerduty(receiver: Receiver, request: Request) -> Said:
    """PagerDuty's Events API v2."""
    sent = request.document
    if request.path != "/v2/enqueue":
        return 404, {"status": "not found"}
    if sent.get("routing_key") != "R" * 32:
        return 400, {"status": "invalid event", "message": "Event object is invalid"}
    action, key = sent.get("event_action"), sent.get("dedup_key")
    if action not in ("trigger", "acknowledge", "resolve") or not key or len(key) > 255:
        return 400, {"status": "invalid event", "message": "Event object is invalid"}
    if action == "trigger":
        payload = sent.get("payload", {})
        known = {"critical", "error", "warning", "info"}
        if not payload.get("summary") or len(payload["summary"]) > 1024:
            return 400, {"status": "invalid event", "message": "summary"}
        if not payload.get("source") or payload.get("severity") not in known:
            return 400, {"status": "invalid event", "message": "severity"}
        datetime.fromisoformat(payload["timestamp"])
    alerts: dict[str, list[str]] = receiver.held
    alerts.setdefault(str(key), []).append(str(action))
    return 202, {"status": "success", "message": "Event processed", "dedup_key": key}


def webhook(_receiver: Receiver, _request: Request) -> Said:
    """Anything that takes JSON."""
    return 204, {}
