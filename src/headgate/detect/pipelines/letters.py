"""Dead letters: topics that fill, that nobody empties, and kinds that were not there before."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.detect.pipelines import letter_kinds
from headgate.domain import deadletters, finding, history, resource, retention, vocabulary
from headgate.domain.unknown import Unknown

_DAY_S = 86_400.0
_LATE_S = 120.0
"""What is known of a queue may be a minute old, and a change copies some time after it began."""


class Letters:
    """Judges every topic that holds dead letters."""

    codes: ClassVar[tuple[str, ...]] = ("dlq.growing", "dlq.aging", "dlq.new_kind")
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions", "offsets")

    def find(self, seen: view.View) -> interface.Found:
        """Findings per topic."""
        findings: list[finding.Finding] = []
        not_seen: list[finding.NotSeen] = []
        for queue in queues(seen).values():
            findings += _growing(seen, queue)
            findings += _aging(seen, queue)
            for item in _new(seen, queue):
                if isinstance(item, finding.Finding):
                    findings.append(item)
                else:
                    not_seen.append(item)
        return interface.Found(findings=tuple(findings), not_seen=tuple(not_seen))


def queues(seen: view.View) -> Mapping[str, deadletters.Queue]:
    """The topics that hold dead letters, computed once per look."""
    return seen.once(_queues)


def _queues(seen: view.View) -> Mapping[str, deadletters.Queue]:
    table = seen.partitions
    if isinstance(table, Unknown):
        return {}
    connectors = [
        connector
        for connect in seen.connects.values()
        if not isinstance(connect, Unknown)
        for connector in connect.connectors.values()
    ]
    return deadletters.queues(connectors, table.topics)


def arrived(seen: view.View, topic: str, seconds: float) -> tuple[int, float]:
    """(Records that came over the trailing seconds of the history, when the first of them came)."""
    past = seen.history
    columns = past.places.partitions(topic)
    if not len(columns) or not len(past.times):
        return 0, seen.now
    rows = seen.rows(seconds)
    times = past.times[rows]
    ends = past.ends[rows][:, columns]
    read = (ends != history.UNREAD).all(axis=1)
    if read.sum() < 2:
        return 0, seen.now
    totals, at = ends[read].sum(axis=1), times[read]
    grown = np.flatnonzero(np.diff(totals) > 0)
    since = float(at[grown[0] + 1]) if len(grown) else seen.now
    return max(int(totals[-1] - totals[0]), 0), since


def _growing(seen: view.View, queue: deadletters.Queue) -> Iterator[finding.Finding]:
    code, about = "dlq.growing", resource.Resource("topic", queue.topic)
    full_s = float(seen.observation.seconds(code, "window", about))
    count, since = arrived(seen, queue.topic, full_s)
    told = seen.observation.letters.get(queue.topic)
    mean: float | Unknown = Unknown("how many came in the last 24 hours is not known yet")
    exact = not seen.observation.is_cut(code, "window", about)
    window_s = full_s
    if told is not None:
        if not isinstance(told.recent, Unknown) and told.recent > count:
            # The log's own timestamps reach further back than the history.
            count, window_s, exact = told.recent, told.window_s, True
            since = min(since, seen.now - told.window_s)
        if not isinstance(told.day, Unknown) and not isinstance(told.recent, Unknown):
            mean = (told.day - told.recent) / (_DAY_S - told.window_s) * window_s
        elif isinstance(told.day, Unknown):
            mean = told.day
    elif seen.observation.cut_s is None and seen.history.span_s < full_s:
        return  # its times are being read; what is usual is known with one of the next looks
    own = _set_aside(seen, queue.topic, window_s)
    count = max(count - own, 0)
    limit = seen.observation.number(code, "min", about)
    ratio = seen.observation.number(code, "ratio", about)
    if count <= max(limit, 0 if isinstance(mean, Unknown) else ratio * mean):
        return
    share = _share(seen, queue, full_s)
    report = interface.Report(seen, code, about)
    report.fact(
        "arrived",
        f"dead letters in the last {words.duration(window_s)}",
        count,
        unit="records",
        source="history",
    )
    report.fact(
        "usual",
        "how many that is on average, by the last 24 hours",
        mean if isinstance(mean, Unknown) else round(mean, 1),
        unit="records",
        how="ListOffsets",
    )
    if own:
        report.fact("set-aside", "copies that changes wrote, not counted", own, source="timeline")
    report.fact("told-by", "how it is known to hold dead letters", _known(queue), source="connect")
    if not isinstance(share, Unknown):
        report.fact("share", "share of what its sources took in", round(share, 3), source="history")
    critical = not isinstance(share, Unknown) and share >= seen.observation.number(
        code, "share", about
    )
    yield report.finding(
        f"{words.many(count, 'dead letter')} came to {queue.topic} in the last "
        f"{words.duration(window_s)}{_of(share)}.",
        since=since,
        state="firing" if exact else "pending",
        severity="critical" if critical else None,
    )


def _set_aside(seen: view.View, topic: str, seconds: float) -> int:
    """Records that changes copied there: somebody decided it, and it is no news."""
    runs = seen.observation.fixes
    since = seen.at - timedelta(seconds=seconds + _LATE_S)
    return sum(
        one.copied_to == topic and one.state != "failed" and one.at >= since
        for one in (() if isinstance(runs, Unknown) else runs)
    )


def _known(queue: deadletters.Queue) -> str:
    if queue.told_by == "connector":
        return f"the settings of {words.names(queue.writers)}"
    return "its name"


def _of(share: float | Unknown) -> str:
    if isinstance(share, Unknown) or share <= 0:
        return ""
    return f": {share:.0%} of what its sources took in" if share >= 0.01 else ""


def _share(seen: view.View, queue: deadletters.Queue, seconds: float) -> float | Unknown:
    """Dead letters as a share of the records that came to the topics that the writers read."""
    topics = {
        topic
        for connect in seen.connects.values()
        if not isinstance(connect, Unknown)
        for one in connect.connectors.values()
        if one.name in queue.writers
        for topic in one.topics
    }
    total = sum(arrived(seen, topic, seconds)[0] for topic in topics)
    dead = arrived(seen, queue.topic, seconds)[0]
    if not topics or not total:
        return Unknown("what its sources took in is not known")
    return min(dead / total, 1.0)


def share_of(about: finding.Finding) -> float | Unknown:
    """The share that the finding cites."""
    for item in about.evidence:
        if item.id.endswith("/share") and isinstance(item.value, int | float):
            return float(item.value)
    return Unknown("what its sources took in is not known")


def _aging(seen: view.View, queue: deadletters.Queue) -> Iterator[finding.Finding]:
    code, about = "dlq.aging", resource.Resource("topic", queue.topic)
    told = seen.observation.letters.get(queue.topic)
    if told is None or isinstance(told.oldest_ms, Unknown):
        return
    readers = _readers(seen, queue.topic)
    waiting = [lag for lag, _ in readers.values()]
    if waiting and all(lag == 0 for lag in waiting):
        return
    oldest_s = told.oldest_ms / 1000
    stamps = [at for lag, at in readers.values() if lag > 0 and at is not None]
    if readers and stamps:
        oldest_s = min(stamps)
    elif readers:
        return  # somebody drains it, and how old what is left is, is not known
    age_s = seen.now - oldest_s
    kept = _retention_s(seen, queue.topic)
    limit_s = _full(seen, code, "age", about)
    share = seen.observation.number(code, "share", about)
    by_share = not isinstance(kept, Unknown) and age_s > share * kept
    if age_s <= limit_s and not by_share:
        return
    report = interface.Report(seen, code, about)
    report.fact(
        "oldest",
        "age of the oldest one that nobody took",
        round(age_s),
        unit="s",
        how="ListOffsets",
    )
    report.fact(
        "retention",
        f"how long {queue.topic} keeps records",
        kept if isinstance(kept, Unknown) else round(kept),
        unit="s",
        how="DescribeConfigs",
    )
    report.fact(
        "readers", "groups that read it", words.names(sorted(readers)) or "none", source="kafka"
    )
    left = (
        f"; they are deleted in {words.duration(kept - age_s)}"
        if not isinstance(kept, Unknown) and kept > age_s
        else ""
    )
    yield report.finding(
        f"The oldest dead letter of {queue.topic} waits for {words.duration(age_s)}{left}.",
        since=oldest_s,
        deadline=None if isinstance(kept, Unknown) or kept <= 0 else oldest_s + kept,
    )


def _full(seen: view.View, code: str, name: str, about: resource.Resource) -> float:
    """A limit on an age: a short look does not make anything younger, so it is never cut."""
    value = seen.observation.thresholds.value(code, name, about)
    return vocabulary.seconds(str(value))


def _retention_s(seen: view.View, topic: str) -> float | Unknown:
    configs = seen.configs
    if isinstance(configs, Unknown):
        return configs
    kept = retention.number(configs.get(topic, {}).get("retention.ms"))
    if kept is None or kept < 0:
        return Unknown("it keeps records for ever, or its settings were not read")
    return kept / 1000


def _readers(seen: view.View, topic: str) -> Mapping[str, tuple[int, float | None]]:
    """Groups with commits on the topic: (records left, timestamp at the commit if known)."""
    past = seen.history
    found: dict[str, tuple[int, float | None]] = {}
    if not len(past.times):
        return found
    mine = past.places.partitions(topic)
    for column in np.flatnonzero(np.isin(past.places.partition_of, mine)).tolist():
        group = past.commit_keys[column][0]
        commit = int(past.commits[-1][column])
        place = int(past.places.partition_of[column])
        end = int(past.ends[-1][place]) if place >= 0 else history.UNREAD
        if commit == history.UNREAD or end == history.UNREAD:
            continue
        at: float | None = None
        stamps = past.stamps
        if (
            stamps is not None
            and int(stamps.offset[column]) == commit
            and not np.isnan(stamps.at[column])
        ):
            at = float(stamps.at[column])
        lag, known = found.get(group, (0, None))
        left = max(end - commit, 0)
        if left and at is not None:
            known = at if known is None else min(known, at)
        found[group] = (lag + left, known)
    return found


def _new(seen: view.View, queue: deadletters.Queue) -> Iterator[finding.Finding | finding.NotSeen]:
    code, about = "dlq.new_kind", resource.Resource("topic", queue.topic)
    told = seen.observation.letters.get(queue.topic)
    if seen.observation.cut_s is not None:
        yield finding.NotSeen(
            code=code, resource=about, reason="one look cannot know which kinds were there before"
        )
        return
    new = Unknown("its headers were not read yet") if told is None else told.new
    if isinstance(new, Unknown):
        reason = new.reason
        if told is not None and isinstance(told.kinds, Unknown):
            reason = told.kinds.reason
        yield finding.NotSeen(code=code, resource=about, reason=reason)
        return
    if not new:
        return
    report = interface.Report(seen, code, about)
    for place, (kind, at) in enumerate(new[:4]):
        report.fact(
            f"kind-{place + 1}",
            "a kind that came anew",
            letter_kinds.in_words(kind),
            source="records",
        )
        report.fact(
            f"since-{place + 1}",
            "when it was first seen",
            f"{words.utc(at):%H:%M:%S} UTC",
            source="history",
        )
    yield report.finding(
        f"{queue.topic} holds dead letters of a kind that was not there before: "
        f"{letter_kinds.in_words(new[0][0])}.",
        since=min(at for _, at in new),
    )
