"""Why a group's commits moved back, or lie outside the log."""

from typing import ClassVar

import numpy as np

from headgate.detect.consumers import lags
from headgate.diagnose import interface
from headgate.diagnose.consumers import groups, logs, lost
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import diagnosis, finding
from headgate.domain.unknown import Unknown

_SHORT_S = 6 * 3600.0
"""Retention below this is short: a night's outage outlasts it (judgment)."""


class Offsets:
    """Explains commits that went back or left the log."""

    explains: ClassVar[tuple[str, ...]] = ("lag.rewound", "group.offset_out_of_range")

    def questions(
        self, about: finding.Finding, case: interface.Case
    ) -> tuple[diagnosis.Question, ...]:
        """The topics' settings, where they were read before the records went."""
        outside = about.code == "group.offset_out_of_range"
        if outside and logs.stale(case, about.partitions):
            return (diagnosis.PartQuestion("configs"),)
        return ()

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """An operator, a reset, retention, or a topic that was made anew."""
        argument = interface.Argument(case, about)
        if about.code == "lag.rewound":
            _rewound(argument)
        else:
            _outside(argument)
        return argument.explained()


def _columns(case: interface.Case, about: finding.Finding) -> list[int]:
    group = groups.facts(case, about.resource.id)
    return [int(group.columns[place]) for place in group.places(about.partitions)]


def _topics(about: finding.Finding) -> list[str]:
    return list(dict.fromkeys(name.topic for name in about.partitions))


def _rewound(argument: interface.Argument) -> None:
    about, case = argument.about, argument.case
    past, since = case.seen.history, about.since.timestamp()
    row = _row(case, since)
    samples = past.groups.get(about.resource.id, ())
    before = [sample for sample in samples if sample.at < since][-2:]
    # members are read before commits: those of the next look may be the first that are new
    after = [sample for sample in samples if sample.at >= since][:2]
    # where nobody stayed, the group was stopped between two looks
    nobody_stayed = bool(before) and any(not before[-1].members & one.members for one in after)
    empty = nobody_stayed or (bool(before) and all(not sample.members for sample in before))
    members = argument.fact(
        "members",
        "whether the group had members when its commits went back",
        not empty,
        source="history",
    )
    columns = _columns(case, about)
    starts = _starts(case, columns, row)
    pairs = list(zip(columns, starts, strict=True))
    low = bool(columns) and all(int(past.commits[row, column]) <= start for column, start in pairs)
    earlier = past.commits[max(row - 1, 0)]
    ends = _ends(case, columns, row)
    outside = any(0 <= int(earlier[column]) < start for column, start in pairs) or any(
        0 <= end < int(earlier[column]) for column, end in zip(columns, ends, strict=True)
    )
    # partitions whose commits came again at once tell nothing; the group's others do
    gap = any(_absent(case, column, row) for column in columns) or _vanished(case, about, row)
    target = argument.fact(
        "target", "whether its commits went to the log start", low, source="history"
    )
    gone = argument.fact(
        "gone",
        "whether its commits were outside the log, or gone, before they went back",
        outside or gap,
        source="history",
    )
    other = logs.recreated(case, _topics(about))
    anew = logs.went_back(case, about.partitions) or other
    back = argument.fact(
        "ends", "whether the log went back, or the topic's id is another", anew, source="history"
    )
    notify = interface.suggest("owner.notify", f"Ask who moved the offsets of {about.resource.id}.")
    restore = interface.suggest("group.restore_offsets", "Set the commits back where they were.")
    stays = requires("the topic is the same one", anew is not True, back)
    argument.weigh(
        "topic.recreated",
        "The topic was made anew, and its offsets begin again.",
        requires("its log went back, or its id is another", anew is True, back),
        decides("its id is another", other, back),
        on=logs.made_anew(case, _topics(about)),
        next=[notify],
    )
    argument.weigh(
        "offset.moved_by_operator",
        "Somebody set the commits back while no member was there"
        + (", to the log start." if low else "."),
        requires(
            "the group had no member then",
            True
            if empty
            else Unknown("it had members in the looks around it; then Kafka refuses such a call"),
            members,
        ),
        stays,
        expects("its commits were in the log before", not (outside or gap), gone),
        decides("who called", Unknown("Kafka does not say who called the admin API")),
        next=[notify, restore],
    )
    argument.weigh(
        "offset.out_of_range",
        "Its reset policy sent it to the log start.",
        requires("its commits went to the log start", low, target),
        requires("a member read then", not empty, members),
        requires("the topic is the same one", other is not True, back),
        expects("its commits were outside the log before, or gone", outside or gap, gone),
        requires("its clients start over (auto.offset.reset)", Unknown("Kafka does not know it"))
        if not outside
        else decides("it was outside the log before", True, gone),
        next=[restore, notify],
    )
    if gap:
        had = requires("it had no commits just before", True, gone)
        lost.forgotten(argument, had, stays, facts=(gone,))
        return
    unseen = Unknown("the group stopped and came back between two looks")
    begins = expects("its commits went to the log start", low, target)
    lacked: tuple[tuple[str, str, bool | Unknown], ...] = (
        ("offset.expired", "Its commits had expired, and it began anew.", False),
        (
            "offset.deleted",
            "Somebody had deleted its commits, and it began anew.",
            unseen if nobody_stayed else False,
        ),
    )
    for code, text, was in lacked:
        argument.weigh(
            code, text, requires("it had no commits just before", was, gone), begins, stays
        )


