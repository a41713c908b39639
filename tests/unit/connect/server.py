"""A Connect worker whose answers a test writes down."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]


def say(status: int, body: str, kind: str = "application/json") -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        data = body.encode()
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


class Worker:
    """A local HTTP server whose answers a test writes down, by method and path."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {
            "GET /": say(200, '{"version": "4.3.1", "kafka_cluster_id": "x"}'),
        }
        self.asked: list[str] = []
        worker = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                asked = f"{self.command} {self.path}"
                worker.asked.append(asked)
                found = worker.answers.get(asked)
                found = found or worker.answers.get(f"{self.command} *")
                (found or say(404, '{"error_code": 404, "message": "HTTP 404 Not Found"}'))(self)

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.id = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """The port is closed."""
        self.server.shutdown()
        self.server.server_close()
