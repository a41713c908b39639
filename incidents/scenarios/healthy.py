"""Groups that come, go, wait and catch up as they should: nothing may be said of them."""

import signal
import threading
import time
from typing import ClassVar

from headgate.lab.workloads import cluster, running
from incidents import scenario
from incidents.scenarios import shop


class Odd(shop.Read, scenario.Healthy):
    """Healthy, with a topic, a writer and a group."""

    within_s: ClassVar[float] = 40.0

    def roots(self) -> tuple[scenario.Root, ...]:
        """Nothing is wrong."""
        return ()


class BatchConsumer(Odd):
    """A group that works now and then."""

    name = "batch-consumer"
    breaks = "A batch group comes every half a minute, reads everything, and leaves."
    within_s: ClassVar[float] = 60.0

    def prepare(self) -> None:
        """It has come and gone a few times already."""
        self.over = threading.Event()
        self.period_s = self.draw.real("period_s", 24, 30)
        self.work(members=1, rate=self.draw.real("rate", 8, 15), fetch_bytes=65_536, prefetch=2_000)
        self.thread = threading.Thread(target=self._loop, daemon=True)
        self.thread.start()
        time.sleep(self.period_s * 3)

    def _loop(self) -> None:
        while not self.over.is_set():
            self.stand.change(self.group, running=False)
            self.over.wait(self.period_s * 0.6)
            self.stand.change(self.group, running=True)
            self.over.wait(self.period_s * 0.4)

    def inject(self) -> None:
        """It goes on so."""

    def confirm(self) -> str:
        """The group is empty, and later has read everything."""
        self.until(
            lambda: self.stand.lag(self.group, self.topic),
            lambda found: found > 40,
            "some lag",
            within_s=40,
        )
        self.until(
            lambda: self.stand.lag(self.group, self.topic),
            lambda found: 0 <= found < 40,
            "no lag",
            within_s=40,
        )
        return "its lag comes and goes"

    def heal(self) -> None:
        """It stops."""
        self.over.set()
        self.thread.join(20)


class PausedOnPurpose(Odd):
    """A group that somebody stopped and said so."""

    name = "paused-on-purpose"
    breaks = "A group is paused, and its owner has declared it."
    doctor: ClassVar[bool] = False  # the command knows no declarations
    quick = True

    def prepare(self) -> None:
        """At work, and declared to be paused soon."""
        self.work(members=self.draw.whole("members", 1, 3))
        self.stand.declare(f"group:{self.group}", ["lag.*"], "paused until the migration is over")

    def inject(self) -> None:
        """It stops."""
        self.stand.change(self.group, running=False)

    def confirm(self) -> str:
        """Nobody reads."""
        return self.is_empty()


class RollingRestart(Odd):
    """A deploy, as it was announced."""

    name = "rolling-restart"
    breaks = "Members are restarted one by one; the deploy was announced."
    doctor: ClassVar[bool] = False
    quick = True

    def prepare(self) -> None:
        """Three members."""
        self.work(
            partitions=6,
            members=3,
            rate=self.draw.real("rate", 15, 30),
            protocol=self.draw.either("protocol", "classic", "consumer"),
        )

    def inject(self) -> None:
        """One after the other leaves and comes back."""
        self.stand.announce("deploy 2.31", f"group:{self.group}")
        self.starts = sum(one.starts for one in self.stand.members(self.group))
        for count in (2, 3, 2, 3):
            self.stand.change(self.group, members=count)
            running.wait_members(self.stand.lab, self.group, count)
            time.sleep(self.draw.real("pause_s", 1, 3))

    def confirm(self) -> str:
        """The supervisor counts more starts."""
        found = sum(one.starts for one in self.stand.members(self.group))
        if found <= self.starts:
            raise scenario.NotConfirmed("nothing was restarted")
        return f"the supervisor counts {found - self.starts} starts more"


class CatchUp(Odd):
    """A group that was stopped on purpose works its backlog off."""

    name = "catch-up"
    breaks = "After a planned stop, which was announced, a group catches up."
    doctor: ClassVar[bool] = False
    within_s: ClassVar[float] = 45.0

    def prepare(self) -> None:
        """It manages several times the usual rate."""
        self.work(
            members=self.draw.whole("members", 1, 2),
            rate=self.draw.real("rate", 25, 40),
            work_ms=self.draw.real("work_ms", 6, 8),
            fetch_bytes=65_536,
            prefetch=2_000,
        )
        self.stand.declare(f"group:{self.group}", ["lag.stopped"], "maintenance of the warehouse")
        self.stand.announce("planned stop of the reader", f"group:{self.group}")

    def inject(self) -> None:
        """Stopped for a while, then started."""
        self.stand.change(self.group, running=False)
        time.sleep(self.draw.whole("stopped_s", 20, 28))
        self.stand.announce("the reader is started again", f"group:{self.group}")
        self.top = self.stand.lag(self.group, self.topic)
        self.stand.change(self.group, running=True)

    def confirm(self) -> str:
        """Its lag falls."""
        found = self.until(
            lambda: self.stand.lag(self.group, self.topic),
            lambda now: now < self.top * 0.8,
            "a falling lag",
        )
        return f"its lag was {self.top} and is {found}"


