"""Why brokers are gone and partitions lose replicas or leaders.

What decides: what the port does, and the order in which the leaders moved and the ISR shrank (a
planned stop moves leaders first; seen on Kafka 4.3: within 0.2 s, fenced within 0.1 s, while a
crash stays listed and unfenced for a whole broker session with its port refusing).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import words
from headgate.detect.cluster import absence, gauges
from headgate.detect.cluster import disks as disk_finding
from headgate.diagnose import interface
from headgate.diagnose.cluster import disks
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding, history, resource
from headgate.domain.unknown import Unknown

_WATCH_S = 300.0
_ACTUATOR = Unknown("no actuator of its host is declared")

_ELSEWHERE = Unknown("Headgate has one vantage point")


class Brokers:
    """Explains brokers that are down or fenced."""

    explains: ClassVar[tuple[str, ...]] = ("broker.down", "broker.fenced")

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Crashed, stopped as planned, hung, cut off, or without its disk."""
        argument = interface.Argument(case, about)
        if about.code == "broker.down":
            _down(argument)
        else:
            _fenced(argument)
        return argument.explained()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Departure:
    """How a broker left, as far as the looks show it."""

    port: tuple[str, ...]
    """Ids of facts, as are the others."""
    order: str
    order_fact: str
    sudden: bool | Unknown
    """Its port died while the cluster still counted on it."""
    sudden_fact: str
    posted: bool
    """Somebody posted its stop."""
    posted_fact: str
    silent: bool
    """Its host swallows connections."""
    hangs: bool
    """Its port accepts connections, and then it says nothing."""


def _departure(argument: interface.Argument) -> _Departure:
    about, case = argument.about, argument.case
    broker_id = int(about.resource.id)
    samples = case.seen.history.brokers.get(broker_id, ())
    refused = [s for s in samples if s.listed and s.fenced is False and s.port in _DEAD]
    before = [s for s in samples if s.listed and s.fenced is False and s.port not in _DEAD]
    planned = [p for p in case.seen.observation.planned if p.resource == str(about.resource)]
    first = _order(case, broker_id)
    sudden: bool | Unknown = bool(refused)
    if not refused and not before:
        sudden = Unknown("how it left: that was before Headgate's first look")
    elif not refused and first == "isr":
        sudden = True
    hangs, last = _hangs(samples), samples[-1].port if samples else ""
    return _Departure(
        port=argument.own("port"),
        order=first,
        order_fact=argument.fact(
            "order",
            "what came first, the leaders' move or the loss from the ISR",
            first,
            source="history",
        ),
        sudden=sudden,
        sudden_fact=argument.fact(
            "sudden",
            "looks at which its port was dead while the cluster still counted on it",
            len(refused),
            source="history",
        ),
        posted=bool(planned),
        posted_fact=argument.fact(
            "planned",
            "on the timeline",
            planned[-1].what if planned else "nothing",
            source="timeline",
        ),
        silent=last == "silent" and not hangs,
        hangs=hangs,
    )


def _hangs(samples: Sequence[history.BrokerSample]) -> bool:
    """Whether the port accepts connections and then says nothing, or did since it answered last and
    is silent by now: its backlog is full.
    """
    for sample in reversed(samples):
        if sample.port != "silent":
            return sample.port == "accepts"
    return False


def _down(argument: interface.Argument) -> None:
    about = argument.about
    left = _departure(argument)
    name = f"broker {about.resource.id}"
    restart = [
        interface.suggest("workload.restart", f"Start {name} again; keep its disk."),
        interface.suggest("incident.channel", f"Tell those who run {name}."),
    ]
    hurt, why_hurt = _disk_before(argument)
    argument.weigh(
        "broker.crashed",
        "Its process ended; whether it crashed or was stopped in order was not seen."
        if isinstance(left.sudden, Unknown)
        else "Its process ended without an orderly shutdown.",
        requires("its port is dead", not left.hangs, *left.port),
        requires("nobody posted its stop", not left.posted, left.posted_fact),
        requires(
            "nothing shows that it handed its leaders over first",
            left.sudden is not False,
            left.sudden_fact,
            left.order_fact,
        ),
        decides(
            "its port died while the cluster still counted on it",
            left.sudden,
            left.sudden_fact,
            left.order_fact,
        ),
        expects("its host is up: the port refuses, and is not silent", not left.silent, *left.port),
        *([expects("its disks were in order before", False, *why_hurt)] if hurt else []),
        next=restart,
    )
    orderly: bool | Unknown = (
        True
        if left.posted
        else left.sudden
        if isinstance(left.sudden, Unknown)
        else not left.sudden
    )
    argument.weigh(
        "broker.planned_stop",
        "It was stopped in order: a controlled shutdown moves its leaders away first.",
        requires(
            "it did not vanish while the cluster counted on it",
            orderly,
            left.sudden_fact,
            left.order_fact,
            left.posted_fact,
        ),
        requires("its port is dead", not left.hangs, *left.port),
        decides("somebody posted its stop", left.posted, left.posted_fact),
        decides(
            "its leaders moved away before its replicas left the ISRs",
            Unknown("the order was not seen")
            if left.order == "not seen"
            else left.order == "leaders",
            left.order_fact,
        ),
        next=[interface.watch(about.resource, _WATCH_S, "It should be back by itself.")],
    )
    argument.weigh(
        "broker.hung",
        "Its process or its host is there and does not run.",
        requires("its port does not refuse connections", left.silent or left.hangs, *left.port),
        decides("its port accepts them and then says nothing", True, *left.port)
        if left.hangs
        else expects("its host swallows connections", left.silent, *left.port),
        requires("it was not stopped in order", left.order != "leaders", left.order_fact),
        next=restart,
    )
    _recovering(argument, about.resource)


