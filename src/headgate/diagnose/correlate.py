"""Folds findings with one root into one incident, and sets hazards apart.

Every finding that is wrong now hangs on a root: a broker, a connector, a group, a partition, a
topic or the cluster. Findings with the same root are one incident; its key names the root and not
the symptom, so that an incident stays the same while its symptoms change.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from headgate.diagnose import blast, hypothesis, interface, titles
from headgate.diagnose.cluster import brokers
from headgate.diagnose.consumers import records
from headgate.diagnose.pipelines import sinks
from headgate.domain import diagnosis, evidence, finding, incident, resource, vocabulary
from headgate.domain.unknown import Unknown

_LEADS = (
    "cluster.unreachable",
    "broker.down",
    "broker.fenced",
    "connect.unreachable",
    "connect.task_failed",
    "connect.connector_failed",
    "connect.restart_loop",
    "connect.running_idle",
    "partition.offline",
    "partition.under_min_isr",
    "partition.at_min_isr",
    "partition.under_replicated",
    "group.offset_out_of_range",
    "lag.stalled",
    "lag.stopped",
    "lag.rewound",
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
"""Which finding speaks for an incident: the first of these that it holds."""
_BROKER_LEVEL = ("partition.", "leader.")


@dataclass(slots=True)
class _Fold:
    """Findings of one root."""

    family: str
    root: resource.Resource
    findings: list[finding.Finding] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The same in every look for the same root."""
        return f"{self.family}@{self.root}"


def fold(
    case: interface.Case, diagnoses: Sequence[diagnosis.Diagnosis]
) -> tuple[tuple[incident.Draft, ...], tuple[finding.Finding, ...]]:
    """(Incidents most urgent first, hazards): what is wrong now, and what will hurt later."""
    known = {item.finding: item for item in diagnoses}
    hazards = tuple(f for f in case.detection.findings if vocabulary.findings()[f.code].hazard)
    folds: dict[str, _Fold] = {}
    for item in case.detection.findings:
        if item in hazards or item.state == "suppressed" or records.void(case, item):
            continue
        family, root = _root(case, item, known)
        made = _Fold(family, root)
        folds.setdefault(made.key, made).findings.append(item)
    drafts = [_draft(case, each, known) for each in folds.values()]
    return tuple(sorted(drafts, key=urgency)), hazards


def urgency(draft: incident.Draft) -> tuple[int, float, str]:
    """What sorts incidents: severity, then the nearest deadline, then the key."""
    due = draft.deadline.timestamp() if draft.deadline else float("inf")
    return -vocabulary.SEVERITIES.index(draft.severity), due, draft.key


def _root(
    case: interface.Case, item: finding.Finding, known: dict[str, diagnosis.Diagnosis]
) -> tuple[str, resource.Resource]:
    """The family and resource that the finding hangs on."""
    if case.findings("cluster.unreachable"):
        return "cluster", case.seen.cluster
    if item.resource.kind == "partition" and item.code != "partition.hot":
        return _replica_root(case, item)
    if item.code == "leader.imbalance":
        gone = sorted(brokers.down(case)) or sorted(brokers.troubled(case))
        return ("broker", brokers.broker(gone[0])) if gone else ("leader", item.resource)
    if item.resource.kind in ("task", "connector"):
        found = sinks.connector(case, item.resource)
        return _connector_root(case, found[1].name if found else item.resource.id)
    if item.resource.kind == "group":
        return _group_root(case, item, known)
    if item.code in ("partition.hot", "topic.input_surge"):
        return _input_root(case, item, known)
    return item.code.partition(".")[0], item.resource


def _replica_root(case: interface.Case, item: finding.Finding) -> tuple[str, resource.Resource]:
    """The broker that the partition misses: one that is gone, else the one most others miss."""
    missing = brokers.lost(case, item)
    down, dead = set(brokers.down(case)), set(brokers.troubled(case))
    counts = case.once("missing", lambda: _missed(case))
    leaderless = {name for each in case.findings("partition.offline") for name in each.partitions}
    for known in (missing & down, missing & dead, missing):
        if known is missing and leaderless & set(item.partitions):
            break  # no broker is gone, so none explains why nobody leads
        if known:
            return "broker", brokers.broker(max(known, key=lambda each: (counts[each], -each)))
    return "partition", item.resource


def _missed(case: interface.Case) -> Counter[int]:
    """How many partition findings miss each broker."""
    return Counter(
        each
        for item in case.detection.findings
        if item.code.startswith("partition.") and item.code != "partition.hot"
        for each in brokers.lost(case, item)
    )


