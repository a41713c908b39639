"""Log dirs: offline, or filling up."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.detect.cluster import gauges
from headgate.domain import amounts, finding, forecast, resource, snapshot, storage, vocabulary
from headgate.domain.unknown import Unknown

_OFFLINE = "log_dir.offline"
_FILLING = "disk.filling"
_LEAST_READS = 4
_LEAST_S = 75.0
_FORESIGHT = 12
"""A disk that was watched for an hour is not said to be full beyond twelve: a burst of some minutes
is no trend (in the lab a machine with 80 GB free was to be full within a day). Judgment."""
_HALF = 0.5
"""What the present rate says of a disk with more room than this is of no use: retention has not
begun to delete there (judgment)."""


def about(one: storage.LogDir) -> resource.Resource:
    """The resource of a log dir: ``log_dir:BROKER/PATH``."""
    return resource.Resource("log_dir", f"{one.broker}/{resource.escape(one.path)}")


def called(one: storage.LogDir) -> str:
    """The log dir in words."""
    return f"{one.path} of broker {one.broker}"


def used(one: storage.LogDir) -> float | Unknown:
    """Share of the disk that is in use; all of its files count, Kafka's or not."""
    if isinstance(one.total_bytes, Unknown):
        return one.total_bytes
    if isinstance(one.usable_bytes, Unknown):
        return one.usable_bytes
    if one.total_bytes <= 0:
        return Unknown("the broker does not tell how large it is")
    return 1 - one.usable_bytes / one.total_bytes


class LogDirs:
    """Says which log dirs are offline, and which will be full soon."""

    codes: ClassVar[tuple[str, ...]] = (_OFFLINE, _FILLING)
    needs: ClassVar[tuple[interface.Part, ...]] = ("log_dirs",)

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding per log dir."""
        value: storage.LogDirs = interface.certain(seen.snapshot.log_dirs.value)
        readings = seen.readings("log_dirs")
        findings: list[finding.Finding] = []
        not_seen: list[finding.NotSeen] = []
        for one in value.dirs:
            if one.error:
                found = _offline(seen, one, readings)
                findings += [found] if found else []
                continue
            share = used(one)
            if isinstance(share, Unknown):
                not_seen += interface.not_seen((_FILLING,), about(one), share.reason)
                continue
            found = _filling(seen, one, share, readings)
            findings += [found] if found else []
        findings += _counted(seen, {one.broker for one in value.dirs if one.error})
        return interface.Found(findings=tuple(findings), not_seen=tuple(not_seen))


def _same(part: snapshot.Part[storage.LogDirs], one: storage.LogDir) -> storage.LogDir | None:
    held = part.value
    if isinstance(held, Unknown):
        return None
    for each in held.dirs:
        if each.broker == one.broker and each.path == one.path:
            return each
    return None


def _offline(
    seen: view.View, one: storage.LogDir, readings: Sequence[snapshot.Part[storage.LogDirs]]
) -> finding.Finding | None:
    start = gauges.since(
        [part.at.timestamp() for part in readings],
        [bool((held := _same(part, one)) and held.error) for part in readings],
    )
    began = min([seen.now if start is None else start, *_gave_up(seen, one.broker)])
    state = seen.state(_OFFLINE, "hold", began, at_once=True)
    if state is None:
        return None
    sound = [
        part.at.timestamp()
        for part in readings
        if (held := _same(part, one)) is not None and not held.error
    ]
    report = interface.Report(seen, _OFFLINE, about(one))
    report.fact("error", f"what {called(one)} answers", one.error, how="DescribeLogDirs")
    return report.finding(
        f"The log dir {called(one)} is offline: {one.error}.",
        state=state,
        # It is read seldom: it failed some time after it was last seen to work.
        since=min(began, max(sound)) if sound else began,
    )


def _gave_up(seen: view.View, broker: int) -> list[float]:
    """Since when the broker's own count says that a log dir is gone; dirs are listed seldom."""
    starts = [
        meter.since_beyond(0.5, above=True)
        for meter in gauges.told(seen, "broker.offline_log_dirs")
        if gauges.owner(seen, meter).id == str(broker)
    ]
    return [start for start in starts if isinstance(start, float)]


