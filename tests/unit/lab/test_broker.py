"""A node's configuration and folders, without starting it."""

import base64
from pathlib import Path

import pytest

from headgate.lab import broker, connect, errors, ports, settings

NODES = [
    broker.Node(
        id=number, port=100 + number, controller_port=200 + number, metrics_port=300 + number
    )
    for number in (1, 2, 3)
]


def properties(count: int, options: settings.Options) -> dict[str, str]:
    text = broker.properties(NODES[0], NODES[:count], Path("/lab/broker-1"), options)
    return dict(line.split("=", 1) for line in text.splitlines())


def test_everything_listens_on_loopback_only() -> None:
    found = properties(3, settings.Options())
    assert found["listeners"] == "PLAINTEXT://127.0.0.1:101,CONTROLLER://127.0.0.1:201"
    assert found["advertised.listeners"] == "PLAINTEXT://127.0.0.1:101"
    assert found["controller.quorum.voters"] == "1@127.0.0.1:201,2@127.0.0.1:202,3@127.0.0.1:203"


@pytest.mark.parametrize(
    ("count", "copies", "least"), [(1, "1", "1"), (2, "2", "1"), (3, "3", "2")]
)
def test_internal_topics_fit_the_number_of_brokers(count: int, copies: str, least: str) -> None:
    found = properties(count, settings.Options(brokers=count))
    for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic"):
        assert found[f"{topic}.replication.factor"] == copies
    for topic in ("transaction.state.log", "share.coordinator.state.topic"):
        assert found[f"{topic}.min.isr"] == least


def test_leaders_stay_where_they_are_unless_asked() -> None:
    assert properties(3, settings.Options())["auto.leader.rebalance.enable"] == "false"
    asked = settings.Options(auto_leader_rebalance=True)
    assert properties(3, asked)["auto.leader.rebalance.enable"] == "true"


def test_ids_are_as_kafka_makes_them() -> None:
    ids = {broker.new_id() for _ in range(200)}
    assert len(ids) == 200
    assert all(len(base64.urlsafe_b64decode(each + "==")) == 16 for each in ids)
    assert not any(each.startswith("-") for each in ids)


def test_ports_are_free_different_and_not_for_outgoing_connections() -> None:
    found = ports.pick(30)
    assert len(set(found)) == 30
    assert not any(ports.is_open(each) for each in found)


def test_a_shape_that_no_lab_has_is_refused() -> None:
    with pytest.raises(errors.LabError, match="1 to 9"):
        settings.Options(brokers=0)


def test_connect_keeps_its_topics_on_as_many_brokers_as_there_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HEADGATE_LAB_CACHE", str(tmp_path))
    text = connect.properties(8083, "127.0.0.1:1", 1)
    assert "config.storage.replication.factor=1\n" in text
    assert "listeners=http://127.0.0.1:8083\n" in text


def test_folders_follow_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEADGATE_LAB_FOLDER", str(tmp_path / "here"))
    assert settings.default_folder() == tmp_path / "here"
    monkeypatch.delenv("HEADGATE_LAB_FOLDER")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert settings.default_folder() == tmp_path / "headgate" / "lab"
    monkeypatch.delenv("HEADGATE_LAB_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert settings.cache_folder() == Path.home() / ".cache" / "headgate" / "lab"
