"""Changes and incidents for tests, as full as they come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from headgate.domain import change, diagnosis, facts, finding, incident, person, resource
from headgate.domain.evidence import Evidence
from headgate.domain.unknown import Unknown

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GROUP = resource.Resource("group", "billing")
MIRA = person.Actor(name="mira", kind="user", roles=frozenset({"operator", "viewer"}))

EVIDENCE = Evidence(
    id="e1",
    what="committed offset of billing on orders-3",
    value=Unknown("the coordinator did not answer"),
    source="kafka",
    at=NOW,
)

FACTS = facts.Facts(
    reversibility="compensable",
    undo_saved=True,
    skipped=1,
    side_effects=Unknown("no connector was read"),
    environment="production",
    owners=Unknown("no registry"),
    groups=1,
    pause_s=Unknown("never measured"),
    evidence_at=NOW,
    evidence_age_s=1.5,
    evidence_limit_s=15.0,
    complete=True,
    cause="consumer.poison_record",
    cause_verdict="confirmed",
)

COMMIT = change.Operation(
    kind="group.commit",
    arguments={"group": "billing", "offsets": {"orders-3": 48212}},
    sentence="set billing on orders-3 from 48,211 to 48,212",
)

PLAN = change.Plan(
    summary="skip 1 record of orders-3",
    target=GROUP,
    differences=(change.Difference(sign="~", what="orders-3", before="48211", after="48212"),),
    steps=(
        change.Step(do=COMMIT, undo=COMMIT),
        change.Step(do=COMMIT, undo=change.CannotUndo(reason="it was sent")),
        change.Step(do=COMMIT, undo=None),
    ),
    preconditions=(
        change.Precondition(kind="group.offset", sentence="still at 48,211", fingerprint="48211"),
    ),
    checks=(change.Check(kind="group.commit_past", sentence="the commit moves", hold_s=2.0),),
    facts=FACTS,
    evidence=(EVIDENCE,),
)

CHANGE = change.Change(
    id="c1",
    cluster="orders",
    action="group.quarantine_record",
    parameters={"group": "billing", "partition": 3},
    rationale="poison",
    requester=MIRA,
    incident="i1",
    finding="lag.stalled@group:billing",
    cause="consumer.poison_record",
    proposed_at=NOW,
    expires_at=NOW + timedelta(hours=1),
    state="waiting_approval",
    state_since=NOW,
    plan=PLAN,
    decision=change.Decision(
        lane="approve",
        reasons=(change.Reason(code="irreversible", policy="p1", text="it cannot be undone"),),
        policy_version="v1",
    ),
    digest="d" * 64,
)

INCIDENT = incident.Incident(
    id="i1",
    cluster="orders",
    state="open",
    opened_at=NOW,
    updated_at=NOW,
    draft=incident.Draft(
        key="lag.stalled@group:billing",
        title="billing is stuck on one record",
        severity="critical",
        resource=GROUP,
        findings=(
            finding.Finding(
                code="lag.stalled",
                state="firing",
                severity="critical",
                partitions=(resource.TopicPartition("orders", 3),),
                resource=GROUP,
                since=NOW,
                summary="billing does not move",
                evidence=(EVIDENCE,),
            ),
        ),
        causes=(
            diagnosis.Cause(
                code="consumer.poison_record",
                resource=GROUP,
                verdict="confirmed",
                summary="one record crashes every member",
                next=(diagnosis.Suggestion(action="group.quarantine_record", why="skip it"),),
            ),
        ),
        blast_radius=incident.BlastRadius(groups=("billing",)),
    ),
    timeline=(incident.Happening(at=NOW, what="opened", kind="opened"),),
)


def change_of(change_id: str, **fields: Any) -> change.Change:
    """The sample change with another id and other fields."""
    return replace(CHANGE, id=change_id, **fields)


def incident_of(incident_id: str, **fields: Any) -> incident.Incident:
    """The sample incident with another id and other fields."""
    return replace(INCIDENT, id=incident_id, **fields)


def entry(number: int, **fields: Any) -> change.Entry:
    """One line of a journal."""
    given = {"at": NOW, "step": 0, "phase": "intent", "text": f"line {number}", **fields}
    return change.Entry(number=number, **given)
