"""Faults of brokers: crashed, stopped in order, hung, and leaders that stay where they fell."""

import dataclasses
import time
from typing import ClassVar

from headgate.lab import lab as lab_
from headgate.lab import parts
from headgate.lab.faults import halts, interface
from headgate.lab.faults.interface import option
from headgate.lab.workloads import cluster

_IN_SYNC_WITHIN_S = 30.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Halt(halts.Halt):
    """A broker's process does not run; healed, the broker is in sync again."""

    broker: int = option(3, "broker id")

    @property
    def target(self) -> str:
        """The broker's name in the lab."""
        return f"broker-{self.broker}"

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:
        """Start the broker, or let it run on, and wait until it is in sync."""
        halted = self.present(lab, saved)
        did = halts.started(lab, self.target)
        if not halted:
            return (f"{did}.",)
        found = _wait_in_sync(lab, self.broker)
        return (f"{did}; all {len(found)} partitions are in sync.",)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BrokerDown(_Halt):
    """A broker's process dies, as in a crash."""

    name: ClassVar[str] = "broker-down"
    does: ClassVar[str] = "Kills a broker (SIGKILL)."
    seen: ClassVar[str] = (
        "At once: its port refuses. After 5-6 s: in-sync replicas shrink. After 9 s: it is fenced, "
        "and its leaders move; until then its partitions take no writes."
    )
    heals: ClassVar[str] = "The broker is started; leaders do not move back by themselves."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("broker.down", "partition.under_replicated"), causes=("broker.crashed",)
    )

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Kill the broker."""
        _may_lose(lab, self.target)
        lab.kill(self.target)
        return interface.Broken(did=(f"{self.target} was killed.",))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPlannedStop(_Halt):
    """A broker is shut down in order, as for maintenance."""

    name: ClassVar[str] = "broker-planned-stop"
    does: ClassVar[str] = "Shuts a broker down in order (SIGTERM)."
    seen: ClassVar[str] = (
        "Within a second: its leaders have moved, then in-sync replicas shrink, then its port "
        "refuses. No partition is without a leader at any time."
    )
    heals: ClassVar[str] = "The broker is started; leaders do not move back by themselves."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("broker.down", "partition.under_replicated"), causes=("broker.planned_stop",)
    )

    broker: int = option(2, "broker id")

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Stop the broker and wait until it is gone."""
        _may_lose(lab, self.target)
        began_s = time.monotonic()
        lab.terminate(self.target)
        took_s = time.monotonic() - began_s
        return interface.Broken(did=(f"{self.target} shut down in {took_s:.1f} s.",))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BrokerHung(_Halt):
    """A broker's process stands still while its machine still accepts connections."""

    name: ClassVar[str] = "broker-hung"
    does: ClassVar[str] = "Freezes a broker's process (SIGSTOP)."
    seen: ClassVar[str] = (
        "Its port still accepts, nothing answers. After 5 s: in-sync replicas shrink. After 8-9 s: "
        "it is fenced and its leaders move."
    )
    heals: ClassVar[str] = "The process runs on; its replicas are in sync within a second."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("broker.fenced", "partition.under_replicated"), causes=("broker.hung",)
    )

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Freeze the broker."""
        _may_lose(lab, self.target)
        lab.pause(self.target)
        return interface.Broken(did=(f"{self.target} is frozen.",))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LeaderImbalance(interface.Fault):
    """A broker was restarted, and leadership did not come back to it."""

    name: ClassVar[str] = "leader-imbalance"
    does: ClassVar[str] = "Restarts a broker in order; automatic leader balancing is off."
    seen: ClassVar[str] = (
        "When it is back: it is in every in-sync set and leads no partition; those that prefer it "
        "are led elsewhere."
    )
    heals: ClassVar[str] = "Preferred leaders are elected for all partitions."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("leader.imbalance",), causes=("leader.drifted",)
    )

    broker: int = option(2, "broker id")

    @property
    def target(self) -> str:
        """The broker's name in the lab."""
        return f"broker-{self.broker}"

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Stop and start the broker, and wait until it is in sync."""
        _may_lose(lab, self.target)
        lab.terminate(self.target)
        lab.start(self.target)
        found = _wait_in_sync(lab, self.broker)
        moved = sum(1 for each in found if each.preferred == self.broker != each.leader)
        return interface.Broken(
            did=(
                f"{self.target} was restarted.",
                f"{moved} partitions that prefer it are led by others now.",
            )
        )

    def present(self, lab: lab_.Lab, saved: interface.Saved) -> bool:  # noqa: ARG002 - nothing saved
        """Whether some partition that prefers the broker is led by another."""
        found = cluster.partitions(lab.bootstrap)
        return any(each.preferred == self.broker != each.leader for each in found)

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:  # noqa: ARG002 - nothing saved
        """Elect the preferred leaders."""
        elected = cluster.elect_preferred(lab.bootstrap)
        return (f"Preferred leaders were elected for {elected} partitions.",)


def _may_lose(lab: lab_.Lab, name: str) -> None:
    """Refuse to break a broker that is broken, or one whose loss takes the quorum's majority."""
    halts.must_run(lab, name)
    brokers = lab.brokers
    left = sum(1 for each in brokers if each.life is parts.Life.RUNNING) - 1
    if len(brokers) > 1 and left <= len(brokers) // 2:
        raise interface.FaultError(
            f"Without {name} the controller quorum would have no majority: {left} of "
            f"{len(brokers)} nodes would be left.",
            next_step="Heal the other broker first: headgate lab faults shows what is broken.",
        )


def _wait_in_sync(lab: lab_.Lab, broker: int) -> tuple[cluster.Partition, ...]:
    # a broker that was frozen tells for a moment what was true before: the others are asked
    others = lab.bootstrap_without(f"broker-{broker}") or lab.bootstrap
    return cluster.until(
        lambda found: all(broker in each.in_sync for each in found if broker in each.replicas),
        lambda: cluster.partitions(others),
        within_s=_IN_SYNC_WITHIN_S,
        what=f"broker {broker} in sync everywhere",
    )


MEMBERS: tuple[type[interface.Fault], ...] = (
    BrokerDown,
    BrokerPlannedStop,
    BrokerHung,
    LeaderImbalance,
)
