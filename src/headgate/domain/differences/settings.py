"""Settings of topics and brokers that somebody made: what differs is a change of one of them.

Defaults are not compared, for they change with a version and are told as that. A value that Kafka
does not show, or whose name says that it is a secret, is never shown here either.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from headgate.domain import snapshot, timeline
from headgate.domain.differences import interface

DEFAULT = "the default"
"""Stands for a setting that nobody made."""

_SECRET = re.compile(
    r"passw|passphrase|secret|token|credential|jaas|private|keystore\.key|api[._-]?key",
    re.IGNORECASE,
)


def compare(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterable[timeline.Entry]:
    """Settings that were made, changed, or taken back."""
    yield from _of_topics(before, after)
    yield from _of_brokers(before, after)


def made(settings: Mapping[str, snapshot.ConfigValue]) -> dict[str, str]:
    """The settings that are not defaults, with secrets hidden."""
    return {name: shown(name, one.value) for name, one in settings.items() if not is_default(one)}


def is_default(one: snapshot.ConfigValue) -> bool:
    """Whether nobody made this setting."""
    return one.default or one.source == "default"


def shown(name: str, value: str | None) -> str:
    """The value, or that it is hidden."""
    return timeline.HIDDEN if value is None or _SECRET.search(name) else value


def differences(
    were: Mapping[str, str], are: Mapping[str, str]
) -> Iterator[tuple[str, str, str, str]]:
    """(name, what, before, after) of each setting that differs."""
    for name in sorted(were.keys() | are.keys()):
        old, new = were.get(name), are.get(name)
        if old == new:
            continue
        if new is None:
            yield name, f"{name} was taken back", str(old), DEFAULT
        elif old is None:
            yield name, f"{name} was set", DEFAULT, new
        else:
            yield name, f"{name} was changed", old, new


def _of_topics(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterator[timeline.Entry]:
    both = interface.pair(after.cluster, before.configs, after.configs)
    if both is None:
        return
    pair, old, new = both
    for topic, settings in new.items():
        was = old.get(topic)
        if was is None or was is settings:  # a new topic is an entry of its own
            continue
        were, are = made(was), made(settings)
        if were != are:
            for _, what, left, right in differences(were, are):
                yield pair.entry("config", "topic", topic, what, left, right)


def _of_brokers(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterator[timeline.Entry]:
    """A change that is the same on several brokers is one entry."""
    both = interface.pair(after.cluster, before.broker_configs, after.broker_configs)
    if both is None:
        return
    pair, old, new = both
    found: dict[tuple[str, str, str], list[int]] = {}
    for number in sorted(old.keys() & new.keys()):
        were, are = made(old[number]), made(new[number])
        if were != are:
            for _, what, left, right in differences(were, are):
                found.setdefault((what, left, right), []).append(number)
    for (what, left, right), numbers in found.items():
        if len(numbers) == 1:
            yield pair.entry("config", "broker", str(numbers[0]), what, left, right)
        else:
            listed = timeline.names([str(number) for number in numbers], 20)
            yield pair.of_cluster("config", f"{what} on brokers {listed}", left, right)
