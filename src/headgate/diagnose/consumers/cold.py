"""Reading from a remote store: old records come more slowly than those on the brokers' disks."""

from typing import ClassVar

from headgate.detect import words
from headgate.detect.cluster import gauges
from headgate.detect.consumers import tiered
from headgate.diagnose import hypothesis, interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding
from headgate.domain.unknown import Unknown

_FETCHES = "broker.remote_fetches"
_WINDOW_S = 300.0
_WATCH_S = 900


class ColdReads:
    """Explains commits below what the brokers' own disks hold: that is what it is."""

    explains: ClassVar[tuple[str, ...]] = (tiered.CODE,)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """A reader of old records."""
        argument = interface.Argument(case, about)
        weigh(argument)
        return argument.explained()


def weigh(argument: interface.Argument) -> None:
    """The cold read competes for a group that falls behind or reads old records."""
    seen = argument.case.seen
    topics = sorted({name.topic for name in argument.about.partitions})
    remote = sorted(set(topics) & tiered.topics(seen))
    fact = argument.fact(
        "tiered",
        f"which of {words.names(topics)} keep records in remote storage",
        words.names(remote) or "none",
        how="DescribeConfigs",
    )
    argument.weigh(
        "consumer.cold_read",
        "It reads records that only remote storage has, which takes longer.",
        requires("its topic is tiered", bool(remote), fact),
        *(_below(argument, remote) if remote else ()),
        next=[
            interface.watch(
                argument.about.resource, _WATCH_S, "It is faster once it is past them."
            ),
            interface.suggest(
                "quota.set", "A quota for it alone, where other readers suffer from it."
            ),
        ],
    )


def _below(argument: interface.Argument, remote: list[str]) -> list[hypothesis.Prediction]:
    """What is to be seen of a group on tiered topics that reads from the store."""
    cold = tiered.of_group(argument.case.seen, argument.about.resource.id)
    below: bool | Unknown = cold if isinstance(cold, Unknown) else bool(len(cold.columns))
    where = argument.fact(
        "below",
        "whether its commit is below the earliest offset on the brokers' own disks",
        below,
        how="ListOffsets (earliest local)",
    )
    fetched = _fetched(argument, remote)
    fetches = argument.fact(
        "fetches", "whether the brokers read these topics from the store", fetched, source="metrics"
    )
    says = "its commit is below the earliest offset on the brokers' own disks"
    if argument.about.code == tiered.CODE:
        return [
            requires(says, below, where),
            decides(says, below, where),
            expects("the brokers read from the store", fetched, fetches),
        ]
    # One that falls behind may do so for other reasons, too, while it reads old records.
    waits = fetched if isinstance(fetched, Unknown) else fetched and below is True
    return [
        requires(says, below, where),
        decides("the brokers read what it wants from the store", waits, fetches),
    ]


def _fetched(argument: interface.Argument, topics: list[str]) -> bool | Unknown:
    """Whether the counters of remote reads rise, of these topics or of all."""
    seen = argument.case.seen
    reason = gauges.lacking(seen, _FETCHES)
    if reason:
        return Unknown(reason)
    rises = [
        meter.rise(_WINDOW_S)
        for meter in gauges.told(seen, _FETCHES)
        if meter.labels.get("topic", "") in ("", *topics)
    ]
    known = [rise for rise in rises if not isinstance(rise, Unknown)]
    if not known:
        return Unknown(f"{_FETCHES} was read fewer than twice of these topics")
    return any(rise > 0 for rise in known)
