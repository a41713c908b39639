"""Search over all names: clusters and what they hold, incidents, changes.

Names are gathered once for each look and searched as they stand; 100,000 of them take milliseconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from headgate.app import interface
from headgate.domain import observation, person
from headgate.domain.unknown import Unknown

Kind = Literal["cluster", "topic", "group", "connector", "subject", "broker", "incident", "change"]
RECENT = 200
"""Incidents and changes whose titles are looked at, newest first; by its id any is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One name that matches."""

    kind: Kind
    name: str
    """What it is called; of an incident or change its title."""
    cluster: str
    within: str = ""
    """The Connect cluster or registry that it belongs to."""
    ref: str = ""
    """Id of an incident or change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best hits."""

    hits: tuple[Hit, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """The names of one look; the three run side by side."""

    kinds: Sequence[Kind]
    names: Sequence[str]
    folded: Sequence[str]
    within: Sequence[str]


def find(
    headgate: interface.Headgate, actor: person.Actor, query: str, *, limit: int = 50
) -> Found:
    """Names that hold the query in any case: exact ones first, then beginnings, then the rest."""
    wanted = query.strip().casefold()
    if not wanted:
        return Found(hits=(), total=0)
    ranked: list[tuple[int, int, str, Hit]] = []
    for hit, folded in _all(headgate, actor, wanted):
        rank = 0 if folded == wanted else 1 if folded.startswith(wanted) else 2
        ranked.append((rank, len(folded), folded, hit))
    ranked.sort(key=lambda one: one[:3])
    return Found(hits=tuple(one[3] for one in ranked[:limit]), total=len(ranked))


def _all(
    headgate: interface.Headgate, actor: person.Actor, wanted: str
) -> Iterator[tuple[Hit, str]]:
    for summary in headgate.clusters(actor):
        folded = summary.name.casefold()
        if wanted in folded:
            yield Hit(kind="cluster", name=summary.name, cluster=summary.name), folded
        seen = headgate.observation(actor, summary.name)
        if isinstance(seen, Unknown):
            continue
        held = seen.once(_names)
        for at, folded in enumerate(held.folded):
            if wanted in folded:
                hit = Hit(
                    kind=held.kinds[at],
                    name=held.names[at],
                    cluster=summary.name,
                    within=held.within[at],
                )
                yield hit, folded
    yield from _stored(headgate, actor, wanted)


def _stored(
    headgate: interface.Headgate, actor: person.Actor, wanted: str
) -> Iterator[tuple[Hit, str]]:
    for incident in headgate.incidents(actor, limit=RECENT).items:
        title = incident.draft.title
        if wanted in title.casefold() or wanted == incident.id.casefold():
            made = Hit(kind="incident", name=title, cluster=incident.cluster, ref=incident.id)
            yield made, title.casefold()
    for change in headgate.changes(actor, limit=RECENT).items:
        title = change.plan.summary
        if wanted in title.casefold() or wanted == change.id.casefold():
            made = Hit(kind="change", name=title, cluster=change.cluster, ref=change.id)
            yield made, title.casefold()


def _names(seen: observation.Observation) -> _Names:
    found = list(_named(seen))
    return _Names(
        kinds=[kind for kind, _, _ in found],
        names=[name for _, name, _ in found],
        folded=[name.casefold() for _, name, _ in found],
        within=[within for _, _, within in found],
    )


def _named(seen: observation.Observation) -> Iterator[tuple[Kind, str, str]]:
    now = seen.snapshot
    parts, groups, brokers = now.partitions.value, now.groups.value, now.brokers.value
    if not isinstance(parts, Unknown):
        yield from (("topic", name, "") for name in parts.topics)
    if not isinstance(groups, Unknown):
        yield from (("group", name, "") for name in groups)
    if not isinstance(brokers, Unknown):
        for one in brokers.brokers:
            yield "broker", f"broker {one.id} at {one.host}:{one.port}", ""
    for connect, held in now.connects.items():
        if not isinstance(held.value, Unknown):
            yield from (("connector", name, connect) for name in held.value.connectors)
    for registry, kept in now.registries.items():
        if not isinstance(kept.value, Unknown):
            yield from (("subject", name, registry) for name in kept.value.subjects)
