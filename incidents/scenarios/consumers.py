"""Consumers that are slow, stopped, hung, crashing, or too few; and records that are too much."""

import signal
from typing import ClassVar

from headgate.lab.workloads import cluster, running
from incidents import scenario
from incidents.scenarios import shop


class SlowHandlers(shop.Read):
    """A release makes every handler slow."""

    name = "slow-handlers"
    breaks = "Handlers take longer for each record than records take to arrive."
    quick = True

    def prepare(self) -> None:
        """As many members as partitions in one variant, fewer in the other."""
        members = self.draw.whole("members", 2, 3)
        self.work(
            partitions=self.draw.either("partitions", members, members * 2),
            members=members,
            rate=self.draw.real("rate", 40, 70),
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """Lag grows everywhere."""
        return (scenario.Root(findings=("lag.growing",), causes=("consumer.slow",), on=self.group),)

    def inject(self) -> None:
        """The handlers manage a part of what arrives."""
        share = self.draw.real("manages", 0.3, 0.6)
        self.stand.change(self.group, work_ms=1_000 * self.members / (self.rate * share))

    def confirm(self) -> str:
        """The lag grows while commits advance."""
        return self.falls_behind(80)


class UnderParallel(shop.Read):
    """Somebody scaled the application down."""

    name = "under-parallel"
    breaks = "A group is scaled down to one member, which cannot keep up alone."

    def prepare(self) -> None:
        """All members together have some room, one has not."""
        members = self.draw.whole("members", 3, 4)
        rate = self.draw.real("rate", 60, 80)
        self.work(
            partitions=members * self.draw.whole("each", 1, 2),
            members=members,
            rate=rate,
            work_ms=1_000 * members / (rate * 2.2),
            protocol=self.draw.either("protocol", "classic", "consumer"),
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """Lag grows everywhere."""
        return (
            scenario.Root(
                findings=("lag.growing",), causes=("consumer.under_parallel",), on=self.group
            ),
        )

    def inject(self) -> None:
        """One member is left."""
        self.stand.change(self.group, members=1)
        running.wait_members(self.stand.lab, self.group, 1)

    def confirm(self) -> str:
        """The lag grows while commits advance."""
        return self.falls_behind(80)


class GroupStopped(shop.Read):
    """The application was shut down and nobody started it again."""

    name = "group-stopped"
    breaks = "All members of a group leave in order and do not come back."
    quick = True

    def prepare(self) -> None:
        """The old protocol or the new one."""
        self.work(
            members=self.draw.whole("members", 1, 3),
            protocol=self.draw.either("protocol", "classic", "consumer"),
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """Nobody reads."""
        return (
            scenario.Root(findings=("lag.stopped",), causes=("consumer.stopped",), on=self.group),
        )

    def inject(self) -> None:
        """The members leave."""
        self.stand.change(self.group, running=False)

    def confirm(self) -> str:
        """Kafka lists no members, and the lag grows."""
        return self.is_empty()


class GroupKilled(shop.Read):
    """The application's host is gone."""

    name = "group-killed"
    breaks = "All members of a group die at once, without leaving it."

    def prepare(self) -> None:
        """With static members in one variant."""
        self.work(
            members=self.draw.whole("members", 1, 3),
            static=self.draw.either("static", False, True),
            session_timeout_ms=self.draw.whole("session_timeout_ms", 6, 9) * 1_000,
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """Nobody reads."""
        return (
            scenario.Root(findings=("lag.stopped",), causes=("consumer.stopped",), on=self.group),
        )

    def inject(self) -> None:
        """The processes die, and nothing starts them again."""
        self.stand.change(self.group, restarts=False)
        for member in self.stand.members(self.group):
            running.send(self.stand.lab, member, signal.SIGKILL)

    def confirm(self) -> str:
        """Kafka lists no members after the session timeout, and the lag grows."""
        return self.is_empty()


class MemberHung(shop.Read):
    """A handler waits for ever."""

    name = "member-hung"
    breaks = "One member stays alive and stops polling; its partitions stand still."
    quick = True

    def prepare(self) -> None:
        """The old protocol or the new one."""
        self.work(
            partitions=6,
            members=self.draw.whole("members", 2, 3),
            rate=self.draw.real("rate", 30, 60),
            protocol=self.draw.either("protocol", "classic", "consumer"),
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """Some partitions stall."""
        return (scenario.Root(findings=("lag.stalled",), causes=("consumer.hung",), on=self.group),)

    def inject(self) -> None:
        """One member hangs."""
        self.stand.change(self.group, hung=(self.draw.whole("member", 0, self.members - 1),))

    def confirm(self) -> str:
        """Some partitions' commits stand while the others' move."""
        return self.stands_in_part()


class CrashLoop(shop.Read):
    """The application runs out of memory again and again, whatever it reads."""

    name = "crash-loop"
    breaks = "Members crash some seconds after each start, each time at another record."
    within_s: ClassVar[float] = 60.0
    quick = True

    def prepare(self) -> None:
        """A few members."""
        self.work(members=self.draw.whole("members", 1, 2), rate=self.draw.real("rate", 30, 50))

    def roots(self) -> tuple[scenario.Root, ...]:
        """Little is read between crashes."""
        return (
            scenario.Root(
                findings=("lag.stalled", "lag.growing", "lag.stopped", "rebalance.storm"),
                causes=("consumer.crash_loop",),
                on=self.group,
            ),
        )

    def inject(self) -> None:
        """From now on each process lives for a few seconds."""
        self.stand.change(self.group, crash_after_s=self.draw.real("crash_after_s", 2, 4))

    def confirm(self) -> str:
        """The supervisor has started the members again and again, and the lag grows."""
        crashes = self.until(
            lambda: sum(one.crashes for one in self.stand.members(self.group)),
            lambda found: found >= 3,
            "three crashes",
            within_s=40,
        )
        lag = self.until(
            lambda: self.stand.lag(self.group, self.topic),
            lambda found: found > 60,
            "a lag of more than 60",
        )
        return f"its supervisor counts {crashes} crashes; its lag is {lag}"


class PoisonRecord(shop.Read):
    """A service writes one record with the wrong serializer."""

    name = "poison-record"
    breaks = "One record does not decode; its reader crashes at it for ever."
    within_s: ClassVar[float] = 60.0
    quick = True

    def prepare(self) -> None:
        """A strict reader."""
        self.work(
            members=self.draw.whole("members", 1, 3),
            attempts=self.draw.whole("attempts", 1, 3),
            leaves_on_crash=self.draw.either("leaves_on_crash", False, True),
            session_timeout_ms=6_000,
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """One partition stalls."""
        return (scenario.Root(findings=("lag.stalled",), causes=("record.poison",), on=self.group),)

    def inject(self) -> None:
        """The record is written."""
        self.partition = self.draw.whole("partition", 0, self.partitions - 1)
        self.offset = self.poison(self.partition)

    def confirm(self) -> str:
        """The application's own log names the offset, and the commit stands there."""
        place = f"{self.topic}-{self.partition} offset {self.offset}"
        self.until(
            lambda: any(place in self.stand.log(self.group, each) for each in range(self.members)),
            bool,
            f"the application's log names {place}",
        )
        self.until(
            lambda: cluster.committed(self.stand.bootstrap, self.group).get(
                (self.topic, self.partition), -1
            ),
            lambda found: found == self.offset,
            f"the commit stands at {self.offset}",
        )
        return f"the application's log: it gave up at {place}; the commit stands there"


class HotKey(shop.Read):
    """One customer sends most of the traffic."""

    name = "hot-key"
    breaks = "Most records carry one key; one partition takes more than its reader manages."
    quick = True

    def prepare(self) -> None:
        """Readers with room for their share."""
        self.work(
            partitions=self.draw.whole("partitions", 4, 8),
            members=2,
            rate=self.draw.real("rate", 30, 40),
            work_ms=22,
            protocol=self.draw.either("protocol", "classic", "consumer"),
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """One partition is hot."""
        return (
            scenario.Root(
                findings=("lag.skewed", "partition.hot"),
                causes=("partition.hot_key",),
                on=self.draw.tag,
            ),
        )

    def inject(self) -> None:
        """The rate rises, most of it with one key."""
        self.before = cluster.ends(self.stand.bootstrap, self.topic)
        self.stand.change(
            self.writer,
            rate_per_s=self.draw.real("hot_rate", 90, 120),
            hot_share=self.draw.real("share", 0.75, 0.9),
        )

    def confirm(self) -> str:
        """One partition takes several times the records of its neighbours, and lags."""

        def risen() -> list[int]:
            now = cluster.ends(self.stand.bootstrap, self.topic)
            return sorted(now[each] - self.before[each] for each in now)

        found = self.until(
            risen,
            lambda rise: rise[-1] > 250 and rise[-1] > 4 * max(rise[len(rise) // 2], 1),
            "one partition takes four times the median",
        )
        lag = self.until(
            lambda: self.stand.lag(self.group, self.topic),
            lambda total: total > 100,
            "a lag of more than 100",
        )
        return f"records by partition since: {found}; the lag is {lag}"


class Burst(shop.Read):
    """An import writes more at once than arrives in minutes."""

    name = "burst"
    breaks = "Many more records than usual arrive within seconds; readers catch up by themselves."

    def prepare(self) -> None:
        """Readers that manage a few times the usual rate."""
        self.work(
            members=self.draw.whole("members", 1, 2),
            rate=self.draw.real("rate", 15, 25),
            work_ms=self.draw.real("work_ms", 4, 7),
            fetch_bytes=65_536,
            prefetch=2_000,
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """It drains."""
        return (
            scenario.Root(
                findings=("lag.draining", "lag.growing", "topic.input_surge"),
                causes=("traffic.burst",),
                on=self.draw.tag,
            ),
        )

    def inject(self) -> None:
        """The records are written."""
        self.count = self.draw.whole("records", 5_000, 9_000)
        self.stand.write(self.topic, self.count)

    def confirm(self) -> str:
        """The lag is a step up, and falls."""
        top = self.until(
            lambda: self.stand.lag(self.group, self.topic),
            lambda found: found > self.count / 3,
            "a step in the lag",
        )
        lower = self.until(
            lambda: self.stand.lag(self.group, self.topic),
            lambda found: found < top - 100,
            "a falling lag",
        )
        return f"the lag jumped to {top} and is {lower} now"


MEMBERS: tuple[type[scenario.Scenario], ...] = (
    SlowHandlers,
    UnderParallel,
    GroupStopped,
    GroupKilled,
    MemberHung,
    CrashLoop,
    PoisonRecord,
    HotKey,
    Burst,
)
