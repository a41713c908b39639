"""The facts that every action shares: where, whose, on what evidence, how often, how many left.

An action adds its own measures. Nothing here is passed by a caller; what could not be read stays
``Unknown`` and can only make the lane stricter.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headgate.actions import interface, parameters
from headgate.domain import diagnosis, evidence, facts, finding, resource, vocabulary
from headgate.domain.unknown import Unknown

STALE_AFTER_INTERVALS = 3
"""Evidence older than so many polling intervals is stale (vocabulary, ``conventions.unknown``)."""

PAST: frozenset[vocabulary.Source] = frozenset({"history", "timeline"})
"""Sources that speak of the past on purpose; how old they are says nothing about freshness."""


@dataclass(slots=True)
class Readings:
    """Evidence that a plan gathers while it reads, and what it could not read."""

    world: interface.World
    items: list[evidence.Evidence] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add(
        self,
        what: str,
        value: evidence.Value,
        *,
        how: str,
        unit: str = "",
        source: vocabulary.Source = "kafka",
    ) -> None:
        """One more thing was read just now."""
        self.items.append(
            evidence.Evidence(
                id=f"p{len(self.items) + 1}",
                what=what,
                value=value,
                unit=unit,
                source=source,
                at=self.world.clock.now(),
                how=how,
            )
        )
        if isinstance(value, Unknown):
            self.unread.append(f"{what}: {value.reason}")


def build(
    *,
    action: str,
    given: object,
    world: interface.World,
    origin: interface.Origin,
    target: resource.Resource,
    touched: Sequence[resource.Resource],
    readings: Readings,
    undo_saved: bool = True,
    reversibility: vocabulary.Reversibility | None = None,
    **measures: Any,
) -> facts.Facts:
    """The facts of a plan.

    ``touched`` are the resources whose owners are hit; ``measures`` are further fields of
    ``facts.Facts``; ``reversibility`` overrides the vocabulary's where a use is worse than usual.
    """
    everything = (*origin.evidence, *readings.items)
    oldest = min((item.at for item in everything if item.source not in PAST), default=None)
    age_s = max(0.0, (world.clock.now() - oldest).total_seconds()) if oldest else math.inf
    complete = not readings.unread and not any(
        isinstance(item.value, Unknown) for item in origin.evidence
    )
    cause = origin.cause
    return facts.Facts(
        reversibility=reversibility or vocabulary.actions()[action].reversibility,
        undo_saved=undo_saved,
        environment=world.environment,
        owners=owners(world, touched),
        evidence_at=oldest,
        evidence_age_s=age_s,
        evidence_limit_s=STALE_AFTER_INTERVALS * world.interval_s,
        complete=complete,
        agree=agree(world, (target, *touched)),
        cause=cause.code if cause else "",
        cause_verdict=cause.verdict if cause else None,
        cause_auto=auto_of(cause, action, parameters.dump(given)),
        recurrence=world.runs(action, cause.code, str(target)) if cause else 0,
        budget_left=world.budget_left(action),
        kill_switch=world.kill_switch(),
        **measures,
    )


def owners(world: interface.World, touched: Iterable[resource.Resource]) -> tuple[str, ...]:
    """Names of the registered owners of what is touched, each once."""
    names = (world.owner(item).name for item in touched)
    return tuple(dict.fromkeys(name for name in names if name))


def agree(world: interface.World, touched: Iterable[resource.Resource]) -> bool:
    """Whether no conflict between two sources is seen on what is touched, or on the cluster."""
    seen = world.detected()
    if not isinstance(seen, finding.Detection):
        return True  # nothing was compared: completeness and age judge that, not agreement
    about = set(touched)
    return not any(
        one.code == "evidence.conflict"
        and (one.resource in about or one.resource.kind == "cluster")
        and one.state in ("firing", "pending")
        for one in seen.findings
    )


def auto_of(
    cause: diagnosis.Cause | None, action: str, given: Mapping[str, object]
) -> vocabulary.Auto:
    """Whether the vocabulary lets this very fix of the cause run alone.

    Only where the diagnosis itself suggests this action with these parameters: a person cannot
    borrow the cause of one connector to restart another.
    """
    if cause is None or action not in vocabulary.causes()[cause.code].first:
        return "never"
    suggested = any(
        one.action == action and all(_same(given.get(k), v) for k, v in one.parameters.items())
        for one in cause.next
    )
    return vocabulary.causes()[cause.code].auto if suggested else "never"


def _same(one: object, other: object) -> bool:
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return list(one) == list(other)
    return one == other
