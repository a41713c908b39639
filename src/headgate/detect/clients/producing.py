"""Writes that brokers refuse: failing, too large, or with a timestamp they do not take.

The brokers count the answers to Produce by error (ErrorsPerSec). Only the counters of refused bytes
and of failed produce requests name a topic.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.detect.clients import counters
from headgate.domain import finding
from headgate.domain.resource import Resource

ERRORS = "broker.errors"
REJECTED = "broker.bytes_rejected"
TOO_LARGE = frozenset({"MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"})
BAD_TIMESTAMP = frozenset({"INVALID_TIMESTAMP"})
FENCING = frozenset(
    {
        "PRODUCER_FENCED",
        "INVALID_PRODUCER_EPOCH",
        "OUT_OF_ORDER_SEQUENCE_NUMBER",
        "UNKNOWN_PRODUCER_ID",
        "INVALID_PRODUCER_ID_MAPPING",
    }
)
"""Answers that tell a producer that it is no longer the one (judged by ``producer.fenced``)."""
NO_TOPIC = frozenset({"UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID", "INCONSISTENT_TOPIC_ID"})
_SETTLE_S = 30.0
"""Clients and brokers learn at different moments that a topic came or went; what is answered so
long afterwards is no trouble that a look of seconds could tell from that (judgment)."""
_OTHERS = frozenset(
    {
        "NONE",
        "NOT_LEADER_OR_FOLLOWER",
        "LEADER_NOT_AVAILABLE",
        "FENCED_LEADER_EPOCH",
        "THROTTLING_QUOTA_EXCEEDED",
        "DUPLICATE_SEQUENCE_NUMBER",
        "CONCURRENT_TRANSACTIONS",
        "TOPIC_AUTHORIZATION_FAILED",
        "CLUSTER_AUTHORIZATION_FAILED",
        "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
    }
)
"""Success, the ordinary answers while leaders move, and what other findings judge."""
_HOW = "RequestMetrics ErrorsPerSec, request=Produce"


PRODUCE = frozenset({"Produce"})


def refused(
    seen: view.View, seconds: float, requests: frozenset[str] = PRODUCE
) -> tuple[dict[str, tuple[counters.Growth, ...]], str]:
    """(Error of these requests -> counters that grew, why nothing is known; empty where it is)."""
    told = counters.of(seen, ERRORS, seconds)
    found: dict[str, list[counters.Growth]] = {}
    for one in told.grown:
        if one.labels.get("request") in requests:
            found.setdefault(one.labels.get("error", ""), []).append(one)
    return {error: tuple(held) for error, held in found.items()}, told.lacking


class Producing:
    """Says which topics or brokers refuse writes."""

    codes: ClassVar[tuple[str, ...]] = (
        "produce.failing",
        "produce.too_large",
        "produce.bad_timestamp",
    )
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """Findings per topic where a counter names it, else per broker."""
        unsettled = _unsettled(seen)
        findings = [*_failing(seen, bool(unsettled)), *_too_large(seen), *_bad_timestamp(seen)]
        lacking = refused(seen, 60)[1]
        codes = [code for code in self.codes if not lacking or not _has(findings, code)]
        gaps = interface.not_seen(codes, seen.cluster, lacking) if lacking else ()
        if unsettled and not lacking and not _has(findings, "produce.failing"):
            gaps = interface.not_seen(("produce.failing",), seen.cluster, unsettled)
        return interface.Found(findings=tuple(findings), not_seen=gaps)


def _has(findings: Sequence[finding.Finding], code: str) -> bool:
    return any(item.code == code for item in findings)


def _unsettled(seen: view.View) -> str:
    """Why a short look cannot tell of writes to a topic that brokers do not know; empty: it can."""
    if not seen.observation.is_cut("produce.failing", "hold"):
        return ""
    ago_s = [
        (seen.now - one.at.timestamp(), one.resource.id)
        for one in seen.observation.timeline
        if one.kind == "topic"
    ]
    last_s, topic = min(ago_s, default=(_SETTLE_S, ""))
    if last_s >= _SETTLE_S:
        return ""
    return f"{topic} came or went {words.duration(last_s)} ago: clients learn of it by and by"


def _failing(seen: view.View, unsettled: bool) -> Iterator[finding.Finding]:
    code = "produce.failing"
    errors, _ = refused(seen, seen.observation.seconds(code, "hold"))
    known = _OTHERS | FENCING | TOO_LARGE | BAD_TIMESTAMP | (NO_TOPIC if unsettled else set())
    failing = [one for error, held in errors.items() if error not in known for one in held]
    cut = seen.observation.is_cut(code, "hold")  # then what is over is not what is wrong now
    goes_on = [one for one in failing if one.newest or not cut]
    fresh = [one for one in goes_on if seen.now - one.until <= counters.PAUSE_S]
    for about, mine in _abouts(seen, fresh, alone=not (BAD_TIMESTAMP & errors.keys())):
        since = min(one.since for one in mine)
        state = seen.state(code, "hold", since)
        if state is None:
            continue
        report = interface.Report(seen, code, about)
        kinds = _cite(report, mine)
        yield report.finding(
            f"{_called(about)} refuses writes: {words.names(kinds)}, "
            f"{words.many(round(counters.total(mine)), 'request')} in "
            f"{words.duration(mine[0].span_s)}.",
            state=state,
            since=since,
        )


def _too_large(seen: view.View) -> Iterator[finding.Finding]:
    code = "produce.too_large"
    window_s = seen.observation.seconds(code, "window")
    by_topic: dict[Resource, list[counters.Growth]] = {}
    for one in counters.of(seen, REJECTED, window_s).grown:
        if one.labels.get("topic"):
            by_topic.setdefault(Resource("topic", one.labels["topic"]), []).append(one)
    errors, _ = refused(seen, window_s)
    refusals = [one for error in TOO_LARGE for one in errors.get(error, ())]
    for about, mine in by_topic.items():
        report = interface.Report(seen, code, about)
        report.fact(
            "rejected",
            f"bytes of {about.id} refused in {words.duration(mine[0].span_s)}",
            round(counters.total(mine)),
            unit="bytes",
            source="metrics",
            how="BytesRejectedPerSec",
        )
        yield _windowed(
            seen, report, mine, f"Records for {about.id} are refused because they are too large."
        )
    if by_topic:
        return
    # what was refused last may have been for a topic that is gone, and its counter with it
    gone = counters.ended(seen, REJECTED, window_s)
    for about, mine in _brokers([one for one in refusals if one.source not in gone]):
        report = interface.Report(seen, code, about)
        _cite(report, mine)
        yield _windowed(
            seen, report, mine, f"{_called(about)} refuses records because they are too large."
        )


def _bad_timestamp(seen: view.View) -> Iterator[finding.Finding]:
    code = "produce.bad_timestamp"
    errors, _ = refused(seen, seen.observation.seconds(code, "window"))
    found = [one for error in BAD_TIMESTAMP for one in errors.get(error, ())]
    known = _OTHERS | FENCING | TOO_LARGE | BAD_TIMESTAMP
    for about, mine in _abouts(seen, found, alone=not (errors.keys() - known)):
        report = interface.Report(seen, code, about)
        _cite(report, mine)
        yield _windowed(
            seen,
            report,
            mine,
            f"{_called(about)} refuses records because their timestamps are out of bounds.",
        )


def _windowed(
    seen: view.View,
    report: interface.Report,
    mine: Sequence[counters.Growth],
    summary: str,
) -> finding.Finding:
    """A finding that stands as soon as the condition was seen once in its window."""
    cut = seen.observation.is_cut(report.code, "window")
    return report.finding(
        summary, state="pending" if cut else "firing", since=min(one.since for one in mine)
    )


def _abouts(
    seen: view.View, grown: Sequence[counters.Growth], *, alone: bool
) -> list[tuple[Resource, list[counters.Growth]]]:
    """The errors by the topic whose failed requests grew beside them, else by broker.

    ``alone``: no other error is counted that would make the same topics' counters grow.
    """
    if not grown:
        return []
    span_s = max(one.span_s for one in grown)
    topics = sorted(
        {
            one.labels["topic"]
            for one in counters.of(seen, "broker.failed_produce", span_s).grown
            if one.labels.get("topic")
        }
    )
    if topics and alone:
        return [(Resource("topic", topic), list(grown)) for topic in topics]
    return _brokers(grown)


def _brokers(grown: Sequence[counters.Growth]) -> list[tuple[Resource, list[counters.Growth]]]:
    found: dict[Resource, list[counters.Growth]] = {}
    for one in grown:
        found.setdefault(one.about, []).append(one)
    return sorted(found.items(), key=lambda item: str(item[0]))


def _cite(report: interface.Report, mine: Sequence[counters.Growth]) -> list[str]:
    """The errors by name, each cited with its count."""
    sums: dict[str, float] = {}
    for one in mine:
        error = one.labels.get("error", "")
        sums[error] = sums.get(error, 0.0) + one.rise
    for error, rise in sorted(sums.items()):
        report.fact(
            error,
            f"answers {error} to Produce in {words.duration(mine[0].span_s)}",
            round(rise),
            source="metrics",
            how=_HOW,
        )
    return sorted(sums)


def _called(about: Resource) -> str:
    return f"Broker {about.id}" if about.kind == "broker" else about.id
