"""What must hold for every combination of facts, whatever the policies' table says."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.boundary import cases

from headgate.domain import facts, person, vocabulary
from headgate.domain.unknown import Unknown

COUNTS = (
    "data_deleted",
    "skipped",
    "repeated",
    "topics",
    "partitions",
    "groups",
    "members",
    "connectors",
    "tasks",
    "brokers",
    "bytes_moved",
    "leaders_moved",
    "budget_left",
)
FLAGS = ("side_effects", "keyed", "compacted_or_cdc")
CAN_BE_UNKNOWN = (*COUNTS, *FLAGS, "owners", "pause_s")
VERDICTS: tuple[vocabulary.Verdict, ...] = ("confirmed", "likely", "possible", "ruled_out")

count = st.one_of(st.sampled_from([0, 0, 1, 5, 1000]), st.builds(Unknown, st.just("not read")))
flag = st.one_of(st.booleans(), st.builds(Unknown, st.just("not read")))


@st.composite
def any_facts(draw: st.DrawFn) -> facts.Facts:
    values: dict[str, Any] = {
        "reversibility": draw(st.sampled_from(["reversible", "compensable", "irreversible"])),
        "undo_saved": draw(st.booleans()),
        "environment": draw(st.sampled_from(["production", "staging", "development", "lab"])),
        "owners": draw(st.sampled_from([(), ("payments",), Unknown("not read")])),
        "pause_s": draw(st.sampled_from([0.0, 30.0, 31.0, Unknown("not read")])),
        "evidence_at": draw(st.sampled_from([None, datetime(2026, 1, 1, tzinfo=UTC)])),
        "evidence_age_s": draw(st.sampled_from([0.0, 5.0, 15.0, 15.5, 1000.0])),
        "evidence_limit_s": 15.0,
        "complete": draw(st.booleans()),
        "agree": draw(st.booleans()),
        "cause": draw(st.sampled_from(["", "connect.transient"])),
        "cause_verdict": draw(st.sampled_from([None, *VERDICTS])),
        "cause_auto": draw(st.sampled_from(["eligible", "with_readiness", "never"])),
        "durability": draw(st.booleans()),
        "write_owner": draw(st.booleans()),
        "recurrence": draw(st.integers(0, 4)),
        "kill_switch": draw(st.booleans()),
        "changes_nothing": draw(st.booleans()),
        "refused": draw(st.sampled_from([(), (), ("refused.shell_command",)])),
        **{name: draw(count) for name in COUNTS},
        **{name: draw(flag) for name in FLAGS},
    }
    return facts.Facts(**values)


@st.composite
def mild_facts(draw: st.DrawFn) -> facts.Facts:
    """Close to what runs alone, so that one worse fact is likely to be the one that counts."""
    worse = draw(any_facts())
    names = draw(
        st.sets(st.sampled_from([x.name for x in dataclasses.fields(facts.Facts)]), max_size=3)
    )
    return dataclasses.replace(cases.HARMLESS, **{name: getattr(worse, name) for name in names})


everything = st.one_of(any_facts(), mild_facts())
actions = st.sampled_from(sorted(vocabulary.actions()))
who = st.sampled_from([person.HEADGATE, cases.MIRA])


def strictness(given_facts: facts.Facts, action: str, requester: person.Actor) -> int:
    lane = cases.decide(given_facts, action=action, requester=requester).lane
    return vocabulary.LANES.index(lane)


@settings(deadline=None)
@given(everything, actions, who, st.sampled_from(CAN_BE_UNKNOWN))
def test_a_fact_that_becomes_unknown_never_makes_the_lane_laxer(
    known: facts.Facts, action: str, requester: person.Actor, name: str
) -> None:
    unknown = dataclasses.replace(known, **{name: Unknown("the source went away")})  # type: ignore[arg-type]  # any field by name
    assert strictness(unknown, action, requester) >= strictness(known, action, requester)


def _older(known: facts.Facts) -> facts.Facts:
    return dataclasses.replace(known, evidence_age_s=known.evidence_age_s + 20)


def _weaker(known: facts.Facts) -> facts.Facts:
    if known.cause_verdict is None:
        return known
    place = min(VERDICTS.index(known.cause_verdict) + 1, len(VERDICTS) - 1)
    return dataclasses.replace(known, cause_verdict=VERDICTS[place])


WORSE: dict[str, Any] = {
    "older": _older,
    "partial": lambda x: dataclasses.replace(x, complete=False),
    "contradicted": lambda x: dataclasses.replace(x, agree=False),
    "missing": lambda x: dataclasses.replace(x, evidence_at=None),
    "less sure": _weaker,
    "no verdict": lambda x: dataclasses.replace(x, cause_verdict=None),
}


@settings(deadline=None)
@given(everything, actions, who, st.sampled_from(sorted(WORSE)))
def test_worse_evidence_never_makes_the_lane_laxer(
    known: facts.Facts, action: str, requester: person.Actor, how: str
) -> None:
    worse = WORSE[how](known)
    assert strictness(worse, action, requester) >= strictness(known, action, requester)


@settings(deadline=None)
@given(everything, actions, who)
def test_what_is_on_the_refused_list_is_always_refused(
    known: facts.Facts, action: str, requester: person.Actor
) -> None:
    refused = dataclasses.replace(known, refused=("refused.delete_log_files",))
    assert cases.decide(refused, action=action, requester=requester).lane == "refuse"


@settings(deadline=None)
@given(everything, actions, who)
def test_what_cannot_be_undone_never_runs_alone(
    known: facts.Facts, action: str, requester: person.Actor
) -> None:
    final = dataclasses.replace(known, reversibility="irreversible", changes_nothing=False)
    assert cases.decide(final, action=action, requester=requester).lane not in ("observe", "auto")


@settings(deadline=None)
@given(everything, actions, who)
def test_no_lane_is_below_the_actions_floor_and_every_decision_gives_a_reason(
    known: facts.Facts, action: str, requester: person.Actor
) -> None:
    decision = cases.decide(known, action=action, requester=requester)
    floor = vocabulary.actions()[action].floor
    assert vocabulary.LANES.index(decision.lane) >= vocabulary.LANES.index(floor)
    assert decision.reasons
    assert {x.code for x in decision.reasons} <= set(vocabulary.lane_reasons())


@settings(deadline=None)
@given(everything, actions, who)
def test_only_what_changes_nothing_starts_while_the_kill_switch_is_on(
    known: facts.Facts, action: str, requester: person.Actor
) -> None:
    stopped = dataclasses.replace(known, kill_switch=True, changes_nothing=False)
    assert cases.decide(stopped, action=action, requester=requester).lane == "refuse"