def _counted(seen: view.View, named: set[int]) -> list[finding.Finding]:
    """Brokers whose own count says that a log dir is gone, though the listing names none."""
    found = []
    for meter in gauges.told(seen, "broker.offline_log_dirs"):
        start = meter.since_beyond(0.5, above=True)
        whose = gauges.owner(seen, meter)
        if not isinstance(start, float) or whose.id in {str(each) for each in named}:
            continue
        state = seen.state(_OFFLINE, "hold", start, at_once=True)
        if state is None:
            continue
        report = interface.Report(seen, _OFFLINE, resource.Resource("log_dir", f"{whose.id}/?"))
        report.fact("error", "log dirs that it gave up", meter.latest, source="metrics")
        found.append(
            report.finding(
                f"A log dir of {whose.kind} {whose.id} is offline; which one is not told.",
                state=state,
                since=start,
            )
        )
    return found


def trend(
    one: storage.LogDir, readings: Sequence[snapshot.Part[storage.LogDirs]]
) -> forecast.Forecast | Unknown:
    """When the log dir is full at the rate of the readings that are kept."""
    times, levels = [], []
    for part in readings:
        held = _same(part, one)
        share = Unknown("not read") if held is None else used(held)
        if held is None or isinstance(share, Unknown) or isinstance(held.total_bytes, Unknown):
            continue
        times.append(part.at.timestamp())
        levels.append(share * held.total_bytes)
    total = one.total_bytes
    if isinstance(total, Unknown):
        return total
    return forecast.full(
        np.array(times),
        np.array(levels),
        float(total),
        least_s=_LEAST_S,
        least_samples=_LEAST_READS,
    )


def _filling(
    seen: view.View,
    one: storage.LogDir,
    share: float,
    readings: Sequence[snapshot.Part[storage.LogDirs]],
) -> finding.Finding | None:
    where = about(one)
    limit = seen.observation.number(_FILLING, "used", where)
    crit = seen.observation.number(_FILLING, "used_crit", where)
    ahead = trend(one, readings) if share >= min(_HALF, limit) else Unknown("there is room")
    soon = _seconds(seen, "eta", where)
    days = ahead.days if isinstance(ahead, forecast.Forecast) else float("inf")
    late = ahead.high_days if isinstance(ahead, forecast.Forecast) else float("inf")
    # nothing is foretold for longer than a small multiple of the time in which it was seen
    span_s = (readings[-1].at - readings[0].at).total_seconds() if readings else 0.0
    due = late * _DAY_S <= min(soon, _FORESIGHT * span_s)
    if share <= limit and not due:
        return None
    report = interface.Report(seen, _FILLING, where)
    report.fact("used", f"share of {called(one)} in use", round(share, 3), how="DescribeLogDirs")
    free = 0 if isinstance(one.usable_bytes, Unknown) else one.usable_bytes
    report.fact("free", f"bytes free on {called(one)}", free, unit="bytes", how="DescribeLogDirs")
    deadline = None
    text = f"{share:.0%} of {called(one)} is in use, {amounts.words(free)} are free"
    if isinstance(ahead, forecast.Forecast) and days < float("inf"):
        deadline = seen.now + days * _DAY_S
        report.fact("per-day", "bytes more in a day", round(ahead.bytes_per_day), unit="bytes")
        report.fact("days", "days until it is full at this rate", round(days, 3), unit="d")
        late_s = min(late, 3650.0) * _DAY_S
        text += (
            f"; it is full in {words.duration(days * _DAY_S)} at this rate (between "
            f"{words.duration(ahead.low_days * _DAY_S)} and {words.duration(late_s)})"
        )
    urgent = share > crit or (due and late * _DAY_S <= _seconds(seen, "eta_crit", where))
    severity: vocabulary.Severity | None = "critical" if urgent else None
    return report.finding(
        f"{text}.",
        severity=severity,
        deadline=deadline,
        since=_over_since(one, readings, limit) if share > limit else seen.now,
    )


def _over_since(
    one: storage.LogDir, readings: Sequence[snapshot.Part[storage.LogDirs]], limit: float
) -> float | None:
    """Since when the share has been beyond the limit in each reading."""
    shares = [used(held) if (held := _same(part, one)) else None for part in readings]
    return gauges.since(
        [part.at.timestamp() for part in readings],
        [isinstance(share, float) and share > limit for share in shares],
    )


_DAY_S = 86_400.0


def _seconds(seen: view.View, name: str, where: resource.Resource) -> float:
    """A horizon, which no look cuts: it is no time to wait."""
    return vocabulary.seconds(str(seen.observation.thresholds.value(_FILLING, name, where)))
