"""How records spread over the partitions of a topic, and over its keys."""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from headgate.detect import view, words
from headgate.detect.consumers import lags
from headgate.diagnose import interface
from headgate.diagnose.consumers import groups
from headgate.diagnose.hypothesis import decides, requires
from headgate.domain import diagnosis, finding, resource
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

_RATIO = 3.0
"""A partition is hot when it takes so many times the median of its topic (vocabulary)."""
_TOP_KEY = 0.3
"""One key with this share of the newest records explains a hot partition."""
_SURGE = 2.0


def rates(case: interface.Case, topic: str) -> dict[TopicPartition, float]:
    """Records per second written to each partition of the topic over the window."""
    return case.once(("input", topic), lambda: _rates(case.seen, topic))


def _rates(seen: view.View, topic: str) -> dict[TopicPartition, float]:
    past = seen.history
    columns = past.places.partitions(topic)
    rows = seen.rows(seen.observation.seconds("lag.growing", "window"))
    found = groups.rates(past.times[rows], past.ends[rows][:, columns])
    return {
        past.partitions[column]: float(rate)
        for column, rate in zip(columns.tolist(), found, strict=True)
        if not np.isnan(rate)
    }


def _median(case: interface.Case, topic: str) -> float:
    return case.once(
        ("median", topic), lambda: float(np.median(list(rates(case, topic).values()) or [0.0]))
    )


def hot(case: interface.Case, names: Iterable[TopicPartition]) -> tuple[TopicPartition, ...]:
    """Those of the partitions that take far more records than the median of their topic."""
    found = []
    for name in names:
        of_topic = rates(case, name.topic)
        if len(of_topic) < 3 or name not in of_topic:
            continue
        if of_topic[name] > 0 and of_topic[name] >= _RATIO * _median(case, name.topic):
            found.append(name)
    return tuple(found)


def hot_key(argument: interface.Argument, names: tuple[TopicPartition, ...]) -> bool:
    """Weighs key skew behind lag on these partitions; whether it is at least likely."""
    case = argument.case
    found = hot(case, names)
    about = argument.about
    if not found or not _most_lag(case, about, found):
        topic = names[0].topic if names else ""
        even = argument.fact(
            "input",
            f"records per second written to the partitions of {topic}",
            _text(rates(case, topic)),
            source="history",
        )
        argument.weigh(
            "partition.hot_key",
            "One key sends too much to one partition.",
            requires("the lagging partitions take far more than the others", False, even),
        )
        return False
    first = max(found, key=lambda name: rates(case, name.topic)[name])
    spread = argument.fact(
        "input",
        f"records per second written to {first}, and to the other partitions of {first.topic}",
        _text(rates(case, first.topic)),
        source="history",
    )
    _weigh(argument, first, spread)
    return True


def _most_lag(
    case: interface.Case, about: finding.Finding, found: tuple[TopicPartition, ...]
) -> bool:
    """Whether the hot partitions hold most of the lag that the finding is about."""
    now = lags.now(case.seen)
    if about.resource.kind != "group" or isinstance(now, Unknown):
        return True
    keys = case.seen.history.commit_keys
    some, listed, part, whole = set(found), set(about.partitions), 0, 0
    for column in now.of_group(about.resource.id).tolist():
        lag = max(int(now.lag[column]), 0)
        part += lag * (keys[column][1] in some)
        whole += lag * (keys[column][1] in listed)
    return 2 * part > whole


def _weigh(argument: interface.Argument, first: TopicPartition, spread: str) -> None:
    answer = argument.case.answers.get(diagnosis.KeyQuestion(first.topic), Unknown("not asked"))
    on = resource.partition(first)
    steps = [
        interface.suggest(
            "owner.notify",
            f"Choose keys of {first.topic} that spread; more partitions or members do not help.",
        ),
        interface.suggest("review.open", "The key of a topic is a design decision."),
    ]
    of_topic = rates(argument.case, first.topic)
    others = [rate for name, rate in of_topic.items() if name != first]
    text = (
        f"{first} takes {words.rate(of_topic[first])}, the median of the others "
        f"{words.rate(float(np.median(others)))}"
    )
    keys: tuple[str, ...] = ()
    one: bool | Unknown
    if isinstance(answer, diagnosis.KeyAnswer):
        keys = (
            argument.fact(
                "keys",
                f"share of the newest {answer.sampled} records of {first.topic} with the most "
                "frequent key",
                round(answer.top_key_share, 3),
                source="records",
            ),
        )
        one = answer.top_key_share >= _TOP_KEY
        text += (
            f"; one key makes {answer.top_key_share:.0%} of the records"
            if one
            else f"; no single key explains it ({answer.top_key_share:.0%} at most)"
        )
    else:
        why = answer.reason if isinstance(answer, Unknown) else "the answer was to another question"
        one = Unknown(f"the keys of the newest records: {why}")
    argument.weigh(
        "partition.hot_key",
        f"{text}.",
        requires("it takes far more than the median of its topic", True, spread),
        decides("one key makes most of its records", one, *keys),
        on=on,
        next=steps,
    )


