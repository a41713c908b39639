"""Brokers that are away, and a quorum or a cluster that goes with them."""

import abc
import socket
import time
from typing import Any, ClassVar

import confluent_kafka
import kafka
from confluent_kafka import cimpl

from headgate.lab import parts
from headgate.lab.workloads import cluster
from incidents import scenario
from incidents.scenarios import nodes, shop

AWAY = ("broker.down", "broker.fenced", "partition.under_replicated", "partition.under_min_isr")
"""What a broker that is away shows; which of it leads is left to the diagnostician."""
WAITING = (
    "group.commits_frozen",
    "lag.growing",
    "lag.stalled",
    "lag.stopped",
    "rebalance.stuck",
    "rebalance.wave",
    "produce.failing",
    "leader.imbalance",
    "quorum.no_leader",
    "quorum.voter_lagging",
)
"""What groups show that have no coordinator, and a broker that led and voted."""
OFFSETS = "__consumer_offsets"
SETTLED_S = 10.0
"""Until groups have found their coordinator at its new place."""


class Away(shop.Read, abc.ABC):
    """One of three brokers goes while a service writes and a group reads."""

    needs = scenario.Needs(alone=True)
    victim: int
    why: ClassVar[str]

    def prepare(self) -> None:
        """Three copies of each partition; the victim is drawn."""
        self.work(replicas=3)
        self.victim = self.draw.choice("victim", 1, 2, 3)

    def roots(self) -> tuple[scenario.Root, ...]:
        """The broker, whatever else suffers."""
        return (scenario.Root(findings=AWAY, causes=(self.why,), culprit=f"broker:{self.victim}"),)

    def confirm(self) -> str:
        """Kafka no longer counts the broker among its own."""
        self.until(
            lambda: nodes.listed(self.stand.bootstrap),
            lambda found: bool(found) and self.victim not in found,
            f"broker {self.victim} is fenced",
            within_s=40,
        )
        short = sum(
            1
            for each in cluster.partitions(self.stand.bootstrap)
            if self.victim in each.replicas and self.victim not in each.in_sync
        )
        life = self.stand.lab.part(f"broker-{self.victim}").life.value
        return (
            f"Kafka's metadata lacks broker {self.victim} ({life}); "
            f"{short} partitions have one copy less in sync"
        )

    def heal(self) -> None:
        """It is back, in sync, and leads what it should."""
        nodes.restore(self.stand.lab)


class BrokerCrashed(Away):
    """A process is killed."""

    name = "broker-crashed"
    breaks = "A broker's process is killed."
    why = "broker.crashed"

    def inject(self) -> None:
        """SIGKILL."""
        self.stand.lab.kill(f"broker-{self.victim}")


class BrokerStopped(Away):
    """Somebody stops a broker in order and does not start it again."""

    name = "broker-stopped"
    breaks = "A broker is shut down in order, and nobody starts it again."
    why = "broker.planned_stop"

    def inject(self) -> None:
        """SIGTERM."""
        self.stand.lab.terminate(f"broker-{self.victim}")


class BrokerHung(Away):
    """A process stands still; its port still accepts connections."""

    name = "broker-hung"
    breaks = "A broker's process stands still; its machine still accepts connections."
    why = "broker.hung"

    def inject(self) -> None:
        """SIGSTOP."""
        self.stand.lab.pause(f"broker-{self.victim}")

    def confirm(self) -> str:
        """Fenced, and yet it accepts."""
        told = super().confirm()
        port = self.stand.lab.part(f"broker-{self.victim}").port
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return f"{told}; its port still accepts connections"


class LeadersDrifted(Away):
    """A broker was restarted, and its leaders did not come back to it."""

    name = "leaders-drifted"
    breaks = "A broker was restarted; those that prefer it are still led elsewhere."
    why = "leader.drifted"

    def roots(self) -> tuple[scenario.Root, ...]:
        """The leaders; that it was away for some seconds is no wrong word."""
        return (
            scenario.Root(
                findings=("leader.imbalance",), causes=(self.why,), also=(*AWAY, "quorum.no_leader")
            ),
        )

    def inject(self) -> None:
        """Stopped in order, and started."""
        self.stand.lab.terminate(f"broker-{self.victim}")
        self.stand.lab.start(f"broker-{self.victim}")

    def confirm(self) -> str:
        """In sync everywhere, and a leader of none that prefers it."""
        self.until(
            lambda: nodes.in_sync(self.stand.bootstrap), bool, "all are in sync", within_s=40
        )
        moved = [
            f"{each.topic}-{each.number}"
            for each in cluster.partitions(self.stand.bootstrap)
            if each.preferred == self.victim != each.leader
        ]
        if not moved:
            raise scenario.NotConfirmed("all preferred leaders lead")
        return f"{len(moved)} partitions that prefer broker {self.victim} are led elsewhere"


