"""ACLs, client quotas and SCRAM users: added, taken away, changed."""

from collections.abc import Iterable, Iterator

from headgate.domain import access, snapshot, timeline
from headgate.domain.differences import interface


def compare(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterable[timeline.Entry]:
    """What became different in who may do what, and how fast."""
    yield from _acls(before, after)
    yield from _quotas(before, after)
    yield from _users(before, after)


def rule(one: access.Acl) -> str:
    """The rule in one line."""
    name = f"{one.resource_name}*" if one.pattern == "PREFIXED" else one.resource_name
    host = "" if one.host == "*" else f" from {one.host}"
    return f"{one.permission} {one.operation} on {one.resource_type} {name}{host}"


def limits(one: access.Quota) -> str:
    """The limits in one line."""
    return ", ".join(f"{name} = {value:g}" for name, value in sorted(one.limits.items()))


def mechanisms(one: access.ScramUser) -> str:
    """How the user can log in, in one line."""
    return ", ".join(f"{name}, {count} rounds" for name, count in sorted(one.mechanisms.items()))


def _acls(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterator[timeline.Entry]:
    both = interface.pair(after.cluster, before.acls, after.acls)
    if both is None:
        return
    pair, old, new = both
    were, are = set(old), set(new)
    for one in sorted(are - were):
        yield pair.entry("acl", "principal", one.principal, "has a new ACL", "", rule(one))
    if not after.acls.missing:
        for one in sorted(were - are):
            yield pair.entry("acl", "principal", one.principal, "has an ACL less", rule(one))


def _quotas(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterator[timeline.Entry]:
    both = interface.pair(after.cluster, before.quotas, after.quotas)
    if both is None:
        return
    pair, old, new = both
    were = {one.name: limits(one) for one in old}
    are = {one.name: limits(one) for one in new}
    for name in sorted(were.keys() | are.keys()):
        if were.get(name) == are.get(name) or (name not in are and after.quotas.missing):
            continue
        what = "was set" if name not in were else "was taken away" if name not in are else "changed"
        yield pair.entry("quota", "quota", name, what, were.get(name, ""), are.get(name, ""))


def _users(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterator[timeline.Entry]:
    both = interface.pair(after.cluster, before.scram_users, after.scram_users)
    if both is None:
        return
    pair, old, new = both
    were = {one.name: mechanisms(one) for one in old}
    are = {one.name: mechanisms(one) for one in new}
    for name in sorted(were.keys() | are.keys()):
        if were.get(name) == are.get(name) or (name not in are and after.scram_users.missing):
            continue
        what = (
            "can log in with SCRAM"
            if name not in were
            else "can no longer log in with SCRAM"
            if name not in are
            else "logs in with other SCRAM mechanisms"
        )
        yield pair.entry(
            "scram_user", "principal", f"User:{name}", what, were.get(name, ""), are.get(name, "")
        )
