"""Log dirs that fill, are full, or fail: a small disk of its own beside a broker's first one."""

import abc
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import kafka.errors

from headgate.lab.workloads import cluster
from incidents import scenario
from incidents.scenarios import nodes, shop

USED = 0.70
"""Of the disk that fills, at first."""
BESIDE = (
    "partition.under_replicated",
    "partition.at_min_isr",
    "leader.imbalance",
    "produce.failing",
)
"""What the partitions on the disk suffer, before anybody has asked for the state of log dirs."""
READ_S = 35.0
"""Log dirs are large answers, and are read every half a minute."""


class Disk(scenario.Scenario, abc.ABC):
    """One broker has a small second disk with a busy topic on it."""

    needs = scenario.Needs(alone=True)
    spoils = True
    within_s = 60.0
    size: int
    """Mebibytes."""

    def on_disk(self, size: int) -> None:
        """All copies of a new topic on one broker's disk, and elsewhere."""
        self.size = size
        self.victim = self.draw.choice("victim", 1, 2, 3)
        others = [each for each in (1, 2, 3) if each != self.victim]
        self.disk: Path = nodes.small_disk(self.stand, self.victim, size)
        self.topic = nodes.placed(
            self.stand,
            self.draw.name(*shop.TOPICS),
            [[self.victim, *others], [*others, self.victim]],
        )
        self.stand.write(self.topic, 40, size=10_000)
        self.until(lambda: list(self.disk.glob(f"{self.topic}-*")), bool, "replicas on the disk")

    def dir_state(self) -> tuple[int, int]:
        """(Kafka's error code of the dir, bytes that are usable on it), by kafka-python; both -1
        where nobody told: the brokers that are asked first may not list the victim yet.
        """
        try:
            with nodes.tool(self.stand.bootstrap) as desk:
                told = desk.describe_log_dirs(brokers=[self.victim])
        except kafka.errors.KafkaError:
            return -1, -1
        for one in _dirs(told):
            if Path(one["log_dir"]) == self.disk:
                return int(one["error_code"]), int(one.get("usable_bytes", -1))
        return -1, -1

    def offline(self) -> str:
        """Kafka names the dir as failed.

        Raises:
            NotConfirmed: it does not.
        """
        code, _ = self.until(
            self.dir_state, lambda found: found[0] == 56, "the log dir is offline", within_s=60
        )
        return f"DescribeLogDirs answers error {code} (KAFKA_STORAGE_ERROR) for the disk"


def _dirs(told: object) -> list[dict[str, Any]]:
    """The dirs in whatever shape the client gives them."""
    found = []
    if isinstance(told, dict):
        if "log_dir" in told:
            return [told]
        for each in told.values():
            found += _dirs(each)
    elif isinstance(told, list | tuple):
        for each in told:
            found += _dirs(each)
    return found


class DiskFull(Disk):
    """More is written than there is room for."""

    name = "disk-full"
    breaks = "A broker's disk is full: the log dir on it goes offline."

    def prepare(self) -> None:
        """A disk with some room."""
        self.on_disk(self.draw.whole("mebibytes", 20, 30))
        time.sleep(READ_S)

    def roots(self) -> tuple[scenario.Root, ...]:
        """Full, and not broken."""
        return (
            scenario.Root(
                findings=("log_dir.offline",),
                causes=("disk.full",),
                also=("disk.filling", *BESIDE),
            ),
        )

    def inject(self) -> None:
        """A flood of records."""
        self.stand.write(self.topic, self.size * 110, size=20_000)

    def confirm(self) -> str:
        """Kafka and the disk itself say so."""
        told = self.offline()
        usage = shutil.disk_usage(self.disk)
        return f"{told}; {usage.used / usage.total:.0%} of it is used"


class DiskFailed(Disk):
    """The disk's files are gone."""

    name = "disk-failed"
    breaks = "A broker's disk fails: what was on it cannot be read or written any more."

    def prepare(self) -> None:
        """A disk with much room, for as long as it takes anybody to have read it."""
        self.on_disk(self.draw.whole("mebibytes", 150, 250))
        time.sleep(READ_S)

    def roots(self) -> tuple[scenario.Root, ...]:
        """Broken, and not full."""
        return (
            scenario.Root(
                findings=("log_dir.offline",),
                causes=("disk.failed",),
                also=BESIDE,
            ),
        )

    def inject(self) -> None:
        """All files are gone; Kafka sees it with the next segment."""
        for each in list(self.disk.iterdir()):
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        self.stand.write(self.topic, self.draw.whole("records", 150, 250), size=20_000)

    def confirm(self) -> str:
        """Kafka says so."""
        return self.offline()


class DiskFilling(Disk):
    """A topic grows faster than its disk allows."""

    name = "disk-filling"
    breaks = "A new load fills a broker's disk; it will be full within minutes."
    within_s = 100.0

    def prepare(self) -> None:
        """A disk with room for some minutes, most of it used."""
        self.on_disk(self.draw.whole("mebibytes", 120, 180))

        def used() -> float:
            self.stand.write(self.topic, self.size * 2, size=20_000)
            usage = shutil.disk_usage(self.disk)
            return usage.used / usage.total

        # by the disk itself: which of the topic's replicas lie on it is the broker's choice
        self.until(used, lambda share: share >= USED, "the disk is used", within_s=60)

    def roots(self) -> tuple[scenario.Root, ...]:
        """The traffic, not other files and not a setting."""
        return (scenario.Root(findings=("disk.filling",), causes=("disk.traffic_growth",)),)

    def inject(self) -> None:
        """Records without end, until the disk is nearly full."""
        self.over = threading.Event()
        self.stand.later(self.over.set)
        threading.Thread(target=self._fill, name="filling", daemon=True).start()

    def _fill(self) -> None:
        while not self.over.wait(1.0):
            usage = shutil.disk_usage(self.disk)
            if usage.used < 0.95 * usage.total:
                self.stand.write(self.topic, 15, size=20_000)

    def confirm(self) -> str:
        """The disk itself, twice."""
        first = shutil.disk_usage(self.disk).used
        used = self.until(
            lambda: shutil.disk_usage(self.disk).used,
            lambda now: now > first + 1_500_000,
            "the disk fills",
        )
        ends = sum(cluster.ends(self.stand.bootstrap, self.topic).values())
        return f"{used - first} bytes more are used on the disk; {ends} records were written"

    def heal(self) -> None:
        """Nothing more is written."""
        self.over.set()


MEMBERS: tuple[type[scenario.Scenario], ...] = (DiskFull, DiskFailed, DiskFilling)