def _absent(case: interface.Case, column: int, row: int) -> bool:
    """Whether there was no commit between the last high one and the first low one."""
    commits = case.seen.history.commits[:, column]
    first = int((commits[row:] >= 0).argmax()) if len(commits[row:]) else 0
    return first > 0 or bool((commits[:row][-3:] < 0).any())


def _vanished(case: interface.Case, about: finding.Finding, row: int) -> bool:
    """Whether commits that the group had on any partition were gone around that row."""
    commits = case.seen.history.commits[: row + 2, groups.facts(case, about.resource.id).columns]
    first = max(row - 3, 0)
    return bool(((commits[:first] >= 0).any(axis=0) & (commits[first:] < 0).any(axis=0)).any())


def _row(case: interface.Case, since: float) -> int:
    times = case.seen.history.times
    return min(int((times < since - 1e-6).sum()), len(times) - 1)


def _starts(case: interface.Case, columns: list[int], row: int) -> list[int]:
    now = lags.now(case.seen)
    if isinstance(now, Unknown):
        return [0] * len(columns)
    past = case.seen.history
    return [int(past.starts[row, max(int(now.partition_of[c]), 0)]) for c in columns]


def _ends(case: interface.Case, columns: list[int], row: int) -> list[int]:
    past = case.seen.history
    places = past.places.partition_of
    return [int(past.ends[row, int(places[c])]) if places[c] >= 0 else -1 for c in columns]


def _outside(argument: interface.Argument) -> None:
    about, case = argument.about, argument.case
    cited = [item.id for item in about.evidence]
    now = lags.now(case.seen)
    columns = _columns(case, about)
    below = not isinstance(now, Unknown) and all(now.commit[c] < now.end[c] for c in columns)
    to = "earliest" if below else "latest"
    steps = [
        interface.suggest(
            "group.reset_offsets",
            f"Go on at the {'oldest record that is left' if below else 'log end'} of {topic}.",
            group=about.resource.id,
            topic=topic,
            partitions=sorted(n.partition for n in about.partitions if n.topic == topic),
            to=to,
        )
        for topic in _topics(about)
    ]
    argument.weigh(
        "offset.out_of_range",
        f"Its commits lie {'before the log start' if below else 'behind the log end'}: the reset "
        "policy of its clients decides what they do next.",
        requires("its commits lie outside the log", True, *cited),
        decides("what its clients do then", Unknown("Kafka does not know auto.offset.reset")),
        next=steps,
    )
    _recreated(argument, below)
    if below:
        _log_start(argument, cited, steps)
    else:
        _unclean(argument)


