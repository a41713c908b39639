"""``headgate serve`` as a process: what is open, what is closed, and how it ends."""

import signal
import socket
import threading
import time

import httpx2
import pytest
from fastapi.routing import APIRoute
from tests.acceptance import programs

from headgate.api import site as api
from headgate.console import doors
from headgate.console import site as console

OPEN = {"/healthz", "/readyz", "/login"}
"""What may be reached by anybody; besides, the files that the log-in page is made of."""


def _asked() -> list[tuple[str, str]]:
    """Every (method, path) of API and console, with something in place of each parameter."""
    routers = [(api.PREFIX, one.router) for one in api.ROUTERS]
    routers += [("", api.health), ("", api.ends), ("", doors.router)]
    routers += [("", one.router) for one in console.PAGES]
    found = []
    for prefix, router in routers:
        for route in router.routes:
            assert isinstance(route, APIRoute), f"{route} cannot be walked"
            path = prefix + route.path
            for name in route.param_convertors:
                path = path.replace(f"{{{name}}}", "x").replace(f"{{{name}:path}}", "x")
            found += [(method, path) for method in sorted(route.methods or ())]
    return sorted(set(found))


ASKED = _asked()


def test_health_is_open_and_says_no_more_than_that(plain: programs.Server) -> None:
    with plain.client() as nobody:
        assert (nobody.get("/healthz").status_code, nobody.get("/healthz").text) == (200, "ok\n")
        assert (nobody.get("/readyz").status_code, nobody.get("/readyz").text) == (200, "ready\n")


def test_nothing_else_is_reached_without_logging_in(plain: programs.Server) -> None:
    assert len(ASKED) > 50, "the routes were not found"
    let_in = []
    with plain.client() as nobody:
        for method, path in ASKED:
            if path in OPEN or (method, path) == ("POST", f"{api.PREFIX}/session"):
                continue
            answer = nobody.request(method, path)
            to_login = answer.status_code == 303 and answer.headers["location"].startswith("/login")
            if not to_login and answer.status_code != 401:
                let_in.append((method, path, answer.status_code))
            if path.startswith("/api/") and method != "HEAD":
                assert answer.headers["content-type"] == "application/problem+json", path
                assert answer.json()["next"], path
    assert let_in == []


def test_every_path_of_the_openapi_is_among_those_that_were_tried(plain: programs.Server) -> None:
    with plain.client("vera") as viewer:
        described = viewer.get(f"{api.PREFIX}/openapi.json").json()["paths"]
    tried = {path for _, path in ASKED}
    for path in described:
        names = path.split("/")
        filled = "/".join("x" if part.startswith("{") else part for part in names)
        assert filled in tried, path


def test_a_wrong_address_tells_nobody_whether_it_exists(plain: programs.Server) -> None:
    with plain.client() as nobody:
        assert nobody.get("/api/v1/no-such-thing").status_code == 401
        answer = nobody.get("/no/such/page")
        assert answer.status_code == 303
        assert nobody.get("/static/../../etc/passwd").status_code in (303, 404)
    with plain.client("vera") as viewer:
        answer = viewer.get("/api/v1/no-such-thing")
        assert answer.status_code == 404
        assert answer.json()["what"] == "There is nothing at GET /api/v1/no-such-thing"


def test_pages_and_answers_carry_their_shields(plain: programs.Server) -> None:
    with plain.client() as nobody:
        for path in ("/login", "/api/v1/clusters", "/healthz"):
            headers = nobody.get(path).headers
            assert "script-src 'self'" in headers["content-security-policy"], path
            assert headers["x-content-type-options"] == "nosniff", path
            assert "server" not in headers, path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_order_with_a_live_page_open(
    server: programs.Server, number: signal.Signals
) -> None:
    # nothing answers there, so the threads that look are at work on it when the end comes
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        address = f"127.0.0.1:{deaf.getsockname()[1]}"
        server.configure(cluster=[{"name": "deaf", "bootstrap": address, "interval_s": 1}])
        server.hire()
        server.start()
        heard = threading.Event()
        over = threading.Event()

        def listen() -> None:
            try:
                with (
                    server.client("vera") as viewer,
                    viewer.stream("GET", "/api/v1/events") as answer,
                ):
                    for _line in answer.iter_lines():
                        heard.set()
            except httpx2.HTTPError:
                pass
            over.set()

        page = threading.Thread(target=listen, daemon=True)
        page.start()
        assert heard.wait(15), "no notice came"
        took = server.stop(number)
        assert took < 5
        assert over.wait(5), "the live page was left hanging"
        page.join(5)
    assert "Headgate has stopped" in server.said
    assert "runtime.late" not in server.said, server.said


def test_it_starts_anew_at_once_after_it_stopped(server: programs.Server) -> None:
    server.configure()
    server.start()
    server.stop()
    began = time.monotonic()
    server.start()
    assert time.monotonic() - began < programs.READY_S
    server.stop()


def test_a_port_that_is_taken_is_told(server: programs.Server) -> None:
    server.configure()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        port = other.getsockname()[1]
        said = programs.run(
            *("serve", "--config", str(server.config), "--port", str(port)), cwd=server.folder
        )
    assert said.code == 3
    assert f"cannot listen on 127.0.0.1:{port}" in said.err
    assert "next" in said.err
