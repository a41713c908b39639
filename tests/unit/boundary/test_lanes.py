"""One case for every lane and for every reason that the shipped policies can give."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.boundary import cases

from headgate.domain import facts, person, vocabulary
from headgate.domain.unknown import Unknown

NOT_READ = Unknown("not read")
OWN = replace(cases.HARMLESS, cause="", cause_verdict=None, cause_auto="never", environment="lab")
"""A person's own request in the lab."""

CASES: list[tuple[str, dict[str, Any], str, str]] = [
    # a name, what is worse than harmless, the lane, the reason that must be among them
    ("a confirmed transient cause", {}, "auto", "bounded"),
    ("a likely one", {"cause_verdict": "likely"}, "auto", "bounded"),
    ("irreversible", {"reversibility": "irreversible"}, "approve", "irreversible"),
    ("compensable", {"reversibility": "compensable"}, "approve", "irreversible"),
    ("no undo", {"undo_saved": False}, "approve", "undo_missing"),
    ("stale", {"evidence_age_s": 15.1}, "approve", "evidence_stale"),
    ("no evidence", {"evidence_at": None}, "approve", "evidence_stale"),
    ("partial", {"complete": False}, "approve", "evidence_partial"),
    ("an unknown fact", {"tasks": NOT_READ}, "approve", "evidence_partial"),
    ("conflict", {"agree": False}, "approve", "evidence_conflict"),
    ("possible only", {"cause_verdict": "possible"}, "approve", "cause_unconfirmed"),
    ("ruled out", {"cause_verdict": "ruled_out"}, "approve", "cause_unconfirmed"),
    ("no cause", {"cause": "", "cause_verdict": None}, "approve", "cause_unconfirmed"),
    ("needs a drill", {"cause_auto": "with_readiness"}, "approve", "readiness_yellow"),
    ("a person's decision", {"cause_auto": "never"}, "approve", "cause_not_auto"),
    ("nobody's", {"owners": ()}, "approve", "owner_missing"),
    ("owner unknown", {"owners": NOT_READ}, "approve", "owner_missing"),
    ("budget gone", {"budget_left": 0}, "approve", "budget_spent"),
    ("budget unknown", {"budget_left": NOT_READ}, "approve", "budget_spent"),
    ("skips", {"skipped": 1}, "approve", "blast_over_limit"),
    ("repeats", {"repeated": 1}, "approve", "blast_over_limit"),
    ("deletes", {"data_deleted": 1}, "approve", "blast_over_limit"),
    ("seen outside", {"side_effects": True}, "approve", "blast_over_limit"),
    ("many groups", {"groups": 11}, "approve", "blast_over_limit"),
    ("many members", {"members": 21}, "approve", "blast_over_limit"),
    ("many topics", {"topics": 101}, "approve", "blast_over_limit"),
    ("many partitions", {"partitions": 501}, "approve", "blast_over_limit"),
    ("many leaders", {"leaders_moved": 201}, "approve", "blast_over_limit"),
    ("many connectors", {"connectors": 2}, "approve", "blast_over_limit"),
    ("many tasks", {"tasks": 11}, "approve", "blast_over_limit"),
    ("many brokers", {"brokers": 11}, "approve", "blast_over_limit"),
    ("moves bytes", {"bytes_moved": 1}, "approve", "blast_over_limit"),
    ("a long pause", {"pause_s": 30.1}, "approve", "blast_over_limit"),
    ("recurring", {"recurrence": 3}, "review", "fix_recurring"),
    ("durability", {"durability": True}, "review", "durability_change"),
    ("write owner", {"write_owner": True}, "review", "write_owner_move"),
    (
        "state by key deleted",
        {"data_deleted": NOT_READ, "compacted_or_cdc": True},
        "review",
        "retention_cut_compacted",
    ),
    (
        "perhaps state by key",
        {"data_deleted": 5, "compacted_or_cdc": NOT_READ},
        "review",
        "retention_cut_compacted",
    ),
    ("kill switch", {"kill_switch": True}, "refuse", "kill_switch"),
    ("never", {"refused": ("refused.unclean_election",)}, "refuse", "refused_list"),
]


@pytest.mark.parametrize(
    ("worse", "lane", "reason"), [x[1:] for x in CASES], ids=[x[0] for x in CASES]
)
def test_one_fact_decides(worse: dict[str, Any], lane: str, reason: str) -> None:
    decision = cases.decide(**worse)
    assert (decision.lane, reason in {x.code for x in decision.reasons}) == (lane, True)


