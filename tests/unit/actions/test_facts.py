"""Facts are computed here and never believed from a caller."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.unit.actions import worlds

from headgate.actions import interface
from headgate.domain import diagnosis, evidence, facts, finding, person, resource, vocabulary
from headgate.domain.unknown import Unknown

GIVEN = {"connect": "main", "connector": "orders-sink"}
ACTION = "connector.restart_failed_tasks"


def bench() -> worlds.Bench:
    b = worlds.Bench()
    b.connect.put("orders-sink")
    b.connect.fail_task("orders-sink", trace="x")
    return b


def read(
    seconds_ago: float, source: vocabulary.Source = "connect", value: evidence.Value = "FAILED"
) -> evidence.Evidence:
    at: datetime = worlds.START - timedelta(seconds=seconds_ago)
    return evidence.Evidence(id="e1", what="state", value=value, source=source, at=at)


def plan(
    b: worlds.Bench | None = None,
    *,
    cause: diagnosis.Cause | None = None,
    requester: person.Actor = person.HEADGATE,
    items: tuple[evidence.Evidence, ...] = (),
) -> facts.Facts:
    origin = interface.Origin(requester=requester, cause=cause, evidence=items)
    return (b or bench()).plan(ACTION, GIVEN, origin).facts


def transient(
    given: dict[str, Any] | None = None, code: str = "connect.transient"
) -> diagnosis.Cause:
    return worlds.cause(code, "task:orders-sink-0", ACTION, GIVEN if given is None else given)


def test_a_cause_whose_suggestion_this_is_lends_its_right_to_run_alone() -> None:
    found = plan(cause=transient())
    assert (found.cause, found.cause_verdict, found.cause_auto) == (
        "connect.transient",
        "confirmed",
        "eligible",
    )


@pytest.mark.parametrize(
    "cause",
    [
        None,
        transient({"connect": "main", "connector": "another"}),
        transient(code="connect.misconfigured"),
        worlds.cause("connect.transient", "task:orders-sink-0", "incident.watch", {}),
    ],
    ids=["none", "of another connector", "not to be fixed so", "suggests something else"],
)
def test_no_other_cause_does(cause: diagnosis.Cause | None) -> None:
    assert plan(cause=cause).cause_auto == "never"


def test_evidence_is_as_old_as_its_oldest_piece() -> None:
    found = plan(items=(read(3), read(40), read(7)))
    assert found.evidence_age_s == 40
    assert found.evidence_limit_s == 15
    assert found.evidence_at == worlds.START - timedelta(seconds=40)


@pytest.mark.parametrize("source", ["history", "timeline"])
def test_evidence_of_the_past_does_not_age(source: vocabulary.Source) -> None:
    assert plan(items=(read(500, source),)).evidence_age_s == 0


def test_evidence_that_could_not_be_read_makes_it_partial() -> None:
    assert plan(items=(read(1),)).complete
    assert not plan(items=(read(1, value=Unknown("no answer")),)).complete


def test_a_conflict_on_the_same_resource_or_the_cluster_counts() -> None:
    def conflict(of: str) -> facts.Facts:
        b = bench()
        b.detected = finding.Detection(
            cluster="orders",
            at=worlds.START,
            findings=(
                finding.Finding(
                    code="evidence.conflict",
                    state="firing",
                    severity="info",
                    resource=resource.parse(of),
                    since=worlds.START,
                    summary="two say different things",
                ),
            ),
        )
        return plan(b)

    assert not conflict("connector:orders-sink").agree
    assert not conflict("cluster:orders").agree
    assert conflict("connector:other").agree


def test_owner_recurrence_budget_environment_and_kill_switch_are_read() -> None:
    b = bench()
    b.owners = {"connector:orders-sink": "payments"}
    b.runs = {(ACTION, "connect.transient", "connector:orders-sink"): 4}
    b.budget = 2
    b.kill = True
    found = plan(b, cause=transient())
    assert (found.owners, found.recurrence, found.budget_left) == (("payments",), 4, 2)
    assert (found.environment, found.kill_switch) == ("production", True)


def test_without_a_cause_nothing_recurs() -> None:
    b = bench()
    b.runs = {(ACTION, "", "connector:orders-sink"): 9}
    assert plan(b, requester=worlds.MIRA).recurrence == 0


def test_an_unknown_budget_stays_unknown() -> None:
    b = bench()
    b.budget = Unknown("the store is busy")
    assert plan(b).budget_left == Unknown("the store is busy")
