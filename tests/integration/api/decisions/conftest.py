"""A group that stands before a poison record, and a Headgate whose API people ask about it."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import testclient
from tests.unit.console import stand as stand_

from headgate.app import people
from headgate.domain.resource import TopicPartition
from headgate.kafka import fake
from headgate.ports import clock

POISON = b"\x00\x00\x00\x03\xe7\xb8{"
STANDS_AT = 10
PLACE = TopicPartition("orders", 0)
QUARANTINE = {
    "action": "group.quarantine_record",
    "cluster": stand_.CLUSTER,
    "parameters": {"group": "billing", "topic": "orders", "partition": 0, "offset": STANDS_AT},
    "rationale": "It crashes billing.",
}


class Api:
    """One Headgate, asked by people with tokens."""

    def __init__(self, folder: Path) -> None:
        kafka = fake.Fake(stand_.CLUSTER)
        kafka.add_topic("orders", partitions=3, config={"min.insync.replicas": "2"})
        kafka.fill("orders", 0, STANDS_AT)
        kafka.write("orders", 0, POISON, key=b"k")
        for number in range(3):
            kafka.fill("orders", number, 20)
        kafka.join("billing", topics=["orders"], client_id="billing-0", rejoins=True)
        kafka.set_commit("billing", {PLACE: STANDS_AT})
        self.kafka = kafka
        self.stand = stand_.build(folder, kafka=kafka)
        self.stand.look()
        self.people = people.People(self.stand.store, clock.SystemClock())
        self.tokens = {
            name: self.people.add_token(name, "test", (), by="test")[1] for name in stand_.ROLES
        }

    def client(self, authorization: str = "") -> testclient.TestClient:
        """A program with that header; a defect is an answer of the server, as in life."""
        return testclient.TestClient(
            self.stand.app,  # type: ignore[arg-type]  # an ASGI application
            base_url="http://headgate.example/api/v1",
            headers={"Authorization": authorization} if authorization else {},
            raise_server_exceptions=False,
        )

    def of(self, name: str) -> testclient.TestClient:
        """A program with that person's token."""
        return self.client(f"Bearer {self.tokens[name]}")

    def proposed(self) -> dict[str, object]:
        """A change that waits for a second person."""
        answer = self.of("mira").post("changes", json=QUARANTINE)
        assert answer.status_code == 201, answer.text
        made: dict[str, object] = answer.json()
        assert made["state"] == "waiting_approval", made["decision"]
        return made


@pytest.fixture
def api(tmp_path: Path) -> Api:
    """A Headgate that has looked once; nothing runs by itself."""
    return Api(tmp_path)


def problem(answer: httpx2.Response, status: int) -> Any:
    """What the answer complains of: as ``application/problem+json``, with what and what next."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == status
    assert said["title"]
    assert said["what"]
    assert said["next"]
    return said
