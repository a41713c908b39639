"""Connectors: created, deleted, reconfigured, in another state; tasks; versions of Connect."""

from collections.abc import Iterable, Iterator, Sequence

from headgate.domain import connects, snapshot, timeline
from headgate.domain.differences import interface, settings
from headgate.domain.unknown import Unknown

_NAMED = 8
"""Tasks that an entry names."""


def compare(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterable[timeline.Entry]:
    """What became different on each Connect cluster that both looks know."""
    for name, part in after.connects.items():
        known = before.connects.get(name)
        both = None if known is None else interface.pair(after.cluster, known, part)
        if both is not None:
            pair, old, new = both
            hidden = interface.hidden(part, "connector")
            yield from _cluster(pair, name, old, new)
            for gone in hidden.gone(old.connectors.keys() - new.connectors.keys()):
                yield pair.entry("connector", "connector", gone, "was deleted")
            for one in new.connectors.values():
                was = old.connectors.get(one.name)
                if was is None:
                    kind = f"{one.type}, {len(one.tasks)} tasks"
                    yield pair.entry("connector", "connector", one.name, "was created", "", kind)
                elif was != one:
                    yield from _connector(pair, was, one)


def _cluster(
    pair: interface.Pair, name: str, old: snapshot.ConnectCluster, new: snapshot.ConnectCluster
) -> Iterator[timeline.Entry]:
    if old.version != new.version and old.version and new.version:
        yield pair.entry(
            "version", "connect", name, "runs another version", old.version, new.version
        )
    were = {one.id: one.state for one in old.workers}
    for one in new.workers:
        was = were.get(one.id, one.state)
        if was != one.state and "not_probed" not in (was, one.state):
            yield pair.entry("worker", "worker", one.id, "its port does otherwise", was, one.state)
    if not isinstance(old.plugins, Unknown) and not isinstance(new.plugins, Unknown):
        yield from _plugins(pair, name, old.plugins, new.plugins)


def _plugins(
    pair: interface.Pair,
    name: str,
    old: Sequence[connects.Plugin],
    new: Sequence[connects.Plugin],
) -> Iterator[timeline.Entry]:
    """A class may be there in several versions, and as several kinds of plugin."""
    were, are = _versions(old), _versions(new)
    for plugin in sorted(were.keys() | are.keys()):
        before, after = were.get(plugin, ""), are.get(plugin, "")
        if before != after:
            what = "is there" if not before else "is gone" if not after else "has another version"
            yield pair.entry("plugin", "connect", name, f"plugin {plugin} {what}", before, after)


def _versions(plugins: Sequence[connects.Plugin]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for one in plugins:
        found.setdefault(one.name, set()).add(one.version or "no version told")
    return {name: ", ".join(sorted(versions)) for name, versions in found.items()}


def _connector(
    pair: interface.Pair, was: snapshot.Connector, now: snapshot.Connector
) -> Iterator[timeline.Entry]:
    if was.config != now.config and was.config and now.config:
        for _, what, before, after in settings.differences(was.config, now.config):
            yield pair.entry(
                "connector",
                "connector",
                now.name,
                what,
                before,
                after,
            )
    if was.state != now.state:
        yield pair.entry(
            "connector_state", "connector", now.name, "is in another state", was.state, now.state
        )
    before_, after_ = _states(was.tasks), _states(now.tasks)
    moved = [number for number in after_ if before_.get(number) != after_[number]]
    gone = [number for number in before_ if number not in after_]
    if moved or gone:
        touched = sorted({*moved, *gone})
        listed = timeline.names([str(number) for number in touched], _NAMED)
        yield pair.entry(
            "tasks",
            "connector",
            now.name,
            "tasks are in other states",
            _summed(was.tasks),
            f"{_summed(now.tasks)} (task{'' if len(touched) == 1 else 's'} {listed})",
        )


def _states(tasks: Sequence[snapshot.Task]) -> dict[int, str]:
    return {one.number: one.state for one in tasks}


def _summed(tasks: Sequence[snapshot.Task]) -> str:
    states = [one.state for one in tasks]
    return ", ".join(f"{states.count(one)} {one}" for one in sorted(set(states))) or "no task"