def test_watching_is_the_lane_observe_even_with_the_kill_switch_on() -> None:
    decision = cases.decide(action="incident.watch", changes_nothing=True, kill_switch=True)
    assert decision.lane == "observe"
    assert [x.code for x in decision.reasons] == ["read_only"]


def test_an_action_that_may_observe_but_changes_something_does_not_observe() -> None:
    assert cases.decide(action="incident.watch", changes_nothing=False).lane == "auto"


@pytest.mark.parametrize("keyed", [True, NOT_READ])
def test_growing_a_topic_that_is_or_may_be_keyed_is_a_matter_of_architecture(keyed: Any) -> None:
    decision = cases.decide(
        OWN,
        requester=cases.MIRA,
        action="topic.add_partitions",
        target="topic:orders",
        keyed=keyed,
        reversibility="irreversible",
        undo_saved=False,
    )
    assert decision.lane == "review"
    assert decision.reasons[0].code == "keyed_partition_growth"
    assert "topic:orders" in decision.reasons[0].text


def test_growing_a_topic_without_keys_is_for_a_second_person() -> None:
    decision = cases.decide(OWN, action="topic.add_partitions", requester=cases.MIRA, keyed=False)
    assert decision.lane == "approve"
    assert decision.reasons[0].code == "action_floor"


@pytest.mark.parametrize(
    ("environment", "lane"),
    [("lab", "auto"), ("development", "auto"), ("staging", "approve"), ("production", "approve")],
)
def test_a_persons_own_bounded_request_runs_alone_only_off_production(
    environment: vocabulary.Environment, lane: str
) -> None:
    decision = cases.decide(
        OWN, requester=cases.MIRA, action="topic.alter_config", environment=environment
    )
    assert decision.lane == lane
    codes = {x.code for x in decision.reasons}
    assert ("environment_policy" in codes) is (lane == "approve")


def test_no_policy_goes_below_the_floor() -> None:
    decision = cases.decide(action="topic.alter_durability")
    assert decision.lane == "review"
    assert decision.reasons[0].code == "action_floor"


def test_who_may_not_ask_is_refused() -> None:
    viewer = person.Actor(name="vic", kind="user", roles=frozenset({"viewer", "approver"}))
    decision = cases.decide(requester=viewer)
    assert decision.lane == "refuse"
    assert decision.reasons[0].code == "role_missing"


def test_reasons_tell_numbers_and_why_a_fact_is_not_known() -> None:
    decision = cases.decide(evidence_age_s=99.0, tasks=Unknown("Connect did not answer"))
    told = " ".join(x.text for x in decision.reasons)
    assert "99 s old" in told
    assert "15 s" in told
    assert "tasks (Connect did not answer)" in told


def test_every_reason_names_its_policy_and_the_decision_its_version() -> None:
    decision = cases.decide(complete=False, skipped=2)
    known = {one.id for one in cases.BOUNDARY.policies}
    assert {x.policy for x in decision.reasons} <= known
    assert decision.policy_version == cases.BOUNDARY.version


def test_every_shipped_reason_is_reached_by_a_case_above() -> None:
    reached = {reason for _, _, _, reason in CASES}
    reached |= {"read_only", "keyed_partition_growth", "environment_policy", "role_missing"}
    assert {one.reason for one in cases.BOUNDARY.policies if one.reason} == reached


def test_names_with_any_character_can_be_asked_about() -> None:
    odd = person.Actor(name='a"\n\\é', kind="user", roles=frozenset({"operator"}))
    decision = cases.decide(requester=odd, target='group:x"y\n z')
    assert decision.lane == "auto"


@pytest.mark.parametrize("age_s", [float("inf"), float("nan"), 1e300])
def test_an_age_that_is_no_number_is_stale(age_s: float) -> None:
    assert cases.decide(evidence_age_s=age_s).lane == "approve"


def test_counts_beyond_any_whole_number_of_cedar_are_over_the_limit() -> None:
    assert cases.decide(partitions=2**80).lane == "approve"


def test_the_harmless_case_is_what_the_table_varies() -> None:
    assert isinstance(cases.HARMLESS, facts.Facts)
    assert cases.decide().lane == "auto"


def test_why_a_fact_is_not_known_is_told_once() -> None:
    why = "the members were not read: the coordinator is loading"
    decision = cases.decide(pause_s=Unknown(why))
    told = [reason.text for reason in decision.reasons]
    assert sum(why in text for text in told) == 1
    assert "Seconds that readers or writers wait: not known (limit 30)" in told
