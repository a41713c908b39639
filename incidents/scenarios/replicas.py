"""Replicas that are lost, lag, lie on the wrong brokers, or are not copied."""

import time
from typing import ClassVar

import confluent_kafka
import kafka

from headgate.lab.workloads import cluster
from incidents import scenario
from incidents.scenarios import brokers, nodes, shop

ALONE = scenario.Needs(alone=True)
UNCLEAN = 1
"""Kafka's number of that kind of election."""
RATES = ("leader.replication.throttled.rate", "follower.replication.throttled.rate")
LISTS = ("leader.replication.throttled.replicas", "follower.replication.throttled.replicas")


BESIDE = (
    *brokers.AWAY,
    "partition.at_min_isr",
    "leader.imbalance",
    "quorum.no_leader",
    "quorum.voter_lagging",
    "rebalance.wave",
)
"""What a broker that stands still for a while shows, too; it may have led the quorum, and
coordinated others' groups."""
SEEN_S = 12.0
"""What was there for so long, anybody who looks now and then has seen; while a broker stands still,
one look can take five seconds."""
SETTLED_S = 20.0
"""So long writers and the brokers' counters speak of restarts that were part of preparing."""


class NoSafeLeader(scenario.Scenario):
    """The only replica that has everything is gone; the other one is back, but lacks records."""

    name = "no-safe-leader"
    breaks = "A leader dies while its only follower is behind; the follower comes back alone."
    needs = ALONE

    def prepare(self) -> None:
        """Two copies, both in sync."""
        self.first, self.second = self.draw.choice("pair", (1, 2), (2, 3), (3, 1), (2, 1))
        self.topic = nodes.placed(
            self.stand,
            self.draw.name(*shop.TOPICS),
            [[self.first, self.second]] * self.draw.whole("partitions", 1, 3),
            min_insync_replicas=1,
        )
        self.stand.write(self.topic, 60)

    def roots(self) -> tuple[scenario.Root, ...]:
        """There is a live replica that may not lead, since the other one died: both are right."""
        return (
            scenario.Root(
                findings=("partition.offline",),
                causes=("replica.no_safe_leader", "broker.crashed"),
                also=BESIDE,
            ),
        )

    def inject(self) -> None:
        """The follower freezes, the leader writes on alone and is killed, the follower is back."""
        lab = self.stand.lab
        lab.pause(f"broker-{self.second}")
        self.until(
            lambda: {each.in_sync for each in self.now()},
            lambda found: found == {(self.first,)},
            "the follower is out of sync",
            within_s=20,
        )
        self.written = self.stand.write(self.topic, self.draw.whole("only_there", 100, 300))
        time.sleep(SEEN_S)
        lab.kill(f"broker-{self.first}")
        lab.resume(f"broker-{self.second}")

    def now(self) -> list[cluster.Partition]:
        """The topic's partitions, as Kafka lists them."""
        try:
            found = cluster.partitions(self.stand.bootstrap)
        except confluent_kafka.KafkaException:
            return []
        return [each for each in found if each.topic == self.topic]

    def confirm(self) -> str:
        """No leader, though one of its brokers is alive."""
        self.until(
            lambda: {each.leader for each in self.now()},
            lambda found: found == {-1},
            "no leader",
            within_s=40,
        )
        alive = self.until(
            lambda: nodes.listed(self.stand.bootstrap),
            lambda found: self.second in found,
            f"broker {self.second} is back",
            within_s=30,
        )
        return (
            f"{self.topic} has no leader though broker {self.second} of {sorted(alive)} is alive; "
            f"{self.written} records are only on broker {self.first}"
        )

    def heal(self) -> None:
        """The one that has everything is back."""
        nodes.restore(self.stand.lab)


