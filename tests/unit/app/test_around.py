"""What stands around a cluster is made from its settings; secrets come from where they are kept."""

from pathlib import Path

import pytest
from tests.unit.registry import server as server_

from headgate.app import around, errors, settings
from headgate.kafka import cluster as wire_cluster


def cluster(**given: object) -> settings.Cluster:
    return settings.Cluster(name="shop", bootstrap="h:1", **given)  # type: ignore[arg-type]  # of many types


def test_addresses_of_one_entry_are_workers_of_one_connect_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("URLS", "http://u:hunter2@c:8083, http://d:8083")
    made = around.connects(cluster(connect=["http://a:8083, http://b:8083", "env:URLS"]), tmp_path)
    assert [(one.name, one.url) for one in made] == [
        ("connect-1", "http://a:8083"),
        ("connect-2", "http://c:8083"),
    ]
    for one in made:
        one.close()


def test_a_registrys_secrets_are_references(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("t0k\n", encoding="utf-8")
    monkeypatch.setenv("REGISTRY_PASSWORD", "p w")
    server = server_.Server()
    for given in (
        {"registry_username": "u", "registry_password": "env:REGISTRY_PASSWORD"},
        {"registry_token": "file:token"},
    ):
        [port] = around.registries(cluster(registry=server.url, **given), tmp_path)
        port.registry(deadline_s=5)
        port.close()
    server.close()
    assert set(server.headers) == {"Basic dTpwIHc=", "Bearer t0k"}


def test_a_cluster_without_a_registry_has_none(tmp_path: Path) -> None:
    assert around.registries(cluster(), tmp_path) == []


def test_what_cannot_be_used_is_told_without_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "ftp://u:hunter2@h")
    for make in (
        lambda: around.connects(cluster(connect=["env:WRONG"]), tmp_path),
        lambda: around.registries(cluster(registry="env:WRONG"), tmp_path),
        lambda: around.registries(
            cluster(registry="https://h", registry_ca_file="absent.pem"), tmp_path
        ),
        lambda: around.registries(
            cluster(registry="http://h", registry_token="env:ABSENT"), tmp_path
        ),
    ):
        with pytest.raises(errors.AppError) as told:
            make()
        assert told.value.next_step
        assert "hunter2" not in f"{told.value} {told.value.where}"


RESOLVED = {"ca.pem": "{folder}/ca.pem", "/etc/ca.pem": "/etc/ca.pem"}


@pytest.mark.parametrize("given", RESOLVED)
def test_relative_files_begin_at_the_configuration(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_PASSWORD", "opensesame")
    handed: dict[str, str] = {}

    def connect(_name: str, _bootstrap: str, client: dict[str, str]) -> None:
        handed.update(client)

    monkeypatch.setattr(wire_cluster, "connect", connect)
    client = {"ssl.ca.location": given, "ssl.key.password": "env:KEY_PASSWORD"}
    around.cluster(cluster(client=client), tmp_path)
    assert handed == {
        "ssl.ca.location": RESOLVED[given].format(folder=tmp_path),
        "ssl.key.password": "opensesame",
    }
