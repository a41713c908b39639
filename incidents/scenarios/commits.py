"""Commits that were moved, lost, or overtaken by the log."""

import time
from typing import ClassVar

import confluent_kafka

from headgate.lab.workloads import cluster, running
from incidents import scenario
from incidents.scenarios import shop


class Stopped(shop.Read):
    """A group that is stopped for a moment, as one does before its commits are touched."""

    def work_long(self) -> None:
        """Who is set back needs a while to get through the log's history again: one that is through
        within a second leaves no trace in any look.
        """
        self.work(
            rate=self.draw.real("rate", 20, 40),
            work_ms=self.draw.real("work_ms", 10, 15),
            prefetch=500,
        )
        self.stand.write(self.topic, self.draw.whole("history", 600, 1_000), size=60)
        self.stand.caught_up(self.group, within_s=90)
        time.sleep(12)  # so that no window holds the catching up

    def stop(self) -> None:
        """The group has no members."""
        self.stand.change(self.group, running=False)
        running.wait_members(self.stand.lab, self.group, 0)
        cluster.until(
            lambda found: not found.members,
            lambda: self.stand.described(self.group),
            within_s=20,
            what="an empty group",
        )

    def start(self) -> None:
        """The members are told to come back."""
        self.stand.change(self.group, running=True)


class RewoundByOperator(Stopped):
    """Somebody resets the group to read the day again."""

    name = "rewound-by-operator"
    breaks = "Somebody sets a stopped group's commits back and starts it again."
    quick = True

    def prepare(self) -> None:
        """A log with some history."""
        self.work_long()

    def roots(self) -> tuple[scenario.Root, ...]:
        """All partitions go back at once."""
        return (
            scenario.Root(
                findings=("lag.rewound",), causes=("offset.moved_by_operator",), on=self.group
            ),
        )

    def inject(self) -> None:
        """The commits are set to the log's start, or a way before where they stood."""
        self.stop()
        far = self.draw.either("to", "earliest", "back")
        self.before = cluster.committed(self.stand.bootstrap, self.group)
        for (topic, partition), offset in self.before.items():
            target = 0 if far == "earliest" else max(0, offset - 300)
            cluster.move_commit(self.stand.bootstrap, self.group, topic, partition, target)
        self.after = self.until(
            lambda: cluster.committed(self.stand.bootstrap, self.group),
            lambda now: all(now.get(each, was) < was for each, was in self.before.items() if was),
            "lower commits",
        )
        self.start()

    def confirm(self) -> str:
        """Kafka's own client read lower commits than before, while the group was still stopped: a
        busy machine may come to ask only when it has read all of it again.
        """
        if not self.before:
            raise scenario.NotConfirmed("the group had no commits")
        return f"commits went from {sum(self.before.values())} to {sum(self.after.values())} in all"


class RecordsDeleted(Stopped):
    """Somebody deletes records that were not read yet."""

    name = "records-deleted"
    breaks = "DeleteRecords takes records away that a group has not read."
    quick = True

    def prepare(self) -> None:
        """A reader that refuses to guess where to go on."""
        self.work(rate=self.draw.real("rate", 30, 50), reset="error")

    def roots(self) -> tuple[scenario.Root, ...]:
        """The commit is below the log's start."""
        return (
            scenario.Root(
                findings=("group.offset_out_of_range",), causes=("records.deleted",), on=self.group
            ),
        )

    def inject(self) -> None:
        """While the group is down for some seconds, the records are deleted."""
        self.stop()
        lag = self.draw.whole("lag", 150, 250)
        self.until(
            lambda: self.stand.lag(self.group, self.topic),
            lambda found: found > lag,
            "some lag",
        )
        ends = cluster.ends(self.stand.bootstrap, self.topic)
        kafka = cluster.client(self.stand.bootstrap)
        asked = [
            confluent_kafka.TopicPartition(self.topic, number, max(0, end - 5))
            for number, end in ends.items()
        ]
        for future in kafka.delete_records(asked).values():
            future.result()
        self.kept = {number: max(0, end - 5) for number, end in ends.items()}
        self.start()

    def confirm(self) -> str:
        """The commit is below what Kafka's own client was told of the log's start."""

        def below() -> list[int]:
            done = cluster.committed(self.stand.bootstrap, self.group)
            return [n for n, low in self.kept.items() if done.get((self.topic, n), low) < low]

        found = self.until(below, bool, "commits below the log's start")
        return f"on partitions {found} the commit is below the first record that is left"


