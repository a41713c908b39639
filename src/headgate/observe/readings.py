"""Readings: parts of a snapshot that are read at a rhythm of their own, beside the sweep.

A reading is waited for only until it has answered once, so that the first snapshot is whole;
after that it runs beside the sweeps, and a snapshot carries its newest answer with the time at
which it was read. Adding a reading means adding a row to ``of_kafka``, or a port.
"""

import dataclasses
import queue
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from headgate.domain import positions as positions_
from headgate.domain import registry as registry_
from headgate.domain import snapshot, vocabulary
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.observe import calls, settings
from headgate.ports import clock, inspection, kafka, metrics, registry

Stage = Literal["start", "partitions", "offsets"]
"""What must have been read before in the same sweep."""

Answer = inspection.Read[object]

METRICS_EVERY_S = 10.0
"""Exporters compute at each scrape; the usual interval of Prometheus is 15 s."""

CERTIFICATES_EVERY_S = 300.0
"""Certificates are renewed in days; a handshake costs a broker more than a request."""

REGISTRY_EVERY_S = 30.0
"""Schemas change with releases, not with records."""

SOONEST_S = 4.0
"""What a cluster or a registry itself answers is read again as soon as its share of the time
allows, so that a full disk, a rule that was taken away, or a registry that is gone is seen at once;
but not sooner than that."""
_SHARES: Mapping[vocabulary.Source, float] = {"kafka": settings.SHARE, "registry": 0.05}
"""A registry is asked one thing after the other, a few dozen a reading."""
QUICK_S = 0.5
"""An answer that took longer is no longer waited for by each sweep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What this sweep has read so far."""

    brokers: tuple[int, ...] = ()
    partitions: snapshot.Partitions | None = None
    offsets: kafka.OffsetRead | None = None
    positions: positions_.Positions | None = None
    """The newest that were read, in this sweep or before."""
    tiered: frozenset[str] = frozenset()
    """Topics whose older records are to be in a remote store, as known before this sweep."""
    resting: tuple[TopicPartition, ...] = ()
    """Partitions at rest on which a group stands one offset short of the end: a transaction marker
    may be there. As known before this sweep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One part with its rhythm."""

    name: str
    """As in ``Snapshot.parts()``: a field's name, ``registry:NAME`` or ``metrics:ADDRESS``."""
    source: vocabulary.Source
    how: str
    every_s: float
    call: Callable[[Ground, float], Answer]
    """Reads within so many seconds."""
    stage: Stage = "start"
    awaited: bool = False
    """A sweep waits for each of its answers, not for the first alone, as long as they are quick."""

    def pause_s(self, took_s: float) -> float:
        """Seconds from one reading to the next, where one took so long."""
        share = _SHARES.get(self.source)
        return self.every_s if share is None else min(self.every_s, max(took_s / share, SOONEST_S))


@dataclass(slots=True)
class _Kept:
    asked: calls.Asked[Answer] | None = None
    asked_at: float = 0.0
    due_at: float = 0.0
    part: snapshot.Part[Any] | None = None