def _recreated(argument: interface.Argument, below: bool) -> None:
    about, case = argument.about, argument.case
    back = logs.went_back(case, about.partitions)
    anew = logs.recreated(case, _topics(about))
    starts = _starts(case, _columns(case, about), -1)
    old = below and any(start > 0 for start in starts)
    fact = argument.fact(
        "anew",
        "whether the topic was made anew, or its log end went back, while Headgate looked",
        anew is True or back,
        source="history",
    )
    argument.weigh(
        "topic.recreated",
        "The topic was made anew, and its offsets begin again.",
        *(
            (requires("its log begins at 0", False, *argument.own(*_start_labels(about)), fact),)
            if old
            else ()
        ),
        requires(
            "its log went back, or its id is another",
            anew if isinstance(anew, Unknown) and not back else True,
            fact,
        ),
        decides("its id is another", anew, fact),
        on=logs.made_anew(case, _topics(about)),
        next=[interface.suggest("owner.notify", "Ask who made the topic anew.")],
    )


def _start_labels(about: finding.Finding) -> list[str]:
    return [f"start-{name}" for name in about.partitions]


def _unclean(argument: interface.Argument) -> None:
    case, about = argument.case, argument.about
    cut = [
        item
        for item in case.findings("partition.truncated")
        if set(item.partitions) & set(about.partitions)
    ]
    back = argument.fact(
        "ends",
        "whether the log end went back while Headgate looked",
        logs.went_back(case, about.partitions),
        source="history",
    )
    argument.weigh(
        "election.unclean",
        "A replica without the newest records became leader.",
        requires(
            "the log went back under a new leader",
            True if cut else Unknown("leader epochs before: they are not in the history"),
            back,
            *(fact.id for item in cut for fact in item.evidence),
        ),
        next=[interface.suggest("incident.channel", "Records are lost: ask for a replay.")],
    )


def _log_start(
    argument: interface.Argument, cited: list[str], steps: list[diagnosis.Suggestion]
) -> None:
    about, case = argument.about, argument.case
    jumps, partitions = logs.start_steps(case, about.partitions)
    moved = argument.fact(
        "log-start",
        "steps by which the log start rose while Headgate looked",
        jumps,
        source="history",
    )
    due = logs.due(case, about.partitions)
    rule = logs.due_fact(argument, due)
    kept = logs.kept_s(case, about.partitions)
    span = argument.fact(
        "kept",
        "seconds for which the topic keeps records",
        kept if isinstance(kept, Unknown) or np.isfinite(kept) else "for ever",
        unit="s",
        how="DescribeConfigs",
    )
    before = Unknown("the log start came there before Headgate's first look")
    many: bool | Unknown = jumps > partitions if jumps else before
    short: bool | Unknown = kept if isinstance(kept, Unknown) else kept <= _SHORT_S
    rose = requires("the log start rose past it", True, moved, *cited)
    argument.weigh(
        "retention.outran",
        "Retention deleted records faster than they were read.",
        rose,
        requires("retention was due", False, rule)
        if due is False
        else decides("retention was due", due, rule),
        expects("the topic keeps records for a short time", short, span),
        *((expects("it rose in steps, as segments go", many, moved),) if many is True else ()),
        next=[
            interface.suggest("topic.extend_retention", "Keep records for longer than the lag."),
            *steps,
        ],
    )
    argument.weigh(
        "records.deleted",
        "Somebody deleted the records on purpose.",
        rose,
        requires("retention was not due", False, rule)
        if due is True
        else decides("retention was not due", due if isinstance(due, Unknown) else not due, rule),
        expects(
            "the topic keeps records for long",
            short if isinstance(short, Unknown) else not short,
            span,
        ),
        *((expects("it rose at once, and not in steps", False, moved),) if many is True else ()),
        next=[interface.suggest("owner.notify", "Ask who called DeleteRecords, and why."), *steps],
    )
