"""The symptom must be gone in a look newer than the change; what was not seen is not gone."""

from datetime import timedelta
from typing import Any

import pytest
from tests.unit.actions import worlds

from headgate.actions import interface
from headgate.domain import change, finding, resource, vocabulary
from headgate.domain.unknown import Unknown

KEY = "lag.stalled@group:billing"
CHECK = change.Check(kind="finding.cleared", arguments={"key": KEY}, sentence="gone")


def found(
    of: str = "group:billing",
    state: vocabulary.FindingState = "firing",
    code: str = "lag.stalled",
    severity: vocabulary.Severity = "critical",
) -> finding.Finding:
    return finding.Finding(
        code=code,
        state=state,
        severity=severity,
        resource=resource.parse(of),
        since=worlds.START,
        summary="stuck",
    )


def not_seen(of: str, code: str = "lag.stalled") -> finding.NotSeen:
    return finding.NotSeen(code=code, resource=resource.parse(of), reason="no answer")


def look(
    *findings: finding.Finding, hidden: tuple[finding.NotSeen, ...] = (), after_s: float = 5
) -> Any:
    b = worlds.Bench()
    b.detected = finding.Detection(
        cluster="orders",
        at=worlds.START + timedelta(seconds=after_s),
        findings=findings,
        not_seen=hidden,
    )
    return b.look(CHECK, worlds.START)


def test_gone_is_gone() -> None:
    assert look(found(of="group:other"), found(code="lag.growing")).verdict == "passed"


@pytest.mark.parametrize("state", ["firing", "pending"])
def test_firing_or_pending_is_still_there(state: vocabulary.FindingState) -> None:
    assert look(found(state=state)).verdict == "not_yet"


@pytest.mark.parametrize("after_s", [-1.0, 0.0])
def test_an_older_look_says_nothing(after_s: float) -> None:
    assert look(after_s=after_s).verdict == "not_yet"


@pytest.mark.parametrize(
    ("hidden", "unknown"),
    [
        (not_seen("group:billing"), True),
        (not_seen("cluster:orders"), True),
        (not_seen("group:other"), False),
        (not_seen("group:billing", code="lag.growing"), False),
    ],
)
def test_what_could_not_be_judged_is_unknown(hidden: finding.NotSeen, unknown: bool) -> None:
    assert isinstance(look(hidden=(hidden,)), Unknown) is unknown


def test_a_finding_that_is_itself_unknown_is_unknown() -> None:
    assert isinstance(look(found(state="unknown")), Unknown)


def test_without_any_detection_nothing_is_known() -> None:
    assert isinstance(worlds.Bench().look(CHECK), Unknown)


# watching


def watching(*findings: finding.Finding) -> worlds.Bench:
    b = worlds.Bench()
    b.detected = finding.Detection(cluster="orders", at=worlds.START, findings=findings)
    return b


def test_watching_changes_nothing_and_waits_for_the_worst_finding() -> None:
    b = watching(found(code="lag.growing", severity="warning"), found())
    plan = b.plan("incident.watch", {"resource": "group:billing", "for_s": 30})
    assert (plan.steps, plan.differences, plan.verify_within_s) == ((), (), 30)
    assert plan.facts.changes_nothing
    assert plan.checks[0].arguments == {"key": KEY}


def test_watching_an_incident_waits_for_its_leading_finding() -> None:
    origin = interface.Origin(requester=worlds.MIRA, finding="lag.growing@group:billing")
    plan = watching(found()).plan("incident.watch", {"resource": "group:billing"}, origin)
    assert plan.checks[0].arguments == {"key": "lag.growing@group:billing"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"resource": "group:other"}, "Nothing is found on group:other"),
        ({"resource": "billing"}, "not a resource"),
        ({"resource": "group:billing", "for_s": 0}, "not a time to watch"),
        ({"resource": "group:billing", "for_s": 1e9}, "not a time to watch"),
        ({"resource": "group:billing", "for_s": float("nan")}, "not a time to watch"),
    ],
)
def test_what_makes_no_sense_is_told(given: dict[str, Any], said: str) -> None:
    with pytest.raises(interface.CannotPlan, match=said):
        watching(found()).plan("incident.watch", given)


def test_before_the_first_sweep_there_is_nothing_to_watch() -> None:
    with pytest.raises(interface.CannotPlan, match="no sweep"):
        worlds.Bench().plan("incident.watch", {"resource": "group:billing"})
