"""From every interruption the change comes to the same end, with nothing lost or done twice."""

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from tests.unit.changes import fakes, runs

from headgate.actions.interface import Applied, Look
from headgate.changes import course, effects, pace, transitions
from headgate.domain import change
from headgate.domain.unknown import Unknown

HELD = change.Check(kind="symptom", sentence="the symptom stays away", hold_s=3.0)


@dataclass
class Script:
    """Gives each operation its answers in turn; afterwards all goes well."""

    answers: dict[str, list[str]] = field(default_factory=dict)

    def __call__(self, sentence: str) -> str:
        left = self.answers.get(sentence)
        return left.pop(0) if left else ""


@dataclass(frozen=True)
class Case:
    """One shape of plan with one course of events, and how it must end."""

    name: str
    steps: tuple[change.Step, ...]
    ends: str
    values: dict[str, int]
    answers: dict[str, list[str]] = field(default_factory=dict)
    verdict: str = "passed"
    start: dict[str, int] = field(default_factory=dict)
    checks: tuple[change.Check, ...] = (fakes.SYMPTOM_CHECK,)
    says: str = ""
    within_s: float = 4.0


S = fakes.set_step
CASES = (
    Case("no step", (), "succeeded", {}),
    Case("no check", (S("a"),), "succeeded", {"a": 1}, checks=(), says="nothing to verify"),
    Case("one step", (S("a"),), "succeeded", {"a": 1}),
    Case("three steps", (S("a"), S("b"), S("c")), "succeeded", {"a": 1, "b": 1, "c": 1}),
    Case("held check", (S("a"),), "succeeded", {"a": 1}, checks=(HELD, fakes.SYMPTOM_CHECK)),
    Case("done before", (S("a"), S("b")), "succeeded", {"a": 1, "b": 1}, start={"a": 1}),
    Case(
        "answers lost after the effect",
        (S("a"), S("b")),
        "succeeded",
        {"a": 1, "b": 1},
        answers={"a:0->1": ["lost_after"], "b:0->1": ["lost_after"]},
    ),
    Case(
        "answers lost before the effect",
        (S("a"), S("b")),
        "succeeded",
        {"a": 1, "b": 1},
        answers={"a:0->1": ["lost_before"], "b:0->1": ["lost_before"]},
    ),
    Case(
        "a refusal worth another try",
        (S("a"), S("b")),
        "succeeded",
        {"a": 1, "b": 1},
        answers={"b:0->1": ["retry"]},
    ),
    Case(
        "refused before anything was done",
        (S("a"), S("b")),
        "failed",
        {},
        answers={"a:0->1": ["fail"] * 9},
        says="Nothing was done.",
    ),
    Case(
        "refused in the middle",
        (S("a"), S("b"), S("c")),
        "rolled_back",
        {"a": 0, "b": 0},
        answers={"c:0->1": ["fail"] * 9},
    ),
    Case(
        "the symptom stays",
        (S("a"), S("b")),
        "rolled_back",
        {"a": 0, "b": 0},
        verdict="not_yet",
        says="Not seen within 4 s",
    ),
    Case(
        "the symptom can no longer go",
        (S("a"),),
        "rolled_back",
        {"a": 0},
        verdict="failed",
        says="Verification failed",
    ),
    Case(
        "the symptom cannot be read",
        (S("a"),),
        "rolled_back",
        {"a": 0},
        verdict="unknown",
        says="not known: no metrics",
    ),
    Case(
        "what was so before is not taken back",
        (S("a"), S("b")),
        "rolled_back",
        {"a": 1, "b": 0},
        verdict="failed",
        start={"a": 1},
    ),
    Case(
        "nothing to take back",
        (S("a", undo="none"),),
        "failed",
        {"a": 1},
        verdict="failed",
        says="Nothing can be taken back",
    ),
    Case(
        "one step cannot be taken back",
        (S("a"), S("b", undo="cannot"), S("c", undo="none")),
        "failed",
        {"a": 0, "b": 1, "c": 1},
        verdict="failed",
        says="this remains: b:0->1, which cannot be undone: it is sent",
    ),
    Case(
        "the undo's answers are lost",
        (S("a"), S("b")),
        "rolled_back",
        {"a": 0, "b": 0},
        verdict="failed",
        answers={"a:1->0": ["lost_before"], "b:1->0": ["lost_after"]},
    ),
    Case(
        "the undo is refused once",
        (S("a"), S("b")),
        "rolled_back",
        {"a": 0, "b": 0},
        verdict="failed",
        answers={"b:1->0": ["retry"]},
    ),
    Case(
        "the undo is refused",
        (S("a"), S("b")),
        "failed",
        {"a": 1, "b": 1},
        verdict="failed",
        answers={"b:1->0": ["fail"] * 9},
        says="Still in place: a:0->1; b:0->1. A person must act.",
    ),
)


