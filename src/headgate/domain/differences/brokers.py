"""Brokers that leave and come back, the controller, the quorum's voters, and failing log dirs.

A broker is out when the cluster does not list it or has fenced it. ``restarted`` is said only of
one whose port refused connections while it was out: a process that is not there does that. One that
was merely cut off comes back without.
"""

from collections.abc import Iterable, Iterator, Mapping

from headgate.domain import snapshot, timeline
from headgate.domain.differences import interface
from headgate.domain.unknown import Unknown

_PORTS: Mapping[snapshot.PortState, str] = {
    "answers": "its port answers",
    "accepts": "its port accepts connections and says nothing",
    "refuses": "its port refuses connections",
    "silent": "its port does not answer",
    "not_probed": "its port was not tried",
}


def compare(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterable[timeline.Entry]:
    """What became different among the brokers."""
    both = interface.pair(after.cluster, before.brokers, after.brokers)
    if both is not None:
        pair, old, new = both
        yield from _comings_and_goings(pair, old, new)
        was, now = old.controller, new.controller
        if isinstance(was, int) and isinstance(now, int) and was != now:
            yield pair.of_cluster("controller", "the controller moved", was, now)
    yield from _voters(before, after)
    yield from _log_dirs(before, after)


def out(brokers: snapshot.Brokers | Unknown) -> frozenset[int]:
    """Brokers that the cluster does not list or has fenced; none where they were not read."""
    if isinstance(brokers, Unknown):
        return frozenset()
    return frozenset(one.id for one in brokers.brokers if is_out(one))


def absent(brokers: snapshot.Brokers | Unknown) -> frozenset[int]:
    """The same with those whose process is gone though the cluster has not noticed yet."""
    if isinstance(brokers, Unknown):
        return frozenset()
    gone = frozenset(one.id for one in brokers.brokers if one.port_state == "refuses")
    return out(brokers) | gone


def is_out(broker: snapshot.Broker) -> bool:
    """Whether the cluster does without it."""
    return not broker.listed or broker.fenced is True


def _comings_and_goings(
    pair: interface.Pair, old: snapshot.Brokers, new: snapshot.Brokers
) -> Iterator[timeline.Entry]:
    were = {one.id: one for one in old.brokers}
    are = {one.id: one for one in new.brokers}
    for number in sorted(were.keys() | are.keys()):
        was, now = were.get(number), are.get(number)
        there = was is not None and not is_out(was)
        here = now is not None and not is_out(now)
        if here and was is None:
            yield pair.entry("broker", "broker", str(number), "joined the cluster")
        elif there and not here:
            why = "fenced" if now is not None and now.listed else "not listed"
            port = _PORTS[now.port_state] if now is not None else "it is not known any more"
            yield pair.entry(
                "broker", "broker", str(number), "is out of the cluster", "", f"{why}; {port}"
            )
        elif here and was is not None and not there:
            restarted = was.port_state == "refuses"
            what = (
                "restarted and is back in the cluster"
                if restarted
                else "is back in the cluster; whether it restarted or was cut off was not seen"
            )
            yield pair.entry("broker", "broker", str(number), what)
        elif here and was is not None and now is not None:
            place, other = f"{was.host}:{was.port}", f"{now.host}:{now.port}"
            if place != other:
                yield pair.entry(
                    "broker", "broker", str(number), "has another address", place, other
                )
            if was.rack != now.rack:
                yield pair.entry(
                    "broker",
                    "broker",
                    str(number),
                    "is in another rack",
                    was.rack or "none",
                    now.rack or "none",
                )


def _voters(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterator[timeline.Entry]:
    both = interface.pair(after.cluster, before.quorum, after.quorum)
    if both is None:
        return
    pair, old, new = both
    were = sorted(one.id for one in old.voters)
    are = sorted(one.id for one in new.voters)
    if were != are:
        yield pair.of_cluster(
            "voters",
            "the voters of the controller quorum changed",
            ", ".join(map(str, were)),
            ", ".join(map(str, are)),
        )


def _log_dirs(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterator[timeline.Entry]:
    both = interface.pair(after.cluster, before.log_dirs, after.log_dirs)
    if both is None:
        return
    pair, old, new = both
    were = {(one.broker, one.path): one for one in old.dirs}
    for one in new.dirs:
        was = were.get((one.broker, one.path))
        error = was.error if was is not None else ""
        if one.error != error:
            what = f"log dir {one.path} failed" if one.error else f"log dir {one.path} works again"
            yield pair.entry("log_dir", "broker", str(one.broker), what, error, one.error)
