"""A cluster's client settings as they are handed on."""

from pathlib import Path

import pytest

from headgate.app import around, settings
from headgate.kafka import cluster

RESOLVED = {"ca.pem": "{folder}/ca.pem", "/etc/ca.pem": "/etc/ca.pem"}


@pytest.mark.parametrize("given", RESOLVED)
def test_relative_files_begin_at_the_configuration(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_PASSWORD", "opensesame")
    handed: dict[str, str] = {}

    def connect(_name: str, _bootstrap: str, client: dict[str, str]) -> None:
        handed.update(client)

    monkeypatch.setattr(cluster, "connect", connect)
    one = settings.Cluster(
        name="orders",
        bootstrap="h:1",
        client={"ssl.ca.location": given, "ssl.key.password": "env:KEY_PASSWORD"},
    )
    around.cluster(one, tmp_path)
    assert handed == {
        "ssl.ca.location": RESOLVED[given].format(folder=tmp_path),
        "ssl.key.password": "opensesame",
    }