def run_of(case: Case, deaths: frozenset[int] = frozenset()) -> runs.Run:
    setting = fakes.Setting()
    setting.reality.values.update(case.start)
    setting.reality.answer = Script({name: list(all_) for name, all_ in case.answers.items()})
    setting.reality.symptom = _symptom(case.verdict)
    plan = fakes.plan_of(case.steps, checks=case.checks, verify_within_s=case.within_s)
    item = fakes.change_of(plan)
    return runs.Run(item=item, setting=setting, deaths=deaths)


def _symptom(verdict: str) -> Callable[[], Look | Unknown]:
    looks: dict[str, Look | Unknown] = {
        "passed": Look("passed", "gone"),
        "not_yet": Look("not_yet", "still there"),
        "failed": Look("failed", "it got worse"),
        "unknown": Unknown("no metrics"),
    }
    return lambda: looks[verdict]


def check(case: Case, run: runs.Run) -> None:
    item = run.finish()
    assert item.state == case.ends, item.outcome
    assert run.setting.reality.values == case.values | {
        key: value for key, value in run.setting.reality.values.items() if key not in case.values
    }
    for key, value in case.values.items():
        assert run.setting.reality.value(key) == value
    assert case.says in item.outcome
    twice = {name: count for name, count in run.setting.reality.applied.items() if count > 1}
    assert not twice, f"done twice: {twice}"
    assert all(b in transitions.TABLE[a] for a, b in itertools.pairwise(run.states))  # type: ignore[index]  # states are literals
    assert [line.number for line in item.journal] == list(range(1, len(item.journal) + 1))
    _every_effect_has_an_intent(case, run)


def _every_effect_has_an_intent(case: Case, run: runs.Run) -> None:
    intents = Counter(
        line.text for line in run.item.journal if line.phase in ("intent", "undo_intent")
    )
    for name, count in run.setting.reality.applied.items():
        assert intents[name] >= count, f"{name} was done without a written intent"