class Readings:
    """The readings of one cluster with their newest answers; owned by the thread that sweeps."""

    def __init__(self, readings: Sequence[Reading], time_source: clock.Clock) -> None:
        self._readings = tuple(readings)
        self._clock = time_source
        self._kept = {reading.name: _Kept() for reading in self._readings}

    def expire(self, *names: str) -> None:
        """These are read again with the next sweep; all of them where none is named."""
        for name in names or tuple(self._kept):
            if name in self._kept:
                self._kept[name].due_at = 0.0

    def start(
        self,
        stage: Stage,
        ground: Ground,
        under_way: calls.Calls,
        done: "queue.SimpleQueue[str]",
        *,
        left_s: float,
    ) -> tuple[str, ...]:
        """What is due at this stage is asked for; the names of those worth waiting for."""
        first: list[str] = []
        now = self._clock.monotonic()
        for reading in self._readings:
            kept = self._kept[reading.name]
            if reading.stage != stage or (kept.asked is not None and kept.asked.value is None):
                continue
            self._take(reading, kept)
            if now < kept.due_at:
                continue
            kept.asked_at, kept.due_at = now, now + reading.every_s
            kept.asked = under_way.start(reading.name, _bound(reading.call, ground, left_s), done)
            if kept.part is None or (reading.awaited and kept.part.took_s <= QUICK_S):
                first.append(reading.name)
        return tuple(first)

    def parts(self) -> Mapping[str, snapshot.Part[Any]]:
        """The newest answer of each; one that never came is Unknown."""
        found: dict[str, snapshot.Part[Any]] = {}
        for reading in self._readings:
            kept = self._kept[reading.name]
            self._take(reading, kept)
            found[reading.name] = kept.part or snapshot.Part(
                value=Unknown("no answer came yet"),
                source=reading.source,
                how=reading.how,
                at=kept.asked.at if kept.asked else self._clock.now(),
                every_s=reading.every_s,
            )
        return found

    def positions(self) -> positions_.Positions | None:
        """The newest positions that were read; None: there are none."""
        kept = self._kept.get("positions")
        value = kept.part.value if kept and kept.part else None
        return value if isinstance(value, positions_.Positions) else None

    def _take(self, reading: Reading, kept: _Kept) -> None:
        """An answer that has come is the newest part."""
        asked = kept.asked
        if asked is None or asked.value is None or (kept.part and kept.part.at == asked.at):
            return
        answer = asked.value
        failed = isinstance(answer, Unknown)
        kept.part = snapshot.Part(
            value=answer if isinstance(answer, Unknown) else answer[0],
            source=reading.source,
            how=reading.how,
            at=asked.at,
            took_s=asked.took_s,
            missing=() if isinstance(answer, Unknown) else answer[1],
            every_s=reading.every_s,
        )
        if failed:  # not at once, which would only add load, and not as late as a good answer
            kept.due_at = min(kept.due_at, self._clock.monotonic() + reading.every_s / 2)
        else:
            kept.due_at = min(kept.due_at, kept.asked_at + reading.pause_s(asked.took_s))


def of_kafka(port: kafka.Kafka) -> tuple[Reading, ...]:
    """What is read from the cluster itself beside the sweep."""

    def row(
        name: str,
        how: str,
        every_s: float,
        call: Callable[[Ground, float], Answer],
        stage: Stage = "start",
    ) -> Reading:
        return Reading(name=name, source="kafka", how=how, every_s=every_s, call=call, stage=stage)

    return (
        row("quorum", "DescribeQuorum", 5, lambda _, s: (port.quorum(deadline_s=s), ())),
        row("features", "ApiVersions", 60, lambda _, s: port.features(deadline_s=s)),
        row(
            "reassignments",
            "ListPartitionReassignments",
            5,
            lambda _, s: (port.reassignments(deadline_s=s), ()),
        ),
        row("quotas", "DescribeClientQuotas", 30, lambda _, s: (port.quotas(deadline_s=s), ())),
        row("acls", "DescribeAcls", 30, lambda _, s: (port.acls(deadline_s=s), ())),
        row(
            "scram_users",
            "DescribeUserScramCredentials",
            60,
            lambda _, s: (port.scram_users(deadline_s=s), ()),
        ),
        Reading(
            name="endpoints",
            source="tls_probe",
            how="TLS handshake",
            every_s=CERTIFICATES_EVERY_S,
            call=lambda _, s: port.endpoints(deadline_s=s),
        ),
        row(
            "broker_configs",
            "DescribeConfigs",
            60,
            lambda on, s: port.broker_configs(_live_brokers(on), deadline_s=s),
            "partitions",
        ),
        row(
            "log_dirs",
            "DescribeLogDirs",
            30,
            lambda on, s: port.log_dirs(_listed(on), deadline_s=s),
            "partitions",
        ),
        row(
            "positions",
            "ListOffsets (read committed, max timestamp, earliest local)",
            15,
            lambda on, s: port.positions(_listed(on), _latest(on), tiered=on.tiered, deadline_s=s),
            "offsets",
        ),
        row(
            "eligible",
            "DescribeTopicPartitions",
            5,
            lambda on, s: port.eligible(_wanting(_listed(on)), deadline_s=s),
            "partitions",
        ),
        row(
            "transactions",
            "ListTransactions, DescribeTransactions, DescribeProducers",
            15,
            lambda on, s: _transactions(port, on, s),
            "offsets",
        ),
    )


