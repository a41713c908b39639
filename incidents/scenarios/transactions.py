"""Transactions that stay open."""

import subprocess
import sys
from typing import ClassVar

from headgate.lab.workloads import cluster
from incidents import scenario, stand
from incidents.scenarios import shop


def begin(
    place: stand.Stand, topic: str, name: str, *more: str, says: str = "open"
) -> "subprocess.Popen[bytes]":
    """A transactional producer runs, and has done what it was told.

    Raises:
        NotConfirmed: it did not.
    """
    place.own(name)
    argv = [sys.executable, "-m", "incidents.clients.transaction", place.bootstrap, topic, name]
    made = place.process([*argv, *more])
    said = ""
    while made.stdout is not None and (line := made.stdout.readline().decode()):
        said = line.strip()
        if not said.startswith("%"):  # what librdkafka logs
            break
    if said != says:
        raise scenario.NotConfirmed(f"{name} was to say {says!r}; it said {said!r}")
    return made


class OpenTransaction(shop.Read):
    """An application forgets its transaction, or dies in the middle of it."""

    name = "open-transaction"
    breaks = "A transaction stays open; readers of committed records wait behind it."
    within_s: ClassVar[float] = 50.0
    quick = True

    def prepare(self) -> None:
        """One reader, and others write on."""
        self.work(members=self.draw.whole("members", 1, 2), rate=self.draw.real("rate", 25, 45))
        self.id = self.draw.name("settlement", "ledger-writer", "transfer")

    def roots(self) -> tuple[scenario.Root, ...]:
        """The last stable offset stands."""
        return (
            scenario.Root(
                findings=("txn.lso_stuck", "lag.stalled"),
                causes=("txn.open",),
                on=self.draw.tag,
            ),
        )

    def inject(self) -> None:
        """It begins, writes, and does not end; in one variant the process dies."""
        made = begin(
            self.stand,
            self.topic,
            self.id,
            f"--records={self.draw.whole('records', 10, 40)}",
            f"--timeout-s={self.draw.whole('timeout_s', 200, 600)}",
        )
        if self.draw.either("end", "forgotten", "killed") == "killed":
            made.kill()

    def confirm(self) -> str:
        """A client that reads committed records finds less than one that reads all."""

        def held() -> dict[int, int]:
            stable = cluster.ends(self.stand.bootstrap, self.topic, committed=True)
            ends = cluster.ends(self.stand.bootstrap, self.topic)
            return {n: ends[n] - stable[n] for n in ends if ends[n] - stable[n] > 30}

        found = self.until(held, bool, "records behind the last stable offset")
        return f"records behind the last stable offset, by partition: {found}"


class HangingTransaction(OpenTransaction):
    """A transaction that the coordinator does not know of."""

    name = "hanging-transaction"
    breaks = "A transaction is open on a partition, and its coordinator knows nothing of it."
    claims = ("unverified transactions",)
    quick = False

    def roots(self) -> tuple[scenario.Root, ...]:
        """The last stable offset stands, and nothing will end that."""
        return (
            scenario.Root(
                findings=("txn.lso_stuck", "lag.stalled"),
                causes=("txn.hanging",),
                on=self.draw.tag,
            ),
        )

    def inject(self) -> None:
        """A batch is written that was never announced to the coordinator."""
        brokers = ("--alter", "--entity-type", "brokers", "--entity-default")
        setting = "transaction.partition.verification.enable"
        tool = "kafka.admin.ConfigCommand"
        self.stand.tool(tool, *brokers, "--add-config", f"{setting}=false")
        self.stand.later(lambda: self.stand.tool(tool, *brokers, "--delete-config", setting))
        self.stand.own(self.id)
        partition = str(self.draw.whole("partition", 0, self.partitions - 1))
        program = [sys.executable, "-m", "incidents.clients.hanging"]
        made = self.stand.process([*program, self.stand.bootstrap, self.topic, partition, self.id])
        said = made.communicate(timeout=60)[0].decode().strip()
        if not said.endswith("hangs"):
            raise scenario.NotConfirmed(f"no hanging transaction: {said[-300:]}")


MEMBERS: tuple[type[scenario.Scenario], ...] = (OpenTransaction, HangingTransaction)
