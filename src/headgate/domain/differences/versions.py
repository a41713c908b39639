"""Versions of Kafka, and the feature levels that the cluster has agreed on."""

from collections.abc import Iterable, Iterator

from headgate.domain import quorum, snapshot, timeline
from headgate.domain.differences import interface


def compare(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterable[timeline.Entry]:
    """Brokers that run another release, and features with another level."""
    both = interface.pair(after.cluster, before.features, after.features)
    if both is None:
        yield from _of_cluster(before, after)
        return
    pair, old, new = both
    for number, release in sorted(new.versions.items()):
        was = old.versions.get(number)
        if isinstance(was, str) and isinstance(release, str) and was != release:
            what = "runs another version of Kafka"
            yield pair.entry("version", "broker", str(number), what, was, release)
    were = {one.name: one.finalized for one in old.features}
    are = {one.name: one.finalized for one in new.features}
    for name in sorted(were.keys() | are.keys()):
        if were.get(name) != are.get(name):
            yield pair.of_cluster(
                "feature",
                f"feature {name} has another level",
                _level(were.get(name)),
                _level(are.get(name)),
            )


def _of_cluster(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterator[timeline.Entry]:
    """The version as far as it is known without the brokers' own."""
    both = interface.pair(after.cluster, before.brokers, after.brokers)
    was, now = before.version, after.version
    if both is None or isinstance(before.features.value, quorum.Features):
        return
    if isinstance(was, str) and isinstance(now, str) and was != now:
        yield both[0].of_cluster("version", "another version of Kafka answers", was, now)


def _level(level: int | None) -> str:
    return "none" if level is None else str(level)
