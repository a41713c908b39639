"""What every implementation of the Connect port must do."""

import time

import pytest
from tests.contract.connect.benches import SECRET, Bench

from headgate.ports import errors


def test_a_running_connector_is_read_whole(bench: Bench) -> None:
    name = bench.name("orders sink")
    bench.running(name, topic="contract-orders")
    cluster = bench.port.cluster(deadline_s=10)
    assert (cluster.name, cluster.url) == ("etl", bench.port.url)
    assert cluster.version.startswith("4.")
    found = cluster.connectors[name]
    assert (found.name, found.type, found.state) == (name, "sink", "RUNNING")
    assert found.topics == ("contract-orders",)
    assert [(task.number, task.state, task.trace) for task in found.tasks] == [(0, "RUNNING", "")]
    assert found.worker
    assert found.tasks[0].worker
    assert found.config["tasks.max"] == "1"
    assert found == bench.port.connector(name, deadline_s=10)


def test_secrets_are_masked(bench: Bench) -> None:
    name = bench.name("with secret")
    bench.running(name, topic="contract-orders")
    assert bench.port.connector(name, deadline_s=10).config["db.password"] == "********"
    assert SECRET not in repr(bench.port.cluster(deadline_s=10))


def test_a_failed_task_shows_its_trace_while_the_connector_runs(bench: Bench) -> None:
    name = bench.name("failing")
    bench.failing(name, topic="contract-orders")
    found = bench.wait(name, "FAILED")
    assert found.state == "RUNNING"
    assert found.trace == ""
    assert "ConnectException" in found.tasks[0].trace.splitlines()[0]
    assert "NoSuchFileException" in found.tasks[0].trace


def test_a_restart_heals_a_task_whose_reason_is_gone(bench: Bench) -> None:
    name = bench.name("healing")
    bench.failing(name, topic="contract-orders")
    bench.repair(name)
    bench.port.restart_failed(name, deadline_s=10)
    found = bench.wait(name, "RUNNING")
    assert found.tasks[0].trace == ""


def test_a_restart_does_not_heal_a_task_whose_reason_is_there(bench: Bench) -> None:
    name = bench.name("failing again")
    bench.failing(name, topic="contract-orders")
    bench.port.restart_failed(name, deadline_s=10)
    found = bench.wait(name, "FAILED")
    assert "NoSuchFileException" in found.tasks[0].trace


def test_a_restart_leaves_alone_what_runs(bench: Bench) -> None:
    name = bench.name("well")
    bench.running(name, topic="contract-orders")
    bench.port.restart_failed(name, deadline_s=10)
    assert bench.port.connector(name, deadline_s=10).tasks[0].state == "RUNNING"


def test_a_name_that_no_address_can_hold_is_read_all_the_same(bench: Bench) -> None:
    name = bench.name("odd/name 100%?#é")
    bench.running(name, topic="contract-orders")
    assert bench.port.connector(name, deadline_s=10).tasks[0].state == "RUNNING"
    with pytest.raises(errors.Refused, match="encoded"):
        bench.port.restart_failed(name, deadline_s=10)


@pytest.mark.parametrize("name", ["none such", "none/such", "no?#", "no-sürch"])
def test_a_connector_that_is_not_there_is_refused(bench: Bench, name: str) -> None:
    with pytest.raises(errors.Refused, match="onnector"):
        bench.port.connector(name, deadline_s=10)
    with pytest.raises(errors.Refused):
        bench.port.restart_failed(name, deadline_s=10)


def test_no_time_is_no_answer(bench: Bench) -> None:
    with pytest.raises(errors.TimedOut):
        bench.port.cluster(deadline_s=0)


def test_workers_and_plugins_are_read(bench: Bench) -> None:
    name = bench.name("worked")
    bench.running(name, topic="contract-orders")
    cluster = bench.port.cluster(deadline_s=10)
    assert cluster.kafka_cluster_id
    found = cluster.connectors[name]
    worker = cluster.worker(found.tasks[0].worker)
    assert worker is not None
    assert (worker.state, worker.configured) == ("answers", True)
    assert isinstance(cluster.plugins, tuple)
    plugin = next(one for one in cluster.plugins if one.name == found.config["connector.class"])
    assert plugin.type == "sink"
    assert plugin.version == cluster.version == found.version


def test_offsets_and_topics_used_are_read_at_their_own_rhythm(bench: Bench) -> None:
    name = bench.name("counted")
    bench.source(name, topic="contract-lines")
    until = time.monotonic() + 60
    while True:
        # Connect answers before the connector's status is written, so it may not be there yet.
        found = bench.port.cluster(deadline_s=10).connectors.get(name)
        if found and found.offsets and found.topics_used:
            break
        assert time.monotonic() < until, found
        time.sleep(0.3)
    assert isinstance(found.offsets, tuple)
    [position] = found.offsets
    assert "filename" in position.partition
    assert position.offset == '{"position": 5}'
    assert found.topics_used == ("contract-lines",)
    assert bench.port.connector(name, deadline_s=10).offsets == found.offsets
