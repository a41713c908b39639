"""The root of each finding: followed from what was found over what brought it about.

A finding goes to the culprit that its best cause names, where that cause is confirmed or likely;
else to what is upstream of it and has a finding that explains it (``dependencies``). From there
the leading finding is followed in the same way, until nothing leads farther. A member is a part of
its group, a task and a sink's group are parts of their connector.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headgate.diagnose import dependencies, edges, interface
from headgate.domain import diagnosis, finding, incident, resource, vocabulary

LEADS = (
    "cluster.unreachable",
    "quorum.no_leader",
    "log_dir.offline",
    "broker.down",
    "broker.fenced",
    "connect.unreachable",
    "registry.unreachable",
    "connect.task_failed",
    "connect.connector_failed",
    "connect.restart_loop",
    "connect.running_idle",
    "partition.offline",
    "partition.truncated",
    "partition.under_min_isr",
    "partition.at_min_isr",
    "partition.under_replicated",
    "group.coordinator_unavailable",
    "group.offsets_lost",
    "group.offset_out_of_range",
    "txn.lso_stuck",
    "lag.stalled",
    "lag.stopped",
    "lag.rewound",
    "rebalance.stuck",
    "rebalance.storm",
    "lag.growing",
    "lag.near_retention",
    "lag.over_objective",
    "lag.skewed",
    "lag.draining",
    "rebalance.wave",
    "leader.imbalance",
    "partition.hot",
    "topic.input_surge",
    "evidence.stale",
)
"""Which finding speaks for a resource or an incident: the first of these that it has; after them
the others, the most severe first."""

_PLACE = {code: place for place, code in enumerate(LEADS)}
_INNER = ("partition", "topic", "member", "client", "task", "subject", "schema", "producer")
"""Kinds of culprits that are no root of their own while only one thing suffers from them and
nothing else is wrong with them: the incident is told of who suffers."""
_MIXED = ("cluster", "topic")
"""Kinds of which several unlike things can be wrong at once: the family of the finding tells them
apart."""
_CLIENTS = ("auth", "acl", "produce", "producer")
"""Families of what a broker counts of its clients: not what is wrong with the broker itself. What
clients suffer because of it, before anything is found on it, is."""
_ENDS = ("record.",)
"""Causes that are the end of the story: what else is wrong with the partition that holds a record
did not write it."""
Known = Mapping[str, diagnosis.Diagnosis]


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """Where a finding belongs."""

    family: str
    about: resource.Resource
    path: tuple[incident.Link, ...] = ()
    """From the root down to the finding's resource."""

    @property
    def key(self) -> str:
        """The same in every look for the same root."""
        return f"{self.family}@{self.about}"


def rank(
    item: finding.Finding, root: resource.Resource | None = None
) -> tuple[bool, bool, bool, int, int, str]:
    """Sorts findings so that the first one speaks for all.

    Where the ``root`` is a broker, what is wrong with the broker itself speaks before all that it
    brought about, however wide that is.

    What is merely listed speaks last; what is pending, only where nothing fires, but for a broker:
    what hangs on it fires sooner than its own longer hold is over. In a one-shot look, whose holds
    are cut, what held for all of it counts as what fires.
    """
    return (
        not item.is_urgent,
        item.state != "firing" and not item.cut and item.resource.kind != "broker",
        root is not None and root.kind == "broker" and item.resource != root,
        _PLACE.get(item.code, len(_PLACE)),
        -vocabulary.SEVERITIES.index(item.severity),
        str(item.resource),
    )


def decisive(known: Known, item: finding.Finding) -> diagnosis.Cause | None:
    """The finding's best cause where it is confirmed or likely; None: it has none."""
    found = known.get(item.key)
    if found is None or not found.causes:
        return None
    top = found.causes[0]
    return top if top.is_answer and top.code != "unknown" else None


