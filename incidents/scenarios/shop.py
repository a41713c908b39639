"""What many scenarios have in common: a service writes a topic, a group reads it."""

import abc
import random
import time
from typing import Any

from headgate.lab.faults import applications, traffic
from headgate.lab.workloads import cluster, records
from incidents import scenario

TOPICS = ("orders", "payments.settled", "shipments.v2", "invoices", "stock-moves", "refunds")
WRITERS = ("storefront", "gateway", "warehouse-api", "ledger", "checkout")
GROUPS = ("billing", "fraud-check", "search-index", "notifier", "reporting", "loyalty")


class Read(scenario.Scenario, abc.ABC):
    """One topic, one writer, one group at work."""

    topic: str
    writer: str
    group: str
    members: int
    partitions: int
    rate: float

    def work(
        self,
        *,
        partitions: int = 0,
        members: int = 2,
        rate: float = 0.0,
        work_ms: float = 2.0,
        replicas: int | None = None,
        behind: bool = False,
        topic: dict[str, object] | None = None,
        **settings: Any,
    ) -> None:
        """All of it works, and what was written is read, unless it is to be behind; 0: drawn."""
        self.partitions = partitions or self.draw.whole("partitions", 3, 6)
        self.members = members
        self.rate = rate or self.draw.real("rate", 15, 35)
        self.topic = self.stand.topic(
            self.draw.name(*TOPICS), self.partitions, replicas, **(topic or {})
        )
        self.writer = self.stand.producer(
            self.draw.name(*WRITERS), self.topic, self.rate, swing_s=self.draw.real("swing", 15, 40)
        )
        name = self.draw.name(*GROUPS)
        if settings.get("reset") == "error":  # who refuses to guess begins somewhere named
            for number in range(self.partitions):
                cluster.move_commit(self.stand.bootstrap, name, self.topic, number, 0)
        self.group = self.stand.group(
            name, self.topic, members=members, work_ms=work_ms, **settings
        )
        self.stand.started(self.group, members)
        if not behind:
            self.stand.caught_up(self.group, lag=int(self.rate * 3) + 20)

    def falls_behind(self, by: int) -> str:
        """The lag has grown by so much since now, while commits advance."""
        first = self.stand.lag(self.group, self.topic)
        done = cluster.committed(self.stand.bootstrap, self.group)
        lag = self.until(
            lambda: self.stand.lag(self.group, self.topic),
            lambda found: found >= first + by,
            f"the lag of {self.group} grows by {by}",
            within_s=40,
        )

        def advanced() -> int:
            now = cluster.committed(self.stand.bootstrap, self.group)
            return sum(now[each] - done.get(each, now[each]) for each in now)

        moved = self.until(advanced, lambda by: by > 0, f"the commits of {self.group} advance")
        return f"its lag grew from {first} to {lag} while its commits advanced by {moved}"

    def is_empty(self) -> str:
        """The group has no members, and what is written is not read."""
        self.until(
            lambda: len(self.stand.described(self.group).members),
            lambda found: found == 0,
            f"{self.group} has no members",
            within_s=40,
        )
        lag = self.until(
            lambda: self.stand.lag(self.group, self.topic),
            lambda found: found > 20,
            f"the lag of {self.group} grows",
        )
        return f"Kafka lists no members of {self.group}; its lag is {lag}"

    def stands_in_part(self) -> str:
        """Some partitions' commits stand still while the others' move."""
        first = cluster.committed(self.stand.bootstrap, self.group)
        time.sleep(5)

        def split() -> tuple[list[int], list[int]]:
            now = cluster.committed(self.stand.bootstrap, self.group)
            ends = cluster.ends(self.stand.bootstrap, self.topic)
            still = [
                each[1]
                for each, done in now.items()
                if done == first.get(each) and ends[each[1]] > done + 5
            ]
            return still, [each[1] for each, done in now.items() if done != first.get(each)]

        still, moving = self.until(
            split, lambda found: bool(found[0] and found[1]), "some partitions stand, others move"
        )
        return f"the commits of partitions {still} stand, those of {moving} move"

    def poison(self, partition: int) -> int:
        """A record that does not decode is written as the writer does; returns its offset."""
        service = applications.producer(self.stand.lab, self.writer)
        chance = random.Random(self.draw.tag)
        key = records.choose_key(chance, keys=service.keys, hot_share=0.0)
        now_ms = time.time_ns() // 1_000_000
        draw = records.Draw(number=0, key=key, at_ms=now_ms, chance=chance)
        bad = records.undecodable(service.record, draw, source=service.name)
        return traffic.write_one(self.stand.lab, service, bad, partition)
