"""Random courses of several changes, with engines that die, answers that get lost and ground that
moves: whatever happens, every change ends, and the world is as its ending says.
"""

import itertools
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)
from tests.unit.changes import fakes

from headgate.actions.interface import Look
from headgate.audit import verify
from headgate.changes import engine, pace, transitions
from headgate.domain import change, resource
from headgate.ports import store as ports
from headgate.store import database

ANSWERS = ("", "", "", "lost_before", "lost_after", "retry", "fail")
PATIENT = pace.Pace(attempts=30)


class Died(BaseException):
    """The engine's process ended here."""


class Machine(RuleBasedStateMachine):
    """Two engines on one database, one fake cluster."""

    changes = Bundle("changes")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = database.open_store(f"sqlite:///{Path(self.folder.name) / 'x.db'}")
        self.setting = fakes.Setting()
        self.setting.reality.answer = self._answer
        self.setting.reality.took_effect = self._perhaps_die
        self.setting.reality.symptom = lambda: self.symptom
        self.symptom = Look("passed", "gone")
        self.names = itertools.count()
        self.answers: list[str] = []
        self.deadly = 0
        self.disturbed: set[str] = set()
        self.states: dict[str, list[str]] = {}
        self.engines: dict[int, engine.Engine] = {}

    @initialize()
    def _begin(self) -> None:
        for number in range(2):
            self._start(number)

    def _start(self, number: int) -> None:
        self.engines[number] = engine.Engine(
            store=self.store,
            catalogue=self.setting.catalogue,
            worlds={"orders": self.setting.world},
            boundary=self.setting.boundary,
            clock=self.setting.clock,
            holder=f"engine-{number}-{next(self.names)}",
            on_change=self._changed,
            pace=PATIENT,
        )

    def _changed(self, _change_id: str) -> None:
        """Called after each commit: one of the places where an engine dies."""
        self._perhaps_die()

    def _answer(self, _sentence: str) -> str:
        """Called before an operation takes effect: another one; after it is a third."""
        self._perhaps_die()
        return self.answers.pop() if self.answers else ""

    def _perhaps_die(self, _sentence: str = "") -> None:
        if self.deadly:
            self.deadly -= 1
            if not self.deadly:
                raise Died

    @rule(
        target=changes,
        keys=st.integers(1, 4),
        undo=st.sampled_from(["back", "back", "none", "cannot"]),
    )
    def propose(self, keys: int, undo: str) -> str:
        """A change with some steps, each on a value of its own."""
        change_id = f"c{next(self.names)}"
        steps = tuple(fakes.set_step(f"{change_id}.{key}", undo=undo) for key in range(keys))
        plan = replace(fakes.plan_of(steps), target=resource.Resource("group", f"g{keys % 2}"))
        now = self.setting.clock.now()
        item = fakes.change_of(
            plan,
            change_id=change_id,
            proposed_at=now,
            state_since=now,
            expires_at=now + timedelta(days=9),
        )
        with self.store.begin() as work:
            work.changes.insert(item)
        return change_id

    @rule(
        number=st.integers(0, 1),
        steps=st.integers(1, 30),
        dies_after=st.sampled_from(range(9)),
        answers=st.lists(st.sampled_from(ANSWERS), min_size=2, max_size=6),
    )
    def run(self, number: int, steps: int, dies_after: int, answers: list[str]) -> None:
        """One of the engines goes on; time passes where it has nothing to do; its calls go as
        said, and it may die after a commit, before a call's effect or after it.
        """
        self.answers, self.deadly = answers, dies_after
        try:
            for _ in range(steps):
                if not self.engines[number].run_once():
                    self.setting.clock.turn(1.0)
        except Died:
            self._start(number)
        self.deadly = 0

    @rule(verdict=st.sampled_from(["passed", "not_yet", "failed"]))
    def see(self, verdict: str) -> None:
        """The symptom is gone, still there, or worse."""
        self.symptom = Look(verdict, verdict)  # type: ignore[arg-type]  # one of the three

    @rule(change_id=changes, key=st.integers(0, 3))
    def disturb(self, change_id: str, key: int) -> None:
        """Somebody else sets a value that a change is about."""
        self.setting.reality.values[f"{change_id}.{key}"] = 7
        self.disturbed.add(change_id)

    @invariant()
    def moves_are_legal(self) -> None:
        """Every change moved along the table, however it was interrupted."""
        for item in self._all():
            seen = self.states.setdefault(item.id, [])
            if not seen or seen[-1] != item.state:
                seen.append(item.state)
            numbers = [line.number for line in item.journal]
            assert numbers == list(range(1, len(numbers) + 1))
            fences = [line.fence for line in item.journal]
            assert fences == sorted(fences)

    def teardown(self) -> None:
        """All goes well from here: every change ends, and the world is as its ending says."""
        self.deadly, self.answers, self.symptom = 0, [], Look("passed", "gone")
        self.setting.clock.turn(60.0)
        last = 0
        for _ in range(1500):
            if not self.engines[0].run_once():
                self.setting.clock.turn(1.0)
                last += 1
            if last > 5 and all(item.state in transitions.FINAL for item in self._all()):
                break
        for item in self._all():
            self._judge(item)
        verdict = verify.stored(self.store)
        assert verdict.intact, verdict.text
        self.store.close()
        self.folder.cleanup()

    def _judge(self, item: change.Change) -> None:
        assert item.state in ("succeeded", "rolled_back", "failed"), item.state
        if item.id in self.disturbed:
            return  # what it ends in depends on who came last; that it ends is enough
        values = [self.setting.reality.value(f"{item.id}.{n}") for n in range(len(item.plan.steps))]
        undos = [step.undo for step in item.plan.steps]
        if item.state == "succeeded":
            assert values == [1] * len(values)
        elif item.state == "rolled_back":
            assert all(
                value == 0
                for value, undo in zip(values, undos, strict=True)
                if isinstance(undo, change.Operation)
            )
        else:
            for key, value in enumerate(values):
                told = f"{item.id}.{key}:0->1" in item.outcome or undos[key] is None
                assert value == 0 or told, f"{item.outcome} does not tell of step {key}"
        for name, count in self.setting.reality.applied.items():
            assert count == 1 or name.split(".")[0] in self.disturbed, (
                f"{name} was done {count} times"
            )

    def _all(self) -> list[change.Change]:
        with self.store.read() as work:
            listed = work.changes.page(limit=500).items
            return [_found(work, item.id) for item in listed]


def _found(work: ports.Work, change_id: str) -> change.Change:
    item = work.changes.get(change_id)
    assert item is not None
    return item


TestMachine = Machine.TestCase
TestMachine.settings = hypothesis.settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
