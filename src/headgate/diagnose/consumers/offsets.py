"""Why a group's commits moved back, or lie outside the log."""

from typing import ClassVar

import numpy as np

from headgate.detect import words
from headgate.detect.consumers import lags
from headgate.diagnose import interface
from headgate.diagnose.consumers import groups
from headgate.domain import finding
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown


class Offsets:
    """Explains commits that went back or left the log."""

    explains: ClassVar[tuple[str, ...]] = ("lag.rewound", "group.offset_out_of_range")

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


def _went_back(case: interface.Case, names: tuple[TopicPartition, ...]) -> bool:
    past = case.seen.history
    columns = [c for c, name in enumerate(past.partitions) if name in set(names)]
    ends = np.where(past.ends[:, columns] < 0, np.iinfo(np.int64).max, past.ends[:, columns])
    return bool((np.diff(ends, axis=0) < 0).any()) if len(ends) > 1 else False


def _rewound(argument: interface.Argument) -> None:
    about, case = argument.about, argument.case
    past, since = case.seen.history, about.since.timestamp()
    row = int(np.searchsorted(past.times, since - 1e-6))
    samples = past.groups.get(about.resource.id, ())
    before = [sample for sample in samples if sample.at < since][-2:]
    empty = bool(before) and all(not sample.members for sample in before)
    members = argument.fact(
        "members",
        "whether the group had members when its commits went back",
        not empty,
        source="history",
    )
    columns = _columns(case, about)
    starts = _starts(case, columns, row)
    low = bool(columns) and all(
        int(past.commits[row, column]) <= start
        for column, start in zip(columns, starts, strict=True)
    )
    target = argument.fact(
        "target", "whether its commits went to the log start", low, source="history"
    )
    notify = interface.suggest("owner.notify", f"Ask who moved the offsets of {about.resource.id}.")
    restore = interface.suggest("group.restore_offsets", "Set the commits back where they were.")
    if _went_back(case, about.partitions):
        back = argument.fact("ends", "whether the log end went back", True, source="history")
        argument.cause(
            "topic.recreated",
            "likely",
            "The log itself went back: the topic was made anew.",
            for_=(back,),
            next=[notify],
            not_looked_at=("the topic's id before: it is not in the history",),
        )
        return
    argument.cause(
        "offset.moved_by_operator",
        "likely" if empty else "possible",
        "The group had no member while its commits went back"
        + (" to the log start." if low else "."),
        for_=(members, target) if empty else (),
        not_looked_at=("who called the admin API: Kafka does not say",),
        next=[notify, restore],
    )
    argument.cause(
        "offset.out_of_range",
        "possible" if low and not empty else "ruled_out",
        "Its reset policy may have sent it to the log start."
        if low and not empty
        else "It did not go to the log start by itself.",
        against=(members, target) if not (low and not empty) else (),
        not_looked_at=("auto.offset.reset of the clients: Kafka does not know it",)
        if low and not empty
        else (),
    )


def _starts(case: interface.Case, columns: list[int], row: int) -> list[int]:
    now = lags.now(case.seen)
    if isinstance(now, Unknown):
        return [0] * len(columns)
    past = case.seen.history
    return [int(past.starts[row, max(int(now.partition_of[c]), 0)]) for c in columns]


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
        for topic in dict.fromkeys(name.topic for name in about.partitions)
    ]
    argument.cause(
        "offset.out_of_range",
        "confirmed",
        f"Its commits lie {'before the log start' if below else 'behind the log end'}: the reset "
        "policy of its clients decides what they do next.",
        for_=cited,
        not_looked_at=("auto.offset.reset of the clients: Kafka does not know it",),
        next=steps,
    )
    if below:
        _log_start(argument, cited)
    else:
        back = argument.fact(
            "ends",
            "whether the log end went back while Headgate looked",
            _went_back(case, about.partitions),
            source="history",
        )
        argument.cause(
            "topic.recreated",
            "possible",
            "The topic may have been made anew.",
            for_=(back,),
            not_looked_at=("the topic's id before: it is not in the history",),
        )
        argument.cause(
            "election.unclean",
            "possible",
            "A replica without the records may have become leader.",
            for_=(back,),
            not_looked_at=("leader epochs before: they are not in the history",),
        )


def _log_start(argument: interface.Argument, cited: list[str]) -> None:
    about, case = argument.about, argument.case
    past = case.seen.history
    columns = [c for c, name in enumerate(past.partitions) if name in set(about.partitions)]
    starts = past.starts[:, columns]
    moves = np.where((starts[1:] >= 0) & (starts[:-1] >= 0), np.diff(starts, axis=0), 0)
    jumps = int((moves > 0).sum())
    moved = argument.fact(
        "log-start",
        "steps by which the log start rose while Headgate looked",
        jumps,
        source="history",
    )
    argument.cause(
        "retention.outran",
        "likely" if jumps > len(columns) else "possible",
        f"The log start rose past it in {words.many(jumps, 'step')}: records are deleted faster "
        "than they are read."
        if jumps
        else "Retention may have deleted what it had not read.",
        for_=(moved, *cited) if jumps > len(columns) else (),
        not_looked_at=()
        if jumps > len(columns)
        else ("how the log start came there: that was before Headgate's first look",),
        next=[interface.suggest("topic.extend_retention", "Keep records for longer than the lag.")],
    )
    argument.cause(
        "records.deleted",
        "possible",
        "Somebody may have deleted records on purpose.",
        not_looked_at=("who called DeleteRecords: Kafka does not say",),
    )
