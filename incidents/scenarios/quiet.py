"""Little happens, or nothing, as it should be: nothing may be said of it."""

import time
from typing import ClassVar

from headgate.lab.workloads import cluster
from incidents import scenario
from incidents.scenarios import healthy, shop, transactions


class QuietTopics(scenario.Healthy):
    """Topics that are empty, compacted, or seldom written."""

    name = "quiet-topics"
    breaks = "An empty topic and a compacted one that nobody writes to any more, both with readers."
    quick = True

    def prepare(self) -> None:
        """Both with a group; the compacted one has some keys, written twice."""
        self.empty = self.stand.topic(self.draw.name("returns", "chargebacks"), 3)
        self.compacted = self.stand.topic(
            self.draw.name("prices", "customers"), 3, cleanup_policy="compact"
        )
        for _ in range(2):
            self.stand.write(self.compacted, self.draw.whole("keys", 50, 150))
        group = self.draw.name(*shop.GROUPS)
        self.stand.group(
            group, self.empty, self.compacted, protocol=self.draw.choice("p", "classic", "consumer")
        )
        self.stand.started(group, 1)

    def inject(self) -> None:
        """Nothing happens."""

    def confirm(self) -> str:
        """Nothing is written."""
        first = cluster.ends(self.stand.bootstrap, self.compacted)
        time.sleep(3)
        if cluster.ends(self.stand.bootstrap, self.compacted) != first:
            raise scenario.NotConfirmed("somebody writes")
        return f"log ends stand at {sum(first.values())} and 0"


class TransactionsAtRest(healthy.Odd):
    """A transactional producer that has nothing to do."""

    name = "transactions-at-rest"
    breaks = "A transactional producer has committed and waits; its markers end the log."

    def prepare(self) -> None:
        """A reader of committed records."""
        self.work(members=1, rate=self.draw.real("rate", 5, 10))
        self.own = self.stand.topic(self.draw.name("transfers", "settlements"), 2)
        name = self.draw.name("audit", "booking")
        self.stand.group(name, self.own)
        transactions.begin(
            self.stand,
            self.own,
            self.draw.name("transfer-writer"),
            f"--commits={self.draw.whole('commits', 3, 8)}",
            says="rests",
        )
        self.stand.started(name, 1)

    def inject(self) -> None:
        """Nothing happens."""

    def confirm(self) -> str:
        """All is committed: nothing is behind the last stable offset."""
        stable = cluster.ends(self.stand.bootstrap, self.own, committed=True)
        if stable != cluster.ends(self.stand.bootstrap, self.own):
            raise scenario.NotConfirmed("a transaction is open")
        return f"the last stable offsets are the log ends, {stable}"


class DeliberatelyBehind(healthy.Odd):
    """A group that handles records with a delay."""

    name = "deliberately-behind"
    breaks = "A group handles each record only when it is some seconds old; its lag is steady."
    quick = True

    def prepare(self) -> None:
        """Some seconds behind."""
        delay_s = self.draw.whole("delay_s", 10, 18)
        self.work(
            members=1,
            rate=self.draw.real("rate", 10, 20),
            delay_s=delay_s,
            behind=True,
            fetch_bytes=65_536,  # all that there is, so that no partition waits for another
            prefetch=2_000,
        )
        time.sleep(delay_s + 15)  # until its lag has come to rest, and no window holds the rise

    def inject(self) -> None:
        """Nothing happens."""

    def confirm(self) -> str:
        """Its lag is steady."""
        lags = []
        for _ in range(4):
            lags.append(self.stand.lag(self.group, self.topic))
            time.sleep(2)
        if max(lags) > 2 * min(lags):
            raise scenario.NotConfirmed(f"the lag is not steady: {lags}")
        return f"its lag over 8 s: {lags}"


class MarkedTestTopic(scenario.Healthy):
    """A test topic with one copy, marked as such."""

    name = "marked-test-topic"
    breaks = "A test topic has replication factor 1, and its owner has declared it."
    doctor: ClassVar[bool] = False

    def prepare(self) -> None:
        """Declared first."""
        self.topic = self.draw.name("test-import", "test-load")
        self.stand.own(self.topic)
        self.stand.declare(f"topic:{self.topic}", ["config.rf_one"], "a test topic")

    def inject(self) -> None:
        """Created."""
        self.stand.topic(self.topic, self.draw.whole("partitions", 1, 3), 1)

    def confirm(self) -> str:
        """Kafka lists it."""
        self.until(lambda: self.stand.topic_id(self.topic), bool, "the topic is there")
        return "Kafka lists it"


MEMBERS: tuple[type[scenario.Scenario], ...] = (
    QuietTopics,
    TransactionsAtRest,
    DeliberatelyBehind,
    MarkedTestTopic,
)
