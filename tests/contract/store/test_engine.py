"""The engine runs alike on both databases."""

from collections.abc import Callable

from tests.unit.changes import fakes

from headgate.actions.interface import Look
from headgate.audit import verify
from headgate.changes import engine
from headgate.ports import store as port
from headgate.store import database


def engine_of(store: port.Store, setting: fakes.Setting, holder: str) -> engine.Engine:
    return engine.Engine(
        store=store,
        catalogue=setting.catalogue,
        worlds={"orders": setting.world},
        boundary=setting.boundary,
        clock=setting.clock,
        holder=holder,
    )


def test_a_change_runs_is_verified_and_told_of(store: database.Database) -> None:
    setting = fakes.Setting()
    steps = tuple(fakes.set_step(key) for key in "abc")
    with store.begin() as work:
        work.changes.insert(fakes.change_of(fakes.plan_of(steps)))
    one = engine_of(store, setting, "one")
    while one.run_once():
        pass
    with store.read() as work:
        item = work.changes.get("c1")
    assert item is not None
    assert item.state == "succeeded"
    assert setting.reality.values == {"a": 1, "b": 1, "c": 1}
    assert verify.stored(store).intact


def test_another_process_takes_over_and_takes_back(
    store: database.Database, opener: Callable[[], database.Database]
) -> None:
    setting = fakes.Setting()
    setting.reality.symptom = lambda: Look("failed", "it got worse")
    steps = (fakes.set_step("a"), fakes.set_step("b"))
    with store.begin() as work:
        work.changes.insert(fakes.change_of(fakes.plan_of(steps)))
    one, two = engine_of(store, setting, "one"), engine_of(opener(), setting, "two")
    for _ in range(3):
        assert one.run_once()
        assert not two.run_once(), "the first holds the cluster"
    setting.clock.turn(11.0)
    for _ in range(30):
        if not two.run_once():
            setting.clock.turn(1.0)
    assert not one.run_once()
    with store.read() as work:
        item = work.changes.get("c1")
    assert item is not None
    assert item.state == "rolled_back"
    assert setting.reality.values == {"a": 0, "b": 0}
    assert {line.fence for line in item.journal} == {1, 2}
    assert verify.stored(store).intact
