"""Where one scenario plays: its topics, applications and processes on a lab, and their end."""

import contextlib
import dataclasses
import subprocess
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import confluent_kafka

from headgate.domain import observation, thresholds
from headgate.lab import jvm
from headgate.lab import lab as lab_
from headgate.lab.workloads import cluster, control, interface, running

_BEYOND: list[Callable[[], object]] = []
"""What is still to be undone outside the folders of the labs: what is in them goes with them."""
STEADY_WITHIN_S = 60.0
DAYS = 14
"""Earlier days that are remembered where some are."""


def end_beyond() -> None:
    """Nothing is left beyond the labs, whoever has not come to his end."""
    while _BEYOND:
        with contextlib.suppress(Exception):
            _BEYOND.pop()()


def _end_once(one: Callable[[], object]) -> None:
    """It is ended, unless the suite was stopped and has ended it before."""
    if one in _BEYOND:
        _BEYOND.remove(one)
        one()


class Stand:
    """One scenario's part of a lab; used by one thread."""

    def __init__(
        self,
        lab: lab_.Lab,
        *,
        announce: Callable[[observation.Planned], None] = lambda _: None,
        declare: Callable[[thresholds.Expectation], None] = lambda _: None,
        remember: Callable[[str, float, int], None] = lambda _topic, _pace, _days: None,
    ) -> None:
        """Nothing is there yet.

        ``announce`` tells Headgate of a deed as a deployment pipeline does; ``declare`` says that a
        condition is meant to be so, as a person writes it into the configuration; ``remember``
        gives Headgate a history of days that nobody waits for here.
        """
        self.lab = lab
        self._announce = announce
        self._declare = declare
        self._remember = remember
        self._topics: list[str] = []
        self._workloads: list[str] = []
        self._groups: list[str] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ends = contextlib.ExitStack()
        self.owned: set[str] = set()

    @property
    def bootstrap(self) -> str:
        """Kafka's bootstrap servers."""
        return self.lab.bootstrap

    def own(self, *names: str) -> None:
        """Whatever is said about something with such a name in its name is about this scenario."""
        self.owned.update(names)

    def announce(self, what: str, resource: str) -> None:
        """Headgate is told of a deploy or another deed on the resource, such as ``group:NAME``."""
        self._announce(observation.Planned(at=datetime.now(UTC), what=what, resource=resource))

    def declare(self, resources: str, findings: Sequence[str], why: str) -> None:
        """Headgate is told that these findings on these resources are as they should be."""
        self._declare(
            thresholds.Expectation(resources=resources, findings=tuple(findings), why=why)
        )

    def remember(self, topic: str, per_second: float) -> None:
        """Headgate's history says that on each of the last days the topic got about so much."""
        self._remember(topic, per_second, DAYS)

    def topic(
        self, name: str, partitions: int = 3, replicas: int | None = None, **config: object
    ) -> str:
        """The topic exists; settings are written with ``_`` for ``.``."""
        count = min(len(self.lab.brokers), 3) if replicas is None else replicas
        settings = {key.replace("_", "."): str(value) for key, value in config.items()}
        if count >= 3:
            settings.setdefault("min.insync.replicas", "2")
        made = cluster.Topic(name=name, partitions=partitions, replicas=count, config=settings)
        cluster.create_topics(self.bootstrap, [made])
        self._topics.append(name)
        self.own(name)
        return name

    def producer(self, name: str, topic: str, rate_per_s: float, **settings: Any) -> str:
        """A service writes to the topic; returns its name, which is its client id."""
        settings.setdefault("swing", 0.2)
        settings.setdefault("record", "order")
        self._put(interface.Producer(name=name, topic=topic, rate_per_s=rate_per_s, **settings))
        return name

    def group(self, name: str, *topics: str, **settings: Any) -> str:
        """A consumer group reads the topics; its name is also its application's."""
        group = settings.pop("group", name)
        settings.setdefault("work_ms", 2.0)
        settings.setdefault("session_timeout_ms", 10_000)
        self._put(interface.Consumer(name=name, group=group, topics=topics, **settings))
        self._groups.append(group)
        self.own(group)
        return name

    def change(self, name: str, **settings: Any) -> None:
        """Settings of a running application are different from now on."""
        folder = self.lab.folder / control.FOLDER
        control.write(folder, dataclasses.replace(control.read(folder, name), **settings))

    def members(self, name: str) -> tuple[control.Member, ...]:
        """The application's processes."""
        return running.members(self.lab, name)

    def log(self, name: str, slot: int = 0) -> str:
        """What a member of the application has logged."""
        path = self.lab.folder / "logs" / f"{name}-{slot}.log"
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def started(self, name: str, members: int, *, within_s: float = STEADY_WITHIN_S) -> None:
        """The group is stable with so many members that share its partitions."""
        group = control.consumer(self.lab.folder / control.FOLDER, name).group
        cluster.until(
            lambda found: found.state == "STABLE" and len(found.members) == members,
            lambda: self.described(group),
            within_s=within_s,
            what=f"group {group} stable with {members} members",
        )

    def described(self, group: str) -> cluster.Group:
        """State and members of a group; no state while its coordinator does not answer."""
        try:
            return cluster.describe_group(self.bootstrap, group)
        except interface.WorkloadError:  # a coordinator that loads or moves: asked again
            return cluster.Group(state="", members={})

    def caught_up(self, name: str, lag: int = 40, *, within_s: float = STEADY_WITHIN_S) -> None:
        """The group has commits, and its lag is small."""
        one = control.consumer(self.lab.folder / control.FOLDER, name)
        cluster.until(
            lambda found: 0 <= found <= lag,
            lambda: self.lag(one.group, *one.topics),
            within_s=within_s,
            what=f"group {one.group} caught up",
        )

    def lag(self, group: str, *topics: str) -> int:
        """Records between the group's commits and the log ends; -1: it has no commit there."""
        behind = self.lags(group, *topics)
        return sum(behind.values()) if behind else -1

    def lags(self, group: str, *topics: str) -> dict[tuple[str, int], int]:
        """The lag by topic and partition, of those with a commit."""
        done = cluster.committed(self.bootstrap, group)
        found = {}
        for topic in topics:
            for partition, end in cluster.ends(self.bootstrap, topic).items():
                if (topic, partition) in done:
                    found[topic, partition] = end - done[topic, partition]
        return found

    def topic_id(self, topic: str) -> str:
        """What Kafka calls the topic beside its name; empty: there is none."""
        kafka = cluster.client(self.bootstrap)
        asked = confluent_kafka.TopicCollection([topic])
        try:
            return str(kafka.describe_topics(asked)[topic].result().topic_id)
        except confluent_kafka.KafkaException:
            return ""

    def write(
        self, topic: str, count: int, *, size: int = 200, partition: int = -1, **client: Any
    ) -> int:
        """So many records are written at once; returns how many were delivered."""
        made = confluent_kafka.Producer(
            {"bootstrap.servers": self.bootstrap, "linger.ms": 20, "log_level": 0, **client}
        )
        landed: list[int] = []
        body = b'{"order_id":"' + b"x" * size + b'"}'
        for number in range(count):
            made.produce(
                topic,
                value=body,
                key=f"customer-{number}".encode(),
                partition=partition,
                on_delivery=lambda error, _: landed.append(1) if error is None else None,
            )
            made.poll(0)
        made.flush(20)
        return len(landed)

    def process(self, argv: Sequence[str]) -> "subprocess.Popen[bytes]":
        """A process of the scenario's own; it ends with the stand at the latest."""
        made = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._processes.append(made)
        return made

    def tool(self, program: str, *arguments: str) -> str:
        """What one of Kafka's own command-line tools prints.

        Raises:
            RuntimeError: it failed; with what it said.
        """
        done = subprocess.run(
            [
                *jvm.plain_command("broker", heap_mb=128),
                program,
                "--bootstrap-server",
                self.bootstrap,
                *arguments,
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {(done.stdout + done.stderr)[-400:]}")
        return done.stdout

    def later(self, end: Callable[[], object]) -> None:
        """This is called when the stand is closed; the last one first."""
        self._ends.callback(end)

    def beyond(self, end: Callable[[], object]) -> None:
        """The same for what is outside the lab's folder, such as a mount: it is called, too, when
        the suite is stopped.
        """
        _BEYOND.append(end)
        self._ends.callback(_end_once, end)

    def close(self) -> None:
        """Nothing of the scenario is left on the lab, as far as the lab answers."""
        for made in self._processes:
            made.kill()
            made.wait(10)
            if made.stdout is not None:
                made.stdout.close()
        with contextlib.suppress(Exception):
            self._ends.close()
        folder = self.lab.folder / control.FOLDER
        for name in self._workloads:
            control.remove(folder, name)
        end = time.monotonic() + 12
        while any(self.members(name) for name in self._workloads) and time.monotonic() < end:
            time.sleep(0.3)
        for topic in self._topics:
            with contextlib.suppress(Exception):
                cluster.delete_topic(self.bootstrap, topic)
        self._forget_groups()

    def _forget_groups(self) -> None:
        names = sorted(set(self._groups))
        if not names:
            return
        kafka = cluster.client(self.bootstrap)
        for future in kafka.delete_consumer_groups(names, request_timeout=5).values():
            with contextlib.suppress(confluent_kafka.KafkaException):
                future.result()

    def _put(self, workload: interface.Workload) -> None:
        control.write(self.lab.folder / control.FOLDER, workload)
        self._workloads.append(workload.name)
        self.own(workload.name)
