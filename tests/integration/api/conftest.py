"""The API of a Headgate on a cluster in memory, as programs ask it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import argon2
import httpx2
import pytest
from fastapi import testclient
from tests.unit.app import stands

from headgate.api import site
from headgate.domain import resource

Client = testclient.TestClient
Asker = Callable[[str], Client]

ROLES = {"vera": "viewer", "mira": "operator", "jonas": "approver", "ada": "admin"}
PARTITION = resource.TopicPartition("orders", 0)
RESET = {
    "action": "group.reset_offsets",
    "cluster": stands.CLUSTER,
    "parameters": {"group": "billing", "topic": "orders", "to": "latest"},
    "rationale": "start anew",
}


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> stands.Stand:
    """The group billing, without members, stands at 10 of 100; a connector runs."""
    # passwords are hashed as cheaply as can be: hashing is not what these tests are of
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(argon2, "PasswordHasher", lambda: cheap)
    made = stands.build(tmp_path)
    made.kafka.add_topic("orders", partitions=2)
    made.kafka.add_topic("audit", replication_factor=1)
    made.kafka.add_topic("__consumer_offsets", internal=True)
    made.kafka.fill("orders", 0, 100)
    made.kafka.set_commit("billing", {PARTITION: 10})
    made.connect.put("warehouse", topics=("orders",))
    for name, role in ROLES.items():
        made.people.put_user(name, stands.PASSWORD, [role], by="test")
    made.runtime.running.watched(stands.CLUSTER).look()
    return made


@pytest.fixture
def nobody(stand: stands.Stand) -> Iterator[Client]:
    """A program without a token."""
    app = site.application(stand.runtime)
    with testclient.TestClient(
        app, base_url="http://headgate.example", raise_server_exceptions=False
    ) as client:
        yield client


@pytest.fixture
def asker(stand: stands.Stand, nobody: Client) -> Asker:
    """A program with a token of the named user."""

    def with_token(name: str) -> Client:
        _, secret = stand.people.add_token(name, f"test-{len(stand.people.tokens())}", (), by="t")
        client = testclient.TestClient(
            nobody.app, base_url="http://headgate.example", raise_server_exceptions=False
        )
        client.headers["Authorization"] = f"Bearer {secret}"
        return client

    return with_token


def problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    """The problem that was answered; every problem says what, and no more than is known."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["what"]
    assert body["title"]
    assert "Traceback" not in answer.text
    return body