class Roots:
    """The roots of one look's findings."""

    def __init__(
        self, case: interface.Case, known: Known, findings: Sequence[finding.Finding]
    ) -> None:
        self._case = case
        self._known = known
        self._graph = dependencies.Graph(case)
        self._on: dict[resource.Resource, list[finding.Finding]] = {}
        for item in findings:
            self._on.setdefault(self._whole(item.resource), []).append(item)
        self._findings = findings
        self._steps: dict[str, incident.Link | None] = {}

    def of(self, item: finding.Finding) -> Root:
        """The finding's root."""
        here, last = self._whole(item.resource), item
        links: list[incident.Link] = []
        seen = {here}
        step = self._step(item) or self._step_of(here)
        while step is not None and step.source not in seen:
            links.append(step)
            here = step.source
            seen.add(here)
            if step.why.startswith(_ENDS):
                break
            lead = self._lead(here)
            last = lead or last
            step = self._step(lead) if lead is not None else None
        if not links:
            sufferer = self._sufferer(item)
            if sufferer is not None and sufferer not in seen:
                return self.of(self._on[sufferer][0])
            if item.resource.kind == "partition" and not item.is_urgent:
                here = resource.Resource("topic", item.partitions[0].topic)
                return Root(family="topic", about=here)
        mixed = here.kind in _MIXED or (
            here.kind == "broker"
            and last.resource == here
            and last.code.partition(".")[0] in _CLIENTS
            and not self._lacks_copies(last)
        )
        family = last.code.partition(".")[0] if mixed else here.kind
        if links and here.kind == "topic" and self._lead(here) is None:
            family = links[-1].why  # nothing is found on it: what all of it comes from is the same
        return Root(family=family, about=here, path=tuple(reversed(links)))

    def began(self, about: resource.Resource) -> float | None:
        """Since when something is wrong there, in Unix seconds."""
        return self._graph.began(about)

    def _lacks_copies(self, item: finding.Finding) -> bool:
        """Whether a broker refuses writes because it comes and goes itself: each time it stood
        still, the copies of what it leads are behind, too.
        """
        top = decisive(self._known, item)
        return (
            item.code == edges.REFUSED
            and (top is None or top.code == "min_isr.too_strict")
            and any(one.code == edges.COMES_AND_GOES for one in self._on.get(item.resource, ()))
        )

    def _whole(self, about: resource.Resource) -> resource.Resource:
        if about.kind in ("member", "group", "task"):
            return self._case.once(("whole", about), lambda: dependencies.whole(self._case, about))
        return about

    def _lead(self, about: resource.Resource) -> finding.Finding | None:
        held = self._on.get(about)
        if not held:
            return None
        return self._case.once(("lead", about), lambda: min(held, key=rank))

    def _step_of(self, about: resource.Resource) -> incident.Link | None:
        """Where the leading finding there goes, and with it all others."""
        lead = self._lead(about)
        return None if lead is None else self._step(lead)

    def _step(self, item: finding.Finding) -> incident.Link | None:
        if item.key not in self._steps:
            self._steps[item.key] = self._found(item)
        return self._steps[item.key]

    def _found(self, item: finding.Finding) -> incident.Link | None:
        here = self._whole(item.resource)
        upstream = list(self._graph.sources(item))
        for source, edge in upstream:
            if edge.always and self._whole(source) != here and not self._blames(source, here):
                return self._link(source, here, edge.relation)
        top = decisive(self._known, item)
        if top is not None:
            culprit = self._whole(top.resource)
            if culprit == here or not self._graph.may_cause(culprit, item):
                return None
            stands = self._stands(culprit, here, alone=top.code.startswith(_ENDS))
            return self._link(culprit, here, top.code) if stands else None
        for source, edge in upstream:
            if self._whole(source) != here:
                return self._link(source, here, edge.relation)
        return None

    def _blames(self, source: resource.Resource, here: resource.Resource) -> bool:
        """Whether what leads there has its own trouble from here: a controller that has to be
        elected anew because the broker that was it has gone does not make that broker go.
        """
        lead = self._lead(self._whole(source))
        top = None if lead is None else decisive(self._known, lead)
        return top is not None and self._whole(top.resource) == here

    def _link(
        self, source: resource.Resource, target: resource.Resource, why: str
    ) -> incident.Link:
        return incident.Link(source=self._whole(source), target=target, why=why)

    def _stands(self, culprit: resource.Resource, here: resource.Resource, *, alone: bool) -> bool:
        """Whether the culprit is a root of its own, or only a part of the story of ``here``;
        ``alone``: whatever else is wrong there.
        """
        if culprit.kind not in _INNER:
            return True
        if not alone and any(item.is_urgent for item in self._on.get(culprit, ())):
            return True
        return bool(self._blamed.get(culprit, set()) - {here})

    @functools.cached_property
    def _blamed(self) -> dict[resource.Resource, set[resource.Resource]]:
        """Culprit -> whose best cause names it."""
        found: dict[resource.Resource, set[resource.Resource]] = {}
        for item in self._findings:
            top = decisive(self._known, item)
            if top is not None and item.is_urgent and top.resource != item.resource:
                here = self._whole(item.resource)
                found.setdefault(self._whole(top.resource), set()).add(here)
        return found

    @functools.cached_property
    def _blamed_on_topic(self) -> dict[tuple[str, str], set[resource.Resource]]:
        """(Cause, topic) -> what suffers from that there."""
        found: dict[tuple[str, str], set[resource.Resource]] = {}
        for item in self._findings:
            top = decisive(self._known, item)
            if top is not None and item.is_urgent:
                for topic in {name.topic for name in item.partitions}:
                    here = self._whole(item.resource)
                    found.setdefault((top.code, topic), set()).add(here)
        return found

    def _sufferer(self, item: finding.Finding) -> resource.Resource | None:
        """Who suffers from what is merely listed, where it is exactly one."""
        if item.is_urgent or item.resource.kind not in ("partition", "topic"):
            return None
        own = self._known.get(item.key)
        topic = item.resource.id
        if item.resource.kind == "partition" and item.partitions:
            topic = item.partitions[0].topic
        hit = set(self._blamed.get(item.resource, ()))
        for cause in own.causes if own is not None else ():
            if cause.verdict != "ruled_out":
                hit |= self._blamed_on_topic.get((cause.code, topic), set())
        return hit.pop() if len(hit) == 1 else None