class UncleanElection(NoSafeLeader):
    """Somebody elects the replica that lacks records."""

    name = "unclean-election"
    breaks = "The replica that lacks records is made leader by hand: acknowledged ones are lost."
    within_s = 30.0
    claims: ClassVar[tuple[str, ...]] = ()

    def roots(self) -> tuple[scenario.Root, ...]:
        """Records are gone."""
        return (
            scenario.Root(
                findings=("partition.truncated",),
                causes=("election.unclean",),
                also=("partition.offline", "produce.failing", *BESIDE),
            ),
        )

    def inject(self) -> None:
        """First there is no safe leader; then an operator prefers a leader to the records."""
        super().inject()
        super().confirm()
        time.sleep(4)
        port = self.stand.lab.part(f"broker-{self.second}").port
        with nodes.tool(f"127.0.0.1:{port}") as desk:
            desk.elect_leaders(UNCLEAN, {self.topic: [each.number for each in self.now()]})

    def confirm(self) -> str:
        """Fewer records than were acknowledged."""
        self.until(
            lambda: {each.leader for each in self.now()},
            lambda found: found == {self.second},
            f"broker {self.second} leads",
        )
        left = sum(cluster.ends(self.stand.bootstrap, self.topic).values())
        if left >= 60 + self.written:
            raise scenario.NotConfirmed(f"all {left} records are there")
        return f"{60 + self.written} records were acknowledged, {left} are left"


class FollowerComesAndGoes(shop.Read):
    """A broker pauses again and again, as with long garbage collections."""

    name = "follower-comes-and-goes"
    breaks = "A follower stands still for seconds, again and again; it leaves the ISR and returns."
    needs = ALONE
    spoils = True
    within_s = 50.0

    def prepare(self) -> None:
        """A cluster that takes a replica out of sync sooner than it fences its broker."""
        lab = self.stand.lab
        for number in (1, 2, 3):
            nodes.rewrite(lab, number, {"replica.lag.time.max.ms": 1_500})
        nodes.restart(lab, 1, 2, 3)
        self.work(replicas=3, rate=self.draw.real("rate", 30, 45))
        time.sleep(SETTLED_S)
        self.victim = self.draw.choice("victim", 1, 2, 3)

    def roots(self) -> tuple[scenario.Root, ...]:
        """It is there, and does not keep up."""
        return (
            scenario.Root(
                findings=("isr.flapping",),
                causes=("follower.slow", "broker.hung", "jvm.memory_pressure"),
                culprit=f"broker:{self.victim}",
                also=BESIDE,
            ),
        )

    def inject(self) -> None:
        """It stands, runs, stands."""
        self.pulses = nodes.Pulses(
            self.stand.lab,
            self.victim,
            stands_s=self.draw.real("stands_s", 2.8, 3.6),
            runs_s=self.draw.real("runs_s", 1.6, 2.4),
        )
        self.stand.later(self.pulses.end)

    def confirm(self) -> str:
        """Kafka's metadata shows it out of sync and in sync by turns."""
        states: list[bool] = []
        end = time.monotonic() + 25
        while time.monotonic() < end and states.count(False) < 3:
            short = any(
                self.victim in each.replicas and self.victim not in each.in_sync
                for each in cluster.partitions(self.stand.bootstrap)
            )
            if not states or states[-1] != short:
                states.append(short)
            time.sleep(0.3)
        if states.count(True) < 2:
            raise scenario.NotConfirmed(f"the in-sync replicas did not come and go: {states}")
        return f"broker {self.victim} left the in-sync replicas {states.count(True)} times"

    def heal(self) -> None:
        """It runs on."""
        self.pulses.end()


