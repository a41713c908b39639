"""Faults of consuming applications: slow, stopped, killed, hung, frozen, too few."""

import dataclasses
import signal
from typing import ClassVar

from headgate.lab import lab as lab_
from headgate.lab.faults import applications, interface
from headgate.lab.faults.interface import option
from headgate.lab.workloads import interface as workloads
from headgate.lab.workloads import running


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SlowConsumer(interface.Fault):
    """Each record takes the handlers of a group longer than records arrive."""

    name: ClassVar[str] = "slow-consumer"
    does: ClassVar[str] = "Makes every member of a group take long for each record."
    seen: ClassVar[str] = (
        "Within 5 s: the group is stable, its commits advance, and lag grows on all partitions."
    )
    heals: ClassVar[str] = "The handlers take as long as before; the lag drains."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("lag.growing",), causes=("consumer.slow",)
    )

    group: str = option("billing", "consumer group")
    work_ms: float = option(600.0, "time for one record, in ms")

    @property
    def target(self) -> str:
        """The group."""
        return self.group

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Set the handlers' time."""
        application = applications.group(lab, self.group)
        saved = applications.change(lab, application, work_ms=self.work_ms)
        return interface.Broken(
            did=(
                f"Every member of {self.group} now takes {self.work_ms:g} ms for a record "
                f"(before: {application.work_ms:g} ms).",
            ),
            saved=saved,
        )

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:
        """Put the handlers' time back."""
        name = applications.group(lab, self.group).name
        applications.restore(lab, name, saved)
        return (f"The members of {self.group} take as long for a record as before.",)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StoppedConsumer(interface.Fault):
    """A whole group was shut down in order and nobody started it again."""

    name: ClassVar[str] = "stopped-consumer"
    does: ClassVar[str] = "Shuts all members of a group down in order (they leave the group)."
    seen: ClassVar[str] = "At once: the group is empty, its commits stand still, and lag grows."
    heals: ClassVar[str] = "The members are started again and catch up."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("lag.stopped",), causes=("consumer.stopped",)
    )

    group: str = option("shipping", "consumer group")

    @property
    def target(self) -> str:
        """The group."""
        return self.group

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Stop the application and wait until its processes are gone."""
        application = applications.group(lab, self.group)
        with applications.changed(lab, application, running=False) as saved:
            running.wait_members(lab, application.name, 0)
        return interface.Broken(
            did=(f"All {application.members} members of {self.group} left and ended.",),
            saved=saved,
        )

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:
        """Start the application."""
        application = applications.group(lab, self.group)
        applications.restore(lab, application.name, saved)
        running.wait_members(lab, application.name, application.members)
        return (f"{application.members} members of {self.group} were started.",)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KilledConsumer(interface.Fault):
    """A whole group died at once, as when its host is lost, and does not come back."""

    name: ClassVar[str] = "killed-consumer"
    does: ClassVar[str] = "Kills all members of a group (SIGKILL); nothing starts them again."
    seen: ClassVar[str] = (
        "At once: commits stand still and lag grows. The group is empty after the session "
        "timeout, 6 s; a static group shows its dead member until then."
    )
    heals: ClassVar[str] = "The members are started again and catch up."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("lag.stopped",), causes=("consumer.stopped",)
    )

    group: str = option("shipping", "consumer group")

    @property
    def target(self) -> str:
        """The group."""
        return self.group

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Keep the supervisor from restarting the members, then kill them."""
        application = applications.group(lab, self.group)
        with applications.changed(lab, application, restarts=False) as saved:
            killed = [
                each
                for each in running.members(lab, application.name)
                if running.send(lab, each, signal.SIGKILL)
            ]
            running.wait_members(lab, application.name, 0)
        return interface.Broken(
            did=(f"{len(killed)} members of {self.group} were killed.",), saved=saved
        )

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:
        """Let the supervisor start the members again."""
        application = applications.group(lab, self.group)
        applications.restore(lab, application.name, saved)
        running.wait_members(lab, application.name, application.members)
        return (f"{application.members} members of {self.group} were started.",)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HungConsumer(interface.Fault):
    """A member waits for ever in its handler; its client keeps the membership alive."""

    name: ClassVar[str] = "hung-consumer"
    does: ClassVar[str] = "Lets one member of a group stop polling while it stays alive."
    seen: ClassVar[str] = (
        "At once: the commits of that member's partitions stand still and their lag grows, while "
        "the group is stable and keeps its members (until max.poll.interval.ms, 5 min)."
    )
    heals: ClassVar[str] = "The member polls again and catches up."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("lag.stalled",), causes=("consumer.hung",)
    )

    group: str = option("fraud", "consumer group")
    member: int = option(0, "number of the member, from 0")

    @property
    def target(self) -> str:
        """The member."""
        return f"{self.group}-{self.member}"

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Add the member to those that hang."""
        application = applications.group(lab, self.group)
        _slot(application, self.member)
        hung = tuple(sorted({*application.hung, self.member}))
        applications.change(lab, application, hung=hung)
        return interface.Broken(did=(f"Member {self.target} does not poll any more.",))

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:  # noqa: ARG002 - nothing saved
        """Take the member from those that hang."""
        application = applications.group(lab, self.group)
        hung = tuple(each for each in application.hung if each != self.member)
        applications.change(lab, application, hung=hung)
        return (f"Member {self.target} polls again.",)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FrozenConsumer(interface.Fault):
    """A member's process stands still, as in a long pause of its machine."""

    name: ClassVar[str] = "frozen-consumer"
    does: ClassVar[str] = "Freezes the process of one member of a group (SIGSTOP)."
    seen: ClassVar[str] = (
        "At once: the commits of its partitions stand still. After the session timeout, 6 s: the "
        "member is put out, and the others take its partitions; without others, the group is empty."
    )
    heals: ClassVar[str] = "The process runs on; it joins again with a new member id."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("rebalance.wave",), causes=("member.session_timeout",)
    )

    group: str = option("fraud", "consumer group")
    member: int = option(0, "number of the member, from 0")

    @property
    def target(self) -> str:
        """The member."""
        return f"{self.group}-{self.member}"

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Freeze the process."""
        application = applications.group(lab, self.group)
        _slot(application, self.member)
        for each in running.members(lab, application.name):
            if each.slot == self.member and running.send(lab, each, signal.SIGSTOP):
                return interface.Broken(
                    did=(f"The process of member {self.target} (pid {each.pid}) is frozen.",)
                )
        raise interface.FaultError(
            f"Member {self.target} does not run.",
            next_step="See `headgate lab workload`.",
        )

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:  # noqa: ARG002 - nothing saved
        """Let the process run on."""
        application = applications.group(lab, self.group)
        for each in running.members(lab, application.name):
            if each.slot == self.member and running.send(lab, each, signal.SIGCONT):
                return (f"The process of member {self.target} runs on.",)
        return (f"The process of member {self.target} is gone: nothing to thaw.",)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UnderParallel(interface.Fault):
    """A group has fewer members than its load needs, though partitions would allow more."""

    name: ClassVar[str] = "under-parallel"
    does: ClassVar[str] = "Scales a group down to fewer members than its load needs."
    seen: ClassVar[str] = (
        "Within 5 s: the group is stable with fewer members than partitions, commits advance, "
        "and lag grows on all partitions alike."
    )
    heals: ClassVar[str] = "The group has as many members as before."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("lag.growing",), causes=("consumer.under_parallel",)
    )

    group: str = option("fraud", "consumer group")
    members: int = option(1, "number of members that are left")

    @property
    def target(self) -> str:
        """The group."""
        return self.group

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Set the number of members."""
        application = applications.group(lab, self.group)
        if not 0 < self.members < application.members:
            raise interface.BadParameter(
                f"members must be 1 to {application.members - 1}: {self.group} has "
                f"{application.members}."
            )
        with applications.changed(lab, application, members=self.members) as saved:
            running.wait_members(lab, application.name, self.members)
        return interface.Broken(
            did=(f"{self.group} was scaled from {application.members} members to {self.members}.",),
            saved=saved,
        )

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:
        """Put the number of members back."""
        name = applications.group(lab, self.group).name
        applications.restore(lab, name, saved)
        members = applications.group(lab, self.group).members
        running.wait_members(lab, name, members)
        return (f"{self.group} has {members} members again.",)


def _slot(application: workloads.Consumer, number: int) -> None:
    if number >= application.members:
        raise interface.BadParameter(
            f"member must be 0 to {application.members - 1}: {application.group} has "
            f"{application.members}."
        )


MEMBERS: tuple[type[interface.Fault], ...] = (
    SlowConsumer,
    StoppedConsumer,
    KilledConsumer,
    HungConsumer,
    FrozenConsumer,
    UnderParallel,
)
