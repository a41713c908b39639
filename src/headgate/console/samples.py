"""Made-up values for the component page: every component in every state, with no cluster at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from headgate.domain import (
    change,
    diagnosis,
    evidence,
    facts,
    finding,
    incident,
    person,
    resource,
    vocabulary,
)
from headgate.domain.unknown import Unknown

NOW = datetime(2026, 1, 15, 3, 43, 0, tzinfo=UTC)
GROUP = resource.Resource("group", "billing")
PARTITION = resource.Resource("partition", "orders-3")

FROZEN = evidence.Evidence(
    id="e1",
    what="committed offset of billing on orders-3",
    value=48211,
    source="kafka",
    at=NOW - timedelta(seconds=8),
    how="OffsetFetch",
)
RECORD = evidence.Evidence(
    id="e2",
    what="the record at 48,211 decodes as its 6 neighbours do",
    value=False,
    source="records",
    at=NOW - timedelta(seconds=6),
    how="a fetch without a group",
)
UNREAD = evidence.Evidence(
    id="e3",
    what="time between polls of the member",
    value=Unknown("no metrics address is given for this client"),
    source="metrics",
    at=NOW,
)

STALLED = finding.Finding(
    code="lag.stalled",
    state="firing",
    severity="critical",
    resource=GROUP,
    since=NOW - timedelta(minutes=41),
    summary="billing has not moved on orders-3 for 41 min while members come and go",
    evidence=(FROZEN,),
    partitions=(resource.TopicPartition("orders", 3),),
    deadline=NOW + timedelta(hours=2, minutes=10),
)

CAUSES = (
    diagnosis.Cause(
        code="record.poison",
        resource=PARTITION,
        verdict="confirmed",
        summary="the record at offset 48,211 of orders-3 does not decode; its neighbours do",
        for_=("e1", "e2"),
        next=(
            diagnosis.Suggestion(
                action="group.quarantine_record",
                parameters={"group": "billing", "topic": "orders", "partition": 3, "offset": 48211},
                why="Saves the record to a dead-letter topic and moves that one partition past it.",
            ),
        ),
    ),
    diagnosis.Cause(
        code="consumer.hung",
        resource=GROUP,
        verdict="possible",
        summary="the member may be alive without polling",
        for_=("e1",),
        not_looked_at=("the consumer's own metrics: no metrics address is given",),
    ),
    diagnosis.Cause(
        code="consumer.slow",
        resource=GROUP,
        verdict="ruled_out",
        summary="the other partitions keep up",
        against=("e1",),
    ),
)

INCIDENT = incident.Incident(
    id="inc_sample",
    cluster="shop",
    state="open",
    opened_at=NOW - timedelta(minutes=41),
    updated_at=NOW,
    draft=incident.Draft(
        key="record.poison@partition:orders-3",
        title="billing is stuck on orders-3: it cannot read the record at offset 48,211",
        severity="critical",
        resource=GROUP,
        findings=(STALLED,),
        causes=CAUSES,
        evidence=(RECORD, UNREAD),
        chain=(
            incident.Link(source=PARTITION, target=GROUP, why="cannot pass the record"),
            incident.Link(
                source=GROUP,
                target=resource.Resource("connector", "orders-to-warehouse"),
                why="gets nothing new",
            ),
        ),
        blast_radius=incident.BlastRadius(
            groups=("billing",), topics=("orders",), owners=("payments team",)
        ),
        deadline=STALLED.deadline,
    ),
    timeline=(
        incident.Happening(at=NOW - timedelta(minutes=41), what="opened", kind="opened"),
        incident.Happening(
            at=NOW - timedelta(minutes=40),
            what="skip 1 record of orders-3 was proposed",
            kind="change",
            ref="chg_sample",
        ),
    ),
    changes=("chg_sample",),
)

PLAN = change.Plan(
    summary="skip 1 record of orders-3 for billing",
    target=PARTITION,
    differences=(
        change.Difference(sign="+", what="topic orders.billing.dlq", after="1 partition"),
        change.Difference(sign="+", what="record orders-3 @ 48,211 copied to orders.billing.dlq"),
        change.Difference(
            sign="~", what="commit of billing on orders-3", before="48,211", after="48,212"
        ),
        change.Difference(sign="-", what="nothing else", irreversible=True),
    ),
    steps=(
        change.Step(
            do=change.Operation(kind="record.copy", sentence="copy the record"),
            undo=change.CannotUndo(reason="the copy stays"),
        ),
        change.Step(
            do=change.Operation(kind="group.commit", sentence="set the commit to 48,212"),
            undo=change.Operation(kind="group.commit", sentence="set the commit back to 48,211"),
        ),
    ),
    checks=(
        change.Check(kind="group.commit_past", sentence="the commit passes 48,212", hold_s=10),
    ),
    facts=facts.Facts(
        reversibility="compensable",
        undo_saved=True,
        skipped=1,
        environment="production",
        keyed=Unknown("record contents may not be read on this cluster"),
        evidence_at=NOW,
        evidence_age_s=8,
        evidence_limit_s=15,
        complete=True,
    ),
    evidence=(FROZEN, RECORD),
)

CHANGE = change.Change(
    id="chg_sample",
    cluster="shop",
    action="group.quarantine_record",
    parameters={"group": "billing"},
    rationale="The record does not decode; its neighbours do.",
    requester=person.HEADGATE,
    incident="inc_sample",
    proposed_at=NOW - timedelta(minutes=40),
    expires_at=NOW + timedelta(hours=20),
    state="waiting_approval",
    state_since=NOW - timedelta(minutes=40),
    plan=PLAN,
    decision=change.Decision(
        lane="approve",
        reasons=(
            change.Reason(
                code="irreversible", policy="approve.skips", text="1 record will not be read"
            ),
        ),
        policy_version="sample",
    ),
    digest="5f8d0c2b9a1e4d7f",
)


def in_state(state: vocabulary.ChangeState) -> change.Change:
    """The sample change in a state."""
    return replace(CHANGE, id=f"chg_{state}", state=state)


def incident_in(state: vocabulary.IncidentState) -> incident.Incident:
    """The sample incident in a state."""
    return replace(INCIDENT, id=f"inc_{state}", state=state)