def names(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", CASES, ids=names)
def test_without_interruption(case: Case) -> None:
    check(case, run_of(case))


@pytest.mark.parametrize("case", CASES, ids=names)
def test_from_every_interruption(case: Case) -> None:
    for death in range(_length(case, frozenset())):
        check(case, run_of(case, frozenset({death})))


@pytest.mark.parametrize("case", CASES, ids=names)
def test_from_every_two_interruptions(case: Case) -> None:
    for first in range(_length(case, frozenset())):
        for second in range(first + 1, _length(case, frozenset({first}))):
            check(case, run_of(case, frozenset({first, second})))


def _length(case: Case, deaths: frozenset[int]) -> int:
    run = run_of(case, deaths)
    run.finish()
    return run.count


def test_something_else_changed_the_value_in_between() -> None:
    """What was approved would now do something else: it is not done."""
    run = run_of(Case("", (S("a"), S("b")), "", {}))
    run.setting.reality.values["b"] = 7
    item = run.finish()
    assert item.state == "rolled_back"
    assert "b is 7, neither 0 nor 1." in item.outcome
    assert run.setting.reality.values == {"a": 0, "b": 7}


def test_an_open_step_that_reads_as_something_else_is_taken_back_by_looking() -> None:
    run = run_of(Case("", (S("a"),), "", {}, answers={"a:0->1": ["lost_after"]}))
    while run.item.state != "unknown":
        run.states = run.states or [run.item.state]
        run.step()
    run.setting.reality.values["a"] = 9
    item = run.finish()
    assert item.state == "failed"
    assert "Still in place: a:0->1 (perhaps)" in item.outcome
    assert run.setting.reality.values == {"a": 9}


def test_an_outcome_that_cannot_be_read_waits_and_is_then_settled() -> None:
    run = run_of(Case("", (S("a"), S("b")), "", {}, answers={"a:0->1": ["lost_after"]}))
    ends = run.setting.clock.now() + timedelta(minutes=10)
    run.setting.reality.observe_fails = lambda _: (
        "the broker is away"
        if run.setting.reality.applied and run.setting.clock.now() < ends
        else ""
    )
    item = run.finish()
    assert item.state == "succeeded"
    assert run.states == ["approved", "running", "unknown", "running", "verifying", "succeeded"]
    assert item.started_at is not None
    assert run.setting.clock.now() >= ends
    assert len(item.journal) < 10, "waiting writes nothing"


def test_an_outcome_that_can_never_be_read_is_given_to_a_person() -> None:
    run = run_of(Case("", (S("a"),), "", {}, answers={"a:0->1": ["lost_after"]}))
    run.setting.reality.observe_fails = lambda _: (
        "the broker is away" if run.setting.reality.applied else ""
    )
    item = run.finish(limit=9000)
    assert item.state == "failed"
    assert "Nobody knows whether this was done: a:0->1" in item.outcome


def test_an_undo_that_can_never_be_read_is_given_to_a_person() -> None:
    run = run_of(Case("", (S("a"),), "", {}, verdict="failed", answers={"a:1->0": ["lost_after"]}))
    run.setting.reality.observe_fails = lambda _: (
        "the broker is away" if run.setting.reality.applied["a:1->0"] else ""
    )
    item = run.finish(limit=9000)
    assert item.state == "failed"
    assert "Taking it back failed: how it stands could not be read" in item.outcome


def test_a_step_that_cannot_be_read_before_it_is_begun_is_not_begun() -> None:
    run = run_of(Case("", (S("a"), S("b")), "", {}))
    run.setting.reality.observe_fails = lambda key: "no right to read it" if key == "b" else ""
    item = run.finish()
    assert item.state == "rolled_back"
    assert run.setting.reality.applied == {"a:0->1": 1, "a:1->0": 1}


def test_a_step_that_never_takes_effect_is_given_up() -> None:
    run = run_of(Case("", (S("a"),), "", {}, answers={"a:0->1": ["lost_before"] * 50}))
    run.patience = pace.Pace(attempts=3)
    item = run.finish()
    assert item.state == "failed"
    assert "Nothing was done. Tried 3 times without effect" in item.outcome


def test_an_undo_that_does_not_show_is_given_to_a_person() -> None:
    run = run_of(Case("", (S("a"),), "", {}, verdict="failed"))
    real = run.setting.catalogue.operations["set"]

    class Liar:
        kind = "set"
        observe = real.observe

        def apply(self, arguments: change.Arguments, _world: object) -> object:
            if arguments["after"] == 0:
                return Applied("yes, yes")
            return real.apply(arguments, run.setting.world)

    run.setting.catalogue.operations["set"] = Liar()  # type: ignore[index]  # a fake
    item = run.finish()
    assert item.state == "failed"
    assert "it does not show: a is 1" in item.outcome


def test_a_lost_answer_may_still_arrive() -> None:
    """Not done counts only some time after: an answer that was lost may be a request on its way."""
    run = run_of(Case("", (S("a"),), "", {}, answers={"a:0->1": ["lost_before"]}))
    run.states = [run.item.state]
    while run.item.state != "unknown":
        run.step()
    lost_at = run.setting.clock.now()
    run.step()
    run.setting.reality.values["a"] = 1  # it arrives while Headgate waits
    item = run.finish()
    assert item.state == "succeeded"
    assert run.setting.reality.applied == {}
    assert run.setting.clock.now() > lost_at


def test_a_hold_begins_anew_when_another_engine_takes_over() -> None:
    run = run_of(Case("", (), "", {}, checks=(HELD,)))
    run.states = [run.item.state]
    while not run.item.journal:
        run.step()
    run.setting.clock.turn(2.5)
    run.die()
    before = run.setting.clock.now()
    assert run.finish().state == "succeeded"
    assert (run.setting.clock.now() - before).total_seconds() >= HELD.hold_s


def test_a_hold_is_broken_by_one_bad_look() -> None:
    run = run_of(Case("", (), "", {}, checks=(HELD,), within_s=30.0))
    start = run.setting.clock.now()

    def symptom() -> Look:
        second = (run.setting.clock.now() - start).total_seconds()
        return Look("not_yet", "back again") if 2 <= second < 3 else Look("passed", "gone")

    run.setting.reality.symptom = symptom
    item = run.finish()
    assert item.state == "succeeded"
    assert (run.setting.clock.now() - start).total_seconds() >= 6
    assert [line.outcome for line in item.journal] == ["passed", "not_yet", "passed"]


def test_a_check_that_passes_before_the_deadline_may_finish_its_hold() -> None:
    run = run_of(Case("", (), "", {}, checks=(HELD,), within_s=30.0))
    start = run.setting.clock.now()
    run.setting.reality.symptom = lambda: (
        Look("passed", "gone")
        if (run.setting.clock.now() - start).total_seconds() >= 29
        else Look("not_yet", "not yet")
    )
    assert run.finish().state == "succeeded"
    assert 32 <= (run.setting.clock.now() - start).total_seconds() < 34


def test_only_what_is_read_after_the_last_step_counts() -> None:
    run = run_of(Case("", (S("a"),), "", {}))
    item = run.finish()
    done = next(line for line in item.journal if line.phase == "result")
    assert set(run.setting.symptom.since) == {done.at}


def test_an_intent_is_written_before_anything_is_sent() -> None:
    run = run_of(Case("", (S("a"),), "", {}))
    run.states = [run.item.state]
    while run.item.state != "verifying":
        applied = bool(run.setting.reality.applied)
        intents = [line for line in run.item.journal if line.phase == "intent"]
        assert intents or not applied
        run.step()


def test_after_its_end_nothing_is_left_to_do() -> None:
    run = run_of(Case("", (S("a"),), "", {}))
    run.finish()
    now = run.setting.clock.now()
    effect = course.decide(run.item, None, now=now, fence=1, pace=runs.PATIENT)
    assert effect == effects.Over()
