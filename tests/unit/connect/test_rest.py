"""Bad answers from a Connect address are told apart, and no secret of a good one gets through."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest
from tests.unit.connect.server import Answer, Worker, say

from headgate.connect import rest
from headgate.ports import errors


@pytest.fixture
def worker() -> Iterator[Worker]:
    running = Worker()
    yield running
    running.server.shutdown()
    running.server.server_close()


@contextmanager
def connected(url: str) -> Iterator[rest.RestConnect]:
    connect = rest.RestConnect("main", url)
    try:
        yield connect
    finally:
        connect.close()


EXPANDED = "GET /connectors?expand=status&expand=info"


def sink(**config: str) -> str:
    trace = "\n".join(("ConnectException: no login with hunter2", "\tat x", "Caused by: y"))
    return json.dumps(
        {
            "orders/sink": {
                "info": {
                    "name": "orders/sink",
                    "type": "sink",
                    "config": {
                        "connector.class": "acme.Sink",
                        "topics": "orders, payments",
                        "connection.password": "hunter2",
                        "pin": "97531",
                        **config,
                    },
                    "tasks": [],
                },
                "status": {
                    "name": "orders/sink",
                    "connector": {"state": "RUNNING", "worker_id": "w:8083"},
                    "tasks": [
                        {"id": 1, "state": "FAILED", "worker_id": "w:8083", "trace": trace},
                        {"id": 0, "state": "RUNNING", "worker_id": "w:8083"},
                    ],
                    "type": "sink",
                },
            }
        }
    )


def test_reads_connectors_with_tasks_in_order_and_masks_what_the_plugin_calls_passwords(
    worker: Worker,
) -> None:
    worker.answers[EXPANDED] = say(200, sink())
    worker.answers["GET /connector-plugins/acme.Sink/config"] = say(
        200, '[{"name": "pin", "type": "PASSWORD"}, {"name": "topics", "type": "LIST"}]'
    )
    with connected(worker.url) as connect:
        for _ in range(3):
            read = connect.cluster(deadline_s=5)
    assert (read.name, read.url, read.version) == ("main", worker.url, "4.3.1")
    found = read.connectors["orders/sink"]
    assert [(task.number, task.state) for task in found.tasks] == [(0, "RUNNING"), (1, "FAILED")]
    assert found.topics == ("orders", "payments")
    assert found.tasks[1].trace.startswith("ConnectException: no login with ********\n")
    assert "hunter2" not in repr(read)
    assert "97531" not in repr(read)
    assert worker.asked.count("GET /connector-plugins/acme.Sink/config") == 1


def test_a_plugin_that_cannot_be_asked_spoils_nothing_and_is_not_asked_every_time(
    worker: Worker,
) -> None:
    worker.answers[EXPANDED] = say(200, sink())
    with connected(worker.url) as connect:
        for _ in range(3):
            read = connect.cluster(deadline_s=5)
    assert read.connectors["orders/sink"].config["connection.password"] == "********"
    assert worker.asked.count("GET /connector-plugins/acme.Sink/config") == 1


def test_changed_settings_are_seen(worker: Worker) -> None:
    worker.answers[EXPANDED] = say(200, sink(batch="1"))
    with connected(worker.url) as connect:
        connect.cluster(deadline_s=5)
        worker.answers[EXPANDED] = say(200, sink(batch="2"))
        read = connect.cluster(deadline_s=5)
    assert read.connectors["orders/sink"].config["batch"] == "2"


def test_odd_names_are_quoted(worker: Worker) -> None:
    worker.answers["POST *"] = say(202, "{}")
    with connected(worker.url) as connect:
        connect.restart_failed("a/b c%?#é", deadline_s=5)
    assert worker.asked == [
        "POST /connectors/a%2Fb%20c%25%3F%23%C3%A9/restart?includeTasks=true&onlyFailed=true"
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            say(200, "<html><head><title>Corporate\nLogin</title></head>", "text/html"),
            'text/html with the title "Corporate Login"',
        ),
        (say(404, "nothing here", "text/plain"), "HTTP 404, text/plain"),
        (say(200, '{"version": 3, "'), "does not answer GET /"),
        (say(200, "[]"), "does not answer GET /"),
        (say(200, '{"clusterId": "x"}'), "version: Field required"),
    ],
)
def test_what_is_not_connect_is_named_with_what_came(
    worker: Worker, answer: Answer, said: str
) -> None:
    worker.answers = {"GET *": answer}
    with connected(worker.url) as connect, pytest.raises(errors.Misunderstood) as raised:
        connect.cluster(deadline_s=5)
    assert said in str(raised.value)
    assert worker.url in str(raised.value)


def test_a_redirect_is_not_followed(worker: Worker) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "https://login.example/?next=1")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    worker.answers = {"GET *": answer}
    with (
        connected(worker.url) as connect,
        pytest.raises(errors.Misunderstood, match=r"redirect to https://login\.example"),
    ):
        connect.cluster(deadline_s=5)


def test_credentials_refused(worker: Worker) -> None:
    worker.answers = {"GET *": say(401, "<html>", "text/html")}
    with connected(worker.url) as connect, pytest.raises(errors.NotAllowed, match="HTTP 401"):
        connect.cluster(deadline_s=5)


def test_credentials_in_the_address_are_sent_and_not_shown(worker: Worker) -> None:
    sent: list[str | None] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        sent.append(handler.headers["Authorization"])
        say(202, "{}")(handler)

    worker.answers = {"POST *": answer}
    with connected(worker.url.replace("//", "//mira:s3cret@")) as connect:
        connect.restart_failed("x", deadline_s=5)
        assert connect.url == worker.url
    assert sent == ["Basic bWlyYTpzM2NyZXQ="]


@pytest.mark.parametrize("bad", ["", "127.0.0.1:8083", "ftp://x", "http://", "http://u:pw@"])
def test_what_is_no_address_is_refused_without_repeating_a_password(bad: str) -> None:
    with pytest.raises(ValueError, match="not a Connect address") as raised:
        rest.RestConnect("main", bad)
    assert "pw" not in str(raised.value)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_nothing_listening() -> None:
    with (
        connected(f"http://127.0.0.1:{free_port()}") as connect,
        pytest.raises(errors.Unreachable, match="nothing listens"),
    ):
        connect.cluster(deadline_s=5)


def test_a_server_that_does_not_speak_http(worker: Worker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            peer, _address = server.accept()
            with peer:
                peer.recv(100)
                peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")

        threading.Thread(target=talk, daemon=True).start()
        with (
            connected(f"http://127.0.0.1:{server.getsockname()[1]}") as connect,
            pytest.raises(errors.Misunderstood, match="not in HTTP"),
        ):
            connect.cluster(deadline_s=5)


def test_http_where_tls_was_meant(worker: Worker) -> None:
    with (
        connected(worker.url.replace("http:", "https:")) as connect,
        pytest.raises(errors.Misunderstood, match="TLS"),
    ):
        connect.cluster(deadline_s=5)


def hang(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(15)
    handler.close_connection = True


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(150):
        handler.wfile.write(b"{")
        time.sleep(0.1)
    handler.close_connection = True


@pytest.mark.parametrize("answer", [hang, drip])
def test_a_worker_that_hangs_or_drips_is_left_at_the_deadline(
    worker: Worker, answer: Answer
) -> None:
    worker.answers = {"GET *": answer}
    started = time.monotonic()
    with connected(worker.url) as connect, pytest.raises(errors.TimedOut, match="deadline"):
        connect.cluster(deadline_s=1)
    assert time.monotonic() - started < 10


def test_a_write_whose_answer_does_not_come_may_have_happened(worker: Worker) -> None:
    worker.answers = {"POST *": hang}
    with connected(worker.url) as connect, pytest.raises(errors.OutcomeUnknown, match="deadline"):
        connect.restart_failed("x", deadline_s=2)


def cut(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def test_a_write_whose_connection_is_cut_may_have_happened_and_is_sent_once(
    worker: Worker,
) -> None:
    worker.answers = {"POST *": cut}
    with connected(worker.url) as connect, pytest.raises(errors.OutcomeUnknown, match="closed"):
        connect.restart_failed("x", deadline_s=5)
    assert len(worker.asked) == 1


def test_a_read_whose_connection_is_cut_is_asked_once_more(worker: Worker) -> None:
    worker.answers = {"GET *": cut}
    with connected(worker.url) as connect, pytest.raises(errors.Unreachable, match="closes"):
        connect.cluster(deadline_s=5)
    assert worker.asked == ["GET /", "GET /"]


@pytest.mark.parametrize(
    ("status", "message", "error", "said"),
    [
        (409, "Cannot complete request momentarily", errors.NotNow, "rebalancing"),
        (404, "Unknown connector x", errors.Refused, "Unknown connector x"),
        (400, "no", errors.Refused, "HTTP 400"),
        (500, "Request timed out", errors.OutcomeUnknown, "Request timed out"),
        (500, "NullPointerException", errors.OutcomeUnknown, "HTTP 500"),
    ],
)
def test_refusals_of_a_write(
    worker: Worker, status: int, message: str, error: type[errors.PortError], said: str
) -> None:
    worker.answers = {"POST *": say(status, json.dumps({"error_code": status, "message": message}))}
    with connected(worker.url) as connect, pytest.raises(errors.PortError, match=said) as raised:
        connect.restart_failed("x", deadline_s=5)
    assert type(raised.value) is error


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_that_answers_for_connect(worker: Worker, status: int) -> None:
    worker.answers = {"GET *": say(status, "<html>", "text/html")}
    worker.answers["POST *"] = worker.answers["GET *"]
    with connected(worker.url) as connect:
        with pytest.raises(errors.Unreachable, match=f"HTTP {status}"):
            connect.cluster(deadline_s=5)
        with pytest.raises(errors.OutcomeUnknown, match=f"HTTP {status}"):
            connect.restart_failed("x", deadline_s=5)


def test_a_connector_half_made_has_no_invented_state(worker: Worker) -> None:
    worker.answers[EXPANDED] = say(200, '{"new": {"info": {"name": "new", "config": {}}}}')
    with connected(worker.url) as connect:
        found = connect.cluster(deadline_s=5).connectors["new"]
    assert (found.type, found.state, found.tasks) == ("unknown", "UNKNOWN", ())


def test_a_very_long_trace_keeps_its_two_ends(worker: Worker) -> None:
    long = "First line\n" + "\tat frame\n" * 10_000 + "Caused by: deepest"
    answer = json.loads(sink())
    answer["orders/sink"]["status"]["tasks"][0]["trace"] = long
    worker.answers[EXPANDED] = say(200, json.dumps(answer))
    with connected(worker.url) as connect:
        trace = connect.cluster(deadline_s=5).connectors["orders/sink"].tasks[1].trace
    assert len(trace) < 33_000
    assert trace.startswith("First line")
    assert trace.endswith("Caused by: deepest")
    assert "characters left out" in trace
