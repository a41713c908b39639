"""What is looked at again before a change starts, and what people can still do meanwhile."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from tests.integration.changes.conftest import Opener
from tests.integration.changes.test_engine import engine_of, finish, kept, put
from tests.unit.changes import fakes

from headgate.actions import interface
from headgate.actions.interface import Applied, Look, NotDone
from headgate.changes import approvals, errors, pace, proposal, record
from headgate.domain import change, resource
from headgate.domain.unknown import Unknown
from headgate.ports import errors as port_errors
from headgate.ports import store as ports


def proposed(
    store: ports.Store, setting: fakes.Setting, change_id: str = "c1", **given: object
) -> change.Change:
    """A change that Mira asked for."""
    made = proposal.propose(
        proposal.Desk(catalogue=setting.catalogue, boundary=setting.boundary),
        setting.world,
        interface.Origin(requester=fakes.MIRA, rationale="please"),
        change_id=change_id,
        action=fakes.ACTION,
        given={"keys": ["a"], "value": 1, **given},
    )
    with store.begin() as work:
        record.save(work, made)
    return made.item


def approve(store: ports.Store, setting: fakes.Setting) -> None:
    item = kept(store)
    given = approvals.approve(item, fakes.OMAR, digest=item.digest, at=setting.clock.now())
    with store.begin() as work:
        record.save(work, given)


def notes(store: ports.Store) -> list[str]:
    return [line.text for line in kept(store).journal if line.phase == "note"]


def test_the_kill_switch_holds_back_what_has_not_begun(
    store: ports.Store, setting: fakes.Setting
) -> None:
    proposed(store, setting)
    setting.kill = True
    one = engine_of(store, setting)
    finish(one, setting, 10)
    assert kept(store).state == "approved"
    assert notes(store)[-1] == "Waits: the kill switch is on"
    assert len(notes(store)) == 2, "it is said once"
    setting.kill = False
    finish(one, setting, 20)
    assert kept(store).state == "succeeded"


def test_the_kill_switch_lets_what_has_begun_come_to_its_end(
    store: ports.Store, setting: fakes.Setting
) -> None:
    put(store, fakes.change_of(fakes.plan_of((fakes.set_step("a"), fakes.set_step("b")))))
    one = engine_of(store, setting)
    one.run_once()
    one.run_once()
    setting.kill = True
    finish(one, setting, 20)
    assert kept(store).state == "succeeded"


@pytest.mark.parametrize(
    ("budget", "says"),
    [(0, "the budget of group.reset_offsets is spent"), (Unknown("no answer"), "no answer")],
)
def test_a_spent_or_unread_budget_holds_back(
    store: ports.Store, setting: fakes.Setting, budget: int | Unknown, says: str
) -> None:
    plan = fakes.plan_of((fakes.set_step("a"),))
    known = replace(plan, facts=replace(plan.facts, budget_left=3))
    put(store, fakes.change_of(known))
    setting.budget = budget
    one = engine_of(store, setting)
    finish(one, setting, 5)
    assert kept(store).state == "approved"
    assert says in notes(store)[-1]
    setting.budget = 1
    finish(one, setting, 20)
    assert kept(store).state == "succeeded"


def test_one_change_at_a_time_on_one_target(store: ports.Store, setting: fakes.Setting) -> None:
    setting.reality.symptom = lambda: Look("not_yet", "not yet")
    put(store, fakes.change_of(fakes.plan_of((fakes.set_step("a"),))))
    put(store, fakes.change_of(fakes.plan_of((fakes.set_step("b"),)), change_id="c2"))
    elsewhere = replace(
        fakes.plan_of((fakes.set_step("c"),)), target=resource.Resource("group", "other")
    )
    put(store, fakes.change_of(elsewhere, change_id="c3"))
    one = engine_of(store, setting)
    for _ in range(10):
        one.run_once()
    assert [kept(store, one_id).state for one_id in ("c1", "c2", "c3")] == [
        "verifying",
        "approved",
        "verifying",
    ]
    assert "c1 is under way on group:billing" in kept(store, "c2").journal[-1].text
    setting.reality.symptom = lambda: Look("passed", "gone")
    finish(one, setting, 30)
    assert kept(store, "c2").state == "succeeded"


def test_a_watch_holds_nothing_back_on_its_target(
    store: ports.Store, setting: fakes.Setting
) -> None:
    setting.reality.symptom = lambda: Look("not_yet", "not yet")
    put(store, fakes.change_of(fakes.plan_of(())))
    put(store, fakes.change_of(fakes.plan_of((fakes.set_step("b"),)), change_id="c2"))
    one = engine_of(store, setting)
    for _ in range(10):
        one.run_once()
    assert [kept(store, one_id).state for one_id in ("c1", "c2")] == ["verifying", "verifying"]
    setting.reality.symptom = lambda: Look("passed", "gone")
    finish(one, setting, 30)
    assert [kept(store, one_id).state for one_id in ("c1", "c2")] == ["succeeded", "succeeded"]


def test_a_change_whose_ground_has_moved_is_planned_and_decided_anew(
    store: ports.Store, setting: fakes.Setting
) -> None:
    setting.boundary.lane = "approve"
    first = proposed(store, setting)
    approve(store, setting)
    setting.reality.values["a"] = 5
    one = engine_of(store, setting)
    finish(one, setting, 10)
    item = kept(store)
    assert item.state == "waiting_approval"
    assert item.approvals == ()
    assert item.digest != first.digest
    assert item.plan.steps[0].do.sentence == "a:5->1"
    assert "Void: a is as it was: it read '0' at the preview, and reads '5' now" in notes(store)
    assert not setting.reality.applied
    approve(store, setting)
    one.wake()
    finish(one, setting, 20)
    assert kept(store).state == "succeeded"
    assert setting.reality.applied == {"a:5->1": 1}


def test_a_change_decided_under_other_policies_is_decided_anew(
    store: ports.Store, setting: fakes.Setting
) -> None:
    proposed(store, setting)
    setting.boundary.lane, setting.boundary.version = "refuse", "v2"
    finish(engine_of(store, setting), setting, 10)
    assert kept(store).state == "refused"


def test_a_precondition_that_cannot_be_read_is_waited_for(
    store: ports.Store, setting: fakes.Setting
) -> None:
    proposed(store, setting)
    setting.reality.observe_fails = lambda _: "the coordinator is away"
    one = engine_of(store, setting)
    finish(one, setting, 5)
    assert kept(store).state == "approved"
    assert "the coordinator is away" in notes(store)[-1]
    setting.reality.observe_fails = lambda _: ""
    finish(one, setting, 20)
    assert kept(store).state == "succeeded"


def test_an_approval_that_expired_is_asked_for_again(
    store: ports.Store, setting: fakes.Setting
) -> None:
    setting.boundary.lane = "approve"
    proposed(store, setting)
    approve(store, setting)
    setting.kill = True
    one = engine_of(store, setting)
    finish(one, setting, 5)
    setting.clock.turn(pace.Terms().approval.total_seconds())
    setting.kill = False
    finish(one, setting, 5)
    assert kept(store).state == "waiting_approval"
    assert "Void: the approval by omar has expired" in notes(store)


def test_what_was_altered_in_the_database_does_not_run(
    store: ports.Store, setting: fakes.Setting
) -> None:
    honest = fakes.change_of(fakes.plan_of((fakes.set_step("a"),)))
    forged = replace(honest, plan=fakes.plan_of((fakes.set_step("a", 0, 99),)))
    put(store, forged)
    finish(engine_of(store, setting), setting, 10)
    assert "Void: what is stored is not what was shown" in notes(store)
    assert 99 not in setting.reality.values.values()


def test_what_is_not_decided_in_time_expires(store: ports.Store, setting: fakes.Setting) -> None:
    setting.boundary.lane = "approve"
    proposed(store, setting)
    setting.boundary.lane = "review"
    proposed(store, setting, "c2")
    one = engine_of(store, setting)
    finish(one, setting, 3)
    setting.clock.turn(pace.Terms().approve.total_seconds())
    finish(one, setting, 3)
    assert kept(store).state == "expired"
    assert kept(store).outcome == "Not run before 2026-03-02 12:00 UTC"
    assert kept(store, "c2").state == "in_review"
    setting.clock.turn(pace.Terms().review.total_seconds())
    finish(one, setting, 3)
    assert kept(store, "c2").state == "expired"


def test_what_can_no_longer_be_planned_is_cancelled(
    store: ports.Store, setting: fakes.Setting
) -> None:
    item = proposed(store, setting)
    setting.reality.values["a"] = 5
    cast(Any, setting.catalogue.actions).pop(fakes.ACTION)
    finish(engine_of(store, setting), setting, 10)
    assert kept(store).state == "cancelled"
    assert f"Headgate has no action '{item.action}'" in kept(store).outcome


def test_planning_anew_waits_for_a_cluster_that_is_away(
    store: ports.Store, setting: fakes.Setting
) -> None:
    proposed(store, setting)
    setting.reality.values["a"] = 5
    real = setting.catalogue.actions[fakes.ACTION]
    away = True

    class Away:
        code, title = real.code, real.title
        parameters, example = real.parameters, real.example

        def plan(self, *given: Any) -> change.Plan:
            if away:
                raise port_errors.Unreachable("Nothing answers", where="10.0.0.1:9092")
            return real.plan(*given)

    cast(Any, setting.catalogue.actions)[fakes.ACTION] = Away()
    one = engine_of(store, setting)
    finish(one, setting, 10)
    assert kept(store).state == "proposed"
    away = False
    finish(one, setting, 30)
    assert kept(store).state == "succeeded"


def test_a_change_cancelled_at_the_last_moment_does_not_run(
    opener: Opener, setting: fakes.Setting
) -> None:
    store = opener()
    proposed(store, setting)

    def cancel_first(_key: str) -> str:
        """While the engine re-reads its ground, Mira cancels."""
        if kept(store).state == "approved":
            gone = approvals.cancel(kept(store), fakes.MIRA, at=setting.clock.now())
            with store.begin() as work:
                record.save(work, gone)
        return ""

    setting.reality.observe_fails = cancel_first
    finish(engine_of(opener(), setting), setting, 10)
    assert kept(store).state == "cancelled"
    assert not setting.reality.applied


def test_what_runs_cannot_be_cancelled(store: ports.Store, setting: fakes.Setting) -> None:
    proposed(store, setting)
    engine_of(store, setting).run_once()
    with pytest.raises(errors.WrongState, match="is running and cannot become cancelled"):
        approvals.cancel(kept(store), fakes.MIRA, at=setting.clock.now())


# faults


def test_a_kind_that_fails_in_itself_stops_only_its_own_change(
    store: ports.Store, setting: fakes.Setting
) -> None:
    class Broken:
        kind = "broken"

        def observe(self, _arguments: object, _world: object) -> NotDone:
            return NotDone("not done")

        def apply(self, _arguments: object, _world: object) -> Applied:
            raise ZeroDivisionError("oops")

    cast(Any, setting.catalogue.operations)["broken"] = Broken()
    do = change.Operation(kind="broken", sentence="break")
    strange = change.Operation(kind="from.the.future", sentence="do what nobody knows")
    for number, operation in enumerate((do, strange)):
        plan = fakes.plan_of((change.Step(do=operation, undo=None),))
        other = replace(plan, target=resource.Resource("group", f"g{number}"))
        put(store, fakes.change_of(other, change_id=f"bad{number}"))
    put(store, fakes.change_of(fakes.plan_of((fakes.set_step("a"),))))
    one = engine_of(store, setting)
    finish(one, setting, 200)
    assert kept(store).state == "succeeded"
    assert kept(store, "bad0").state == "failed"
    assert any("ZeroDivisionError: oops" in line.text for line in kept(store, "bad0").journal)
    assert kept(store, "bad1").state == "failed"
    assert "knows no operation from.the.future" in kept(store, "bad1").outcome


def test_a_listener_that_fails_stops_nothing(store: ports.Store, setting: fakes.Setting) -> None:
    put(store, fakes.change_of(fakes.plan_of((fakes.set_step("a"),))))

    def listener(_change_id: str) -> None:
        raise RuntimeError("the page is gone")

    finish(engine_of(store, setting, on_change=listener), setting, 20)
    assert kept(store).state == "succeeded"


def test_a_result_that_finds_no_room_is_written_when_there_is_some(
    store: ports.Store, setting: fakes.Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, fakes.change_of(fakes.plan_of((fakes.set_step("a"),))))
    one = engine_of(store, setting)
    one.run_once()
    one.run_once()
    real = record.save
    full = True

    def save(work: ports.Work, one_record: record.Record) -> None:
        if full:
            raise ports.Full("There is no room for the database")
        real(work, one_record)

    monkeypatch.setattr(record, "save", save)
    for _ in range(3):
        with pytest.raises(ports.Full):
            one.run_once()
    full = False
    finish(one, setting, 20)
    assert kept(store).state == "succeeded"
    assert setting.reality.applied == {"a:0->1": 1}


def test_waiting_costs_no_writes(store: ports.Store, setting: fakes.Setting) -> None:
    setting.reality.symptom = lambda: Look("not_yet", f"lag at {setting.clock.now()}")
    put(store, fakes.change_of(fakes.plan_of((), verify_within_s=600)))
    one = engine_of(store, setting)
    finish(one, setting, 100)
    assert kept(store).state == "verifying"
    assert len(kept(store).journal) == 1
    assert kept(store).state_since <= setting.clock.now() - timedelta(seconds=60)
