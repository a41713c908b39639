"""``headgate subjects`` and ``headgate connectors`` against the API over clusters in memory."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import testclient
from tests.unit.console import stand as stand_
from typer import testing

from headgate import cli
from headgate.cli import client

RUN = testing.CliRunner()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> testclient.TestClient:
    """vera, before a Headgate that has looked."""
    made = stand_.build(tmp_path_factory.mktemp("stand"))
    made.look()
    return made.browser("vera")


@pytest.fixture(autouse=True)
def _served(browser: testclient.TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands ask that Headgate."""

    def send(_self: client.Client, method: str, path: tuple[str, ...], **sent: Any) -> Any:
        address = "/api/v1/" + "/".join(quote(part, safe="") for part in path)
        answer = browser.request(method, address, **sent)
        assert answer.status_code == 200, answer.text
        return answer

    monkeypatch.setattr(client.Client, "_send", send)


def said(*command: str) -> str:
    found = RUN.invoke(cli.app, list(command))
    assert found.exit_code == 0, found.output
    return " ".join(found.stdout.split())


def test_subjects_are_listed() -> None:
    whole = said("subjects", "list")
    assert "orders-value AVRO 1 2 BACKWARD no READWRITE" in whole
    assert "gone" not in whole
    assert "gone (deleted)" in said("subjects", "list", "--deleted", "--sort", "mode")
    assert said("subjects", "list", "--filter", "nothing") == "No subject matches."
    assert json.loads(said("subjects", "list", "-o", "json"))["total"] == 3


def test_a_subject_is_shown_and_its_schema_printed() -> None:
    whole = said("subjects", "show", "audit-value")
    assert "audit-value: rule BACKWARD (inherited), mode READWRITE" in whole
    assert "orders-value 2" in whole
    assert said("subjects", "show", "audit-value", "--version", "1") == 'syntax = "proto3";'


def test_a_connector_on_a_dead_worker_is_told() -> None:
    assert "1 0 1" in said("connectors", "list")
    whole = said("connectors", "show", "lost/on a dead worker", "--connect", "connect")
    assert "task 0: RUNNING on 10.0.0.9:8083, but it is down" in whole
    assert "audit-0 3" in whole
    assert "tasks.max 1" in whole


def test_a_failed_connector_shows_its_trace() -> None:
    whole = said("connectors", "show", "orders-to-warehouse")
    assert "Caused by: org.postgresql.util.PSQLException" in whole
    assert "topics used: orders" in whole
