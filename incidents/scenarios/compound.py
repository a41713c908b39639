"""Two roots at once, roots whose consequences are louder than they are, and innocent deploys."""

import time
from typing import ClassVar

from headgate.lab.workloads import cluster, running
from incidents import scenario
from incidents.scenarios import commits, consumers, members, shop, transactions


class Compound(scenario.Scenario):
    """Parts that are scenarios of their own, broken a few seconds apart."""

    kind: ClassVar[scenario.Kind] = "compound"
    within_s: ClassVar[float] = 60.0
    parts: ClassVar[tuple[type[scenario.Scenario], ...]] = ()
    apart_s: ClassVar[float] = 3.0

    def prepare(self) -> None:
        """All parts are healthy and at work."""
        self.acting = [
            part(stand=self.stand, draw=self.draw.part(place))
            for place, part in enumerate(self.parts)
        ]
        for each in self.acting:
            each.prepare()

    def roots(self) -> tuple[scenario.Root, ...]:
        """Those of all parts."""
        return tuple(root for each in self.acting for root in each.roots())

    def inject(self) -> None:
        """One after the other."""
        for each in self.acting:
            each.inject()
            time.sleep(self.apart_s)

    def confirm(self) -> str:
        """Each part in its own way."""
        return "; ".join(each.confirm() for each in self.acting)

    def heal(self) -> None:
        """Each part in its own way."""
        for each in self.acting:
            each.heal()


class PoisonBesideSlow(Compound):
    """Two groups, two faults."""

    name = "poison-beside-slow"
    breaks = "A poison record stops one group while the handlers of another become slow."
    parts = (consumers.PoisonRecord, consumers.SlowHandlers)
    quick = True


class StoppedBesideHotKey(Compound):
    """A stopped group and a skewed topic."""

    name = "stopped-beside-hot-key"
    breaks = "One group was shut down; on another topic one key takes most of the traffic."
    parts = (consumers.GroupStopped, consumers.HotKey)


class HungBesideDeleted(Compound):
    """A hung member and deleted records."""

    name = "hung-beside-deleted"
    breaks = "A member hangs in one group; somebody deletes records that another has not read."
    parts = (consumers.MemberHung, commits.RecordsDeleted)


class GhostBesideUnderParallel(Compound):
    """A ghost and too few members."""

    name = "ghost-beside-too-few"
    breaks = "A static ghost holds partitions of one group; another was scaled down too far."
    parts = (members.StaticGhost, consumers.UnderParallel)


class OpenTransactionStopsMany(scenario.Scenario):
    """One transaction, many groups."""

    name = "transaction-stops-many"
    kind: ClassVar[scenario.Kind] = "compound"
    breaks = "One open transaction holds three groups back: they are louder than it."
    within_s: ClassVar[float] = 60.0

    def prepare(self) -> None:
        """Three readers of one topic."""
        self.rate = self.draw.real("rate", 25, 40)
        self.topic = self.stand.topic(self.draw.name(*shop.TOPICS), 3)
        self.stand.producer(self.draw.name(*shop.WRITERS), self.topic, self.rate)
        self.groups = [
            self.stand.group(f"{name}-{self.draw.tag}", self.topic, members=1)
            for name in ("billing", "search", "audit")
        ]
        for group in self.groups:
            self.stand.started(group, 1)
            self.stand.caught_up(group, lag=int(self.rate * 3) + 20)

    def roots(self) -> tuple[scenario.Root, ...]:
        """One root."""
        return (
            scenario.Root(
                findings=("txn.lso_stuck", "lag.stalled"),
                causes=("txn.open",),
                on=self.draw.tag,
            ),
        )

    def inject(self) -> None:
        """It begins on all partitions and does not end."""
        name = self.draw.name("transfer")
        transactions.begin(self.stand, self.topic, name, "--records=60", "--timeout-s=400")

    def confirm(self) -> str:
        """The readers of committed records stand."""
        lags = self.until(
            lambda: [self.stand.lag(group, self.topic) for group in self.groups],
            lambda found: min(found) > 150,
            "all three groups lag",
            within_s=40,
        )
        stable = cluster.ends(self.stand.bootstrap, self.topic, committed=True)
        return f"the lags are {lags}; the last stable offsets stand at {sorted(stable.values())}"


