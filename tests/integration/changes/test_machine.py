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
    consumes,
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
        self.setting.reality.symptom = lambda: self.symptom
        self.symptom = Look("passed", "gone")
        self.names = itertools.count()
        self.answers: list[str] = []
        self.deadly = 0
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
        """Called while the engine applies: another one."""
        self._perhaps_die()
        return self.answers.pop() if self.answers else ""

    def _perhaps_die(self) -> None:
        if self.deadly:
            self.deadly -= 1
            if not self.deadly:
                raise Died

    @rule(
        target=changes,
        keys=st.integers(0, 4),
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

    @rule(number=st.integers(0, 1), steps=st.integers(1, 8))
    def run(self, number: int, steps: int) -> None:
        """One of the engines goes on; time passes where it has nothing to do."""
        for _ in range(steps):
            try:
                if not self.engines[number].run_once():
                    self.setting.clock.turn(1.0)
            except Died:
                self._start(number)
                return

    @rule(number=st.integers(0, 1))
    def kill(self, number: int) -> None:
        """An engine dies between two steps and another starts in its place."""
        self._start(number)

    @rule(after=st.integers(1, 4))
    def die_soon(self, after: int) -> None:
        """The next engine that works dies after a commit or in the middle of a call."""
        self.deadly = after

    @rule(answers=st.lists(st.sampled_from(ANSWERS), max_size=4))
    def answer(self, answers: list[str]) -> None:
        """The next calls go as said."""
        self.answers = answers

    @rule(verdict=st.sampled_from(["passed", "not_yet", "failed"]))
    def see(self, verdict: str) -> None:
        """The symptom is gone, still there, or worse."""
        self.symptom = Look(verdict, verdict)  # type: ignore[arg-type]  # one of the three

    @rule(seconds=st.sampled_from([1.0, 5.0, 20.0]))
    def wait(self, seconds: float) -> None:
        """Time passes; leases run out."""
        self.setting.clock.turn(seconds)

    @rule(change_id=consumes(changes))
    def forget(self, change_id: str) -> None:
        """Nobody asks for it any more; it goes on."""

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
        values = [self.setting.reality.value(f"{item.id}.{n}") for n in range(len(item.plan.steps))]
        undos = [step.undo for step in item.plan.steps]
        assert item.state in ("succeeded", "rolled_back", "failed"), item.state
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
            assert count == 1, f"{name} was done {count} times"

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
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
