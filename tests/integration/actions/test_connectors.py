"""A real sink whose task failed for a reason that is gone is restarted and writes again."""

from pathlib import Path

import httpx2
import pytest
from tests.integration.actions import stands

from headgate.actions import interface
from headgate.domain.resource import TopicPartition

pytestmark = pytest.mark.lab


def test_a_failed_sink_task_is_restarted_and_commits_again(
    stand_with_connect: stands.Stand, tmp_path: Path
) -> None:
    stand = stand_with_connect
    topic = stand.topic(partitions=1)
    name = f"sink-{topic}"
    group = f"connect-{name}"
    missing = tmp_path / "not-there"
    stand.write(topic, 0, [b"line"] * 20)
    config = {
        "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector",
        "tasks.max": "1",
        "topics": topic,
        "file": str(missing / "out.txt"),
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
    }
    given = {"connect": "main", "connector": name}
    url = stand.lab.connect_url
    with httpx2.Client(base_url=str(url), timeout=30) as client:
        client.put(f"/connectors/{name}/config", json=config).raise_for_status()
        try:
            stands.until(lambda: _states(stand, name), lambda x: x == ["FAILED"], within_s=60)
            missing.mkdir()  # the passing trouble has passed
            with stand.watched():
                plan = stand.plan("connector.restart_failed_tasks", given)
                assert [x.kind for x in plan.checks] == ["connector.running", "group.commit_moves"]
                assert stand.holds(plan)
                stand.verify(plan, stand.carry_out(plan))
            assert _states(stand, name) == ["RUNNING"]
            assert stand.commit_of(group, TopicPartition(topic, 0)) == 20
            with pytest.raises(interface.CannotPlan, match="FAILED"):
                stand.plan("connector.restart_failed_tasks", given)
        finally:
            client.delete(f"/connectors/{name}")


def test_a_record_that_fails_a_real_sink_is_set_aside_and_the_sink_goes_on(
    stand_with_connect: stands.Stand, tmp_path: Path
) -> None:
    stand = stand_with_connect
    topic = stand.topic(partitions=1)
    name = f"sink-{topic}"
    group, first = f"connect-{name}", TopicPartition(topic, 0)
    stand.write(topic, 0, [b'{"n": 1}'] * 10)
    config = {
        "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector",
        "tasks.max": "1",
        "topics": topic,
        "file": str(tmp_path / "out.txt"),
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
    }
    with httpx2.Client(base_url=str(stand.lab.connect_url), timeout=30) as client:
        client.put(f"/connectors/{name}/config", json=config).raise_for_status()
        try:
            stands.until(lambda: stand.commit_of(group, first), lambda x: x == 10, within_s=60)
            stand.write(topic, 0, [b"not json"])
            stands.until(lambda: _states(stand, name), lambda x: x == ["FAILED"], within_s=60)
            stand.write(topic, 0, [b'{"n": 2}'] * 5)
            given = {"group": group, "topic": topic, "partition": 0, "offset": 10}
            plan = stand.plan("group.quarantine_record", given)
            assert plan.steps[-1].do.kind == "connector.restart_failed"
            assert stand.holds(plan)
            with stand.watched():
                stand.verify(plan, stand.carry_out(plan))
            stands.until(lambda: stand.commit_of(group, first), lambda x: x == 16, within_s=60)
            assert (tmp_path / "out.txt").read_text().count("\n") >= 15
        finally:
            client.delete(f"/connectors/{name}")


def _states(stand: stands.Stand, name: str) -> list[str]:
    found = stand.connects["main"].cluster(deadline_s=10).connectors.get(name)
    return [task.state for task in found.tasks] if found else []
