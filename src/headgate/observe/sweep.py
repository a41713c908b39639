"""One sweep under way: what is asked at once, what is asked once its ground is there.

A part that did not come by the deadline is ``Unknown``; what stands on it is, too, and says so.
"""

import queue
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from headgate.domain import snapshot, vocabulary
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.observe import calls, columns, settings
from headgate.observe import readings as readings_
from headgate.ports import connect, kafka

T = TypeVar("T")
U = TypeVar("U")

_FIRST_SHARE = 0.5
"""Of the deadline, for what something else waits for; the rest is left for that."""

_MARGIN_SHARE = 0.05
"""Of the deadline: calls must be over before it, so that a partial answer is not lost."""

_DOUBT_SHARE = 0.25
"""Of the deadline, for what timed out the last time: a dead Connect worker must not make every
sweep of a healthy cluster last to the deadline."""

GroupsRead = tuple[snapshot.Groups, tuple[snapshot.Missing, ...]]
ConfigsRead = Mapping[str, Mapping[str, snapshot.ConfigValue] | kafka.Failure]
CommitsRead = Mapping[str, Mapping[TopicPartition, int] | kafka.Failure]


@dataclass(slots=True, kw_only=True)
class _Follow:
    """What stands on the partitions or the groups and is asked once they are there."""

    offsets: calls.Asked[kafka.OffsetRead] | None = None
    configs: calls.Asked[ConfigsRead] | None = None
    configs_of: Sequence[str] = ()
    commits: calls.Asked[CommitsRead] | None = None


