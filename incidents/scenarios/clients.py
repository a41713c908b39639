"""Producers and consumers whose requests are refused, throttled or fenced."""

import collections
import sys
import threading
import time
from typing import ClassVar

from headgate.lab.workloads import cluster
from incidents import scenario
from incidents.scenarios import shop


class Refused(shop.Read):
    """A producer of which every record is refused with one error."""

    error: ClassVar[str]

    def start(self, *more: str) -> None:
        """It writes, and what it is told is counted."""
        self.client = self.draw.name("importer", "mobile-app", "partner-feed")
        self.stand.own(self.client)
        made = self.stand.process(
            [
                sys.executable,
                "-m",
                "incidents.clients.odd",
                self.stand.bootstrap,
                self.topic,
                self.client,
                f"--every-s={self.draw.real('every', 0.2, 0.6)}",
                *more,
            ]
        )
        self.told: collections.Counter[str] = collections.Counter()
        threading.Thread(target=_count, args=(made.stdout, self.told), daemon=True).start()

    def confirm(self) -> str:
        """The client's own delivery reports name the error."""
        self.until(lambda: self.told[self.error], lambda found: found >= 3, f"three {self.error}")
        return f"the client's delivery reports: {dict(self.told)}"


class TooLarge(Refused):
    """An application's records have grown."""

    name = "records-too-large"
    breaks = "A producer writes records above the topic's max.message.bytes."
    error = "MSG_SIZE_TOO_LARGE"

    def prepare(self) -> None:
        """A topic for small records."""
        self.limit = self.draw.whole("limit", 8, 20) * 1_024
        self.work(topic={"max_message_bytes": self.limit})

    def roots(self) -> tuple[scenario.Root, ...]:
        """The broker refuses them."""
        return (
            scenario.Root(
                findings=("produce.too_large",),
                causes=("message.oversize",),
                on=self.topic,
            ),
        )

    def inject(self) -> None:
        """Twice the limit, incompressible."""
        self.start(f"--bytes={self.limit * 2}")


class ClockAhead(Refused):
    """A machine's clock is wrong."""

    name = "clock-ahead"
    breaks = "A producer's clock is two hours ahead; Kafka refuses its records."
    error = "INVALID_TIMESTAMP"
    claims = ("produce.bad_timestamp", "produce.failing")

    def prepare(self) -> None:
        """An ordinary topic."""
        self.work()

    def roots(self) -> tuple[scenario.Root, ...]:
        """The broker refuses them."""
        return (scenario.Root(findings=("produce.bad_timestamp",), causes=("clock.skew",)),)

    def inject(self) -> None:
        """It starts to write."""
        self.start("--ahead")


class InputStopped(shop.Read):
    """The service that writes a topic is gone."""

    name = "input-stopped"
    breaks = "A producer that wrote steadily is shut down; the topic gets no records."
    how = "replayed"  # of the days before; the rest is real
    doctor: ClassVar[bool] = False  # the command has no history

    def prepare(self) -> None:
        """Steady input, as on every day before."""
        self.work(rate=self.draw.real("rate", 20, 40))
        self.stand.remember(self.topic, self.rate)

    def roots(self) -> tuple[scenario.Root, ...]:
        """No input."""
        return (
            scenario.Root(
                findings=("topic.input_stopped",), causes=("producer.stopped",), on=self.topic
            ),
        )

    def inject(self) -> None:
        """It ends."""
        self.stand.change(self.writer, running=False)

    def confirm(self) -> str:
        """The log ends stand."""

        def still() -> bool:
            first = cluster.ends(self.stand.bootstrap, self.topic)
            time.sleep(3)
            return cluster.ends(self.stand.bootstrap, self.topic) == first

        self.until(still, bool, "log ends that stand")
        return "the log ends stand"


class Throttled(shop.Read):
    """Somebody set a quota."""

    within_s: ClassVar[float] = 60.0
    quota: ClassVar[str]

    def limit(self, client: str, rate: int) -> None:
        """The client id has a quota, set by Kafka's own tool."""
        self.client = client
        self.stand.own(client)
        whom = ("--alter", "--entity-type", "clients", "--entity-name", client)
        tool = "kafka.admin.ConfigCommand"
        self.stand.tool(tool, *whom, "--add-config", f"{self.quota}={rate}")
        self.stand.later(lambda: self.stand.tool(tool, *whom, "--delete-config", self.quota))


