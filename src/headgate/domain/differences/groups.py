"""Groups that come and go, change their state or kind, and whose members change."""

from collections.abc import Iterable, Iterator, Sequence

from headgate.domain import snapshot, timeline
from headgate.domain.differences import interface
from headgate.domain.unknown import Unknown

_NAMED = 5
"""Members that an entry names."""


def compare(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterable[timeline.Entry]:
    """What became different among the groups."""
    both = interface.pair(after.cluster, before.groups, after.groups)
    if both is None:
        return
    pair, old, new = both
    hidden = interface.hidden(after.groups, "group")
    for name in hidden.gone(old.keys() - new.keys()):
        yield pair.entry("group", "group", name, "was deleted, or can no longer be seen")
    for name, group in new.items():
        was = old.get(name)
        if was is None:
            after_ = f"{group.kind}, {group.state}"
            yield pair.entry("group", "group", name, "was created", "", after_)
        elif was is not group:
            yield from _changed(pair, was, group)


def _changed(
    pair: interface.Pair, was: snapshot.Group, now: snapshot.Group
) -> Iterator[timeline.Entry]:
    if was.kind != now.kind and "unknown" not in (was.kind, now.kind):
        yield pair.entry("group", "group", now.id, "is of another kind", was.kind, now.kind)
    if was.state != now.state:
        yield pair.entry(
            "group_state", "group", now.id, "is in another state", was.state, now.state
        )
    if isinstance(was.members, Unknown) or isinstance(now.members, Unknown):
        return
    before = {one.id: one for one in was.members}
    after = {one.id: one for one in now.members}
    if before.keys() == after.keys():
        return
    left = [before[one] for one in sorted(before.keys() - after.keys())]
    joined = [after[one] for one in sorted(after.keys() - before.keys())]
    said = [f"{len(some)} {verb}" for some, verb in ((joined, "joined"), (left, "left")) if some]
    yield pair.entry(
        "members",
        "group",
        now.id,
        f"members changed: {', '.join(said)}",
        _told(len(before), "left", left),
        _told(len(after), "joined", joined),
    )


def _told(count: int, verb: str, some: Sequence[snapshot.Member]) -> str:
    members = f"{count:,} member{'' if count == 1 else 's'}"
    if not some:
        return members
    listed = timeline.names([_name(one) for one in some], _NAMED)
    return f"{members}; {verb}: {listed}"


def _name(one: snapshot.Member) -> str:
    return f"{one.instance_id or one.client_id} at {one.host.lstrip('/')}"