def _disk_before(argument: interface.Argument) -> tuple[bool | Unknown, tuple[str, ...]]:
    """Argues that a disk took the broker down; whether one was out of order, and the facts."""
    about, case = argument.about, argument.case
    last = disks.last_of(case.seen, int(about.resource.id))
    if isinstance(last, Unknown):
        return last, ()
    failed = [one for one in last if one.error]
    shares = [share for one in last if not isinstance(share := disk_finding.used(one), Unknown)]
    full = bool(shares) and max(shares) >= disks.FULL
    fact = argument.fact(
        "disk",
        "its log dirs when they were last read",
        ", ".join(f"{one.path}: {one.error}" for one in failed)
        or (f"{max(shares):.0%} in use" if shares else "in order"),
        how="DescribeLogDirs",
    )
    argument.weigh(
        "disk.failed",
        "A log dir failed, and it was the broker's last or holds its metadata: then it halts.",
        requires("a log dir of it was offline before it went", bool(failed) and not full, fact),
        requires("its port is dead", True, *argument.own("port")),
        next=[interface.suggest("workload.restart", "Mend the disk, then start it again.")],
    )
    argument.weigh(
        "disk.full",
        "Its disk ran full, and the broker halted.",
        requires("its disk was full before it went", full, fact),
        decides("its disk was full before it went", full, fact),
        requires("its port is dead", True, *argument.own("port")),
        next=[interface.suggest("incident.channel", "Give it room, then start it again.")],
    )
    return bool(failed) or full, (fact,)


def _recovering(argument: interface.Argument, about: resource.Resource) -> None:
    state = gauges.latest(argument.case.seen, "broker.state", about)
    facts: tuple[str, ...] = ()
    said: bool | Unknown
    if isinstance(state, Unknown):
        said = state
    else:
        facts = (
            argument.fact("state", "its own BrokerState; 2 is recovery", state, source="metrics"),
        )
        said = state == 2
    argument.weigh(
        "recovery.unclean_start",
        "It starts, and reads its logs first because it did not stop in order.",
        requires("its own metrics say that it recovers its logs", said, *facts),
        decides("its own metrics say that it recovers its logs", said, *facts),
        next=[interface.watch(about, 600.0, "Recovery ends by itself; a restart begins it anew.")],
    )


_DEAD = ("refuses", "silent")


def _order(case: interface.Case, broker_id: int) -> str:
    """``leaders``, ``isr`` or ``together``; ``not seen`` where the history does not show it."""
    past, table = case.seen.history, case.seen.partitions
    read = ~(past.leaders == history.UNREAD_LEADER).all(axis=1)
    if isinstance(table, Unknown) or read.sum() < 2:
        return "not seen"
    leading = past.leaders[read] == broker_id
    led = np.flatnonzero(leading.any(axis=0) & ~leading[-1])
    moved = _first_without(leading[:, led])
    sizes = past.isr_sizes[read][:, _columns_of(case, broker_id)]
    shrunk = _first_without(sizes >= sizes.max(axis=0, initial=0))
    if moved >= len(leading) or shrunk >= len(leading):
        return "not seen"
    if moved < shrunk:
        return "leaders"
    return "isr" if shrunk < moved else "together"


def _first_without(holds: NDArray[np.bool_]) -> int:
    """The first row, after one in which all held, in which some column does not; W if none."""
    if not holds.size:
        return len(holds)
    whole = np.asarray(holds.all(axis=1))
    broken = np.flatnonzero(whole[:-1] & ~whole[1:]) + 1
    return int(broken[-1]) if len(broken) else len(holds)


def _columns_of(case: interface.Case, broker_id: int) -> NDArray[np.intp]:
    """History columns of the partitions that have a replica on the broker."""
    table = case.seen.partitions
    if isinstance(table, Unknown):
        return np.zeros(0, dtype=np.intp)
    ordinal_of = np.repeat(np.arange(table.count), np.diff(table.replica_start))
    columns = case.seen.column_of[ordinal_of[table.replicas == broker_id]]
    return np.sort(columns[columns >= 0])


