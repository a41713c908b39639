"""Settings that hurt nobody today."""

from headgate.lab.workloads import cluster
from incidents import scenario
from incidents.scenarios import shop


class SingleCopy(scenario.Scenario):
    """Somebody makes a topic with one replica."""

    name = "single-copy"
    breaks = "A topic is created with replication factor 1."
    quick = True

    def prepare(self) -> None:
        """A cluster that could hold three copies."""
        self.topic = self.draw.name("export", "returns", "staging-orders")
        self.stand.own(self.topic)

    def roots(self) -> tuple[scenario.Root, ...]:
        """Each partition has one copy."""
        return (
            scenario.Root(
                findings=("config.rf_one",), causes=("replica.single_copy",), on=self.topic
            ),
        )

    def inject(self) -> None:
        """The topic is created."""
        self.stand.topic(self.topic, self.draw.whole("partitions", 1, 4), 1)

    def confirm(self) -> str:
        """Kafka's own client lists one replica."""
        found = self.until(
            lambda: [
                each.replicas
                for each in cluster.partitions(self.stand.bootstrap)
                if each.topic == self.topic
            ],
            bool,
            "the topic is listed",
        )
        return f"Kafka lists the replicas {found}"


class Setting(shop.Read):
    """Somebody changes one setting of a topic that is in use."""

    setting: str
    value: str

    def inject(self) -> None:
        """The setting is changed."""
        cluster.set_topic_setting(self.stand.bootstrap, self.topic, self.setting, self.value)

    def confirm(self) -> str:
        """Kafka's own client reads it."""
        self.until(
            lambda: cluster.topic_setting(self.stand.bootstrap, self.topic, self.setting),
            lambda found: found == self.value,
            f"{self.setting} is {self.value}",
        )
        return f"Kafka describes {self.setting}={self.value} on the topic"


class MinIsrTooStrict(Setting):
    """No broker may stop any more."""

    name = "min-isr-too-strict"
    breaks = "min.insync.replicas is set as high as the number of replicas, or higher."
    within_s = 90.0

    def prepare(self) -> None:
        """A topic in use."""
        self.work(replicas=3)
        self.setting = "min.insync.replicas"
        self.value = self.draw.either("value", "3", "3")

    def roots(self) -> tuple[scenario.Root, ...]:
        """One stop blocks writes."""
        return (
            scenario.Root(
                findings=("config.min_isr_ge_rf",), causes=("min_isr.too_strict",), on=self.topic
            ),
        )


class UncleanElection(Setting):
    """Somebody prefers availability to data."""

    name = "unclean-election-allowed"
    breaks = "unclean.leader.election.enable is set to true on a topic."
    within_s = 90.0

    def prepare(self) -> None:
        """A topic in use."""
        self.work()
        self.setting = "unclean.leader.election.enable"
        self.value = "true"

    def roots(self) -> tuple[scenario.Root, ...]:
        """Data may be lost at the next election."""
        return (
            scenario.Root(
                findings=("config.unclean_election",),
                causes=("config.set_explicitly", "config.changed"),
                on=self.topic,
            ),
        )


class RetentionCut(Setting):
    """Somebody saves disk space while a reader is far behind."""

    name = "retention-cut"
    breaks = "A topic's retention is cut below the lag of a group that reads it."
    within_s = 90.0

    def prepare(self) -> None:
        """A reader that is deliberately some time behind."""
        delay_s = self.draw.whole("delay_s", 20, 30)
        self.work(members=1, rate=self.draw.real("rate", 8, 12), delay_s=delay_s, behind=True)
        self.setting = "retention.ms"
        self.value = str(int(delay_s * 1_000 * self.draw.real("share", 1.2, 1.6)))

    def roots(self) -> tuple[scenario.Root, ...]:
        """Soon its records are deleted before it reads them."""
        return (
            scenario.Root(
                findings=("config.retention_short", "lag.near_retention"),
                causes=("config.changed", "retention.outran"),
                on=self.draw.tag,
                also=("lag.near_retention", "config.retention_short"),
            ),
        )


MEMBERS: tuple[type[scenario.Scenario], ...] = (
    SingleCopy,
    MinIsrTooStrict,
    UncleanElection,
    RetentionCut,
)
