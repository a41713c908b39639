"""Topic findings: too few partitions for the readers, and input that surges."""

from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.detect.consumers import lags, shape
from headgate.domain import finding, resource
from headgate.domain.unknown import Unknown

_CODE = "topic.input_surge"


class TooFew:
    """Says which topics keep a busy group from being split among more members."""

    codes: ClassVar[tuple[str, ...]] = ("topic.too_few_partitions",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions", "offsets", "groups", "commits")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per topic, for the first group that it holds back."""
        now, shapes = lags.now(seen), shape.of(seen)
        if isinstance(now, Unknown) or isinstance(shapes, Unknown):
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, str(now)))
        growing = np.flatnonzero(shapes.shape == shape.Shape.GROWING)
        pairs = dict.fromkeys(
            (now.groups[now.group_of[column]], seen.history.commit_keys[column][1].topic)
            for column in growing
        )
        found: dict[str, finding.Finding] = {}
        for group_id, topic in pairs:
            made = _capped(seen, now, group_id, topic)
            if made is not None:
                found.setdefault(topic, made)
        return interface.Found(findings=tuple(found.values()))


def _capped(seen: view.View, now: lags.Lags, group_id: str, topic: str) -> finding.Finding | None:
    table = interface.certain(seen.partitions)
    keys = seen.history.commit_keys
    columns = np.array(
        [c for c in now.of_group(group_id) if keys[c][1].topic == topic], dtype=np.intp
    )
    owners = seen.history.owners[-1, columns]
    partitions = len(table.of_topic(topic))
    members = np.unique(owners[owners >= 0])
    if len(members) < partitions or not partitions:
        return None
    rows = seen.rows(seen.observation.seconds("lag.growing", "window"))
    commits = lags.commits_of(seen, columns, rows)
    if (commits < 0).any():
        return None
    read = commits[-1] - commits[0]
    rates = np.array([read[owners == member].sum() for member in members])
    if rates.min() <= 0 or rates.max() >= rates.min() * seen.observation.number(
        "topic.too_few_partitions", "even"
    ):
        return None
    report = interface.Report(seen, "topic.too_few_partitions", resource.Resource("topic", topic))
    report.fact("partitions", f"partitions of {topic}", partitions)
    report.fact("members", f"members of {group_id} that read it", len(members))
    report.fact("group", "group that it holds back", group_id)
    written = lags.ends_of(seen, now, columns, rows)
    need = float((written[-1] - written[0]).sum()) / max(float(read.sum()), 1.0)
    report.fact("need", "records written for each one read", round(need, 2), source="history")
    return report.finding(
        f"{group_id} falls behind with a member for each of the "
        f"{words.many(partitions, 'partition')} of {topic}: more members would not help.",
        partitions=[keys[column][1] for column in columns],
    )


class InputSurge:
    """Says which topics take far more records than usual."""

    codes: ClassVar[tuple[str, ...]] = (_CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions", "offsets")

    def find(self, seen: view.View) -> interface.Found:
        """One finding per topic; internal topics are left out."""
        hold_s = seen.observation.seconds(_CODE, "hold")
        rows = seen.rows(seen.observation.seconds(_CODE, "window"))
        times = seen.history.times[rows]
        recent = int((times > seen.now - hold_s - seen.tolerance_s).sum())
        # The usual needs more samples than the surge, or the surge would be its own measure.
        if len(times) - recent < max(view.WINDOW_SAMPLES, 2 * recent) or recent < 2:
            reason = f"{words.duration(seen.history.span_s)} of history do not show what is usual"
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        table = interface.certain(seen.partitions)
        limit_s = view.STALE_INTERVALS * seen.observation.interval_s
        ends = view.filled(seen.history.ends[rows], times, limit_s)
        topic_of = seen.topic_ordinals
        usable = (topic_of >= 0) & (ends >= 0).all(axis=0)
        usable &= ~table.internal[np.maximum(topic_of, 0)]
        count = len(table.topics)
        places = np.where(usable, topic_of, count)  # what cannot be used is added up last
        totals = lags.added(places, ends, count)
        rates = np.diff(totals, axis=0) / np.maximum(np.diff(times), 1e-9)[:, None]
        usual = np.median(rates[: len(rates) - recent + 1], axis=0)
        floor = per_second(seen, "min")
        limit = np.maximum(floor, seen.observation.number(_CODE, "ratio") * usual)
        surging = (rates[len(rates) - recent + 1 :] >= limit).all(axis=0)
        findings = []
        for place in np.flatnonzero(surging):
            topic, rate = table.topics[place], float(rates[-1, place])
            report = interface.Report(seen, _CODE, resource.Resource("topic", topic))
            report.fact("rate", f"records written to {topic}", rate, unit="1/s", source="history")
            report.fact("usual", "median before", float(usual[place]), unit="1/s", source="history")
            findings.append(
                report.finding(
                    f"{topic} takes {words.rate(rate)}; {words.rate(float(usual[place]))} is "
                    "usual.",
                    since=float(times[-recent]),
                )
            )
        return interface.Found(findings=tuple(findings))


def per_second(seen: view.View, name: str) -> float:
    """A rate parameter such as ``10/s``, overrides applied."""
    written = seen.observation.thresholds.value(_CODE, name)
    return float(str(written).removesuffix("/s"))