class MinIsrBlocks(Away):
    """A strict setting turns an ordinary stop into an outage of writes."""

    name = "min-isr-blocks-writes"
    breaks = "min.insync.replicas is as high as the replicas; one broker is stopped in order."
    why = "min_isr.too_strict"

    def prepare(self) -> None:
        """The topic is strict on purpose, as somebody has declared."""
        super().prepare()
        self.stand.declare(f"topic:{self.topic}", ["config.min_isr_ge_rf"], "asked for by audit")
        cluster.set_topic_setting(self.stand.bootstrap, self.topic, "min.insync.replicas", "3")

    def roots(self) -> tuple[scenario.Root, ...]:
        """The stop is the trigger, the setting makes an outage of it: either may be said first."""
        return (
            scenario.Root(
                findings=("partition.under_min_isr", "produce.failing"),
                causes=(self.why, "broker.planned_stop"),
                also=AWAY,
            ),
        )

    def inject(self) -> None:
        """SIGTERM."""
        self.stand.lab.terminate(f"broker-{self.victim}")

    def confirm(self) -> str:
        """A write of Kafka's own client that waits for all copies is not acknowledged."""
        told = super().confirm()
        waits: dict[str, Any] = {"acks": "all", "delivery.timeout.ms": 4_000}
        landed = self.stand.write(self.topic, 3, **waits)
        if landed:
            raise scenario.NotConfirmed(f"{landed} of 3 writes with acks=all were taken")
        return f"{told}; 0 of 3 writes with acks=all were taken"


