"""A group whose right to read is taken away."""

import threading
import time
from collections import Counter
from typing import Any

import confluent_kafka

from incidents import scenario
from incidents.scenarios import security


class Reader:
    """A client that reads a topic in a group and commits, and counts what came of it."""

    def __init__(self, settings: dict[str, Any], topic: str, group: str) -> None:
        """It begins at once."""
        self.came: Counter[str] = Counter()
        self._over = threading.Event()
        self._kafka = confluent_kafka.Consumer(
            {
                **settings,
                "group.id": group,
                "auto.offset.reset": "earliest",
                "auto.commit.interval.ms": 1_000,
                "session.timeout.ms": 10_000,
            }
        )
        self._kafka.subscribe([topic])
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """It reads no more."""
        self._over.set()
        self._thread.join(15)

    def _run(self) -> None:
        while not self._over.is_set():
            record = self._kafka.poll(0.5)
            if record is None:
                continue
            error = record.error()
            self.came["read" if error is None else error.name()] += 1
            if error is not None:
                time.sleep(0.2)
        self._kafka.close()


class ReadRightRemoved(security.Secured):
    """The rule by which a group reads is taken away."""

    name = "read-right-removed"
    breaks = "Somebody deletes the ACL by which an application reads its topic, or its group."

    def prepare(self) -> None:
        """One writes, one reads, for some time."""
        self.settle()
        self.group = self.draw.name("billing", "reporting", "notifier")
        self.stand.own(self.group)
        operation = security.admin.AclOperation.READ
        principal = f"User:{self.user}"
        self.of_topic = self.allow(principal, self.topic, operation)
        self.of_group = self.allow(
            principal, self.group, operation, kind=security.admin.ResourceType.GROUP
        )
        time.sleep(security.KNOWN_S)
        self.reader = Reader(self.settings(self.user, self.password), self.topic, self.group)
        self.stand.later(self.reader.end)
        self.until(lambda: self.reader.came["read"], lambda count: count > 20, "it reads")
        time.sleep(security.SEEN_S)

    def roots(self) -> tuple[scenario.Root, ...]:
        """Who had it, has it no more; what it does not read any more follows."""
        return (
            scenario.Root(
                findings=("acl.denied", "lag.stopped", "lag.stalled", "group.commits_frozen"),
                causes=("acl.removed",),
                also=("rebalance.wave", "lag.growing"),
            ),
        )

    def inject(self) -> None:
        """It is gone."""
        rule = self.draw.either("of", "topic", "group")
        if self.forbid(self.of_topic if rule == "topic" else self.of_group) != 1:
            raise RuntimeError("there was no such rule")

    def confirm(self) -> str:
        """The application's own error, and nothing read."""
        names = ("TOPIC_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED")
        self.until(
            lambda: sum(self.reader.came[name] for name in names),
            lambda count: count >= 1,  # it tells a denied topic seldom
            f"the client is refused; it says {dict(self.reader.came)}",
        )
        before = self.reader.came["read"]
        time.sleep(3)
        if self.reader.came["read"] > before + 5:
            raise scenario.NotConfirmed("it reads on")
        return f"the client itself says {dict(self.reader.came)}, and reads no more"


MEMBERS: tuple[type[scenario.Scenario], ...] = (ReadRightRemoved,)