class RackViolation(scenario.Scenario):
    """Two copies in one rack."""

    name = "rack-violation"
    breaks = "A topic is placed by hand with both copies in one rack, though there are two."
    needs = ALONE
    spoils = True

    def prepare(self) -> None:
        """Brokers 2 and 3, or 1 and 2, stand in one rack."""
        self.pair = self.draw.either("pair", (2, 3), (1, 2))
        nodes.rewrite(self.stand.lab, self.pair[1], {"broker.rack": f"rack-{self.pair[0]}"})
        nodes.restart(self.stand.lab, self.pair[1])
        self.topic = self.draw.name(*shop.TOPICS)

    def roots(self) -> tuple[scenario.Root, ...]:
        """One rack's end takes both."""
        return (
            scenario.Root(
                findings=("placement.rack_violation",), causes=("placement.uneven",), on=self.topic
            ),
        )

    def inject(self) -> None:
        """The topic is created."""
        count = self.draw.whole("partitions", 1, 5)
        nodes.placed(self.stand, self.topic, [list(self.pair)] * count)

    def confirm(self) -> str:
        """Kafka names the racks of both."""
        with nodes.tool(self.stand.bootstrap) as desk:
            told = desk.describe_cluster()["brokers"]
        racks = {each["broker_id"]: each["rack"] for each in told}
        if len({racks[each] for each in self.pair}) != 1 or len(set(racks.values())) != 2:
            raise scenario.NotConfirmed(f"the racks are {racks}")
        return f"its copies are on brokers {self.pair}; the racks are {racks}"


class ThrottleForgotten(shop.Read):
    """A move is over; its throttle is still there."""

    name = "throttle-forgotten"
    breaks = "Somebody moved partitions and forgot to take the replication throttle away."
    within_s = 100.0
    claims = ("throttle.leftover",)

    def prepare(self) -> None:
        """A topic in use."""
        self.work(replicas=3)
        self.throttled = self.draw.either("brokers", (1, 2, 3), (self.draw.choice("one", 1, 2, 3),))

    def roots(self) -> tuple[scenario.Root, ...]:
        """Nobody knows whose it is."""
        return (scenario.Root(findings=("throttle.leftover",), causes=("throttle.foreign",)),)

    def inject(self) -> None:
        """The rate on the brokers, and the list on the topic."""
        rate = str(self.draw.whole("rate_kib", 2_000, 20_000) * 1024)
        for number in self.throttled:
            nodes.set_broker(self.stand.bootstrap, number, dict.fromkeys(RATES, rate))
        for name in LISTS:
            cluster.set_topic_setting(self.stand.bootstrap, self.topic, name, "*")

    def confirm(self) -> str:
        """Kafka describes it, and moves nothing."""
        with nodes.tool(self.stand.bootstrap) as desk:
            moving = desk.list_partition_reassignments()
        if moving:
            raise scenario.NotConfirmed(f"something is being moved: {moving}")
        listed = cluster.topic_setting(self.stand.bootstrap, self.topic, LISTS[0])
        return f"{LISTS[0]}={listed} on the topic; Kafka lists no reassignment"

    def heal(self) -> None:
        """No throttle on any broker."""
        for number in self.throttled:
            nodes.set_broker(self.stand.bootstrap, number, dict.fromkeys(RATES))


class Move(scenario.Scenario):
    """One copy of a topic with some data is to go to another broker."""

    def filled(self, least: int = 8, most: int = 20) -> None:
        """Copies on brokers a and b, of so many mebibytes; c is the target."""
        order = self.draw.choice("order", (1, 2, 3), (2, 3, 1), (3, 1, 2))
        self.leader, self.follower, self.target = order
        self.topic = nodes.placed(
            self.stand,
            self.draw.name(*shop.TOPICS),
            [[self.leader, self.follower]] * self.draw.whole("partitions", 1, 3),
        )
        mebibytes = self.draw.whole("mebibytes", least, most)
        self.stand.write(self.topic, mebibytes * 52, size=20_000)

    def move(self) -> None:
        """It is asked for, as an operator's tool does."""
        with nodes.tool(self.stand.bootstrap) as desk:
            desk.alter_partition_reassignments(
                {
                    kafka.TopicPartition(self.topic, each.number): [self.leader, self.target]
                    for each in cluster.partitions(self.stand.bootstrap)
                    if each.topic == self.topic
                }
            )

    def confirm(self) -> str:
        """It is listed still, and the target has less than the leader."""
        time.sleep(4)
        with nodes.tool(self.stand.bootstrap) as desk:
            moving = desk.list_partition_reassignments()
        if not moving:
            raise scenario.NotConfirmed("no reassignment is listed")
        out = [
            f"{each.topic}-{each.number}"
            for each in cluster.partitions(self.stand.bootstrap)
            if each.topic == self.topic and self.target not in each.in_sync
        ]
        if not out:
            raise scenario.NotConfirmed("the target is in sync")
        return f"Kafka lists the reassignment; broker {self.target} is not in sync for {out}"

    def cancel(self) -> None:
        """The move is taken back."""
        with nodes.tool(self.stand.bootstrap) as desk:
            found = desk.list_partition_reassignments()
            if found:
                desk.alter_partition_reassignments(
                    {
                        kafka.TopicPartition(self.topic, each.number): None
                        for each in cluster.partitions(self.stand.bootstrap)
                        if each.topic == self.topic
                    }
                )


