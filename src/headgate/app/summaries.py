"""One line per cluster: how it is, what it holds, and what could not be read; pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from headgate.app import interface
from headgate.domain import incident, observation, snapshot, vocabulary
from headgate.domain.unknown import Unknown

REASONS = 5
"""Reasons that are told for one part; a cluster whose every group fails in its own way has more."""


def summarise(
    name: str,
    environment: vocabulary.Environment,
    bootstrap: str,
    *,
    seen: observation.Observation | Unknown,
    live: Sequence[incident.Incident],
    age_s: float | Unknown,
) -> interface.ClusterSummary:
    """One cluster in one line."""
    counts = _counts(seen)
    health = _health(seen, live)
    return interface.ClusterSummary(
        name=name,
        environment=environment,
        bootstrap=bootstrap,
        health=health,
        worst=live[0].draft.severity if live else None,
        incidents=len(live),
        brokers=counts["brokers"],
        topics=counts["topics"],
        partitions=counts["partitions"],
        groups=counts["groups"],
        connectors=counts["connectors"],
        version=seen if isinstance(seen, Unknown) else seen.snapshot.version,
        read_at=None if isinstance(seen, Unknown) else seen.snapshot.at,
        age_s=age_s,
        unknown=() if isinstance(seen, Unknown) else unread(seen),
    )


def unread(seen: observation.Observation) -> tuple[str, ...]:
    """What could not be read, in words, one line for each part and reason; made once for a look.

    Of items that share a reason the first is named and the others are counted: behind one broker
    that does not answer stand tens of thousands of partitions.
    """
    return seen.once(_unread)


def _unread(seen: observation.Observation) -> tuple[str, ...]:
    said = []
    for name, part in seen.snapshot.parts().items():
        if isinstance(part.value, Unknown) and part.lacking:
            said.append(f"{name}: {part.value.reason}")
        said += _folded(name, part.missing)
    return tuple(said)


def _folded(part: str, missing: Sequence[snapshot.Missing]) -> list[str]:
    """A line for each reason, the most frequent first; at most ``REASONS`` of them."""
    counts = Counter(one.reason for one in missing)
    first = {one.reason: one.what for one in reversed(missing)}
    said = []
    for reason, count in counts.most_common(REASONS):
        more = f" and {count - 1:,} more" if count > 1 else ""
        said.append(f"{part}, {first[reason]}{more}: {reason}")
    rest = len(missing) - sum(count for _, count in counts.most_common(REASONS))
    if rest:
        said.append(f"{part}: {rest:,} more, for other reasons")
    return said


def _counts(seen: observation.Observation | Unknown) -> Mapping[str, int | Unknown]:
    if isinstance(seen, Unknown):
        return dict.fromkeys(("brokers", "topics", "partitions", "groups", "connectors"), seen)
    held = seen.snapshot
    brokers, parts, groups = held.brokers.value, held.partitions.value, held.groups.value
    return {
        "brokers": brokers
        if isinstance(brokers, Unknown)
        else sum(1 for one in brokers.brokers if one.listed),
        "topics": parts
        if isinstance(parts, Unknown)
        else int(len(parts.topics) - parts.internal.sum()),
        "partitions": parts if isinstance(parts, Unknown) else parts.count,
        "groups": groups if isinstance(groups, Unknown) else len(groups),
        "connectors": _connectors(held),
    }


def _connectors(held: snapshot.Snapshot) -> int | Unknown:
    count = 0
    for part in held.connects.values():
        if isinstance(part.value, Unknown):
            return part.value
        count += len(part.value.connectors)
    return count


def _health(seen: observation.Observation | Unknown, live: Sequence[incident.Incident]) -> str:
    if live:
        count = f"{len(live)} incident{'' if len(live) == 1 else 's'}"
        return f"{count}: {live[0].draft.title}"
    if isinstance(seen, Unknown):
        return str(seen)
    parts = seen.snapshot.partitions.value
    if isinstance(parts, Unknown):
        return str(parts)
    return "nothing wrong seen"


def urgency(item: incident.Incident) -> tuple[int, float, float]:
    """What sorts incidents: severity, then the nearest deadline, then age."""
    draft = item.draft
    due = draft.deadline.timestamp() if draft.deadline else float("inf")
    return (-vocabulary.SEVERITIES.index(draft.severity), due, item.opened_at.timestamp())