def hastened(rows: Sequence[Reading], interval_s: float) -> tuple[Reading, ...]:
    """The readings for a look of seconds: metrics and positions at each sweep, transactions at each
    second one.

    So a counter has a second value though the first scrape of a page is slow; and a transaction is
    asked for only where an earlier reading found its partition held. Positions are of the moment of
    the log ends: lag that grows behind a transaction which has just been opened is told from lag
    that grows.
    """

    def every_s(name: str) -> float:
        if name.startswith("metrics:") or name == "positions":
            return 0.9 * interval_s
        return 1.5 * interval_s if name == "transactions" else float("inf")

    return tuple(
        dataclasses.replace(
            one, every_s=min(one.every_s, every_s(one.name)), awaited=one.name == "positions"
        )
        for one in rows
    )


def of_registry(port: registry.SchemaRegistry) -> Reading:
    """One schema registry."""
    return Reading(
        name=f"registry:{port.name}",
        source="registry",
        how=f"GET {port.url}/subjects",
        every_s=REGISTRY_EVERY_S,
        call=lambda _, s: _registry(port.registry(deadline_s=s)),
    )


def of_metrics(port: metrics.Metrics) -> Reading:
    """One source of metrics."""
    return Reading(
        name=f"metrics:{port.url}",
        source="metrics",
        how=f"GET {port.url}",
        every_s=METRICS_EVERY_S,
        call=lambda _, s: (port.read(deadline_s=s), ()),
    )


def _registry(read: registry_.Registry) -> Answer:
    """The registry; how many of its subjects were not read is missing, once for each reason."""
    why = Counter(
        one.versions
        for one in read.subjects.values()
        if isinstance(one.versions, Unknown) and not one.deleted
    )
    return read, tuple(
        snapshot.Missing(
            what=f"{count} of {len(read.subjects)} subjects",
            reason=reason.reason,
            needs=reason.needs,
        )
        for reason, count in why.most_common()
    )


def _bound(
    call: Callable[[Ground, float], Answer], ground: Ground, left_s: float
) -> Callable[[], Answer]:
    return lambda: call(ground, left_s)


def _listed(on: Ground) -> snapshot.Partitions:
    return cast(snapshot.Partitions, on.partitions)  # its stage says that they are there


def _latest(on: Ground) -> NDArray[np.int64]:
    return cast(kafka.OffsetRead, on.offsets).latest  # its stage says that they are there


def _live_brokers(on: Ground) -> tuple[int, ...]:
    return tuple(sorted({int(broker) for broker in set(_listed(on).isr.tolist())}))


def _wanting(listed: snapshot.Partitions) -> tuple[TopicPartition, ...]:
    """Partitions without a leader or with fewer in-sync replicas than replicas."""
    replicas = listed.replica_start[1:] - listed.replica_start[:-1]
    isr = listed.isr_start[1:] - listed.isr_start[:-1]
    return tuple(listed.name(int(i)) for i in ((listed.leader < 0) | (isr < replicas)).nonzero()[0])


def _transactions(port: kafka.Kafka, on: Ground, left_s: float) -> Answer:
    """Transactions, with what leaders know of suspects and of partitions at rest. What they do not
    tell of the latter is no gap: a lag of 1 is shown as 1 then.
    """
    held = _suspects(on)
    read, missing = port.transactions((*held, *on.resting), deadline_s=left_s)
    spared = {f"partition:{name}" for name in set(on.resting) - set(held)}
    return read, tuple(one for one in missing if one.what not in spared)


def _suspects(on: Ground) -> tuple[TopicPartition, ...]:
    """Partitions that held a transaction open when their last stable offset was read."""
    known = on.positions
    return (
        ()
        if known is None
        else tuple(known.partitions.name(int(i)) for i in known.held.nonzero()[0])
    )