def _group_root(
    case: interface.Case, item: finding.Finding, known: dict[str, diagnosis.Diagnosis]
) -> tuple[str, resource.Resource]:
    """The sink connector, the dead coordinator or leader behind the group, else the group."""
    owner = case.seen.connector_of(item.resource.id)
    if owner is not None:
        return _connector_root(case, owner[1].name)
    top = known[item.key].causes[0]
    if top.code == "coordinator.unavailable" and top.resource.kind == "broker":
        return "broker", top.resource
    if top.resource.kind == "partition" and top.code.startswith("replica."):
        for offline in case.findings("partition.offline"):
            if resource.partition_of(top.resource) in offline.partitions:
                return _replica_root(case, offline)
    return "group", item.resource


def _input_root(
    case: interface.Case, item: finding.Finding, known: dict[str, diagnosis.Diagnosis]
) -> tuple[str, resource.Resource]:
    """The group that suffers from the input, where exactly one does."""
    topic = item.resource.id if item.resource.kind == "topic" else item.partitions[0].topic
    explains = "partition.hot_key" if item.code == "partition.hot" else "traffic.burst"
    hit = {
        other.resource
        for other in case.detection.findings
        if other.resource.kind == "group"
        and any(name.topic == topic for name in other.partitions)
        and known[other.key].causes[0].code == explains
    }
    if len(hit) == 1:
        return _group_root_of(case, hit.pop())
    return "topic", resource.Resource("topic", topic)


def _group_root_of(case: interface.Case, group: resource.Resource) -> tuple[str, resource.Resource]:
    owner = case.seen.connector_of(group.id)
    return ("group", group) if owner is None else _connector_root(case, owner[1].name)


def _connector_root(case: interface.Case, name: str) -> tuple[str, resource.Resource]:
    """The connector, or the Connect cluster where several connectors lost one thing together."""
    about = resource.Resource("connector", name)
    found = sinks.connector(case, about)
    if found is not None and sinks.failed_together(case, name):
        return "downstream", resource.Resource("connect", found[0])
    return "connector", about


def _draft(
    case: interface.Case, fold_: _Fold, known: dict[str, diagnosis.Diagnosis]
) -> incident.Draft:
    order = {code: place for place, code in enumerate(_LEADS)}
    # What is merely listed speaks last; what is pending, only where nothing fires, but for a
    # broker: what hangs on it fires sooner than its own longer hold is over.
    listed = sorted(
        fold_.findings,
        key=lambda f: (
            f.severity == "info",
            f.state != "firing" and f.resource.kind != "broker",
            order.get(f.code, len(order)),
            str(f.resource),
        ),
    )
    causes = _causes(listed, known)
    cited = {name for cause in causes for name in (*cause.for_, *cause.against)}
    facts: dict[str, evidence.Evidence] = {}
    for item in listed:
        facts |= {fact.id: fact for fact in item.evidence}
        facts |= {f.id: f for f in known[item.key].evidence if f.id in cited}
    severity = listed[0].severity
    for item in listed:
        severity = vocabulary.worse(severity, item.severity)
    return incident.Draft(
        key=fold_.key,
        title=titles.title(case, fold_.root, causes, listed),
        severity=severity,
        resource=fold_.root,
        findings=tuple(listed),
        causes=causes,
        evidence=tuple(facts.values()),
        chain=blast.chain(case, fold_.root, listed, causes),
        blast_radius=blast.radius(case, listed),
        deadline=min((f.deadline for f in listed if f.deadline), default=None),
    )


def _causes(
    listed: list[finding.Finding], known: dict[str, diagnosis.Diagnosis]
) -> tuple[diagnosis.Cause, ...]:
    """The leading finding's causes, best first; then what only its companions brought up."""
    merged: dict[tuple[str, str], diagnosis.Cause] = {}
    for cause in known[listed[0].key].causes:
        merged[cause.code, str(cause.resource)] = cause
    decided = {cause.code for cause in merged.values()}
    for item in listed[1:]:
        for cause in known[item.key].causes:
            if cause.code not in decided and cause.verdict in ("confirmed", "likely"):
                merged.setdefault((cause.code, str(cause.resource)), cause)

    def place(cause: diagnosis.Cause) -> tuple[bool, bool, int, bool]:
        """What leads is answered first, however certain its consequences' own causes are."""
        holds = cause.verdict in ("confirmed", "likely")
        companion = cause.code not in decided
        return (
            not holds,
            holds and companion,
            hypothesis.ORDER[cause.verdict],
            cause.code == "unknown",
        )

    return tuple(sorted(merged.values(), key=place))


def unreadable(detection: finding.Detection, item: finding.Finding) -> str | Unknown:
    """Why the finding could not be judged in this look; Unknown where it could."""
    for gap in detection.not_seen:
        wider = gap.resource.kind in ("cluster", "connect")
        if gap.code == item.code and (gap.resource == item.resource or wider):
            return gap.reason
    return Unknown("it was judged")
