"""Transactional producers that fence each other, or are fenced by a time-out.

Whoever takes a transactional id over gets a higher epoch, and the producer before it is refused.
Since transaction.version 2 a client of that age raises the epoch with every transaction, too: there
a rise alone is no fault (KIP-890).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.detect.clients import counters, producing
from headgate.domain import finding, transactions
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown

REQUESTS = frozenset(
    {
        "Produce",
        "InitProducerId",
        "AddPartitionsToTxn",
        "AddOffsetsToTxn",
        "TxnOffsetCommit",
        "EndTxn",
    }
)
"""What a transactional producer asks, as the brokers' metrics call it."""
_RESET = frozenset({"Empty", "PrepareEpochFence", "PrepareAbort", "CompleteAbort"})
"""States in which a transactional id is after a producer took it over, or a transaction failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What the coordinators told of one transactional id over the readings of the window."""

    id: str
    first_at: float
    epochs: tuple[int, ...]
    """Those that were told, each once while it did not change, in order."""
    resets: int
    """How often it came into a state in which a take-over or an abort leaves it."""
    aborts: int
    """How often an abort was seen."""
    timed_out: bool
    """Whether an open transaction was seen near or past its time-out."""


def courses(seen: view.View, seconds: float) -> tuple[Course, ...]:
    """The ids whose epoch rose in the trailing seconds."""
    low = seen.now - seconds - seen.tolerance_s
    readings = [part for part in seen.readings("transactions") if part.at.timestamp() >= low]
    by_id: dict[str, list[tuple[float, transactions.Transaction]]] = {}
    for part in readings:
        if isinstance(part.value, Unknown):
            continue
        for one in part.value.transactions:
            by_id.setdefault(one.id, []).append((part.at.timestamp(), one))
    found = (_course(name, told) for name, told in by_id.items() if len(told) > 1)
    return tuple(one for one in found if len(one.epochs) > 1)


def _course(name: str, told: Sequence[tuple[float, transactions.Transaction]]) -> Course:
    epochs: list[int] = []
    resets = aborts = 0
    timed_out = False
    before = told[0][1]
    for at, one in told:
        if one.producer_epoch >= 0 and (not epochs or epochs[-1] != one.producer_epoch):
            epochs.append(one.producer_epoch)
        other = (one.state, one.producer_epoch) != (before.state, before.producer_epoch)
        if other and one.state in _RESET:
            resets += 1
            aborts += "Abort" in one.state
        if one.started_ms > 0 and not isinstance(one.timeout_s, Unknown):
            timed_out |= at - one.started_ms / 1000 >= 0.9 * one.timeout_s
        before = one
    return Course(
        id=name,
        first_at=told[0][0],
        epochs=tuple(epochs),
        resets=resets,
        aborts=aborts,
        timed_out=timed_out,
    )


def bumps_always(seen: view.View) -> bool | Unknown:
    """Whether the cluster raises an epoch with every transaction (transaction.version 2)."""
    told = seen.read(seen.snapshot.features)
    if isinstance(told, Unknown):
        return told
    levels = [one.finalized for one in told.features if one.name == "transaction.version"]
    return bool(levels and (levels[0] or 0) >= 2)


class Fenced:
    """Says which transactional producers lose their id to another."""

    codes: ClassVar[tuple[str, ...]] = ("producer.fenced",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("transactions",)

    def find(self, seen: view.View) -> interface.Found:
        """A finding per transactional id; per broker where only its errors tell."""
        code = self.codes[0]
        window_s = seen.observation.seconds(code, "window")
        count = seen.observation.number(code, "count")
        always = bumps_always(seen)
        refused, lacking = producing.refused(seen, window_s, REQUESTS)
        errors = [one for error in producing.FENCING for one in refused.get(error, ())]
        told = counters.total(errors) >= count
        findings = [
            _id(seen, one, errors)
            for one in courses(seen, window_s)
            if _lost(one, count, told=told, always=always is not False)
        ]
        if told and not findings:
            findings = [_broker(seen, errors)]
        gaps: tuple[finding.NotSeen, ...] = ()
        if lacking and not findings and always is not False and _open(seen):
            reason = (
                "epochs rise with every transaction here (transaction.version 2), so only the "
                f"brokers' errors would tell: {lacking}"
            )
            gaps = interface.not_seen(self.codes, seen.cluster, reason)
        return interface.Found(findings=tuple(findings), not_seen=gaps)


def _open(seen: view.View) -> bool:
    told = seen.read(seen.snapshot.transactions)
    return not isinstance(told, Unknown) and bool(told.transactions)


def _lost(one: Course, count: float, *, told: bool, always: bool) -> bool:
    """Whether the id's rises are more than its transactions explain."""
    rises = max(one.epochs) - min(one.epochs)
    if told:
        return rises >= 1 and one.resets >= 1
    # With an epoch for every transaction, only take-overs and aborts in between tell.
    return rises >= count and (one.resets >= 2 if always else True)


def _id(seen: view.View, one: Course, errors: Sequence[counters.Growth]) -> finding.Finding:
    report = interface.Report(seen, "producer.fenced", Resource("transaction", one.id))
    rises = max(one.epochs) - min(one.epochs)
    report.fact(
        "epochs",
        f"by how much the producer epoch of {one.id} rose in "
        f"{words.duration(seen.now - one.first_at)}",
        rises,
        how="DescribeTransactions",
    )
    report.fact(
        "resets",
        "take-overs and aborts that were seen in between",
        one.resets,
        how="ListTransactions",
    )
    _errors(report, errors)
    return report.finding(
        f"Producers of the transactional id {one.id} fence each other or are fenced: its epoch "
        f"rose by {rises} in {words.duration(seen.now - one.first_at)}.",
        state="pending" if seen.observation.is_cut("producer.fenced", "window") else "firing",
        since=one.first_at,
    )


def _broker(seen: view.View, errors: Sequence[counters.Growth]) -> finding.Finding:
    about = min((one.about for one in errors), key=str)
    report = interface.Report(seen, "producer.fenced", about)
    _errors(report, errors)
    return report.finding(
        f"Transactional or idempotent producers are fenced: the brokers answered "
        f"{words.names(sorted({one.labels['error'] for one in errors}))} to "
        f"{words.many(round(counters.total(errors)), 'request')}.",
        state="pending" if seen.observation.is_cut("producer.fenced", "window") else "firing",
        since=min(one.since for one in errors),
    )


def _errors(report: interface.Report, errors: Sequence[counters.Growth]) -> None:
    if errors:
        report.fact(
            "errors",
            "requests that were answered with a fencing or sequence error",
            round(counters.total(errors)),
            source="metrics",
            how="RequestMetrics ErrorsPerSec",
        )
