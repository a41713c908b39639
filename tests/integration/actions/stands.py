"""The real lab as a world for actions, watched as a server would watch it."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

import confluent_kafka

from headgate import actions, detect
from headgate.actions import interface, parameters
from headgate.connect import rest
from headgate.domain import change, finding, observation, person
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import cluster
from headgate.lab import lab as lab_
from headgate.lab.workloads import control, running
from headgate.lab.workloads import interface as workloads
from headgate.observe import collector, watch
from headgate.ports import clock, kafka

SECOND_PERSON = person.Actor(name="mira", kind="user", roles=frozenset({"operator"}))
LOOK_S = 0.5
NOT_YET = Unknown("no sweep has ended yet")


@dataclass
class Stand:
    """One cluster, its world, and what a test does with both."""

    lab: lab_.Lab
    kafka: cluster.Cluster
    connects: Mapping[str, rest.RestConnect] = field(default_factory=dict)
    interval_s: float = 2.0
    latest: tuple[observation.Observation, finding.Detection] | None = None

    @property
    def world(self) -> interface.World:
        return interface.World(
            cluster="lab",
            environment="lab",
            kafka=self.kafka,
            connects=self.connects,
            clock=clock.SystemClock(),
            interval_s=self.interval_s,
            read_records=True,
            observed=lambda: self.latest[0] if self.latest else NOT_YET,
            detected=lambda: self.latest[1] if self.latest else NOT_YET,
            owner=lambda _: person.NOBODY,
            runs=lambda *_: 0,
            budget_left=lambda _: 5,
            kill_switch=lambda: False,
            change="chg-lab",
        )

    # the engine's part, in short

    def plan(self, code: str, given: Mapping[str, object], leading: str = "") -> change.Plan:
        action = actions.CATALOGUE.actions[code]
        origin = interface.Origin(requester=SECOND_PERSON, finding=leading)
        return action.plan(parameters.parse(action.parameters, given), self.world, origin)

    def holds(self, plan: change.Plan) -> bool:
        return all(
            actions.CATALOGUE.preconditions[one.kind].fingerprint(one.arguments, self.world)
            == one.fingerprint
            for one in plan.preconditions
        )

    def observe(self, operation: change.Operation) -> Any:
        kind = actions.CATALOGUE.operations[operation.kind]
        return kind.observe(operation.arguments, self.world)

    def do(self, operation: change.Operation) -> None:
        """It is done, and seen to be done."""
        kind = actions.CATALOGUE.operations[operation.kind]
        before = self.observe(operation)
        assert isinstance(before, interface.NotDone), before
        did = kind.apply(operation.arguments, self.world)
        assert isinstance(did, interface.Applied), did
        until(lambda: self.observe(operation), lambda x: isinstance(x, interface.Done))

    def carry_out(self, plan: change.Plan) -> datetime:
        """Every step is done; the time after it."""
        for step in plan.steps:
            self.do(step.do)
        return self.world.clock.now()

    def verify(self, plan: change.Plan, since: datetime) -> None:
        """Every check passes for its hold, before the plan's own deadline."""
        end = time.monotonic() + plan.verify_within_s
        passing: dict[int, float] = {}
        while True:
            seen = [
                actions.CATALOGUE.checks[one.kind].look(one.arguments, self.world, since)
                for one in plan.checks
            ]
            now = time.monotonic()
            for place, one in enumerate(seen):
                if isinstance(one, interface.Look) and one.verdict == "passed":
                    passing.setdefault(place, now)
                else:
                    passing.pop(place, None)
            held = [now - passing.get(i, now) >= one.hold_s for i, one in enumerate(plan.checks)]
            if len(passing) == len(plan.checks) and all(held):
                return
            assert now < end, seen
            time.sleep(LOOK_S)

    # the shop's part

    def topic(self, *, partitions: int = 2, config: Mapping[str, str] | None = None) -> str:
        name = f"actions-{uuid4().hex[:8]}"
        spec = kafka.TopicSpec(
            name=name, partitions=partitions, replication_factor=3, config=config or {}
        )
        assert self.kafka.create_topic(spec, deadline_s=10) is None
        confluent_kafka.Producer(self._client()).list_topics(name, timeout=10)
        until(lambda: name in self.kafka.partitions(deadline_s=5)[0].topics, bool)
        return name

    def write(
        self, topic: str, partition: int, values: Sequence[bytes], *, key: bytes | None = None
    ) -> None:
        producer = confluent_kafka.Producer(self._client())
        for value in values:
            producer.produce(topic, value, key=key, partition=partition, headers=[("h", b"1")])
        assert producer.flush(10) == 0

    @contextlib.contextmanager
    def consumers(self, workload: workloads.Consumer) -> Iterator[None]:
        """The lab's own consumers run while the context lasts."""
        folder = self.lab.folder / control.FOLDER
        control.write(folder, workload)
        running.supervise(self.lab)
        try:
            yield
        finally:
            control.remove(folder, workload.name)
            running.wait_members(self.lab, workload.name, 0, within_s=20)

    def commit_of(self, group: str, partition: TopicPartition) -> int:
        held = self.kafka.commits([group], deadline_s=5)[group]
        assert not isinstance(held, kafka.Failure), held
        return held.get(partition, -1)

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """The cluster is swept at the interval while the context lasts."""
        source = collector.Collector(
            self.kafka,
            tuple(self.connects.values()),
            clock=clock.SystemClock(),
            interval_s=self.interval_s,
        )
        watching = watch.Watch(source, environment="lab")
        stop = threading.Event()

        def run() -> None:
            while not stop.is_set():
                seen = watching.look()
                self.latest = (seen, detect.run(seen))
                stop.wait(self.interval_s)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            until(lambda: self.latest, bool)
            yield
        finally:
            stop.set()
            thread.join()
            self.latest = None

    def _client(self) -> dict[str, Any]:
        return {"bootstrap.servers": self.lab.bootstrap, "log_level": 0}


def until(look: Callable[[], Any], good: Callable[[Any], bool], *, within_s: float = 30.0) -> Any:
    """What ``look`` gives, once it is good."""
    end = time.monotonic() + within_s
    while True:
        seen = look()
        if good(seen):
            return seen
        assert time.monotonic() < end, seen
        time.sleep(0.1)
