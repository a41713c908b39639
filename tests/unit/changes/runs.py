"""Runs the pure course of a change to its end, with the engine dying wherever a test wants."""

from dataclasses import dataclass, field
from typing import assert_never

from tests.unit.changes import fakes

from headgate.changes import course, effects, hands, pace, transitions
from headgate.domain import change

PATIENT = pace.Pace(attempts=12)
"""Every death in mid-step counts as a try; these tests die more often than engines do."""


@dataclass
class Run:
    """One change with everything durable about it; what is only known is lost at each death."""

    item: change.Change
    setting: fakes.Setting
    deaths: frozenset[int] = frozenset()
    """Numbers of the effects after which the engine dies, before it has noted what they came to.

    Dying before an effect is dying after the one before it: there are no other moments.
    """
    fence: int = 1
    count: int = 0
    """Effects begun so far."""
    seen: effects.Seen | None = None
    states: list[str] = field(default_factory=list)
    patience: pace.Pace = PATIENT

    def finish(self, limit: int = 2000) -> change.Change:
        """The change at its end."""
        self.states = [self.item.state]
        while self.item.state not in transitions.FINAL:
            if self.count > limit:
                raise AssertionError(f"no end after {limit} effects: {self.item.journal[-5:]}")
            self.step()
        return self.item

    def step(self) -> None:
        """One effect, unless the engine dies first."""
        number = self.count
        self.count += 1
        effect = course.decide(
            self.item,
            self.seen,
            now=self.setting.clock.now(),
            fence=self.fence,
            pace=self.patience,
        )
        self.perform(effect)
        if number in self.deaths:
            self.die()

    def die(self) -> None:
        """What was only known is lost; another engine takes over."""
        self.seen = None
        self.fence += 1

    def perform(self, effect: effects.Effect) -> None:
        """The effect, as the worker performs it."""
        by = hands.Hands(catalogue=self.setting.catalogue, world=self.setting.world)
        match effect:
            case effects.Write(record, then):
                assert record.expect == self.item.state, "an advance starts where the change is"
                self.item = record.item
                self.seen = then
                if self.states[-1] != self.item.state:
                    self.states.append(self.item.state)
            case effects.Observe():
                self.seen = by.observe(self.item, effect)
            case effects.Apply():
                self.seen = by.apply(self.item, effect)
            case effects.LookAtChecks():
                self.seen = by.look(self.item, effect)
            case effects.Open():
                self.seen = by.changed(self.item)
            case effects.Wait(until):
                self.seen = None
                assert until > self.setting.clock.now(), "waiting takes time"
                self.setting.clock.at = until
            case effects.Replan() | effects.Over():
                raise AssertionError(f"{effect} does not belong to these runs")
            case _:
                assert_never(effect)
