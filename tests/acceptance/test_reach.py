"""Wrong addresses and a cluster that dies: what is not known is said, with since when and why."""

import http.server
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.acceptance import programs

from headgate.lab import lab as lab_
from headgate.lab import settings

NOWHERE = "127.0.0.1:1"
HTML = b"<html><head><title>Welcome to nginx</title></head></html>"


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(HTML)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the terminal."""


class _Web(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no error of the test."""


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    """``HOST:PORT`` of a web server that answers HTML to everything."""
    with _Web(("127.0.0.1", 0), _Page) as held:
        threading.Thread(target=held.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{held.server_port}"
        held.shutdown()


@pytest.fixture(scope="module")
def deaf() -> Iterator[str]:
    """``HOST:PORT`` of a port that accepts and never answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen(50)
        yield f"127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture(scope="module")
def one_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lab_.Lab]:
    """A cluster of one real broker, which may be killed."""
    made = lab_.Lab.up(
        settings.Options(
            folder=tmp_path_factory.mktemp("one") / "lab",
            brokers=1,
            connect_workers=0,
            postgres=False,
            dies_with_starter=True,
        )
    )
    yield made
    made.down()


def test_doctor_says_what_is_there_instead_of_kafka(web: str, deaf: str, tmp_path: Path) -> None:
    for address, says in (
        (web, ("This is an HTTP server, not Kafka", "Check that the port is that of a Kafka")),
        (deaf, ("The port accepts connections but does not answer", "frozen or overloaded")),
        ("no-such-host.invalid:9092", ("There is no host of that name", "Check the name")),
        (NOWHERE, ("The connection was refused", "Check host and port")),
    ):
        said = programs.run("doctor", address, "--watch", "1", cwd=tmp_path, within_s=30)
        assert said.code == 3, said.err
        assert said.out == ""
        assert address in said.err
        for text in says:
            assert text in said.err, said.err


def test_serve_watches_what_answers_and_says_why_the_rest_does_not(
    server: programs.Server, web: str, deaf: str
) -> None:
    wrong = {
        "web": (web, "This is an HTTP server, not Kafka"),
        "deaf": (deaf, "does not answer"),
        "nowhere": (NOWHERE, "The connection was refused"),
    }
    server.configure(
        cluster=[
            {
                "name": name,
                "bootstrap": address,
                "interval_s": 1,
                "thresholds": {"cluster.unreachable": {"hold": "2s"}},
            }
            for name, (address, _) in wrong.items()
        ]
    )
    server.hire()
    server.start()
    with server.client("vera") as viewer:
        for name, (_address, says) in wrong.items():
            shown = programs.until(
                lambda name=name: viewer.get(f"/api/v1/clusters/{name}").json(),  # type: ignore[misc]  # mypy cannot infer it
                lambda one: "why" in str(one.get("capabilities")),
                within_s=30,
            )
            assert says in str(shown["capabilities"]), shown
            listed = programs.until(  # one sweep of a busy machine may not come to the answer
                lambda name=name: viewer.get(f"/api/v1/clusters/{name}/topics"),  # type: ignore[misc]  # mypy cannot infer it
                lambda one, says=says: says in one.text,  # type: ignore[misc]  # mypy cannot infer it
                within_s=30,
            )
            assert listed.status_code == 503
            assert says in listed.json()["what"]
            assert listed.json()["next"]
            page = _page(server, f"/clusters/{name}")
            assert says in page
        incidents = programs.until(
            lambda: viewer.get("/api/v1/incidents").json()["items"],
            lambda items: {one["cluster"] for one in items} == set(wrong),
            within_s=40,
        )
    for one in incidents:
        assert one["draft"]["findings"][0]["code"] == "cluster.unreachable"
        assert one["draft"]["severity"] == "critical"
    said = server.ask("vera", "topics", "list", "--cluster", "nowhere")
    assert said.code == 3
    assert "The connection was refused" in said.err
    server.stop()


@pytest.mark.lab
def test_doctor_looks_at_a_real_cluster(one_broker: lab_.Lab, web: str, tmp_path: Path) -> None:
    said = programs.run(
        *("doctor", one_broker.bootstrap, "--watch", "2", "-o", "json"),
        *("--connect", f"http://{web}", "--fail-on", "never"),
        cwd=tmp_path,
    )
    assert said.code == 0, said.err
    report = json.loads(said.out)
    assert report["schema"] == "headgate.doctor/1"
    assert report["cluster"]["brokers"] == 1
    assert report["observed"]["sweeps"] >= 2
    unseen = report["observed"]["unknown"]
    [why] = [one["why"] for one in unseen if one["what"].startswith("connect:")]
    assert "Welcome to nginx" in why
    assert "does not answer like Kafka Connect" in why


@pytest.mark.lab
@pytest.mark.timeout(180)
@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_a_cluster_that_dies_while_watched_and_comes_back(
    server: programs.Server, one_broker: lab_.Lab, how: str
) -> None:
    server.configure(
        cluster=[
            {
                "name": "shop",
                "bootstrap": one_broker.bootstrap,
                "interval_s": 1,
                "deadline_s": 2,
                "thresholds": {"cluster.unreachable": {"hold": "2s"}},
            }
        ]
    )
    server.hire()
    server.start()
    with server.client("vera") as viewer:
        before = _until_brokers(viewer, lambda seen: not _unknown(seen))
        assert before == 1
        if how == "killed":
            one_broker.kill("broker-1")
        else:
            one_broker.pause("broker-1")
        try:
            lost = _until_brokers(viewer, _unknown)
            assert lost["unknown"], "the reason is missing"
            assert viewer.get("/readyz").is_success, "Headgate itself can do its work"
            topics = viewer.get("/api/v1/clusters/shop/topics")
            assert topics.status_code == 503
            assert topics.json()["what"].startswith("Not known: ")
            [incident] = programs.until(
                lambda: _incidents(viewer, "open"), lambda items: len(items) == 1, within_s=30
            )
            assert incident["draft"]["findings"][0]["code"] == "cluster.unreachable"
            assert incident["draft"]["findings"][0]["since"]
            page = _page(server, "/clusters/shop")
            assert lost["unknown"] in page
            assert incident["id"] in _page(server, "/")
        finally:
            one_broker.start("broker-1")
        assert _until_brokers(viewer, lambda seen: not _unknown(seen)) == 1
        assert viewer.get("/api/v1/clusters/shop/topics").is_success
        programs.until(
            lambda: _incidents(viewer, "resolved"), lambda items: len(items) == 1, within_s=40
        )
    server.stop()


def _until_brokers(viewer: httpx2.Client, good: Callable[[Any], bool]) -> Any:
    """The cluster's brokers as the summary has them, once they are as wanted."""

    def look() -> Any:
        return viewer.get("/api/v1/clusters/shop").json()["brokers"]

    return programs.until(look, good, within_s=40)


def _unknown(seen: object) -> bool:
    return isinstance(seen, dict) and "unknown" in seen


def _incidents(viewer: httpx2.Client, state: str) -> list[Any]:
    found = viewer.get("/api/v1/incidents", params={"state": state}).json()["items"]
    return list(found)


def _page(server: programs.Server, path: str) -> str:
    """The page as a person who has logged in sees it."""
    with server.client() as browser:
        begun = browser.post(
            "/login", data={"name": "vera", "password": programs.PASSWORD, "next": path}
        )
        assert begun.status_code == 303, begun.text
        answer = browser.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text