class FetchThrottled(Throttled):
    """A consumer may read less than arrives."""

    name = "fetch-throttled"
    breaks = "A consumer's quota is below what arrives; its lag grows without any error."
    quota = "consumer_byte_rate"

    def prepare(self) -> None:
        """One member that keeps up."""
        self.work(
            members=1,
            rate=self.draw.real("rate", 60, 90),
            fetch_bytes=65_536,
            prefetch=2_000,
            work_ms=1,
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """Throttled."""
        return (
            scenario.Root(
                findings=("quota.throttling", "lag.growing"),
                causes=("quota.throttled",),
                on=self.draw.tag,
            ),
        )

    def inject(self) -> None:
        """A part of what arrives."""
        share = self.draw.real("share", 0.15, 0.3)
        self.limit(f"{self.group}-0", int(self.rate * 230 * share))

    def confirm(self) -> str:
        """The lag grows while commits advance."""
        return self.falls_behind(150)


class ProduceThrottled(Throttled):
    """A service may write less than it has to."""

    name = "produce-throttled"
    breaks = "A producer's quota is far below what it writes; its writes wait without any error."
    quota = "producer_byte_rate"

    def prepare(self) -> None:
        """It writes, and all of it is read."""
        self.work(rate=self.draw.real("rate", 60, 90))

    def roots(self) -> tuple[scenario.Root, ...]:
        """Throttled."""
        return (
            scenario.Root(
                findings=("quota.throttling", "producer.buffer_exhausted"),
                causes=("quota.throttled",),
                on=self.draw.tag,
            ),
        )

    def inject(self) -> None:
        """A part of what it writes."""
        share = self.draw.real("share", 0.1, 0.3)
        self.limit(self.writer, int(self.rate * 60 * share))  # its batches are compressed

    def confirm(self) -> str:
        """The log grows more slowly than it is written to."""

        def pace() -> float:
            first = sum(cluster.ends(self.stand.bootstrap, self.topic).values())
            time.sleep(4)
            return (sum(cluster.ends(self.stand.bootstrap, self.topic).values()) - first) / 4

        found = self.until(pace, lambda now: now < 0.6 * self.rate, "fewer records", within_s=40)
        return f"{found:.0f} records a second arrive of {self.rate:.0f}"


class TwoOfOneId(shop.Read):
    """Two copies of a service share what only one may have."""

    name = "producers-fence-each-other"
    breaks = "Two copies of a producer run with one transactional.id; each fences the other."
    claims = ("producer.fenced",)

    def prepare(self) -> None:
        """One copy, which commits well."""
        self.work()
        self.id = self.draw.name("settlement", "ledger-writer", "transfer")
        self.stand.own(self.id)
        self.told: collections.Counter[str] = collections.Counter()
        self.copy()
        self.until(lambda: self.told["committed"], lambda count: count > 5, "it commits")

    def copy(self) -> None:
        """One more of it."""
        made = self.stand.process(
            [
                *(sys.executable, "-m", "incidents.clients.fencing", self.stand.bootstrap),
                *(self.topic, self.id, f"--pause-s={self.draw.real('pause', 0.3, 0.8)}"),
            ]
        )
        threading.Thread(target=_count, args=(made.stdout, self.told), daemon=True).start()

    def roots(self) -> tuple[scenario.Root, ...]:
        """Two of one."""
        return (
            scenario.Root(findings=("producer.fenced",), causes=("producer.duplicate_txn_id",)),
        )

    def inject(self) -> None:
        """The second copy."""
        self.copy()

    def confirm(self) -> str:
        """The clients' own errors."""
        self.until(lambda: self.told["fenced"], lambda count: count >= 4, "both are fenced")
        return f"the two clients say {dict(self.told)}"


def _count(lines: object, told: collections.Counter[str]) -> None:
    for line in lines:  # type: ignore[attr-defined]  # a pipe of bytes
        told[line.decode().strip()] += 1


MEMBERS: tuple[type[scenario.Scenario], ...] = (
    TooLarge,
    ClockAhead,
    InputStopped,
    FetchThrottled,
    ProduceThrottled,
    TwoOfOneId,
)