def _text(of_topic: dict[TopicPartition, float]) -> str:
    ordered = sorted(of_topic.items(), key=lambda item: -item[1])
    return words.names(f"{name} {words.rate(rate)}" for name, rate in ordered) or "not known"


def surged(case: interface.Case, about: finding.Finding) -> bool | Unknown:
    """Whether the topics of a draining group took far more than usual some time before."""
    past = case.seen.history
    if len(past.times) < 2 * view.WINDOW_SAMPLES:
        return Unknown("the history is too short to know what is usual")
    topics = {name.topic for name in about.partitions}
    columns = np.concatenate([past.places.partitions(topic) for topic in sorted(topics)])
    ends = past.ends[:, columns]
    usable = (ends >= 0).all(axis=0)
    steps = np.diff(ends[:, usable].sum(axis=1)) / np.maximum(np.diff(past.times), 1e-9)
    return bool(steps.max(initial=0) > _SURGE * max(float(np.median(steps)), 1.0))


def draining(argument: interface.Argument) -> None:
    """Weighs a burst behind lag that drains."""
    about = argument.about
    more = surged(argument.case, about)
    seen = argument.fact(
        "surge", "whether more than usual was written before", more, source="history"
    )
    argument.weigh(
        "traffic.burst",
        "More came than usual, and the group catches up.",
        requires(
            "more than usual was written before",
            more if more is True else Unknown("what held it back was before this look"),
            seen,
            *argument.own("change"),
        ),
        next=[interface.watch(about.resource, 600, "It catches up by itself.")],
    )


class Inputs:
    """Explains hot partitions, surges, and topics with too few partitions."""

    explains: ClassVar[tuple[str, ...]] = (
        "partition.hot",
        "topic.input_surge",
        "topic.too_few_partitions",
    )

    def questions(
        self, about: finding.Finding, case: interface.Case
    ) -> tuple[diagnosis.Question, ...]:
        """How the records of a hot partition's topic are keyed."""
        if about.code != "partition.hot" or not case.findings(about.code):
            return ()
        return (diagnosis.KeyQuestion(about.partitions[0].topic),)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Key skew, a burst, or a cap on parallel reading."""
        argument = interface.Argument(case, about)
        if about.code == "partition.hot":
            first = about.partitions[0]
            spread = argument.fact(
                "input",
                f"records per second written to the partitions of {first.topic}",
                _text(rates(case, first.topic)),
                source="history",
            )
            if first in rates(case, first.topic):
                _weigh(argument, first, spread)
        elif about.code == "topic.input_surge":
            cited = argument.own("rate", "usual")
            argument.weigh(
                "traffic.burst",
                "Far more records arrive than usual.",
                decides("the input is a multiple of what it was", True, *cited),
                next=[interface.watch(about.resource, 600, "A burst ends by itself.")],
            )
        else:
            _too_few(argument)
        return argument.explained()


def _too_few(argument: interface.Argument) -> None:
    about = argument.about
    values = {item.id.rpartition("/")[2]: item.value for item in about.evidence}
    partitions, need = values.get("partitions"), values.get("need")
    steps = [interface.suggest("review.open", "More partitions break the order of each key.")]
    if isinstance(partitions, int) and isinstance(need, float):
        total = min(4 * partitions, max(partitions + 1, int(np.ceil(partitions * need))))
        steps.insert(
            0,
            interface.suggest(
                "topic.add_partitions",
                f"{total} partitions would let {total} members read; it cannot be undone.",
                topic=about.resource.id,
                total=total,
            ),
        )
    argument.weigh(
        "consumer.under_parallel",
        "Every partition has its own member, all equally busy, and it is not enough.",
        decides(
            "each partition has its own member, and all are equally busy",
            True,
            *argument.own("partitions", "members", "need"),
        ),
        next=steps,
    )
