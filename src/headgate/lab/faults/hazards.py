"""Hazards: settings that hurt nobody today and will on the day a broker stops."""

import dataclasses
from typing import ClassVar

from headgate.lab import lab as lab_
from headgate.lab.faults import interface
from headgate.lab.faults.interface import option
from headgate.lab.workloads import cluster

_MIN_ISR = "min.insync.replicas"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RfOneTopic(interface.Fault):
    """Somebody made a topic with a single copy."""

    name: ClassVar[str] = "rf-one-topic"
    does: ClassVar[str] = "Creates a topic with replication factor 1."
    seen: ClassVar[str] = (
        "At once: each partition has one replica; it goes offline with its broker."
    )
    heals: ClassVar[str] = "The topic is deleted."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("config.rf_one",), causes=("replica.single_copy",)
    )

    topic: str = option("returns.export", "name of the new topic")
    partitions: int = option(2, "number of partitions")

    @property
    def target(self) -> str:
        """The topic."""
        return self.topic

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Create the topic."""
        new = cluster.Topic(name=self.topic, partitions=self.partitions, replicas=1)
        if not cluster.create_topics(lab.bootstrap, [new]):
            raise interface.BadParameter(
                f"Topic {self.topic} exists.", next_step="Name one that does not."
            )
        return interface.Broken(
            did=(f"{self.topic} was created with {self.partitions} partitions of one replica.",)
        )

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:  # noqa: ARG002 - nothing saved
        """Delete the topic."""
        if cluster.delete_topic(lab.bootstrap, self.topic):
            return (f"{self.topic} was deleted.",)
        return (f"{self.topic} is gone already.",)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MinIsrTooHigh(interface.Fault):
    """Somebody set min.insync.replicas as high as the number of replicas."""

    name: ClassVar[str] = "min-isr-too-high"
    does: ClassVar[str] = "Sets a topic's min.insync.replicas equal to its replicas."
    seen: ClassVar[str] = (
        "At once in the topic's configuration; the next stop of any broker, even a planned one, "
        "blocks acks=all writes to it."
    )
    heals: ClassVar[str] = "The value is as before."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("config.min_isr_ge_rf",), causes=("min_isr.too_strict",)
    )

    topic: str = option("shipments", "topic")

    @property
    def target(self) -> str:
        """The topic."""
        return self.topic

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Raise the value."""
        found = [each for each in cluster.partitions(lab.bootstrap) if each.topic == self.topic]
        if not found:
            raise interface.BadParameter(f"There is no topic {self.topic}.")
        replicas = min(len(each.replicas) for each in found)
        before = cluster.topic_setting(lab.bootstrap, self.topic, _MIN_ISR)
        cluster.set_topic_setting(lab.bootstrap, self.topic, _MIN_ISR, str(replicas))
        return interface.Broken(
            did=(f"{self.topic}: {_MIN_ISR} is {replicas}, as many as its replicas.",),
            saved={"before": before or ""},
        )

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:
        """Put the value back, or remove it where it was not set on the topic."""
        before = saved["before"] or None
        cluster.set_topic_setting(lab.bootstrap, self.topic, _MIN_ISR, before)
        value = f"is {before} again" if before else "is not set on the topic any more"
        return (f"{self.topic}: {_MIN_ISR} {value}.",)


MEMBERS: tuple[type[interface.Fault], ...] = (RfOneTopic, MinIsrTooHigh)