class InnocentDeploy(consumers.PoisonRecord):
    """A deploy of the same application at the same time."""

    name = "innocent-deploy-poison"
    kind: ClassVar[scenario.Kind] = "compound"
    breaks = "A deploy is announced and done while a poison record, its own fault, stops the group."
    doctor: ClassVar[bool] = False
    quick = False

    def inject(self) -> None:
        """A restart of the members, announced; then the record."""
        self.stand.announce("deploy 5.1.0", f"group:{self.group}")
        self.stand.change(self.group, running=False)
        running.wait_members(self.stand.lab, self.group, 0)
        self.stand.change(self.group, running=True)
        self.stand.started(self.group, self.members)
        super().inject()


class InnocentDeployElsewhere(consumers.SlowHandlers):
    """A deploy of a neighbour at the same time."""

    name = "innocent-deploy-elsewhere"
    kind: ClassVar[scenario.Kind] = "compound"
    breaks = "Another reader of the topic is deployed at the moment when this one becomes slow."
    doctor: ClassVar[bool] = False
    quick = False

    def prepare(self) -> None:
        """A neighbour that reads the same topic."""
        super().prepare()
        self.other = self.stand.group(f"neighbour-{self.draw.tag}", self.topic, members=2)
        self.stand.started(self.other, 2)

    def inject(self) -> None:
        """The neighbour restarts, announced; this group becomes slow."""
        self.stand.announce("deploy 1.9", f"group:{self.other}")
        for count in (1, 2):
            self.stand.change(self.other, members=count)
            running.wait_members(self.stand.lab, self.other, count)
        super().inject()


class StoppedUnderBurst(shop.Read):
    """A stopped group and an import on one topic."""

    name = "stopped-under-burst"
    kind: ClassVar[scenario.Kind] = "compound"
    breaks = "An import makes one group lag loudly and drain; another reader of it was shut down."
    within_s: ClassVar[float] = 60.0

    def prepare(self) -> None:
        """Two readers."""
        self.work(
            members=1,
            rate=self.draw.real("rate", 15, 25),
            work_ms=self.draw.real("work_ms", 4, 7),
            fetch_bytes=65_536,
            prefetch=2_000,
        )
        self.other = self.stand.group(f"ledger-sync-{self.draw.tag}", self.topic, members=1)
        self.stand.started(self.other, 1)
        self.stand.caught_up(self.other)

    def roots(self) -> tuple[scenario.Root, ...]:
        """The stopped group; the burst."""
        return (
            scenario.Root(findings=("lag.stopped",), causes=("consumer.stopped",), on=self.other),
            scenario.Root(
                findings=("lag.draining", "lag.growing", "topic.input_surge"),
                causes=("traffic.burst",),
                on=self.draw.tag,
            ),
        )

    def inject(self) -> None:
        """One group leaves, then the records are written."""
        self.stand.change(self.other, running=False)
        running.wait_members(self.stand.lab, self.other, 0)
        self.count = self.draw.whole("records", 6_000, 10_000)
        self.stand.write(self.topic, self.count)

    def confirm(self) -> str:
        """One lag falls, the other does not."""
        top = self.until(
            lambda: self.stand.lag(self.group, self.topic),
            lambda found: found > self.count / 3,
            "a step in the lag",
        )
        self.until(
            lambda: self.stand.lag(self.group, self.topic), lambda now: now < top - 100, "a fall"
        )
        if self.stand.described(self.other).members:
            raise scenario.NotConfirmed(f"{self.other} has members")
        return f"the lag of {self.group} falls from {top}; {self.other} has no members"


MEMBERS: tuple[type[scenario.Scenario], ...] = (
    PoisonBesideSlow,
    StoppedBesideHotKey,
    HungBesideDeleted,
    GhostBesideUnderParallel,
    OpenTransactionStopsMany,
    InnocentDeploy,
    InnocentDeployElsewhere,
    StoppedUnderBurst,
)
