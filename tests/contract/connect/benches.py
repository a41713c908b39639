"""What the contract tests stand on.

A bench arranges what a test needs in whichever of the two is there; the test asks only the port.
"""

import time
from pathlib import Path
from typing import Protocol
from urllib.parse import quote
from uuid import uuid4

import httpx2

from headgate.connect import fake, rest
from headgate.domain import snapshot
from headgate.ports import connect

SECRET = "hunter2-of-the-test"


class Bench(Protocol):
    """Makes connectors in the state that a test wants."""

    port: connect.Connect

    def name(self, hint: str) -> str:
        """A connector name that nobody else uses."""

    def running(self, name: str, *, topic: str) -> None:
        """A sink with one running task is there; one of its settings holds ``SECRET``."""

    def source(self, name: str, *, topic: str) -> None:
        """A source is there that has written all of its file, five bytes, to the topic."""

    def failing(self, name: str, *, topic: str) -> None:
        """The same, but its task has failed and will fail again until it is repaired."""

    def repair(self, name: str) -> None:
        """A restart heals the connector."""

    def wait(self, name: str, state: str) -> snapshot.Connector:
        """The connector once its only task is in that state."""


def await_task(port: connect.Connect, name: str, state: str) -> snapshot.Connector:
    until = time.monotonic() + 30
    while True:
        # Connect answers before the connector's status is written, so it may not be there yet.
        seen = port.cluster(deadline_s=5).connectors.get(name)
        if seen and [task.state for task in seen.tasks] == [state]:
            return seen
        assert time.monotonic() < until, f"{name} is {seen}, not {state}"
        time.sleep(0.1)


class FakeBench:
    """Over ``fake.FakeConnect``."""

    def __init__(self) -> None:
        self.fake = fake.FakeConnect("etl")
        self.port: connect.Connect = self.fake

    def name(self, hint: str) -> str:
        return hint

    def running(self, name: str, *, topic: str) -> None:
        self.fake.put(name, topics=(topic,), config={"db.password": SECRET})

    def source(self, name: str, *, topic: str) -> None:
        self.fake.put(
            name,
            type="source",
            topics=(topic,),
            offsets={'{"filename": "in"}': '{"position": 5}'},
        )

    def failing(self, name: str, *, topic: str) -> None:
        self.running(name, topic=topic)
        self.fake.fail_task(
            name,
            trace="org.apache.kafka.connect.errors.ConnectException: no file\n\tat X\n"
            "Caused by: java.nio.file.NoSuchFileException: /missing",
        )
        self.fake.on_restart(name, "fails_again")

    def repair(self, name: str) -> None:
        self.fake.on_restart(name, "heals")

    def wait(self, name: str, state: str) -> snapshot.Connector:
        return await_task(self.port, name, state)


class LabBench:
    """Over a real worker: a file sink whose folder is missing fails, and runs once it is there."""

    def __init__(self, url: str, folder: Path) -> None:
        self._folder = folder
        self._http = httpx2.Client(base_url=url, trust_env=False, timeout=20)
        self._made: list[str] = []
        self.rest = rest.RestConnect("etl", url, details_every_s=1.0)
        self.port: connect.Connect = self.rest

    def name(self, hint: str) -> str:
        return f"{hint} {uuid4().hex[:8]}"

    def running(self, name: str, *, topic: str) -> None:
        self._place(name).mkdir()
        self._put(name, topic)
        self.wait(name, "RUNNING")

    def source(self, name: str, *, topic: str) -> None:
        place = self._place(name)
        place.mkdir()
        (place / "in").write_text("line\n", encoding="utf-8")
        self._create(
            name,
            **{
                "connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector",
                "topic": topic,
                "file": str(place / "in"),
                "topic.creation.default.partitions": "1",
                "topic.creation.default.replication.factor": "1",
            },
        )

    def failing(self, name: str, *, topic: str) -> None:
        self._put(name, topic)
        self.wait(name, "FAILED")

    def repair(self, name: str) -> None:
        self._place(name).mkdir()

    def wait(self, name: str, state: str) -> snapshot.Connector:
        return await_task(self.port, name, state)

    def close(self) -> None:
        for name in self._made:
            self._http.delete(f"/connectors/{quote(name, safe='')}")
        self._http.close()
        self.rest.close()

    def _place(self, name: str) -> Path:
        return self._folder / quote(name, safe="")

    def _put(self, name: str, topic: str) -> None:
        self._create(
            name,
            **{
                "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector",
                "topics": topic,
                "file": str(self._place(name) / "out"),
                "db.password": SECRET,
            },
        )

    def _create(self, name: str, **config: str) -> None:
        self._made.append(name)
        config |= {
            "tasks.max": "1",
            "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        }
        answer = self._http.post("/connectors", json={"name": name, "config": config})
        assert answer.status_code == 201, answer.text