class SwingingLoad(Odd):
    """Traffic that comes in waves."""

    name = "swinging-load"
    breaks = "Traffic swings between nearly nothing and twice the mean; readers keep up."
    within_s: ClassVar[float] = 60.0

    def prepare(self) -> None:
        """Readers with room."""
        self.work(members=2, rate=self.draw.real("rate", 25, 40), work_ms=1)

    def inject(self) -> None:
        """The swings become wide."""
        self.stand.change(self.writer, swing=0.95, swing_s=self.draw.real("swing_s", 20, 35))

    def confirm(self) -> str:
        """Rates between two readings differ widely."""
        rates: list[float] = []

        def spread() -> list[float]:
            first = sum(cluster.ends(self.stand.bootstrap, self.topic).values())
            time.sleep(2)
            rates.append((sum(cluster.ends(self.stand.bootstrap, self.topic).values()) - first) / 2)
            return rates

        self.until(spread, lambda all_: max(all_) > 3 * min(all_) + 5, "waves", within_s=50)
        return f"records per second: {[round(one) for one in rates]}"


class ScaleOut(Odd):
    """A group gets more members."""

    name = "scale-out"
    breaks = "A group is scaled out, from one member to three; nobody announced it."
    doctor: ClassVar[bool] = True

    def prepare(self) -> None:
        """One member."""
        self.work(
            partitions=6,
            members=1,
            rate=self.draw.real("rate", 15, 30),
            protocol=self.draw.either("protocol", "classic", "consumer"),
        )

    def inject(self) -> None:
        """Three."""
        self.stand.change(self.group, members=3)

    def confirm(self) -> str:
        """Kafka lists three."""
        self.stand.started(self.group, 3)
        return "Kafka lists three members"


class StaticRestart(Odd):
    """A static member restarts within its session."""

    name = "static-restart"
    breaks = "A static member leaves for a moment and takes its place again."

    def prepare(self) -> None:
        """Static members."""
        self.work(
            partitions=6,
            members=2,
            rate=self.draw.real("rate", 8, 15),
            static=True,
            session_timeout_ms=30_000,
            restart_after_s=0.2,
            restart_limit_s=0.2,
        )

    def inject(self) -> None:
        """Its process is ended, and starts again at once."""
        self.before = set(self.stand.described(self.group).members)
        members = self.until(
            lambda: self.stand.members(self.group),
            lambda found: len(found) == 2,
            "both members run",
        )
        member = members[self.draw.whole("member", 0, 1)]
        running.send(self.stand.lab, member, signal.SIGKILL)

    def confirm(self) -> str:
        """Kafka lists another member id in a stable group."""
        self.until(
            lambda: self.stand.described(self.group),
            lambda found: set(found.members) != self.before and found.state == "STABLE",
            "another member id",
        )
        return "Kafka lists another member id; the group was stable all the time"


class Backfill(Odd):
    """A new group reads a topic from its beginning."""

    name = "backfill"
    breaks = "A new group reads a topic from the beginning; its lag is high and falls."

    def prepare(self) -> None:
        """A log with history."""
        self.work(members=1, rate=self.draw.real("rate", 8, 15), fetch_bytes=65_536, prefetch=2_000)
        self.stand.write(self.topic, self.draw.whole("history", 3_000, 5_000), size=60)
        self.stand.caught_up(self.group)
        time.sleep(12)

    def inject(self) -> None:
        """It starts."""
        self.new = self.stand.group(
            self.draw.name("backfill", "replay"),
            self.topic,
            work_ms=self.draw.real("work_ms", 4, 6),
            fetch_bytes=65_536,
            prefetch=2_000,
        )

    def confirm(self) -> str:
        """Its lag falls."""
        first = self.until(
            lambda: self.stand.lag(self.new, self.topic), lambda now: now > 500, "a high lag"
        )
        found = self.until(
            lambda: self.stand.lag(self.new, self.topic), lambda now: now < first - 200, "a fall"
        )
        return f"its lag was {first} and is {found}"


MEMBERS: tuple[type[scenario.Scenario], ...] = (
    BatchConsumer,
    PausedOnPurpose,
    RollingRestart,
    CatchUp,
    SwingingLoad,
    ScaleOut,
    StaticRestart,
    Backfill,
)
