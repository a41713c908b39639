"""What hangs on what in one look: the graph that a snapshot makes of the table of edges.

Time order holds everywhere: what began after its consequence, by more than can be told apart, did
not bring it about.
"""

import fnmatch
import functools
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping

from headgate.detect.consumers import failovers
from headgate.diagnose import edges, interface
from headgate.diagnose.cluster import brokers
from headgate.diagnose.pipelines import sinks
from headgate.domain import deadletters, finding, resource
from headgate.domain.unknown import Unknown

SWEEPS = 2
"""Sweeps within which it cannot be told which of two things began first."""
LEAST_S = 10.0
"""Seconds within which it cannot be told either: a dead broker is listed for a session, 9 s."""
COMMIT_S = 30.0
"""As much longer for what is dated by a group's last commit: it had committed some time before."""
COUNTED_S = 15.0
"""As much longer for what is dated by a counter: it grew at some time between two readings, which
are 10 s apart, and is dated by the first of them."""


def whole(case: interface.Case, about: resource.Resource) -> resource.Resource:
    """What the resource is a part of, where its trouble is that one's: a member's group, a task's
    connector, a sink group's connector; else itself.
    """
    if about.kind == "member":
        about = resource.Resource("group", resource.unescape(about.id.partition("/")[0]))
    if about.kind == "group":
        owner = case.seen.connector_of(about.id)
        return about if owner is None else resource.Resource("connector", owner[1].name)
    if about.kind == "task":
        found = sinks.connector(case, about)
        name = found[1].name if found else about.id.rpartition("-")[0] or about.id
        return resource.Resource("connector", name)
    return about


