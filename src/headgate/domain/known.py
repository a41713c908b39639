"""What is known of a cluster: of each part, and of each item in it, the newest that was read.

A part that cannot be read now stands as it was when it last could, so that nothing seems to be
gone because nobody could look, and what became different meanwhile is seen when it comes back.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from headgate.domain import (
    connects,
    differences,
    layout,
    quorum,
    registry,
    snapshot,
    storage,
    timeline,
)
from headgate.domain.differences import brokers as brokers_
from headgate.domain.differences import interface, settings
from headgate.domain.unknown import Unknown

T = TypeVar("T")
V = TypeVar("V")

_NONE = np.zeros(0, dtype=np.int32)
_START = np.zeros(1, dtype=np.int32)

_NO_PARTITIONS = layout.Partitions(
    topics=(),
    topic_ids=(),
    internal=np.zeros(0, dtype=np.bool_),
    first=_START,
    leader=_NONE,
    leader_epoch=_NONE,
    replica_start=_START,
    replicas=_NONE,
    isr_start=_START,
    isr=_NONE,
)


def merged(known: snapshot.Snapshot | None, seen: snapshot.Snapshot) -> snapshot.Snapshot:
    """The newest that is known of everything, after ``seen`` was seen."""
    if known is None:
        return seen
    return dataclasses.replace(
        seen,
        version=seen.version if isinstance(seen.version, str) else known.version,
        brokers=_part(known.brokers, seen.brokers, _brokers),
        partitions=_part(known.partitions, seen.partitions, _partitions),
        configs=_part(known.configs, seen.configs, _items("topic")),
        groups=_part(known.groups, seen.groups, _groups),
        connects=_each(known.connects, seen.connects, _connect),
        registries=_each(known.registries, seen.registries, _registry),
        broker_configs=_part(known.broker_configs, seen.broker_configs, _broker_configs),
        features=_part(known.features, seen.features, _features),
        quorum=_part(known.quorum, seen.quorum, _newest),
        log_dirs=_part(known.log_dirs, seen.log_dirs, _newest),
        quotas=_part(known.quotas, seen.quotas, _listed(lambda one: one.name)),
        acls=_part(known.acls, seen.acls, _listed(lambda one: one)),
        scram_users=_part(known.scram_users, seen.scram_users, _listed(lambda one: one.name)),
    )


def learn(
    known: snapshot.Snapshot | None, seen: snapshot.Snapshot
) -> tuple[snapshot.Snapshot, tuple[timeline.Entry, ...]]:
    """(What is known now, the entries for what became different); no entry for a first look.

    Where another cluster answers under the old address, all that was known is of the other one.
    """
    if known is None:
        return seen, ()
    both = interface.pair(seen.cluster, known.brokers, seen.brokers)
    ids = {one.cluster_id for one in both[1:]} if both is not None else set()
    if both is not None and len(ids) > 1 and all(ids):
        pair, old, new = both
        said = pair.of_cluster("cluster", "another cluster answers", old.cluster_id, new.cluster_id)
        return seen, (said,)
    return merged(known, seen), differences.compare(known, seen)


def reduced(known: snapshot.Snapshot) -> snapshot.Snapshot:
    """Only what a comparison looks at, without secrets: what is kept for the next start."""
    return dataclasses.replace(
        known,
        offsets=snapshot.NOT_ASKED,
        commits=snapshot.NOT_ASKED,
        positions=snapshot.NOT_ASKED,
        eligible=snapshot.NOT_ASKED,
        reassignments=snapshot.NOT_ASKED,
        transactions=snapshot.NOT_ASKED,
        measures={},
        configs=_valued(known.configs, _made),
        broker_configs=_valued(known.broker_configs, _made),
        groups=_valued(known.groups, _lean_groups),
        log_dirs=_valued(known.log_dirs, lambda held: log_dirs(held.dirs)),
        connects={name: _valued(part, _lean_connect) for name, part in known.connects.items()},
    )


Merge = Callable[[Any, Any, snapshot.Part[Any]], tuple[Any, bool]]
"""(value known, value seen, part seen) -> the value, and whether something known stands in it."""


def _part(known: snapshot.Part[T], seen: snapshot.Part[T], merge: Merge) -> snapshot.Part[T]:
    if isinstance(seen.value, Unknown):
        return seen if isinstance(known.value, Unknown) else known
    if isinstance(known.value, Unknown) or known.value is seen.value:
        return seen
    value, carried = merge(known.value, seen.value, seen)
    if value is seen.value:
        return seen
    # What is carried was read then: whoever asks since when must not be told a later time
    return dataclasses.replace(seen, value=value, at=known.at if carried else seen.at)


def _each(
    known: Mapping[str, snapshot.Part[T]], seen: Mapping[str, snapshot.Part[T]], merge: Merge
) -> Mapping[str, snapshot.Part[T]]:
    return {
        name: _part(known[name], part, merge) if name in known else part
        for name, part in seen.items()
    }


def _newest(_old: Any, new: Any, _seen: snapshot.Part[Any]) -> tuple[Any, bool]:
    return new, False


def _filled(
    known: Mapping[Any, V], seen: Mapping[Any, V], hidden: interface.Hidden
) -> tuple[Mapping[Any, V], bool]:
    """What was seen, and what was known of items that are only hidden."""
    if not hidden.names and not hidden.doubtful:
        return seen, False
    carried = {
        name: value
        for name, value in known.items()
        if name not in seen and (hidden.doubtful or str(name) in hidden.names)
    }
    return ({**seen, **carried}, True) if carried else (seen, False)


def _items(kind: str) -> Merge:
    return lambda old, new, seen: _filled(old, new, interface.hidden(seen, kind))


def _broker_configs(old: Any, new: Any, _seen: snapshot.Part[Any]) -> tuple[Any, bool]:
    """A broker that is not asked, because it is out, keeps its settings."""
    return _filled(old, new, interface.Hidden(names=set(), doubtful=True))


def _groups(
    old: snapshot.Groups, new: snapshot.Groups, seen: snapshot.Part[Any]
) -> tuple[snapshot.Groups, bool]:
    filled, carried = _filled(old, new, interface.hidden(seen, "group"))
    memberless = {
        name: dataclasses.replace(group, members=old[name].members)
        for name, group in new.items()
        if isinstance(group.members, Unknown) and name in old
    }
    return ({**filled, **memberless}, True) if memberless else (filled, carried)


def _listed(key: Callable[[Any], object]) -> Merge:
    def merge(old: Any, new: Any, seen: snapshot.Part[Any]) -> tuple[Any, bool]:
        there = {key(one) for one in new} if seen.missing else set()
        kept = tuple(one for one in old if seen.missing and key(one) not in there)
        return ((*new, *kept), True) if kept else (new, False)

    return merge


def _brokers(
    old: snapshot.Brokers, new: snapshot.Brokers, _seen: snapshot.Part[Any]
) -> tuple[snapshot.Brokers, bool]:
    """A broker that is out and once refused connections stays one whose process was gone."""
    refused = {one.id for one in old.brokers if one.port_state == "refuses"}
    refused &= brokers_.out(old) & brokers_.out(new)
    brokers = tuple(
        dataclasses.replace(one, port_state="refuses") if one.id in refused else one
        for one in new.brokers
    )
    there = {one.id for one in new.brokers}
    brokers += tuple(
        dataclasses.replace(one, listed=False) for one in old.brokers if one.id not in there
    )
    controller = new.controller if isinstance(new.controller, int) else old.controller
    if brokers == new.brokers and controller == new.controller:
        return new, False
    return dataclasses.replace(new, brokers=brokers, controller=controller), False


def _features(
    old: quorum.Features, new: quorum.Features, _seen: snapshot.Part[Any]
) -> tuple[quorum.Features, bool]:
    kept = {
        number: release
        for number, release in old.versions.items()
        if isinstance(release, str) and not isinstance(new.versions.get(number), str)
    }
    if not kept:
        return new, False
    return dataclasses.replace(new, versions={**new.versions, **kept}), False


def _connect(
    old: snapshot.ConnectCluster, new: snapshot.ConnectCluster, seen: snapshot.Part[Any]
) -> tuple[snapshot.ConnectCluster, bool]:
    hidden = interface.hidden(seen, "connector")
    found, carried = _filled(old.connectors, new.connectors, hidden)
    plugins = old.plugins if isinstance(new.plugins, Unknown) else new.plugins
    if not carried and plugins is new.plugins:
        return new, False
    return dataclasses.replace(new, connectors=found, plugins=plugins), carried


def _registry(
    old: registry.Registry, new: registry.Registry, seen: snapshot.Part[Any]
) -> tuple[registry.Registry, bool]:
    found, carried = _filled(old.subjects, new.subjects, interface.hidden(seen, "subject"))
    unread = {
        name: dataclasses.replace(subject, versions=old.subjects[name].versions)
        for name, subject in new.subjects.items()
        if isinstance(subject.versions, Unknown) and name in old.subjects
    }
    if not carried and not unread:
        return new, False
    return dataclasses.replace(new, subjects={**found, **unread}), True


def _partitions(
    old: layout.Partitions, new: layout.Partitions, seen: snapshot.Part[Any]
) -> tuple[layout.Partitions, bool]:
    hidden = interface.hidden(seen, "topic")
    if not hidden.names and not hidden.doubtful:
        return new, False
    kept = [
        name
        for name in old.topics
        if name not in new.topic_ordinals and (hidden.doubtful or name in hidden.names)
    ]
    return (_spliced(new, old, kept), True) if kept else (new, False)


def _spliced(new: layout.Partitions, old: layout.Partitions, names: list[str]) -> layout.Partitions:
    """The listing with these topics of the older one behind its own."""
    places = [old.topic_ordinals[name] for name in names]
    spans = [old.of_topic(name) for name in names]
    rows = np.array([row for span in spans for row in span], dtype=np.int64)
    ends = np.cumsum([len(span) for span in spans], dtype=np.int64) + new.first[-1]

    def lists(
        starts: NDArray[np.int32],
        values: NDArray[np.int32],
        more_starts: NDArray[np.int32],
        more: NDArray[np.int32],
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        parts = [more[more_starts[row] : more_starts[row + 1]] for row in rows]
        stops = np.cumsum([len(part) for part in parts], dtype=np.int64) + starts[-1]
        return (
            np.concatenate([starts, stops]).astype(np.int32),
            np.concatenate([values, *parts]).astype(np.int32),
        )

    replica_start, replicas = lists(
        new.replica_start, new.replicas, old.replica_start, old.replicas
    )
    isr_start, isr = lists(new.isr_start, new.isr, old.isr_start, old.isr)
    return layout.Partitions(
        topics=(*new.topics, *names),
        topic_ids=(*new.topic_ids, *(old.topic_ids[place] for place in places)),
        internal=np.concatenate([new.internal, old.internal[places]]),
        first=np.concatenate([new.first, ends]).astype(np.int32),
        leader=np.concatenate([new.leader, old.leader[rows]]),
        leader_epoch=np.concatenate([new.leader_epoch, old.leader_epoch[rows]]),
        replica_start=replica_start,
        replicas=replicas,
        isr_start=isr_start,
        isr=isr,
    )


def _valued(part: snapshot.Part[T], make: Callable[[Any], Any]) -> snapshot.Part[T]:
    if isinstance(part.value, Unknown):
        return part
    return dataclasses.replace(part, value=make(part.value))


def _made(configs: Mapping[Any, Mapping[str, snapshot.ConfigValue]]) -> object:
    return {
        name: {
            key: dataclasses.replace(one, value=None)
            if settings.shown(key, one.value) != one.value
            else one
            for key, one in values.items()
            if not settings.is_default(one)
        }
        for name, values in configs.items()
    }


def _lean_groups(groups: snapshot.Groups) -> snapshot.Groups:
    return {
        name: group
        if isinstance(group.members, Unknown)
        else dataclasses.replace(
            group,
            members=tuple(
                dataclasses.replace(one, assigned=(), target=None) for one in group.members
            ),
        )
        for name, group in groups.items()
    }


def log_dirs(dirs: tuple[storage.LogDir, ...]) -> storage.LogDirs:
    """The log dirs without the replicas in them."""
    nothing = np.zeros(0, dtype=np.int64)
    return storage.LogDirs(
        partitions=_NO_PARTITIONS,
        dirs=dirs,
        ordinal=_NONE,
        place=_NONE,
        size_bytes=nothing,
        offset_lag=nothing,
        future=np.zeros(0, dtype=np.bool_),
    )


def _lean_connect(held: snapshot.ConnectCluster) -> snapshot.ConnectCluster:
    return dataclasses.replace(
        held,
        connectors={
            name: dataclasses.replace(
                one,
                trace="",
                tasks=tuple(dataclasses.replace(task, trace="") for task in one.tasks),
                offsets=connects.UNREAD_OFFSETS,
                topics_used=connects.UNREAD_TOPICS,
            )
            for name, one in held.connectors.items()
        },
    )