class RetentionOutran(shop.Read):
    """A burst and a short retention: records are gone before they are read."""

    name = "retention-outran"
    breaks = "Retention deletes records that a group has not read yet."
    within_s: ClassVar[float] = 50.0

    def prepare(self) -> None:
        """A short retention that suffices as long as the group keeps up."""
        seconds = self.draw.whole("retention_s", 6, 9)
        self.work(
            partitions=self.draw.whole("partitions", 1, 3),
            members=1,
            rate=self.draw.real("rate", 15, 25),
            work_ms=self.draw.real("work_ms", 15, 20),
            reset="error",
            topic={"retention_ms": seconds * 1_000, "segment_bytes": 1_048_576},
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """The commit is below the log's start."""
        return (
            scenario.Root(
                findings=("group.offset_out_of_range",),
                causes=("retention.outran",),
                on=self.group,
                also=("config.retention_short",),
            ),
        )

    def inject(self) -> None:
        """More is written than the group manages within the retention."""
        megabytes = self.draw.whole("megabytes", 4, 6)
        self.stand.write(self.topic, megabytes * 1_000, size=1_000)

    def confirm(self) -> str:
        """The log's start, as a plain client reads it, is past the commit."""

        def beyond() -> dict[int, tuple[int, int]]:
            done = cluster.committed(self.stand.bootstrap, self.group)
            lows = cluster.starts(self.stand.bootstrap, self.topic)
            return {
                n: (done[self.topic, n], low)
                for n, low in lows.items()
                if (self.topic, n) in done and done[self.topic, n] < low
            }

        found = self.until(beyond, bool, "a log start past the commit", within_s=40)
        return f"commit and log start by partition: {found}"


class TopicRecreated(shop.Read):
    """Somebody deletes a topic and makes it anew."""

    name = "topic-recreated"
    claims = ("produce.failing",)
    breaks = "A topic is deleted and created again under its name; all commits on it are gone."

    def prepare(self) -> None:
        """Some history, which is lost."""
        self.work(rate=self.draw.real("rate", 20, 40))

    def roots(self) -> tuple[scenario.Root, ...]:
        """Commits are gone or far lower."""
        return (
            scenario.Root(
                findings=("group.offsets_lost", "lag.rewound", "group.offset_out_of_range"),
                causes=("topic.recreated",),
                on=self.group,
                also=("produce.failing",),
            ),
        )

    def inject(self) -> None:
        """Deleted, and created again."""
        self.before = self.stand.topic_id(self.topic)
        cluster.delete_topic(self.stand.bootstrap, self.topic)
        self.until(
            lambda: (
                self.topic in cluster.client(self.stand.bootstrap).list_topics(timeout=5).topics
            ),
            lambda listed: not listed,
            "the topic is gone",
        )
        self.stand.topic(self.topic, self.partitions)

    def confirm(self) -> str:
        """The topic has another id."""
        now = self.until(
            lambda: self.stand.topic_id(self.topic),
            lambda found: found not in ("", self.before),
            "another topic id",
        )
        return f"the topic's id was {self.before} and is {now}"


class OffsetsDeleted(Stopped):
    """Somebody cleans up groups while one of them is down."""

    name = "offsets-deleted"
    breaks = "An admin deletes the commits of a group that is down for a moment."

    def prepare(self) -> None:
        """A group with commits, on a log with some history."""
        self.work_long()

    def roots(self) -> tuple[scenario.Root, ...]:
        """The commits are gone."""
        return (
            scenario.Root(
                findings=("group.offsets_lost", "lag.rewound"),
                causes=("offset.deleted",),
                on=self.group,
            ),
        )

    def inject(self) -> None:
        """The group is deleted while it has no members."""
        self.stop()
        kafka = cluster.client(self.stand.bootstrap)
        for future in kafka.delete_consumer_groups([self.group]).values():
            future.result()
        self.gone = not cluster.committed(self.stand.bootstrap, self.group)
        if self.draw.either("comes_back", True, False):
            self.start()

    def confirm(self) -> str:
        """Kafka's own client read no commit of the group any more."""
        if not self.gone:
            raise scenario.NotConfirmed("there are still commits")
        return "after the deletion, Kafka's own client read no commit of the group"


MEMBERS: tuple[type[scenario.Scenario], ...] = (
    RewoundByOperator,
    RecordsDeleted,
    RetentionOutran,
    TopicRecreated,
    OffsetsDeleted,
)
