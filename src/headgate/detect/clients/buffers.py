"""Producers whose send buffer is full: the application waits, and then loses records to time-outs.

Only the producer's own metrics tell it; brokers see a client that is merely slow.
"""

from collections.abc import Iterator
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.domain import finding, meters
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown

WAITING, SHARE = "producer.waiting_threads", "producer.buffer_wait_share"
_CODE = "producer.buffer_exhausted"


class Buffers:
    """Says which producers wait for room in their buffer."""

    codes: ClassVar[tuple[str, ...]] = (_CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding per client."""
        held = (*seen.meters.all(WAITING), *seen.meters.all(SHARE))
        clients = sorted({one.resource for one in held}, key=str)
        if not clients:
            reason = f"no metrics source tells {WAITING} or {SHARE} of a producer"
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        findings: list[finding.Finding] = []
        for client in clients:
            findings += _client(seen, client, [one for one in held if one.resource == client])
        return interface.Found(findings=tuple(findings))


def _client(
    seen: view.View, client: Resource, held: list[meters.Meter]
) -> Iterator[finding.Finding]:
    limit = seen.observation.number(_CODE, "ratio", client)
    beyond: list[tuple[meters.Meter, float]] = []
    for meter in held:
        since = meter.since_beyond(limit if meter.name == SHARE else 0.0, above=True)
        if since is not None and not isinstance(since, Unknown):
            beyond.append((meter, since))
    if not beyond:
        return
    first = min(since for _, since in beyond)
    state = seen.state(_CODE, "hold", first)
    if state is None:
        return
    report = interface.Report(seen, _CODE, client)
    for meter, _ in beyond:
        value = meter.latest
        waits = meter.name == WAITING
        report.fact(
            "waiting" if waits else "share",
            f"threads of {client.id} that wait for room"
            if waits
            else f"share of time in which {client.id} waits for room",
            value if isinstance(value, Unknown) else round(value, 3),
            source="metrics",
            how=meter.name,
        )
    yield report.finding(
        f"The producer {client.id} waits for room in its send buffer for "
        f"{words.duration(seen.now - first)}: it sends more slowly than it is given records.",
        state=state,
        since=first,
    )