class Sweep:
    """One sweep under way."""

    def __init__(
        self,
        *,
        kafka: kafka.Kafka,
        connects: Sequence[connect.Connect],
        calls: calls.Calls,
        settings: settings.Settings,
        readings: readings_.Readings,
        deadline_s: float,
        asks_version: bool,
        resting: tuple[TopicPartition, ...] = (),
    ) -> None:
        """All that waits for nothing else is asked for; ``resting``: see ``readings.Ground``."""
        self._resting = resting
        self._kafka = kafka
        self._calls = calls
        self._settings = settings
        self._readings = readings
        self._deadline_s = deadline_s
        self._margin_s = deadline_s * _MARGIN_SHARE
        self._started = time.monotonic()
        self._done: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._open: dict[str, bool] = {}
        """Names of the calls without an answer, and whether each is doubtful."""
        whole = self._left_s()
        first = deadline_s * _FIRST_SHARE
        self._partitions = self._ask("partitions", lambda: kafka.partitions(deadline_s=first))
        self._groups = self._ask("groups", lambda: kafka.groups(deadline_s=first))
        self._brokers = self._ask("brokers", lambda: kafka.brokers(deadline_s=whole))
        self._at = self._brokers.at
        self._version = (
            self._ask("version", lambda: kafka.version(deadline_s=whole)) if asks_version else None
        )
        self._connects = {
            port.name: (port, self._ask(f"connect:{port.name}", _cluster_of(port, whole)))
            for port in connects
        }
        self._follow = _Follow()
        self._read("start", readings_.Ground())

    def run(self) -> None:
        """Everything has an answer, or the time for what has none is over."""
        while self._open:
            share = _DOUBT_SHARE if all(self._open.values()) else 1.0
            wait_s = self._started + self._deadline_s * share - time.monotonic()
            try:
                name = self._done.get(timeout=max(wait_s, 0.0))
            except queue.Empty:
                break
            self._open.pop(name, None)
            if name == "partitions":
                self._after_partitions()
            elif name == "groups":
                self._after_groups()
            elif name == "offsets":
                self._after_offsets()
        self._took_s = time.monotonic() - self._started

    def found_version(self) -> str | Unknown:
        """The version, if this sweep asked for it and got it."""
        if self._version is None:
            return snapshot.UNREAD_VERSION
        return self._version.settled(self._took_s)

    def result(self, version: str | Unknown) -> snapshot.Snapshot:
        """All parts as they are now; what comes later is not looked at."""
        partitions = self._partitions.settled(self._took_s)
        listed = partitions if isinstance(partitions, Unknown) else partitions[0]
        groups = self._groups.settled(self._took_s)
        seldom = self._readings.parts()
        return snapshot.Snapshot(
            cluster=self._kafka.name,
            at=self._at,
            took_s=self._took_s,
            brokers=_part(self._brokers, "kafka", "DescribeCluster, DescribeQuorum", self._took_s),
            partitions=snapshot.Part(
                value=listed,
                source="kafka",
                how="Metadata",
                at=self._partitions.at,
                took_s=self._partitions.took_s,
                missing=() if isinstance(partitions, Unknown) else partitions[1],
            ),
            offsets=self._offsets_part(listed),
            configs=self._configs_part(listed),
            groups=snapshot.Part(
                value=groups if isinstance(groups, Unknown) else groups[0],
                source="kafka",
                how="ListGroups, DescribeGroups, ConsumerGroupDescribe",
                at=self._groups.at,
                took_s=self._groups.took_s,
                missing=() if isinstance(groups, Unknown) else groups[1],
            ),
            commits=self._commits_part(listed, groups),
            connects={
                name: _part(
                    asked,
                    "connect",
                    f"GET {port.url}/connectors?expand=status&expand=info",
                    self._took_s,
                )
                for name, (port, asked) in self._connects.items()
            },
            version=version,
            **{name: seldom[name] for name in snapshot.SELDOM if name in seldom},
            registries=_named("registry:", seldom),
            measures=_named("metrics:", seldom),
        )

    def _left_s(self) -> float:
        """Seconds for a call that nothing waits for; never none, so that the call can say why."""
        left = self._started + self._deadline_s - self._margin_s - time.monotonic()
        return max(left, 0.05)

    def _ask(self, name: str, call: Callable[[], T]) -> calls.Asked[T]:
        asked = self._calls.start(name, call, self._done)
        self._open[name] = asked.doubtful
        return asked

    def _after_partitions(self) -> None:
        answer = self._partitions.value
        if answer is None or isinstance(answer, Unknown):
            return
        partitions = answer[0]
        left_s = self._left_s()
        self._follow.offsets = self._ask(
            "offsets", lambda: self._kafka.offsets(partitions, deadline_s=left_s)
        )
        wanted = self._settings.wanted(partitions.topics)
        if wanted:
            self._follow.configs_of = wanted
            self._follow.configs = self._ask(
                "configs", lambda: self._kafka.configs(wanted, deadline_s=left_s)
            )

        self._read("partitions", readings_.Ground(partitions=partitions))

    def _after_offsets(self) -> None:
        listed = self._partitions.value
        asked = self._follow.offsets
        offsets = None if asked is None else asked.value
        if listed is None or offsets is None:
            return
        if not isinstance(listed, Unknown) and not isinstance(offsets, Unknown):
            self._read(
                "offsets",
                readings_.Ground(
                    partitions=listed[0],
                    offsets=offsets,
                    positions=self._readings.positions(),
                    tiered=self._settings.with_value("remote.storage.enable", "true"),
                    resting=self._resting,
                ),
            )

    def _read(self, stage: readings_.Stage, ground: readings_.Ground) -> None:
        """Readings that are due are asked for; the first answer of each is waited for."""
        first = self._readings.start(stage, ground, self._calls, self._done, left_s=self._left_s())
        self._open |= dict.fromkeys(first, True)

    def _after_groups(self) -> None:
        answer = self._groups.value
        if answer is None or isinstance(answer, Unknown):
            return
        ids = [group.id for group in answer[0].values() if _commits_offsets(group)]
        left_s = self._left_s()
        self._follow.commits = self._ask(
            "commits", lambda: self._kafka.commits(ids, deadline_s=left_s)
        )

    def _offsets_part(
        self, partitions: snapshot.Partitions | Unknown
    ) -> snapshot.Part[snapshot.Offsets]:
        asked = self._follow.offsets
        value: snapshot.Offsets | Unknown
        missing: tuple[snapshot.Missing, ...] = ()
        if asked is None:
            value = _stands_on("partitions", partitions)
        else:
            answer = asked.settled(self._took_s)
            if isinstance(answer, Unknown):
                value = answer
            else:
                value = snapshot.Offsets(earliest=answer.earliest, latest=answer.latest)
                missing = answer.missing
        return self._followed(asked, "ListOffsets", value, missing)

    def _configs_part(
        self, partitions: snapshot.Partitions | Unknown
    ) -> snapshot.Part[snapshot.Configs]:
        if isinstance(partitions, Unknown):
            return self._settings.part(now=self._at, problem=_stands_on("partitions", partitions))
        asked = self._follow.configs
        answer: ConfigsRead | Unknown = {} if asked is None else asked.settled(self._took_s)
        self._settings.keep(
            partitions.topics,
            self._follow.configs_of,
            answer,
            at=self._at if asked is None else asked.at,
            took_s=0.0 if asked is None else asked.took_s,
        )
        return self._settings.part(now=self._at, problem=None)

    def _commits_part(
        self, partitions: snapshot.Partitions | Unknown, groups: GroupsRead | Unknown
    ) -> snapshot.Part[snapshot.Commits]:
        asked = self._follow.commits
        value: snapshot.Commits | Unknown
        missing: tuple[snapshot.Missing, ...] = ()
        if asked is None:
            value = _stands_on("groups", groups)
        elif isinstance(partitions, Unknown):
            value = _stands_on("partitions", partitions)
        else:
            answer = asked.settled(self._took_s)
            if isinstance(answer, Unknown):
                value = answer
            else:
                value, missing = columns.commits(partitions, answer)
                if not isinstance(groups, Unknown):
                    # Groups that could not be listed were not asked for their commits either.
                    missing = (*groups[1], *missing)
        return self._followed(asked, "OffsetFetch", value, missing)

    def _followed(
        self,
        asked: calls.Asked[U] | None,
        how: str,
        value: T | Unknown,
        missing: tuple[snapshot.Missing, ...],
    ) -> snapshot.Part[T]:
        return snapshot.Part(
            value=value,
            source="kafka",
            how=how,
            at=self._at if asked is None else asked.at,
            took_s=0.0 if asked is None else asked.took_s,
            missing=missing,
        )


def _part(
    asked: calls.Asked[T], source: vocabulary.Source, how: str, waited_s: float
) -> snapshot.Part[T]:
    return snapshot.Part(
        value=asked.settled(waited_s),
        source=source,
        how=how,
        at=asked.at,
        took_s=asked.took_s,
    )


def _stands_on(name: str, value: object) -> Unknown:
    if isinstance(value, Unknown):
        return Unknown(f"the {name} could not be read: {value.reason}")
    return Unknown(f"the {name} came too late in the sweep to ask further")


def _cluster_of(port: connect.Connect, deadline_s: float) -> Callable[[], snapshot.ConnectCluster]:
    return lambda: port.cluster(deadline_s=deadline_s)


def _named(
    prefix: str, parts: Mapping[str, snapshot.Part[Any]]
) -> Mapping[str, snapshot.Part[Any]]:
    return {
        name.removeprefix(prefix): part for name, part in parts.items() if name.startswith(prefix)
    }


def _commits_offsets(group: snapshot.Group) -> bool:
    """Share groups keep no offsets of this kind, and Connect's workers none at all."""
    return group.kind != "share" and not group.protocol.startswith("connect")
