"""What is usual: lag that a group has at this time of every day, and topics without their input."""

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.detect.consumers import lags
from headgate.domain import finding, history, resource, usual
from headgate.domain.unknown import Unknown

FAR = 1.5
"""Lag beyond so many times its usual highest is no longer usual (judgment: days differ)."""
_STOPPED = "topic.input_stopped"


def excused(seen: view.View, made: finding.Finding) -> finding.Finding:
    """The finding about a group's lag; suppressed where the group has such lag every day now."""
    band = seen.observation.usual.lag.get(made.resource.id)
    if band is None or band.periods < usual.LEAST_PERIODS or band.middle <= 0:
        return made
    now = lags.now(seen)
    if isinstance(now, Unknown):
        return made
    lag = now.lag[now.of_group(made.resource.id)]
    total = int(lag[lag > 0].sum())
    if total > FAR * band.high:
        return made
    return dataclasses.replace(
        made,
        state="suppressed",
        excuse=(
            f"{words.many(total, 'record')} are usual for it at this time of day: "
            f"{words.count(round(band.low))} to {words.count(round(band.high))} on "
            f"{words.many(band.periods, 'earlier day')}"
        ),
    )


class InputStopped:
    """Says which topics get nothing though they always do at this time."""

    codes: ClassVar[tuple[str, ...]] = (_STOPPED,)
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions", "offsets")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per topic that has a usual input."""
        known = seen.observation.usual
        if not known.input:
            reason = f"what arrives usually is not known: {known.why}"
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        return interface.Found(findings=tuple(_stopped(seen)))


def _stopped(seen: view.View) -> Iterator[finding.Finding]:
    past = seen.history
    places = {name: place for place, name in enumerate(past.places.topics)}
    for topic, band in sorted(seen.observation.usual.input.items()):
        about = resource.Resource("topic", topic)
        base = seen.observation.number(_STOPPED, "base", about)
        if topic not in places or band.periods < base or band.low <= 0 or len(past.times) < 2:
            continue
        ends = past.ends[:, past.places.topic_of == places[topic]]
        if (ends[-1] == history.UNREAD).any():
            continue  # nobody knows whether something arrived there
        other = ((ends != ends[-1]) & (ends != history.UNREAD)).any(axis=1)
        row = int(lags.last_row(other[:, None])[0]) + 1
        since = float(past.times[min(row, len(past.times) - 1)])
        state = seen.state(_STOPPED, "hold", since, about=about)
        if state is None:
            continue
        report = interface.Report(seen, _STOPPED, about)
        report.fact(
            "usual",
            "records a second at this time of earlier days, median",
            band.middle,
            unit="1/s",
            source="history",
        )
        report.fact("periods", "earlier days that were looked at", band.periods, source="history")
        report.fact(
            "silent",
            "seconds without a new record",
            round(seen.now - since),
            unit="s",
            source="history",
        )
        at_least = "at least " if row == 0 else ""
        yield report.finding(
            f"Nothing was written to {topic} for {at_least}{words.duration(seen.now - since)}; "
            f"{words.rate(band.middle)} is usual at this time.",
            state=state,
            since=since,
            partitions=[name for name in past.partitions if name.topic == topic],
        )
