"""A share group: members take records in turn, and nobody owns a partition."""

import signal
import subprocess
import threading
from collections import deque
from typing import ClassVar

from headgate.lab import jvm
from headgate.lab.workloads import cluster
from incidents import scenario
from incidents.scenarios import shop

_CONSUMER = "org.apache.kafka.tools.consumer.ConsoleShareConsumer"
_GROUPS = "org.apache.kafka.tools.consumer.group.ShareGroupCommand"


class ShareStuck(scenario.Scenario):
    """The only member holds what it has acquired and finishes nothing."""

    name = "share-group-stuck"
    breaks = "The only member of a share group freezes with records that it has acquired."
    within_s: ClassVar[float] = 60.0

    def prepare(self) -> None:
        """One writes, one reads."""
        self.topic = self.stand.topic(self.draw.name(*shop.TOPICS), self.draw.whole("of", 1, 3))
        self.rate = self.draw.real("rate", 15, 30)
        self.stand.producer(self.draw.name(*shop.WRITERS), self.topic, self.rate)
        self.group = self.draw.name("mailer", "thumbnails", "exports")
        self.stand.own(self.group)
        self.member: subprocess.Popen[bytes] = self.stand.process(
            [
                *jvm.plain_command("broker", heap_mb=128),
                *(_CONSUMER, "--bootstrap-server", self.stand.bootstrap),
                *("--topic", self.topic, "--group", self.group),
            ]
        )
        # What it prints is read on, or it would wait.
        threading.Thread(target=deque, args=(self.member.stdout, 0), daemon=True).start()
        self.until(self.starts, lambda found: sum(found.values()) > 20, "it reads", within_s=60)

    def starts(self) -> dict[int, int]:
        """Where delivery of each partition starts, as Kafka's own tool tells."""
        told = self.stand.tool(_GROUPS, "--describe", "--group", self.group, "--offsets")
        lines = [line.split() for line in told.splitlines()]
        return {
            int(words[2]): int(words[3])
            for words in lines
            if len(words) > 3 and words[1] == self.topic and words[3].isdecimal()
        }

    def roots(self) -> tuple[scenario.Root, ...]:
        """Its handler, as far as a broker can see; after its session it is a member no more."""
        return (
            scenario.Root(
                findings=("share.stalled",),
                causes=("share.handler_stuck", "consumer.stopped"),
                on=self.group,
            ),
        )

    def inject(self) -> None:
        """SIGSTOP."""
        self.member.send_signal(signal.SIGSTOP)

    def confirm(self) -> str:
        """Delivery starts where it started; the log goes on."""
        first = self.starts()
        ends = cluster.ends(self.stand.bootstrap, self.topic)
        last = self.starts()
        now = cluster.ends(self.stand.bootstrap, self.topic)
        if last != first or sum(now.values()) <= sum(ends.values()):
            raise scenario.NotConfirmed(f"delivery went from {first} to {last}")
        return f"delivery starts at {last} still, and the log ends at {now}"


MEMBERS: tuple[type[scenario.Scenario], ...] = (ShareStuck,)