class Graph:
    """The edges between the resources of one look, and when each one's trouble began."""

    def __init__(self, case: interface.Case) -> None:
        self._case = case
        self._began: dict[resource.Resource, float | None] = {}
        self._present = {item.code for item in case.detection.findings if _counts(item)}

    def sources(self, item: finding.Finding) -> Iterator[tuple[resource.Resource, edges.Edge]]:
        """What is upstream of the finding and explains it by what was found there, in the order
        of the table; what began after it only where the finding hangs on that alone by now.
        """
        for edge in _explaining(item.code):
            if edge.source != "broker" and self._present.isdisjoint(edge.brings[0]):
                continue
            for source in self._upstream(edge, item):
                if source == item.resource:
                    continue
                if self.may_cause(source, item) or self._alone_lacks(source, item):
                    yield source, edge

    def may_cause(self, source: resource.Resource, item: finding.Finding) -> bool:
        """Whether the trouble at the source did not begin after the finding."""
        began = self.began(source)
        if began is None:
            return True
        return began <= item.since.timestamp() + self._slack_s(item)

    def _alone_lacks(self, source: resource.Resource, item: finding.Finding) -> bool:
        """Whether all that the partition lacks now is on brokers that are down, the source one of
        them, whatever it lacked when that began; or nobody else holds a copy that is in sync, or
        nobody at all, so that none can come back. Of leaders that are away: whether brokers that
        cannot lead are preferred for all of them, as where one is lost anew before it led again.
        """
        if source.kind != "broker" or item.resource.kind not in ("partition", "cluster"):
            return False
        down = set(brokers.down(self._case))
        if item.resource.kind == "cluster":
            wanted = brokers.preferred(self._case, item)
            return int(source.id) in wanted and wanted <= down | set(self._troubled)
        lost, in_sync = brokers.lost(self._case, item), brokers.in_sync(self._case, item)
        if not in_sync:  # none of them is counted in sync any more, whoever was the last one
            return int(source.id) in lost & down
        return any(int(source.id) in each and each <= down for each in (lost, in_sync))

    def began(self, about: resource.Resource) -> float | None:
        """Since when something is wrong there, in Unix seconds; None: nothing was found there."""
        if about not in self._began:
            found = [f for f in self._case.all_on(about) if _counts(f) and f.is_urgent]
            self._began[about] = min((f.since.timestamp() for f in found), default=None)
        return self._began[about]

    def _slack_s(self, item: finding.Finding) -> float:
        slack_s = max(SWEEPS * self._case.seen.sample_s, LEAST_S)
        if item.resource.kind == "group":
            return slack_s + COMMIT_S
        counted = any(fact.source == "metrics" for fact in item.evidence)
        return slack_s + (COUNTED_S if counted else 0.0)

    def _upstream(self, edge: edges.Edge, item: finding.Finding) -> Iterator[resource.Resource]:
        """Resources at the edge's source on which the finding's resource hangs, and that have one
        of the findings that the edge names.
        """
        codes, about = edge.brings[0], item.resource
        if edge.source == "broker":
            yield from self._brokers(item)
            return
        if edge.source == "partition" and about.kind == "group":
            yield from self._unreadable(codes, item)
            return
        for found in self._case.findings(*codes):
            if not _counts(found) or found.key == item.key:
                continue
            if self._hangs(found.resource, about, item):
                yield found.resource

    def _unreadable(
        self, codes: tuple[str, ...], item: finding.Finding
    ) -> Iterator[resource.Resource]:
        """The first partition with such a finding, where they explain all that the group waits
        for: a group that waits elsewhere, too, has something else.
        """
        held = {
            name: found.resource
            for found in self._case.findings(*codes)
            if _counts(found)
            for name in found.partitions
        }
        if item.partitions and all(name in held for name in item.partitions):
            yield from dict.fromkeys(held[name] for name in item.partitions)

    def _hangs(
        self, source: resource.Resource, target: resource.Resource, item: finding.Finding
    ) -> bool:
        """Whether the target hangs on the source."""
        match source.kind:
            case "cluster":
                return True
            case "log_dir":
                return self._on_disk(source.id.partition("/")[0], target, item)
            case "partition":
                return source in self._partitions(item)
            case "connect":
                return self._connect_of(target) == source.id
            case "worker":
                return source.id in self._workers_of(target)
            case "registry":
                return True
            case "connector" if target.kind == "topic":
                found = sinks.connector(self._case, source)
                return found is not None and deadletters.letters_of(found[1]) == target.id
            case _:
                return whole(self._case, source) == whole(self._case, target)

    def _on_disk(self, broker: str, target: resource.Resource, item: finding.Finding) -> bool:
        """Whether the target hangs on a disk of the broker."""
        if target.kind == "cluster" or broker == target.id or not broker.isdecimal():
            return target.kind == "cluster" or broker == target.id
        if item.code == edges.REFUSED:
            return int(broker) in brokers.beside(self._case, target)
        return target.kind == "partition" and int(broker) in brokers.lost(self._case, item)

    @staticmethod
    def _partitions(item: finding.Finding) -> set[resource.Resource]:
        return {resource.partition(name) for name in item.partitions}

    def _connect_of(self, target: resource.Resource) -> str:
        found = sinks.connector(self._case, target)
        return found[0] if found else ""

    def _workers_of(self, target: resource.Resource) -> set[str]:
        found = sinks.connector(self._case, target)
        return {task.worker for task in found[1].tasks} if found else set()

    def _brokers(self, item: finding.Finding) -> Iterator[resource.Resource]:
        """Brokers that are gone or do not work and that the finding's resource hangs on, likeliest
        first; where none is, and nobody knows better, the one that most partitions miss.
        """
        case, about = self._case, item.resource
        down, troubled = set(brokers.down(case)), set(self._troubled)
        if about.kind == "cluster":
            yield from map(brokers.broker, (*sorted(down), *sorted(troubled - down)))
            return
        if about.kind == "group":
            groups = case.seen.groups
            group = None if isinstance(groups, Unknown) else groups.get(about.id)
            if group is not None and group.coordinator in down | troubled:
                yield brokers.broker(int(str(group.coordinator)))
            return
        if about.kind in ("broker", "topic"):
            held = brokers.beside(case, about)
            flapping = {int(found.resource.id) for found in case.findings(edges.COMES_AND_GOES)}
            known: set[int] = set()
            for those in (down, troubled, flapping, set(failovers.lately(case.seen))):
                yield from map(brokers.broker, sorted(held & those - known))
                known |= those
            return
        missing, last = brokers.lost(case, item), brokers.in_sync(case, item)
        if last and last <= down:
            missing = missing | last
        tried: set[int] = set()
        for held in (missing & down, missing & troubled):
            ranked = sorted(held - tried, key=lambda each: (-self._missed[each], each))
            tried |= held
            yield from map(brokers.broker, ranked)
        if not tried and missing and not self._leaderless & set(item.partitions):
            most = max(missing, key=lambda each: (self._missed[each], -each))
            yield brokers.broker(most)

    @functools.cached_property
    def _troubled(self) -> Mapping[int, str]:
        return brokers.troubled(self._case)

    @functools.cached_property
    def _leaderless(self) -> set[resource.TopicPartition]:
        found = self._case.findings("partition.offline")
        return set(itertools.chain.from_iterable(item.partitions for item in found))

    @functools.cached_property
    def _missed(self) -> Counter[int]:
        """How many partition findings miss each broker."""
        return Counter(
            each
            for item in self._case.detection.findings
            if any(fnmatch.fnmatchcase(item.code, pattern) for pattern in edges.REPLICATION)
            for each in brokers.lost(self._case, item)
        )


def _counts(item: finding.Finding) -> bool:
    return item.state in ("firing", "pending")


@functools.cache
def _explaining(code: str) -> tuple[edges.Edge, ...]:
    """Edges by which something upstream may explain findings of the code."""
    return tuple(
        edge
        for edge in edges.EDGES
        if any(fnmatch.fnmatchcase(code, pattern) for pattern in edge.brings[1])
    )
