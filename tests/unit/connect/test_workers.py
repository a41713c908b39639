"""Several workers of one Connect cluster: dead ones, busy ones, foreign ones; dearer readings."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.connect.server import Worker, say

from headgate.connect import details, probing, rest
from headgate.domain import snapshot
from headgate.domain.unknown import Unknown
from headgate.ports import errors

EXPANDED = "GET /connectors?expand=status&expand=info"
PLUGINS = "GET /connector-plugins?connectorsOnly=false"
REBALANCE = say(409, '{"error_code": 409, "message": "Rebalance expected"}')


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def listing(*names: str, worker: str = "w:8083") -> str:
    made: dict[str, Any] = {}
    for name in names:
        state = {"state": "RUNNING", "worker_id": worker}
        config = {"connector.class": "acme.Sink", "topics": "orders"}
        made[name] = {
            "info": {"name": name, "type": "sink", "config": config},
            "status": {"name": name, "connector": state, "tasks": [{"id": 0, **state}]},
        }
    return json.dumps(made)


@pytest.fixture
def worker() -> Iterator[Worker]:
    running = Worker()
    running.answers[EXPANDED] = say(200, listing("a"))
    yield running
    running.close()


@pytest.fixture
def other() -> Iterator[Worker]:
    running = Worker()
    running.answers[EXPANDED] = say(200, listing("a"))
    yield running
    running.close()


def read(*urls: str, deadline_s: float = 5.0) -> snapshot.ConnectCluster:
    connect = rest.RestConnect("main", *urls)
    try:
        return connect.cluster(deadline_s=deadline_s)
    finally:
        connect.close()


def test_the_next_worker_is_asked_when_one_is_dead(worker: Worker) -> None:
    dead = f"127.0.0.1:{free_port()}"
    found = read(f"http://{dead}", worker.url)
    assert found.url == worker.url
    assert list(found.connectors) == ["a"]
    states = {one.id: (one.state, one.configured) for one in found.workers}
    assert states[dead] == ("refuses", True)
    assert states[worker.id] == ("answers", True)


def test_a_worker_that_accepts_and_never_answers_costs_its_share_once(worker: Worker) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        frozen = f"127.0.0.1:{mute.getsockname()[1]}"
        connect = rest.RestConnect("main", f"http://{frozen}", worker.url)
        first = connect.cluster(deadline_s=2)
        began = time.monotonic()
        second = connect.cluster(deadline_s=20)
        connect.close()
    assert first.url == second.url == worker.url
    assert time.monotonic() - began < 5
    state = second.worker(frozen)
    assert state is not None
    assert state.state == "accepts"


def test_a_dead_worker_is_told_though_connect_calls_its_task_running(worker: Worker) -> None:
    dead = f"127.0.0.1:{free_port()}"
    worker.answers[EXPANDED] = say(200, listing("a", worker=dead))
    found = read(worker.url)
    [task] = found.connectors["a"].tasks
    assert task.state == "RUNNING"
    state = found.worker(task.worker)
    assert state is not None
    assert (state.state, state.configured) == ("refuses", False)


def test_a_restart_goes_to_the_next_worker_only_where_nothing_was_sent(
    worker: Worker, other: Worker
) -> None:
    worker.answers["POST *"] = other.answers["POST *"] = say(202, "{}")
    connect = rest.RestConnect("main", f"http://127.0.0.1:{free_port()}", worker.url)
    connect.restart_failed("a", deadline_s=5)
    connect.close()
    assert [one for one in worker.asked if one.startswith("POST")]
    worker.answers["POST *"] = say(500, '{"error_code": 500, "message": "broken"}')
    connect = rest.RestConnect("main", worker.url, other.url)
    with pytest.raises(errors.OutcomeUnknown):
        connect.restart_failed("a", deadline_s=5)
    connect.close()
    assert not [one for one in other.asked if one.startswith("POST")]


def test_a_rebalance_is_waited_for(worker: Worker) -> None:
    tries: list[int] = []
    whole = say(200, listing("a"))

    def answer(handler: Any) -> None:
        tries.append(1)
        (REBALANCE if len(tries) < 3 else whole)(handler)

    worker.answers[EXPANDED] = answer
    assert list(read(worker.url).connectors) == ["a"]
    assert len(tries) == 3


def test_a_rebalance_that_lasts_is_said(worker: Worker) -> None:
    worker.answers[EXPANDED] = REBALANCE
    with pytest.raises(errors.NotNow, match="409") as told:
        read(worker.url, deadline_s=1)
    assert "rebalancing" in told.value.next_step


def test_a_worker_of_another_kafka_cluster_is_not_mixed_in(worker: Worker, other: Worker) -> None:
    other.answers["GET /"] = say(200, '{"version": "4.3.1", "kafka_cluster_id": "y"}')
    connect = rest.RestConnect("main", worker.url, other.url)
    assert connect.cluster(deadline_s=5).kafka_cluster_id == "x"
    worker.answers[EXPANDED] = say(503, "<html>", "text/html")
    with pytest.raises(errors.Misunderstood, match="another Connect cluster"):
        connect.cluster(deadline_s=5)
    connect.close()


def test_plugins_offsets_and_topics_are_read_seldom(worker: Worker) -> None:
    worker.answers[PLUGINS] = say(
        200,
        '[{"class": "acme.Sink", "type": "sink", "version": "2.1"}, {"class": "b", "type": "x"}]',
    )
    worker.answers["GET /connectors/a/offsets"] = say(
        200,
        '{"offsets": [{"partition": {"kafka_topic": "orders", "kafka_partition": 3},'
        ' "offset": {"kafka_offset": 41}}, {"partition": {"file": "x"}, "offset": null}]}',
    )
    worker.answers["GET /connectors/a/topics"] = say(200, '{"a": {"topics": ["orders", "dlq"]}}')
    connect = rest.RestConnect("main", worker.url)
    for _ in range(3):
        found = connect.cluster(deadline_s=5)
    connect.close()
    one = found.connectors["a"]
    assert one.offsets == (
        snapshot.Position(partition="orders-3", offset="41"),
        snapshot.Position(partition='{"file": "x"}', offset="none"),
    )
    assert one.topics_used == ("dlq", "orders")
    assert one.version == "2.1"
    assert isinstance(found.plugins, tuple)
    assert [plugin.version for plugin in found.plugins] == ["2.1", ""]
    for path in (PLUGINS, "GET /connectors/a/offsets", "GET /connectors/a/topics"):
        assert worker.asked.count(path) == 1


def test_what_cannot_be_read_of_a_connector_says_why_and_leaves_the_rest(worker: Worker) -> None:
    worker.answers["GET /connectors/a/offsets"] = REBALANCE
    worker.answers["GET /connectors/a/topics"] = say(
        403, '{"error_code": 403, "message": "Topic tracking is disabled."}'
    )
    found = read(worker.url).connectors["a"]
    assert found.state == "RUNNING"
    assert isinstance(found.offsets, Unknown)
    assert "409" in found.offsets.reason
    assert isinstance(found.topics_used, Unknown)


def test_a_sluggish_worker_is_not_pressed(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(details, "_EACH_S", 0.1)
    worker.answers[EXPANDED] = say(200, listing("a", "b", "c"))
    worker.answers["GET /connectors/a/offsets"] = lambda _handler: time.sleep(0.5)
    connect = rest.RestConnect("main", worker.url)
    found = connect.cluster(deadline_s=10)
    connect.cluster(deadline_s=10)
    connect.close()
    assert isinstance(found.connectors["a"].offsets, Unknown)
    assert not [path for path in worker.asked if path.startswith("GET /connectors/b/")]


@pytest.mark.parametrize("worker_id", ["", "host", "host:", ":1", "host:x", "host:99999"])
def test_what_is_no_address_is_not_probed(worker_id: str) -> None:
    assert probing.probe(worker_id, secure=False, within_s=1) == "not_probed"


def test_no_address_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="no Connect address"):
        rest.RestConnect("main")
