"""Transactions that hold their readers up.

A reader of committed records may read up to the last stable offset (LSO): the start of the oldest
transaction that is open on the partition.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.domain import finding, positions, retention, snapshot, transactions
from headgate.domain.resource import TopicPartition, partition
from headgate.domain.unknown import Unknown

LATE_S = 300.0
"""Past the longest time-out by so much, Kafka itself calls a transaction late (KIP-664)."""
MAX_TIMEOUT = "transaction.max.timeout.ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One transaction, or what of one is left, that holds partitions."""

    partitions: tuple[TopicPartition, ...]
    stable: Mapping[TopicPartition, int]
    since: float
    """Since when the LSO has stood, as far as is known; Unix seconds."""
    producer: transactions.Producer | None
    """As the leader of the first partition tells; None: it was not asked yet."""
    transaction: transactions.Transaction | None
    """As its coordinator tells; None: no coordinator knows the producer."""


def held(seen: view.View) -> tuple[Held, ...]:
    """What holds partitions now, one entry for each producer; computed once per look."""
    return seen.once(_held)


def max_timeout_s(seen: view.View) -> float | Unknown:
    """The longest time-out that the brokers allow a transaction."""
    configs = seen.read(seen.snapshot.broker_configs)
    if isinstance(configs, Unknown):
        return configs
    found = [retention.number(one.get(MAX_TIMEOUT)) for one in configs.values()]
    known = [value for value in found if value is not None]
    return max(known) / 1000 if known else Unknown(f"no broker tells {MAX_TIMEOUT}")


class Stuck:
    """Says where a transaction holds the last stable offset."""

    codes: ClassVar[tuple[str, ...]] = ("txn.lso_stuck",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("positions",)

    def find(self, seen: view.View) -> interface.Found:
        """One finding per transaction, on its first partition, naming all of them."""
        longest = max_timeout_s(seen)
        found = [item for one in held(seen) for item in _stuck(seen, one, longest)]
        return interface.Found(findings=tuple(found))


def _stuck(seen: view.View, one: Held, longest: float | Unknown) -> Iterator[finding.Finding]:
    code = "txn.lso_stuck"
    about = partition(one.partitions[0])
    state = seen.state(code, "hold", one.since)
    if state is None:
        return
    full_s = seen.observation.full_seconds(code, "hold", about)
    age_s = seen.now - one.since
    if age_s >= full_s:
        state = "firing"  # the transaction's own start tells more than a short look
    report = interface.Report(seen, code, about)
    report.fact(
        "stable",
        f"last stable offset of {one.partitions[0]}",
        one.stable[one.partitions[0]],
        how="ListOffsets, read committed",
    )
    report.fact("age", "for how long it has stood", round(age_s), unit="s", source="history")
    report.fact("partitions", "partitions that it holds", len(one.partitions), how="ListOffsets")
    late = not isinstance(longest, Unknown) and age_s > longest + LATE_S
    name = f"The transaction {one.transaction.id}" if one.transaction else "An open transaction"
    yield report.finding(
        f"{name} holds {words.partitions(one.partitions)} for {words.duration(age_s)}: readers of "
        f"committed records get nothing behind offset {one.stable[one.partitions[0]]}.",
        state=state,
        since=one.since,
        severity="critical" if late else None,
        partitions=one.partitions,
    )


def _held(seen: view.View) -> tuple[Held, ...]:
    readings = seen.readings("positions")
    now = seen.read(seen.snapshot.positions)
    if isinstance(now, Unknown):
        return ()
    told = seen.read(seen.snapshot.transactions)
    known = None if isinstance(told, Unknown) else told
    groups: dict[object, list[tuple[TopicPartition, transactions.Producer | None]]] = {}
    producers: dict[TopicPartition, transactions.Producer] = {}
    for one in known.open_producers if known else ():
        first = producers.get(one.partition)
        if first is None or one.open_since_offset < first.open_since_offset:
            producers[one.partition] = one  # the oldest open one is what holds the LSO
    for ordinal in np.flatnonzero(now.held).tolist():
        name = now.partitions.name(ordinal)
        producer = producers.get(name)
        # What nobody was asked about yet is taken to be one transaction: its partitions stopped
        # together; with the next reading each has its producer.
        groups.setdefault(producer and producer.producer_id, []).append((name, producer))
    return tuple(_one(seen, members, now, readings, known) for members in groups.values())


def _one(
    seen: view.View,
    members: Sequence[tuple[TopicPartition, transactions.Producer | None]],
    now: positions.Positions,
    readings: Sequence[snapshot.Part[positions.Positions]],
    known: transactions.Transactions | None,
) -> Held:
    names = tuple(sorted(name for name, _ in members))
    producer = min(
        (one for _, one in members if one is not None), key=lambda one: one.partition, default=None
    )
    transaction = next(
        (
            one
            for one in (known.transactions if known and producer else ())
            if producer and one.producer_id == producer.producer_id
        ),
        None,
    )
    stable = {name: int(now.stable[now.partitions.ordinal(name) or 0]) for name in names}
    since = min(_stood(name, stable[name], readings, seen.now) for name in names)
    begun = _begun(transaction, producer)
    return Held(
        partitions=names,
        stable=stable,
        since=since if begun is None else min(since, begun),
        producer=producer,
        transaction=transaction,
    )


def _begun(
    transaction: transactions.Transaction | None, producer: transactions.Producer | None
) -> float | None:
    """When it was begun at the latest; None: nobody tells.

    A coordinator tells the start of what it knows as open; else the last write there is later than
    the start.
    """
    if transaction is not None and transaction.started_ms > 0:
        return transaction.started_ms / 1000
    if producer is not None and producer.last_timestamp_ms > 0:
        return producer.last_timestamp_ms / 1000
    return None


def _stood(
    name: TopicPartition,
    stable: int,
    readings: Sequence[snapshot.Part[positions.Positions]],
    now: float,
) -> float:
    """The first of the latest unbroken readings in which the LSO was held just there."""
    since = now
    for part in reversed(readings):
        value = part.value
        if isinstance(value, Unknown):
            continue
        ordinal = value.partitions.ordinal(name)
        if ordinal is None or not value.held[ordinal] or int(value.stable[ordinal]) != stable:
            break
        since = min(since, part.at.timestamp())
    return since
