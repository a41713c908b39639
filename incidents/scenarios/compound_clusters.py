"""Two roots at once, and roots that are quieter than what they bring about: brokers and sinks."""

import time
from typing import ClassVar

from headgate.lab.workloads import running
from incidents import scenario
from incidents.scenarios import brokers, compound, consumers, pipelines, shop, sinks


class CrashBesidePoison(compound.Compound):
    """A dead broker, and a record that has nothing to do with it."""

    name = "crash-beside-poison"
    breaks = "A broker is killed; a few seconds later an unrelated poison record stops a group."
    needs = scenario.Needs(alone=True)
    within_s = 60.0
    parts = (brokers.BrokerCrashed, consumers.PoisonRecord)
    apart_s = 8.0


class HungBrokerStopsMany(brokers.BrokerHung):
    """One broker, many partitions and groups."""

    name = "hung-broker-stops-many"
    kind: ClassVar[scenario.Kind] = "compound"
    breaks = "One broker hangs: 36 partitions lose a copy and four groups lag, louder than it."
    within_s = 60.0

    def prepare(self) -> None:
        """Four topics, each with a writer and a reader."""
        self.victim = self.draw.choice("victim", 1, 2, 3)
        for place, name in enumerate(("orders", "payments", "visits", "stock")):
            topic = self.stand.topic(f"{name}-{self.draw.tag}", 9)
            self.stand.producer(f"{name}-writer-{self.draw.tag}", topic, 12)
            group = self.stand.group(f"{name}-reader-{self.draw.tag}", topic, members=1 + place % 2)
            self.stand.started(group, 1 + place % 2)


class OutageStopsMany(sinks.Sink):
    """One database, three sinks."""

    name = "outage-stops-many"
    kind: ClassVar[scenario.Kind] = "compound"
    breaks = "One database is away: three sinks fail and their groups lag; it says nothing itself."
    within_s = 60.0

    def prepare(self) -> None:
        """Three pipelines into one database, through one port."""
        self.acting = [
            pipelines.DownstreamDown(stand=self.stand, draw=self.draw.part(place))
            for place in range(3)
        ]
        first = self.acting[0]
        for each in self.acting:
            each.work()
        for each in self.acting[1:]:
            each.config["connection.url"] = first.config["connection.url"]
            each.put()
        self.tunnel = first.tunnel
        time.sleep(4)

    def roots(self) -> tuple[scenario.Root, ...]:
        """One root."""
        return (
            scenario.Root(
                findings=(*sinks.FAILED, "connect.restart_loop"), causes=("downstream.outage",)
            ),
        )

    def inject(self) -> None:
        """The port refuses."""
        self.tunnel.close()

    def confirm(self) -> str:
        """Connect's own word of all three."""
        for each in self.acting:
            self.until(each.task_states, lambda found: found == ["FAILED"], "it failed")
        return f"Connect says FAILED of {', '.join(each.connector for each in self.acting)}"


class DeployBesideCrash(shop.Read):
    """An announced deploy of a group, and a broker that dies of its own."""

    name = "deploy-beside-crash"
    kind: ClassVar[scenario.Kind] = "compound"
    breaks = "A group is deployed, announced, at the moment when a broker is killed."
    needs = scenario.Needs(alone=True)
    doctor: ClassVar[bool] = False
    within_s = 50.0

    def prepare(self) -> None:
        """A group at work."""
        self.crash = brokers.BrokerCrashed(stand=self.stand, draw=self.draw.part(0))
        self.crash.prepare()
        self.group = self.crash.group

    def roots(self) -> tuple[scenario.Root, ...]:
        """The broker; the deploy is innocent."""
        return self.crash.roots()

    def inject(self) -> None:
        """The deploy, and in the middle of it the crash."""
        self.stand.announce("deploy 2.14.0", f"group:{self.group}")
        self.stand.change(self.group, running=False)
        running.wait_members(self.stand.lab, self.group, 0)
        self.crash.inject()
        self.stand.change(self.group, running=True)

    def confirm(self) -> str:
        """As of every dead broker."""
        return self.crash.confirm()

    def heal(self) -> None:
        """As of every dead broker."""
        self.crash.heal()


class PoisonSinkBesideBlocked(compound.Compound):
    """Two sinks, two faults."""

    name = "sink-poison-beside-blocked"
    breaks = "One sink fails at a record; the table of another is locked, and it merely stands."
    needs = sinks.PIPES
    within_s = 60.0
    parts = (pipelines.SinkPoison, pipelines.SinkBlocked)


MEMBERS: tuple[type[scenario.Scenario], ...] = (
    CrashBesidePoison,
    HungBrokerStopsMany,
    OutageStopsMany,
    DeployBesideCrash,
    PoisonSinkBesideBlocked,
)