class MoveThrottled(Move):
    """The throttle is so low that the copy never ends."""

    name = "move-throttled"
    breaks = "Partitions are moved with a replication throttle that lets next to nothing through."
    within_s = 90.0
    needs = ALONE

    def prepare(self) -> None:
        """So much data that it is not copied though each answer may exceed the throttle."""
        self.filled(60, 90)

    def roots(self) -> tuple[scenario.Root, ...]:
        """The throttle."""
        return (
            scenario.Root(
                findings=("reassignment.stuck",),
                causes=("reassignment.throttle_low",),
                on=self.draw.tag,
                also=("partition.under_replicated",),
            ),
        )

    def inject(self) -> None:
        """The throttle first, then the move."""
        rate = str(self.draw.whole("rate", 5_000, 40_000))
        for number in (1, 2, 3):
            nodes.set_broker(self.stand.bootstrap, number, dict.fromkeys(RATES, rate))
        for name in LISTS:
            cluster.set_topic_setting(self.stand.bootstrap, self.topic, name, "*")
        self.move()

    def heal(self) -> None:
        """No move, no throttle."""
        self.cancel()
        for number in (1, 2, 3):
            nodes.set_broker(self.stand.bootstrap, number, dict.fromkeys(RATES))


class MoveToDead(Move):
    """The target is away."""

    name = "move-to-dead-broker"
    breaks = "Partitions are being moved to a broker that is killed before they are copied."
    within_s = 70.0
    needs = ALONE

    def prepare(self) -> None:
        """A topic with some data."""
        self.filled()

    def roots(self) -> tuple[scenario.Root, ...]:
        """One dead broker explains both."""
        return (
            scenario.Root(
                findings=("reassignment.stuck",),
                causes=("reassignment.target_unavailable", "broker.crashed"),
                also=brokers.AWAY,
            ),
        )

    def inject(self) -> None:
        """It dies; Kafka takes the move all the same."""
        self.stand.lab.kill(f"broker-{self.target}")
        alive = [each.port for each in self.stand.lab.brokers if each.id != self.target]
        self.until(
            lambda: nodes.listed(self.stand.bootstrap),
            lambda found: bool(found) and self.target not in found,
            "the target is fenced",
            within_s=30,
        )
        with nodes.tool(",".join(f"127.0.0.1:{port}" for port in alive)) as desk:
            desk.alter_partition_reassignments(
                {
                    kafka.TopicPartition(self.topic, each.number): [self.leader, self.target]
                    for each in cluster.partitions(self.stand.bootstrap)
                    if each.topic == self.topic
                }
            )

    def heal(self) -> None:
        """It is back, and the move is taken back."""
        nodes.restore(self.stand.lab)
        self.cancel()


MEMBERS: tuple[type[scenario.Scenario], ...] = (
    NoSafeLeader,
    UncleanElection,
    FollowerComesAndGoes,
    RackViolation,
    ThrottleForgotten,
    MoveThrottled,
    MoveToDead,
)
