"""A small HTTP server that answers as a test tells it to: pages of exporters, and worse."""

import contextlib
import http.server
import threading
import time
from collections.abc import Callable, Iterator

Handler = http.server.BaseHTTPRequestHandler
Answer = Callable[[Handler], None]


@contextlib.contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """The address of a server that answers every request so."""

    class Scripted(Handler):
        def do_GET(self) -> None:
            with contextlib.suppress(OSError):  # the reader may have gone, which is its right
                answer(self)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is logged."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def page(
    body: str | bytes,
    *,
    status: int = 200,
    kind: str = "text/plain; version=0.0.4; charset=utf-8",
    headers: dict[str, str] | None = None,
) -> Answer:
    """Every request gets this page."""
    data = body.encode() if isinstance(body, str) else body

    def answer(handler: Handler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def endless(handler: Handler) -> None:
    """An answer that never ends."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/plain")
    handler.end_headers()
    while True:
        handler.wfile.write(b"some_metric 1\n" * 50_000)


def cut_short(handler: Handler) -> None:
    """An answer that promises more than it gives."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/plain")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"some_metric 1\n")


def silent(handler: Handler) -> None:
    """No answer within the time that a test gives."""
    del handler
    time.sleep(1.5)
