"""The engine on a real SQLite database with a fake world."""

from tests.unit.changes import fakes

from headgate.actions import interface
from headgate.actions.interface import Look
from headgate.changes import approvals, engine, pace, proposal, record
from headgate.domain import change
from headgate.ports import store as ports


def engine_of(
    store: ports.Store, setting: fakes.Setting, holder: str = "one", **more: object
) -> engine.Engine:
    return engine.Engine(
        store=store,
        catalogue=setting.catalogue,
        worlds={"orders": setting.world},
        boundary=setting.boundary,
        clock=setting.clock,
        holder=holder,
        **more,  # type: ignore[arg-type]  # passed on as given
    )


def put(store: ports.Store, item: change.Change) -> None:
    with store.begin() as work:
        work.changes.insert(item)


def kept(store: ports.Store, change_id: str = "c1") -> change.Change:
    with store.read() as work:
        found = work.changes.get(change_id)
    assert found is not None
    return found


def finish(one: engine.Engine, setting: fakes.Setting, passes: int = 200) -> None:
    for _ in range(passes):
        if not one.run_once():
            setting.clock.turn(1.0)


def test_a_change_runs_to_its_verification(store: ports.Store, setting: fakes.Setting) -> None:
    put(store, fakes.change_of(fakes.plan_of((fakes.set_step("a"), fakes.set_step("b")))))
    told: list[str] = []
    finish(engine_of(store, setting, on_change=told.append), setting, 20)
    item = kept(store)
    assert item.state == "succeeded"
    assert item.outcome == "Verified: the symptom is gone."
    assert [(line.step, line.phase, line.outcome) for line in item.journal] == [
        (0, "intent", ""),
        (0, "result", "done"),
        (1, "intent", ""),
        (1, "result", "done"),
        (0, "check", "passed"),
    ]
    assert set(told) == {"c1"}
    assert setting.reality.values == {"a": 1, "b": 1}
    with store.read() as work:
        told_by_audit = [entry.event.what for entry in work.audit.walk()]
    assert told_by_audit == [
        "change.running",
        "step.intent",
        "step.result",
        "step.intent",
        "step.result",
        "change.verifying",
        "step.check",
        "change.succeeded",
    ]


def test_a_failed_verification_is_taken_back(store: ports.Store, setting: fakes.Setting) -> None:
    setting.reality.symptom = lambda: Look("not_yet", "still there")
    put(store, fakes.change_of(fakes.plan_of((fakes.set_step("a"), fakes.set_step("b")))))
    finish(engine_of(store, setting), setting)
    item = kept(store)
    assert item.state == "rolled_back"
    assert "Not seen within 30 s: the symptom is gone (still there)" in item.outcome
    assert setting.reality.values == {"a": 0, "b": 0}


def test_a_proposal_waits_for_another_person(store: ports.Store, setting: fakes.Setting) -> None:
    setting.boundary.lane = "approve"
    desk = proposal.Desk(catalogue=setting.catalogue, boundary=setting.boundary)
    made = proposal.propose(
        desk,
        setting.world,
        interface.Origin(requester=fakes.MIRA, rationale="please"),
        change_id="c1",
        action=fakes.ACTION,
        given={"keys": ["a", "b"], "value": 7},
    )
    with store.begin() as work:
        record.save(work, made)
    one = engine_of(store, setting, pace=pace.Pace())
    finish(one, setting, 5)
    item = kept(store)
    assert item.state == "waiting_approval"
    given = approvals.approve(item, fakes.OMAR, digest=item.digest, at=setting.clock.now())
    with store.begin() as work:
        record.save(work, given)
    one.wake()
    finish(one, setting, 20)
    assert kept(store).state == "succeeded"
    assert setting.reality.values == {"a": 7, "b": 7}
