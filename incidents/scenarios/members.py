"""Members that leave and come back, block each other, or are one too many."""

import signal
import threading
from typing import ClassVar

from headgate.lab.workloads import running
from incidents import scenario
from incidents.scenarios import shop


class PollTimeout(shop.Read):
    """A member takes longer for a batch than it may stay away."""

    name = "poll-timeout"
    breaks = (
        "A member exceeds max.poll.interval.ms again and again; each time the group rebalances."
    )
    within_s: ClassVar[float] = 60.0

    def prepare(self) -> None:
        """A short interval."""
        self.interval_s = self.draw.whole("max_poll_interval_s", 6, 7)
        self.work(
            members=self.draw.whole("members", 2, 3),
            rate=self.draw.real("rate", 20, 40),
            session_timeout_ms=6_000,
            max_poll_interval_ms=self.interval_s * 1_000,
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """The group rebalances again and again."""
        return (
            scenario.Root(
                findings=(
                    "rebalance.storm",
                    "rebalance.wave",
                    "rebalance.near_timeout",
                    "lag.stalled",
                ),
                causes=("member.poll_timeout",),
                on=self.group,
            ),
        )

    def inject(self) -> None:
        """One member stays away for longer than that after each batch."""
        self.stand.change(
            self.group, dozing=(0,), doze_s=self.interval_s + self.draw.real("over", 1.5, 3)
        )

    def confirm(self) -> str:
        """The client's own log says that it has exceeded the interval."""
        log = self.until(
            lambda: self.stand.log(self.group, 0),
            lambda text: text.count("max.poll.interval") >= 2,
            "the client's log says twice that the interval is exceeded",
            within_s=45,
        )
        return f"the client's log says so {log.count('max.poll.interval')} times"


class SessionTimeouts(shop.Read):
    """A member's machine stands still again and again."""

    name = "session-timeouts"
    breaks = "A member's process freezes for longer than its session, again and again."
    within_s: ClassVar[float] = 60.0
    # Who left and who was put out is told by a counter of all groups: where dozens come and go, as
    # on the labs that scenarios share, it tells nothing, and both causes stand as likely.
    needs: ClassVar[scenario.Needs] = scenario.Needs(alone=True)

    def prepare(self) -> None:
        """A few members."""
        self.work(
            partitions=6,
            members=self.draw.whole("members", 2, 3),
            rate=self.draw.real("rate", 20, 40),
            session_timeout_ms=6_000,
        )
        self.over = threading.Event()

    def roots(self) -> tuple[scenario.Root, ...]:
        """The group loses a member again and again."""
        return (
            scenario.Root(
                findings=("rebalance.storm", "rebalance.wave", "lag.stalled"),
                causes=("member.session_timeout",),
                on=self.group,
            ),
        )

    def inject(self) -> None:
        """Frozen for some seconds, thawed for a few, and so on."""
        self.frozen_s = self.draw.real("frozen_s", 8.5, 10)
        self.thawed_s = self.draw.real("thawed_s", 5, 7)
        before = self.stand.described(self.group)
        self.before = set(before.members)
        self.thread = threading.Thread(target=self._loop, daemon=True)
        self.thread.start()

    def _loop(self) -> None:
        member = self.stand.members(self.group)[0]
        while not self.over.is_set():
            running.send(self.stand.lab, member, signal.SIGSTOP)
            self.over.wait(self.frozen_s)
            running.send(self.stand.lab, member, signal.SIGCONT)
            self.over.wait(self.thawed_s)

    def confirm(self) -> str:
        """Kafka lists one member less, and later a new one."""
        self.until(
            lambda: set(self.stand.described(self.group).members),
            lambda found: len(found) < self.members,
            "a member is put out",
            within_s=30,
        )
        found = self.until(
            lambda: set(self.stand.described(self.group).members),
            lambda now: len(now) == self.members and now != self.before,
            "it comes back with a new id",
            within_s=30,
        )
        return f"Kafka put a member out and lists {len(found - self.before)} new ids since"

    def heal(self) -> None:
        """The process runs on."""
        self.over.set()
        self.thread.join(15)


class StaticGhost(shop.Read):
    """A static member died, and its long session keeps its place."""

    name = "static-ghost"
    breaks = "A static member dies; its long session keeps its partitions from the others."
    quick = True

    def prepare(self) -> None:
        """Static members with a long session."""
        self.work(
            partitions=6,
            members=self.draw.whole("members", 2, 3),
            rate=self.draw.real("rate", 30, 50),
            static=True,
            session_timeout_ms=self.draw.whole("session_s", 120, 240) * 1_000,
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """Its partitions stall."""
        return (
            scenario.Root(
                findings=("lag.stalled",), causes=("member.static_ghost",), on=self.group
            ),
        )

    def inject(self) -> None:
        """One process dies and does not come back."""
        self.stand.change(self.group, restarts=False)
        slot = self.draw.whole("member", 0, self.members - 1)
        for member in self.stand.members(self.group):
            if member.slot == slot:
                running.send(self.stand.lab, member, signal.SIGKILL)

    def confirm(self) -> str:
        """The process is gone, Kafka still lists the member, and its partitions stand."""
        self.until(
            lambda: len(self.stand.members(self.group)),
            lambda found: found == self.members - 1,
            "one process is gone",
        )
        listed = len(self.stand.described(self.group).members)
        if listed != self.members:
            raise scenario.NotConfirmed(f"Kafka lists {listed} members")
        return f"one process less than the {listed} listed members; " + self.stands_in_part()


class DuplicateInstance(shop.Read):
    """Two copies of an application use the same instance id."""

    name = "duplicate-instance"
    claims = ("group.member_fenced",)
    breaks = "A second copy of a static member joins under the same group.instance.id."
    within_s: ClassVar[float] = 60.0

    def prepare(self) -> None:
        """Static members of the classic protocol."""
        self.work(
            members=self.draw.whole("members", 1, 2),
            rate=self.draw.real("rate", 20, 40),
            static=True,
            session_timeout_ms=10_000,
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """One fences the other."""
        return (
            scenario.Root(
                findings=("group.member_fenced", "rebalance.storm"),
                causes=("member.duplicate_instance",),
            ),
        )

    def inject(self) -> None:
        """The copy starts, from a template that names the instance."""
        self.copy = f"{self.group}-copy"
        self.stand.group(
            self.copy,
            self.topic,
            group=self.group,
            instance=self.group,
            static=True,
            members=self.members,
            session_timeout_ms=10_000,
        )

    def confirm(self) -> str:
        """A client's own log says that it was fenced."""

        def fenced() -> int:
            logs = [
                self.stand.log(name, slot)
                for name in (self.group, self.copy)
                for slot in range(self.members)
            ]
            return sum(text.count("giving up") for text in logs if "fenced" in text.lower())

        count = self.until(
            fenced, lambda found: found >= 3, "three clients were fenced", within_s=45
        )
        return f"the clients' logs: {count} times one gave up because it was fenced"


class MixedAssignors(shop.Read):
    """A release changes the assignor in one step."""

    name = "mixed-assignors"
    claims = ("rebalance.join_rejected",)
    breaks = "New members offer another assignor than the running ones; Kafka turns them away."

    def prepare(self) -> None:
        """The old version at work."""
        self.old = self.draw.either("old", "cooperative-sticky", "range")
        self.work(members=self.draw.whole("members", 1, 2), assignor=self.old)

    def roots(self) -> tuple[scenario.Root, ...]:
        """Joins are turned away."""
        return (scenario.Root(findings=("rebalance.join_rejected",), causes=("assignor.mixed",)),)

    def inject(self) -> None:
        """The new version starts beside it."""
        new = "range" if self.old == "cooperative-sticky" else "cooperative-sticky"
        self.new = f"{self.group}-v2"
        self.stand.group(self.new, self.topic, group=self.group, assignor=new, members=1)

    def confirm(self) -> str:
        """The new client's own log says so."""
        self.until(
            lambda: self.stand.log(self.new).lower(),
            lambda text: "inconsistent" in text,
            "the new client's log tells of an inconsistent protocol",
        )
        return "the new client's log: its group protocol is inconsistent with the group's"


class SlowMember(shop.Read):
    """One of the machines is slow."""

    name = "slow-member"
    breaks = "One member's handler is slow; only its partitions lag."

    def prepare(self) -> None:
        """Three members with an even share."""
        self.work(
            partitions=self.draw.choice("partitions", 6, 9),
            members=3,
            rate=self.draw.real("rate", 60, 80),
            protocol=self.draw.either("protocol", "classic", "consumer"),
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """The lag is one member's."""
        return (
            scenario.Root(
                findings=("lag.skewed", "lag.growing"), causes=("member.slow",), on=self.group
            ),
        )

    def inject(self) -> None:
        """It manages a few records a second."""
        slot = self.draw.whole("member", 0, 2)
        self.stand.change(self.group, slow=(slot,), slow_ms=self.draw.real("slow_ms", 120, 250))

    def confirm(self) -> str:
        """A part of the partitions holds nearly all of the lag, and their commits move."""

        def shares() -> list[int]:
            return sorted(self.stand.lags(self.group, self.topic).values())

        found = self.until(
            shares,
            lambda lags: lags[-1] > 40 and sum(lags) > 100 and lags[len(lags) // 2] < 25,
            "a part of the partitions lags",
            within_s=40,
        )
        return f"lag by partition: {found}"


class RevocationBlocked(shop.Read):
    """A member of a KIP-848 group does not let go of its partitions."""

    name = "revocation-blocked"
    breaks = "A member takes very long to give up a partition; the newcomer waits for it."

    def prepare(self) -> None:
        """One member that flushes slowly."""
        self.work(
            partitions=6,
            members=1,
            rate=self.draw.real("rate", 20, 40),
            protocol="consumer",
            revoke_s=self.draw.whole("revoke_s", 40, 44),
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """The group does not come to rest."""
        return (
            scenario.Root(
                findings=("rebalance.stuck", "lag.stalled"),
                causes=("member.revocation_blocked",),
                on=self.group,
            ),
        )

    def inject(self) -> None:
        """A second member joins."""
        self.stand.change(self.group, members=2)

    def confirm(self) -> str:
        """Kafka's own client says that the group is not stable."""
        found = self.until(
            lambda: self.stand.described(self.group),
            lambda group: group.state != "STABLE" and len(group.members) == 2,
            "two members and no stable state",
        )
        return f"Kafka lists {len(found.members)} members in state {found.state}"


class OverParallel(shop.Read):
    """Somebody scaled the application out beyond its partitions."""

    name = "over-parallel"
    breaks = "A group has more members than partitions; some get nothing to do."

    def prepare(self) -> None:
        """A member for each partition."""
        count = self.draw.whole("members", 2, 3)
        self.work(
            partitions=count,
            members=count,
            protocol=self.draw.either("protocol", "classic", "consumer"),
        )

    def roots(self) -> tuple[scenario.Root, ...]:
        """Some members are idle."""
        return (
            scenario.Root(
                findings=("group.idle_members",), causes=("consumer.over_parallel",), on=self.group
            ),
        )

    def inject(self) -> None:
        """Two more members than partitions."""
        self.stand.change(self.group, members=self.partitions + 2)

    def confirm(self) -> str:
        """Kafka lists more members than the topic has partitions."""
        self.stand.started(self.group, self.partitions + 2, within_s=40)
        return f"Kafka lists {self.partitions + 2} members for {self.partitions} partitions"


MEMBERS: tuple[type[scenario.Scenario], ...] = (
    PollTimeout,
    SessionTimeouts,
    StaticGhost,
    DuplicateInstance,
    MixedAssignors,
    SlowMember,
    RevocationBlocked,
    OverParallel,
)
