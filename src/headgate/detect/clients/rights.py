"""Log-ins that fail, and requests that are denied."""

from collections.abc import Sequence
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.detect.clients import counters
from headgate.domain import finding
from headgate.domain.resource import Resource

DENIED = "_AUTHORIZATION_FAILED"
"""How Kafka's errors about missing rights end."""


CLIENTS = frozenset(
    {
        "Produce",
        "Fetch",
        "FetchConsumer",
        "ShareFetch",
        "Metadata",
        "FindCoordinator",
        "JoinGroup",
        "SyncGroup",
        "Heartbeat",
        "ConsumerGroupHeartbeat",
        "ShareGroupHeartbeat",
        "OffsetCommit",
        "TxnOffsetCommit",
        "InitProducerId",
        "AddPartitionsToTxn",
        "EndTxn",
        "CreateTopics",
    }
)
"""What applications ask. Denied requests of other kinds are an operator's, or Headgate's own."""
_LEAST = 3
"""In a short look: so many denials are more than one client that tried once and gave up."""


class Authentication:
    """Says where more log-ins fail than a mistyped password explains."""

    codes: ClassVar[tuple[str, ...]] = ("auth.failures",)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """One finding, on the broker that refuses most; clients try one broker after another."""
        code = self.codes[0]
        hold_s = seen.observation.seconds(code, "hold")
        told = counters.of(seen, "broker.failed_authentications", hold_s)
        if told.lacking:
            return interface.Found(
                not_seen=interface.not_seen(self.codes, seen.cluster, told.lacking)
            )
        if not told.grown:
            return interface.Found()
        span_s = max(one.span_s for one in told.grown)
        rate = str(seen.observation.thresholds.value(code, "rate"))
        limit = float(rate.removesuffix("/s"))
        total = counters.total(told.grown)
        since = min(one.since for one in told.grown)
        fresh = max(one.until for one in told.grown) >= seen.now - counters.PAUSE_S
        state = seen.state(code, "hold", since)
        if total / max(span_s, 1e-9) <= limit or state is None or not fresh:
            return interface.Found()
        brokers = _by_broker(told.grown)
        report = interface.Report(seen, code, _most(brokers))
        report.fact(
            "failures",
            f"log-ins refused in {words.duration(span_s)}",
            round(total),
            source="metrics",
            how="failed-authentication-total",
        )
        pace = sum(one.pace for one in told.grown)
        report.fact(
            "pace", "log-ins refused a second at the fastest", round(pace, 1), source="metrics"
        )
        report.fact("limit", "failures a second that are ordinary", limit, source="metrics")
        where = sorted({one.labels["listener"] for one in told.grown if one.labels.get("listener")})
        report.fact(
            "listeners", "listeners that refuse", ", ".join(where) or "not told", source="metrics"
        )
        return interface.Found(
            findings=(
                report.finding(
                    f"{words.count(total)} log-ins failed in {words.duration(span_s)} on "
                    f"{words.many(len(brokers), 'broker')}"
                    f"{' (listener ' + words.names(where) + ')' if where else ''}.",
                    state=state,
                    since=since,
                ),
            )
        )


class Authorization:
    """Says where requests are denied again and again."""

    codes: ClassVar[tuple[str, ...]] = ("acl.denied",)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """One finding, on the broker that denies most, naming the requests and the errors."""
        code = self.codes[0]
        window_s = seen.observation.seconds(code, "window")
        told = counters.of(seen, "broker.errors", window_s)
        if told.lacking:
            return interface.Found(
                not_seen=interface.not_seen(self.codes, seen.cluster, told.lacking)
            )
        by_kind: dict[tuple[str, str], list[counters.Growth]] = {}
        for one in told.grown:
            error, request = one.labels.get("error", ""), one.labels.get("request", "")
            if error.endswith(DENIED) and request in CLIENTS:
                by_kind.setdefault((error, request), []).append(one)
        count = seen.observation.number(code, "count")
        if seen.observation.is_cut(code, "window"):
            share = window_s / seen.observation.full_seconds(code, "window")
            count = max(_LEAST, count * share)
        many = {kind: held for kind, held in by_kind.items() if counters.total(held) >= count}
        if not many:
            return interface.Found()
        return interface.Found(findings=(_denied(seen, many),))


def _denied(seen: view.View, many: dict[tuple[str, str], list[counters.Growth]]) -> finding.Finding:
    code = "acl.denied"
    grown = [one for held in many.values() for one in held]
    report = interface.Report(seen, code, _most(_by_broker(grown)))
    span = words.duration(max(one.span_s for one in grown))
    for (error, request), held in sorted(many.items()):
        report.fact(
            f"{request}-{error}",
            f"answers {error} to {request} in {span}",
            round(counters.total(held)),
            source="metrics",
            how="RequestMetrics ErrorsPerSec",
        )
    kinds = sorted({kind_of(error) for error, _ in many})
    requests = sorted({request for _, request in many})
    return report.finding(
        f"{words.count(counters.total(grown))} requests ({words.names(requests)}) were denied in "
        f"{span} for a lack of rights on a {words.names(kinds)}.",
        state="pending" if seen.observation.is_cut(code, "window") else "firing",
        since=min(one.since for one in grown),
    )


def kind_of(error: str) -> str:
    """What the right is lacking on, in words: ``TOPIC_AUTHORIZATION_FAILED`` -> ``topic``."""
    return error.removesuffix(DENIED).lower().replace("_", " ")


def _by_broker(grown: Sequence[counters.Growth]) -> dict[Resource, float]:
    found: dict[Resource, float] = {}
    for one in grown:
        found[one.about] = found.get(one.about, 0.0) + one.rise
    return found


def _most(brokers: dict[Resource, float]) -> Resource:
    return min(brokers, key=lambda one: (-brokers[one], str(one)))
