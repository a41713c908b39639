"""What a simulated cluster looks like: everything in it follows from a few numbers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A cluster. Partitions, groups and members are dealt out in turn, so nothing is random."""

    brokers: int = 3
    topics: int = 10
    partitions: int = 4
    """Of each topic."""
    replicas: int = 3
    groups: int = 6
    """Every second is of the new protocol."""
    members: int = 3
    """Of each group."""
    reads: int = 1
    """Topics that each group reads."""
    empty_groups: int = 0
    """Groups beside those, without members or commits."""
    settings: int = 30
    """Settings that each topic shows."""
    acls: int = 20
    quotas: int = 5

    @property
    def total(self) -> int:
        """Partitions of the cluster."""
        return self.topics * self.partitions

    def topic(self, place: int) -> str:
        """The name of a topic."""
        return f"orders.region-{place:05d}.events"

    def place(self, topic: str) -> int | None:
        """The topic's place; None where the cluster has no such topic."""
        return _number(topic, self.topic(0), self.topics)

    def replicas_of(self, ordinal: int) -> list[int]:
        """Broker ids, the preferred leader first."""
        count = min(self.replicas, self.brokers)
        return [1 + (ordinal + step) % self.brokers for step in range(count)]

    def group(self, place: int) -> str:
        """The name of a group; those after ``groups`` are empty."""
        return f"billing-service-{place:05d}"

    def group_place(self, group: str) -> int | None:
        """The group's place; None where there is no such group."""
        return _number(group, self.group(0), self.groups + self.empty_groups)

    def is_consumer(self, place: int) -> bool:
        """Whether a group is of the new protocol (KIP-848)."""
        return place % 2 == 1

    def reads_of(self, place: int) -> list[int]:
        """Places of the topics that a group reads."""
        if place >= self.groups or not self.topics:
            return []
        return [(place * self.reads + step) % self.topics for step in range(self.reads)]

    def owned(self, place: int, member: int) -> dict[int, list[int]]:
        """Topic place -> partitions that a member of a group owns."""
        return {
            topic: [n for n in range(self.partitions) if n % self.members == member]
            for topic in self.reads_of(place)
        }

    def end(self, ordinal: int) -> int:
        """The log end of a partition."""
        return 1_000_000 + ordinal * 13

    def committed(self, place: int, ordinal: int) -> int:
        """What a group has committed on a partition."""
        return self.end(ordinal) - (place + ordinal) % 500


def _number(name: str, first: str, count: int) -> int | None:
    """The number in a name that is made like the first one's; None where it is not."""
    before, _, after = first.partition("00000")
    text = name.removeprefix(before).removesuffix(after)
    return int(text) if text.isdecimal() and int(text) < count else None


SMALL = Shape()
LARGE = Shape(brokers=60, topics=4_000, partitions=25, groups=2_000, members=10, reads=2)
"""60 brokers, 100,000 partitions, 2,000 groups with 20,000 members and 100,000 commits."""
