"""Performs the effects that read or touch a cluster, and turns every way they fail into a value."""

from dataclasses import dataclass, replace

import structlog

from headgate.actions import interface
from headgate.actions.interface import Applied, Done, Failed, Lost, NotDone, Unsafe
from headgate.changes import effects
from headgate.domain import change
from headgate.domain.unknown import Unknown
from headgate.ports import errors

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What touches one cluster for the engine."""

    catalogue: interface.Catalogue
    world: interface.World

    def observe(self, item: change.Change, effect: effects.Observe) -> effects.Saw:
        """How the step, or its undo, stands; not known where it cannot be read."""
        return effects.Saw(
            effect.step,
            effect.undo,
            self._observe(item, _operation(item, effect.step, effect.undo)),
        )

    def apply(self, item: change.Change, effect: effects.Apply) -> effects.Answered:
        """What doing the step, or its undo, came to; lost where nobody can tell."""
        return effects.Answered(
            effect.step, effect.undo, self._apply(item, _operation(item, effect.step, effect.undo))
        )

    def look(self, item: change.Change, effect: effects.LookAtChecks) -> effects.Looked:
        """What each check of the plan sees now."""
        return effects.Looked(tuple(self._look(item, check, effect) for check in item.plan.checks))

    def changed(self, item: change.Change) -> effects.Opened:
        """Whether the plan's preconditions read as they did at the preview."""
        for condition in item.plan.preconditions:
            reading = self._fingerprint(item, condition)
            if isinstance(reading, Unknown):
                return effects.Opened(waits=f"{condition.sentence}: {reading}")
            if reading != condition.fingerprint:
                return effects.Opened(
                    void=f"{condition.sentence}: it read {condition.fingerprint!r} at the"
                    f" preview, and reads {reading!r} now"
                )
        return effects.Opened()

    def _observe(
        self, item: change.Change, operation: change.Operation
    ) -> Done | NotDone | Unsafe | Unknown:
        kind = self.catalogue.operations.get(operation.kind)
        if kind is None:
            return Unknown(f"this Headgate knows no operation {operation.kind}")
        try:
            return kind.observe(operation.arguments, self._at(item))
        except errors.PortError as error:
            return Unknown(str(error))
        except Exception as error:  # noqa: BLE001 (a faulty kind must not stop other changes)
            return Unknown(_fault("observe", operation.kind, error))

    def _apply(self, item: change.Change, operation: change.Operation) -> Applied | Failed | Lost:
        kind = self.catalogue.operations.get(operation.kind)
        if kind is None:
            return Failed(f"This Headgate knows no operation {operation.kind}")
        try:
            return kind.apply(operation.arguments, self._at(item))
        except (errors.Refused, errors.NotAllowed) as error:
            return Failed(str(error))
        except errors.PortError as error:
            # even "nothing answers" may come after the request went out: reading decides
            return Lost(str(error))
        except Exception as error:  # noqa: BLE001 (a faulty kind must not stop other changes)
            return Lost(_fault("apply", operation.kind, error))

    def _look(
        self, item: change.Change, check: change.Check, effect: effects.LookAtChecks
    ) -> interface.Look | Unknown:
        kind = self.catalogue.checks.get(check.kind)
        if kind is None:
            return Unknown(f"this Headgate knows no check {check.kind}")
        try:
            return kind.look(check.arguments, self._at(item), effect.since)
        except errors.PortError as error:
            return Unknown(str(error))
        except Exception as error:  # noqa: BLE001 (a faulty kind must not stop other changes)
            return Unknown(_fault("look", check.kind, error))

    def _fingerprint(self, item: change.Change, condition: change.Precondition) -> str | Unknown:
        kind = self.catalogue.preconditions.get(condition.kind)
        if kind is None:
            return Unknown(f"this Headgate knows no precondition {condition.kind}")
        try:
            return kind.fingerprint(condition.arguments, self._at(item))
        except errors.PortError as error:
            return Unknown(str(error))
        except Exception as error:  # noqa: BLE001 (a faulty kind must not stop other changes)
            return Unknown(_fault("fingerprint", condition.kind, error))

    def _at(self, item: change.Change) -> interface.World:
        """The world, with the change that is carried out in it."""
        return replace(self.world, change=item.id)


def _operation(item: change.Change, step: int, undo: bool) -> change.Operation:
    chosen = item.plan.steps[step].undo if undo else item.plan.steps[step].do
    if not isinstance(chosen, change.Operation):
        raise AssertionError(f"step {step} of {item.id} has no undo to do")
    return chosen


def _fault(verb: str, kind: str, error: Exception) -> str:
    _log.error(
        "An operation or check of the catalogue failed in itself",
        event_key="kind.fault",
        verb=verb,
        kind=kind,
        exc_info=error,
    )
    return f"{kind} failed in itself ({type(error).__name__}: {error})"
