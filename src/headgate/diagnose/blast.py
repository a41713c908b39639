"""Who is hit by an incident, and how the trouble travels from its root."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from headgate.detect import words
from headgate.diagnose import interface
from headgate.domain import diagnosis, finding, incident, resource

_LINKS = 12
"""Arrows drawn; the findings list the rest."""
_RANKED = 250
"""Findings by whose order the arrow is chosen that is drawn for many."""
_LISTED = 50
"""Names listed of each kind."""


@dataclasses.dataclass(slots=True)
class _Arrow:
    """One arrow that is drawn for all that are like it."""

    link: incident.Link
    rank: int
    """Where its target stands among the findings."""
    count: int = 1


def radius(case: interface.Case, listed: Sequence[finding.Finding]) -> incident.BlastRadius:
    """The groups, connectors and topics that the findings touch, owners left to the registry."""
    topics = {name.topic for item in listed for name in item.partitions}
    topics |= {item.resource.id for item in listed if item.resource.kind == "topic"}
    groups = {item.resource.id for item in listed if item.resource.kind == "group"}
    broken = {
        name.topic
        for item in listed
        if item.resource.kind == "partition" and item.code.startswith("partition.")
        for name in item.partitions
        if item.code in ("partition.offline", "partition.under_min_isr")
    }
    groups |= _readers(case, broken)
    connectors = set()
    for item in listed:
        if item.resource.kind == "connector":
            connectors.add(item.resource.id)
        elif item.resource.kind == "task":
            connectors.add(item.resource.id.rpartition("-")[0])
    for group in groups:
        owner = case.seen.connector_of(group)
        if owner is not None:
            connectors.add(owner[1].name)
    return incident.BlastRadius(
        groups=tuple(sorted(groups)[:_LISTED]),
        connectors=tuple(sorted(connectors)[:_LISTED]),
        topics=tuple(sorted(topics)[:_LISTED]),
    )


def _readers(case: interface.Case, topics: set[str]) -> set[str]:
    if not topics:
        return set()
    past = case.seen.history
    read = np.flatnonzero((past.commits[-1:] >= 0).any(axis=0))
    keys = (past.commit_keys[int(column)] for column in read)
    return {group for group, name in keys if name.topic in topics}


def chain(
    case: interface.Case,
    root: resource.Resource,
    listed: Sequence[finding.Finding],
    causes: Sequence[diagnosis.Cause],
    known: Sequence[incident.Link] = (),
) -> tuple[incident.Link, ...]:
    """Arrows from what broke over what that caused to who notices.

    ``known`` are those that led from the findings to the root; of many alike the one to what
    suffers most is drawn, with how many more there are.
    """
    ranks: dict[resource.Resource, int] = {}
    for place, item in enumerate(listed[:_RANKED]):
        ranks.setdefault(item.resource, place)
    drawn: dict[tuple[str, str, str], _Arrow] = {}
    pairs: set[tuple[resource.Resource, resource.Resource]] = set()
    reached = {one.target for one in known}

    def add(one: incident.Link) -> None:
        alike = (one.source.kind, one.target.kind, one.why)
        arrow = drawn.get(alike)
        rank = ranks.get(one.target, _RANKED)
        if arrow is None:
            drawn[alike] = _Arrow(one, rank)
            return
        arrow.count += 1
        if rank < arrow.rank:
            arrow.link, arrow.rank = one, rank

    def link(source: resource.Resource, target: resource.Resource, why: str) -> None:
        if source != target and (source, target) not in pairs:
            pairs.add((source, target))
            add(incident.Link(source=source, target=target, why=why))

    top = causes[0] if causes else None
    if top is not None and top.is_answer and top.resource != root:
        link(top.resource, root, top.code)
    for one in known:
        if one.source != one.target:
            add(one)
    for item in listed:
        if item.resource in reached:
            continue
        if item.resource.kind == "task":
            link(item.resource, root, item.code)
        else:
            link(root, item.resource, item.code)
    for group in radius(case, listed).groups:
        if root.kind == "broker":
            for item in listed:
                if item.resource.kind == "partition":
                    link(item.resource, resource.Resource("group", group), "readers wait")
                    break
        elif root.kind != "group":
            link(root, resource.Resource("group", group), "readers wait")
    if root.kind == "group":
        for name in sorted({name.topic for item in listed for name in item.partitions}):
            link(root, resource.Resource("topic", name), "records wait")
    return tuple(
        dataclasses.replace(one.link, more=one.count - 1) for one in list(drawn.values())[:_LINKS]
    )


def where(listed: Sequence[finding.Finding]) -> str:
    """The partitions of the findings in words."""
    return words.partitions({name for item in listed for name in item.partitions})