class SingleCopyLost(Away):
    """A topic with one copy goes with its broker."""

    name = "single-copy-lost"
    breaks = "The broker that has the only copy of a topic is killed."
    why = "replica.single_copy"

    def prepare(self) -> None:
        """The hazard is known and accepted; then it strikes."""
        super().prepare()
        name = self.draw.name("sessions", "scratch", "thumbnails")
        self.stand.declare(f"topic:{name}", ["config.rf_one"], "can be made anew")
        self.single = nodes.placed(
            self.stand, name, [[self.victim]] * self.draw.whole("singles", 1, 4)
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """It is offline since its broker is dead, and has no other copy: both explain it."""
        return (
            scenario.Root(
                findings=("partition.offline",), causes=(self.why, "broker.crashed"), also=AWAY
            ),
        )

    def inject(self) -> None:
        """SIGKILL."""
        self.stand.lab.kill(f"broker-{self.victim}")

    def confirm(self) -> str:
        """Kafka names no leader of it."""
        told = super().confirm()
        found = self.until(
            lambda: [
                each.leader
                for each in cluster.partitions(self.stand.bootstrap)
                if each.topic == self.single
            ],
            lambda leaders: set(leaders) == {-1},
            f"{self.single} has no leader",
        )
        return f"{told}; {len(found)} partitions of {self.single} have no leader"


class CoordinatorLost(Away):
    """The only copy of all commits goes with a broker."""

    name = "coordinator-lost"
    breaks = (
        "All commits have one copy, as on a cluster of one broker; its broker is killed or hangs."
    )
    spoils = True
    within_s = 60.0

    def prepare(self) -> None:
        """Groups at work; the offsets topic was never given more copies."""
        super().prepare()
        self.stand.declare(f"topic:{OFFSETS}", ["config.rf_one"], "it was one broker once")
        places = {
            kafka.TopicPartition(OFFSETS, each.number): [self.victim] for each in self.offsets()
        }
        with nodes.tool(self.stand.bootstrap) as desk:
            desk.alter_partition_reassignments(places)
        self.until(
            lambda: {each.replicas for each in self.offsets()},
            lambda found: found == {(self.victim,)},
            "one copy of all commits",
            within_s=60,
        )
        self.stand.caught_up(self.group, lag=int(self.rate * 3) + 20)
        time.sleep(SETTLED_S)

    def offsets(self) -> list[cluster.Partition]:
        """The partitions in which commits are kept."""
        return [each for each in cluster.partitions(self.stand.bootstrap) if each.topic == OFFSETS]

    def roots(self) -> tuple[scenario.Root, ...]:
        """The broker, and that there is no other copy: both explain it."""
        return (
            scenario.Root(
                findings=("partition.offline", "group.coordinator_unavailable", *AWAY),
                causes=("broker.crashed", "broker.hung", "replica.single_copy"),
                also=(*AWAY, *WAITING),
            ),
        )

    def inject(self) -> None:
        """SIGKILL, or SIGSTOP."""
        if self.draw.either("how", "killed", "frozen") == "killed":
            self.stand.lab.kill(f"broker-{self.victim}")
        else:
            self.stand.lab.pause(f"broker-{self.victim}")

    def confirm(self) -> str:
        """Kafka has no coordinator for the group, by its own client."""
        told = super().confirm()
        self.until(
            lambda: self.stand.described(self.group).state,
            lambda state: not state,
            f"nobody answers for {self.group}",
        )
        return f"{told}; no coordinator answers for {self.group}"


class QuorumLost(shop.Read):
    """Two of three controllers stand still or are gone."""

    name = "quorum-majority-lost"
    breaks = "Two of three controllers are away: nothing can be elected, created or changed."
    needs = scenario.Needs(alone=True)

    def prepare(self) -> None:
        """A cluster at work; one node is to stay."""
        self.work(replicas=3)
        self.stays = self.draw.choice("stays", 1, 2, 3)
        self.how_gone = self.draw.either("how", "frozen", "killed")

    def roots(self) -> tuple[scenario.Root, ...]:
        """The quorum comes first."""
        return (
            scenario.Root(
                findings=("quorum.no_leader",), causes=("quorum.majority_lost",), also=AWAY
            ),
        )

    def inject(self) -> None:
        """Both at once."""
        for number in {1, 2, 3} - {self.stays}:
            if self.how_gone == "frozen":
                self.stand.lab.pause(f"broker-{number}")
            else:
                self.stand.lab.kill(f"broker-{number}")

    def confirm(self) -> str:
        """The node that is left cannot create a topic."""
        alone = f"127.0.0.1:{self.stand.lab.part(f'broker-{self.stays}').port}"
        desk = cluster.client(alone)
        asked = cimpl.NewTopic(f"proof-{self.draw.tag}", 1, 1)
        try:
            desk.create_topics([asked], request_timeout=6, validate_only=True)[asked.topic].result()
        except confluent_kafka.KafkaException as error:
            told = error.args[0].name()
            return f"two controllers are {self.how_gone}; creating a topic ends with {told}"
        raise scenario.NotConfirmed("a topic could be created")

    def heal(self) -> None:
        """Both are back."""
        nodes.restore(self.stand.lab)


class Unreachable(shop.Read):
    """Nobody answers."""

    name = "cluster-unreachable"
    breaks = "All brokers are away at once: killed, or frozen with their ports open."
    needs = scenario.Needs(alone=True)
    doctor: ClassVar[bool] = False  # it says so on its error output, and reports nothing

    def prepare(self) -> None:
        """A cluster at work."""
        self.work(replicas=3)
        self.how_gone = self.draw.either("how", "killed", "frozen")

    def roots(self) -> tuple[scenario.Root, ...]:
        """What its ports say is all that can be seen."""
        why = {"killed": "broker.crashed", "frozen": "broker.hung"}[self.how_gone]
        return (scenario.Root(findings=("cluster.unreachable",), causes=(why,), also=AWAY),)

    def inject(self) -> None:
        """All at once."""
        for each in self.stand.lab.brokers:
            if self.how_gone == "frozen":
                self.stand.lab.pause(each.name)
            else:
                self.stand.lab.kill(each.name)

    def confirm(self) -> str:
        """Kafka's own client gets no answer."""
        if found := nodes.listed(self.stand.bootstrap):
            raise scenario.NotConfirmed(f"brokers {sorted(found)} answer")
        lives = {each.life for each in self.stand.lab.brokers}
        if parts.Life.RUNNING in lives:
            raise scenario.NotConfirmed("a broker runs")
        return f"all brokers are {self.how_gone}; Kafka's own client gets no answer"

    def heal(self) -> None:
        """All are back."""
        for each in self.stand.lab.brokers:
            self._begin(each)
        nodes.restore(self.stand.lab)

    def _begin(self, each: parts.Part) -> None:
        """Started without waiting: one alone has no quorum to join."""
        try:
            self.stand.lab.start(each.name, timeout_s=0.5)
        except Exception:  # noqa: BLE001 - it is waited for afterwards
            return


MEMBERS: tuple[type[scenario.Scenario], ...] = (
    BrokerCrashed,
    BrokerStopped,
    BrokerHung,
    LeadersDrifted,
    MinIsrBlocks,
    SingleCopyLost,
    CoordinatorLost,
    QuorumLost,
    Unreachable,
)
