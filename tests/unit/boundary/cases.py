"""Facts for the boundary's tests: one change that runs alone, to be made worse fact by fact."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

from headgate.boundary import cedar
from headgate.domain import change, facts, person, resource, vocabulary

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
MIRA = person.Actor(name="mira", kind="user", roles=frozenset({"operator"}))
BOUNDARY = cedar.CedarBoundary()

HARMLESS = facts.Facts(
    reversibility="reversible",
    undo_saved=True,
    environment="production",
    owners=("payments",),
    evidence_at=AT,
    evidence_age_s=2.0,
    evidence_limit_s=15.0,
    complete=True,
    cause="connect.transient",
    cause_verdict="confirmed",
    cause_auto="eligible",
    connectors=1,
    tasks=1,
    budget_left=3,
)
"""Headgate restarting one failed task for a confirmed transient cause."""


def decide(
    given: facts.Facts = HARMLESS,
    *,
    action: str = "connector.restart_failed_tasks",
    requester: person.Actor = person.HEADGATE,
    target: str = "connector:orders-sink",
    **worse: Any,
) -> change.Decision:
    return BOUNDARY.decide(
        action=vocabulary.actions()[action],
        target=resource.parse(target),
        cluster="orders",
        requester=requester,
        facts=dataclasses.replace(given, **worse),
    )