def _fenced(argument: interface.Argument) -> None:
    about, case = argument.about, argument.case
    port = argument.own("port", "fenced")
    samples = case.seen.history.brokers.get(int(about.resource.id), ())
    answers = bool(samples) and samples[-1].port == "answers"
    restart = interface.suggest(
        "workload.restart", f"Restart broker {about.resource.id} if it does not come back."
    )
    argument.weigh(
        "broker.hung",
        "Its process is there and does not run.",
        requires("its port accepts connections and answers nothing", not answers, *port),
        expects("the controller fenced it", True, *port),
        decides("it answers no other place either", _ELSEWHERE),
        next=[interface.watch(about.resource, 60, "A pause ends by itself."), restart],
    )
    argument.weigh(
        "network.partition",
        "It cannot reach the controllers, or we cannot reach it.",
        requires("it is fenced though its port is there", True, *port),
        expects("it answers requests while it is fenced", answers, *port),
        decides("it answers one place and not another", _ELSEWHERE),
        next=[interface.suggest("diagnostics.collect", "Check the broker's way to the quorum.")],
    )
    pressed = case.on(about.resource, "jvm.pressure")
    spent = gauges.lacking(case.seen, "process.gc_seconds")
    argument.weigh(
        "jvm.memory_pressure",
        "It stands still to collect garbage.",
        requires(
            "it spends its time collecting garbage",
            Unknown(spent) if spent else bool(pressed),
            *[fact.id for item in pressed for fact in item.evidence],
        ),
        requires("it is fenced though its port is there", True, *port),
    )
    argument.weigh(
        "broker.crashed",
        "Its process is gone.",
        requires("its port refuses connections", False, *port),
    )


def down(case: interface.Case) -> dict[int, finding.Finding]:
    """Brokers that are down or fenced, with the finding that says so."""
    return {int(item.resource.id): item for item in case.findings("broker.down", "broker.fenced")}


def troubled(case: interface.Case) -> dict[int, str]:
    """Brokers that do not do their work now, given up or not yet, and what shows it."""
    return absence.gone(case.seen)


def lost(case: interface.Case, about: finding.Finding) -> set[int]:
    """Brokers whose replicas the partitions of the finding miss."""
    return case.once(("lost", about.key), lambda: _lost(case, about))


def _lost(case: interface.Case, about: finding.Finding) -> set[int]:
    table = case.seen.partitions
    if isinstance(table, Unknown):
        return set()
    ordinals = table.ordinals(about.partitions)
    if about.code == "partition.offline":
        return {each for ordinal in ordinals for each in table.replicas_of(int(ordinal))}
    of, brokers = table.missing
    if len(ordinals) == 1:
        low, high = np.searchsorted(of, [ordinals[0], ordinals[0] + 1])
        return set(brokers[low:high].tolist())
    return set(np.unique(brokers[np.isin(of, ordinals)]).tolist())


def in_sync(case: interface.Case, about: finding.Finding) -> set[int]:
    """Brokers whose replicas of the partitions of the finding are listed as in sync."""
    table = case.seen.partitions
    if isinstance(table, Unknown):
        return set()
    return {
        each for ordinal in table.ordinals(about.partitions) for each in table.isr_of(int(ordinal))
    }


def preferred(case: interface.Case, about: finding.Finding) -> set[int]:
    """Brokers that are meant to lead the partitions of the finding."""
    table = case.seen.partitions
    if isinstance(table, Unknown):
        return set()
    return set(table.replicas[table.replica_start[table.ordinals(about.partitions)]].tolist())


def beside(case: interface.Case, about: resource.Resource) -> set[int]:
    """Brokers whose copies a write waits for: those that hold replicas of the partitions that the
    broker leads, or of the topic's; the broker itself is not among them.
    """
    return case.once(("beside", about), lambda: _beside(case, about))


def _beside(case: interface.Case, about: resource.Resource) -> set[int]:
    table = case.seen.partitions
    if isinstance(table, Unknown):
        return set()
    of_replica = np.repeat(np.arange(table.count), np.diff(table.replica_start))
    if about.kind == "topic":
        span = table.of_topic(about.id)
        return set(table.replicas[(of_replica >= span.start) & (of_replica < span.stop)].tolist())
    led = table.leader[of_replica] == int(about.id)
    return set(np.unique(table.replicas[led]).tolist()) - {int(about.id)}


def names(brokers: set[int] | list[int]) -> str:
    """The brokers in words."""
    return f"broker {words.names(sorted(brokers))}"


def broker(broker_id: int) -> resource.Resource:
    """The resource of a broker."""
    return resource.Resource("broker", str(broker_id))
