"""Carries on the changes of one cluster, one small durable step at a time.

What is under way is kept in memory as it stands in the store: under the lease nobody else writes
it. What waits for people is read anew, because people move it.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from headgate.actions import interface
from headgate.changes import (
    course,
    effects,
    errors,
    hands,
    lease,
    pace,
    proposal,
    record,
    transitions,
)
from headgate.domain import change, diagnosis
from headgate.domain.unknown import Unknown
from headgate.ports import errors as port_errors
from headgate.ports import store as ports

_log = structlog.get_logger(__name__)

_AFTER_FAULT_S = 60.0

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Worker:
    """The engine of one cluster. One thread runs it; ``wake`` may come from any."""

    def __init__(
        self,
        *,
        store: ports.Store,
        desk: proposal.Desk,
        world: interface.World,
        keeper: lease.Keeper,
        on_change: Callable[[str], None],
        pace: pace.Pace,
    ) -> None:
        self._store = store
        self._desk = desk
        self._world = world
        self._keeper = keeper
        self._on_change = on_change
        self._pace = pace
        self._hands = hands.Hands(catalogue=desk.catalogue, world=world)
        self._fence = 0
        self._items: dict[str, change.Change] = {}
        self._seen: dict[str, effects.Seen] = {}
        self._due: dict[str, datetime] = {}
        self._refreshed_at = _LONG_AGO
        self._idle = True
        self._woken = threading.Event()

    def run_once(self) -> bool:
        """Every change that can go on has gone on by one durable step; whether any did.

        Raises:
            StoreError: the database cannot be used; everything stands as it was written.
        """
        held = self._keeper.keep()
        if held is None:
            self._forget()
            self._woken.clear()
            return False
        if held.fence != self._fence:
            self._forget()
            self._fence = held.fence
        self._refresh_if_due()
        progressed = False
        for change_id in tuple(self._items):
            if self._due.get(change_id, _LONG_AGO) <= self._now():
                progressed |= self._guarded(change_id, held)
                if self._keeper.held() is None:
                    break
        self._idle = not progressed
        return progressed

    def run(self, stop: threading.Event) -> None:
        """Runs until ``stop``, then gives the lease back; a database that fails is tried again."""
        beat = threading.Thread(
            target=self._keeper.beat, args=(stop,), name=self._keeper.name, daemon=True
        )
        beat.start()
        while not stop.is_set():
            try:
                pause_s = 0.0 if self.run_once() else self._pause_s()
            except ports.StoreError as error:
                _log.warning(
                    "The engine cannot use the database",
                    event_key="engine.store",
                    cluster=self._world.cluster,
                    reason=str(error),
                )
                pause_s = self._pace.refresh_s
            if pause_s and not stop.is_set():
                self._woken.wait(pause_s)
        beat.join()
        self._keeper.release()

    def wake(self) -> None:
        """The next pass looks at the store, at once where the worker was resting."""
        self._woken.set()

    def _now(self) -> datetime:
        return self._world.clock.now()

    def _pause_s(self) -> float:
        now = self._now()
        soonest = min(
            (due for due in self._due.values() if due > now),
            default=now + timedelta(seconds=self._pace.refresh_s),
        )
        return max(0.01, min((soonest - now).total_seconds(), self._pace.refresh_s))

    def _forget(self) -> None:
        self._items.clear()
        self._seen.clear()
        self._due.clear()
        self._refreshed_at = _LONG_AGO
        self._fence = 0

    def _refresh_if_due(self) -> None:
        age = self._now() - self._refreshed_at
        woken = self._woken.is_set()
        if not (woken or self._idle or age >= timedelta(seconds=self._pace.refresh_s)):
            return
        self._woken.clear()
        with self._store.read() as work:
            active = {item.id: item for item in work.changes.active(self._world.cluster)}
        self._refreshed_at = self._now()
        for gone in self._items.keys() - active.keys():
            self._drop(gone)
        for change_id, item in active.items():
            mine = self._items.get(change_id)
            if mine is None or (mine.state_since, mine.journal) != (
                item.state_since,
                item.journal,
            ):
                self._drop(change_id)
                self._items[change_id] = item

    def _drop(self, change_id: str) -> None:
        self._items.pop(change_id, None)
        self._seen.pop(change_id, None)
        self._due.pop(change_id, None)

    def _guarded(self, change_id: str, held: ports.Lease) -> bool:
        try:
            return self._go_on(change_id, held)
        except ports.Fenced:
            self._keeper.drop()
            self._forget()
        except ports.Conflict:
            # a person moved it meanwhile: look at it anew
            self._drop(change_id)
            self._woken.set()
        except ports.StoreError:
            raise
        except Exception as error:  # noqa: BLE001 (one faulty change must not stop the others)
            _log.error(
                "A change cannot go on: Headgate itself failed",
                event_key="engine.fault",
                change=change_id,
                exc_info=error,
            )
            self._due[change_id] = self._now() + timedelta(seconds=_AFTER_FAULT_S)
        return False

    def _go_on(self, change_id: str, held: ports.Lease) -> bool:
        while True:
            item = self._items[change_id]
            effect = course.decide(
                item,
                self._seen.get(change_id),
                now=self._now(),
                fence=held.fence,
                pace=self._pace,
            )
            match effect:
                case effects.Write():
                    self._write(effect, held)
                    return True
                case effects.Wait(until):
                    self._seen.pop(change_id, None)
                    self._due[change_id] = until
                    return False
                case effects.Over():
                    self._drop(change_id)
                    return False
                case effects.Apply():
                    if self._keeper.held() is None:
                        raise ports.Fenced("The lease ran out before the step was done")
                    self._seen[change_id] = self._hands.apply(item, effect)
                case effects.Observe():
                    self._seen[change_id] = self._hands.observe(item, effect)
                case effects.LookAtChecks():
                    self._seen[change_id] = self._hands.look(item, effect)
                case effects.Open():
                    self._seen[change_id] = self._open(item)
                case effects.Replan():
                    return self._replan(item, held)

    def _write(self, effect: effects.Write, held: ports.Lease) -> None:
        item = effect.record.item
        starts = effect.record.expect == "approved" and item.state == "running"
        point = self._world.restore_point(item.id) if starts else None
        with self._store.begin() as work:
            work.leases.check(held, now=self._now())
            record.save(work, effect.record)
            if point is not None:
                work.restore_points.put(point)
        self._items[item.id] = item
        self._due.pop(item.id, None)
        if effect.then is None:
            self._seen.pop(item.id, None)
        else:
            self._seen[item.id] = effect.then
        if item.state in transitions.FINAL:
            self._drop(item.id)
        try:
            self._on_change(item.id)
        except Exception as error:  # noqa: BLE001 (a listener must not stop the engine)
            _log.error("A listener failed", event_key="engine.listener", exc_info=error)

    def _open(self, item: change.Change) -> effects.Opened:
        """What is read before a change starts, the cheap and the general first."""
        if self._world.kill_switch():
            return effects.Opened(waits="the kill switch is on")
        for other in self._items.values():
            if other.plan.watches:
                continue  # it only watches
            if other.state in transitions.UNDER_WAY and other.plan.target == item.plan.target:
                return effects.Opened(waits=f"{other.id} is under way on {other.plan.target}")
        budget = self._world.budget_left(item.action)
        if isinstance(budget, int) and budget <= 0:
            return effects.Opened(waits=f"the budget of {item.action} is spent")
        if isinstance(budget, Unknown) and isinstance(item.plan.facts.budget_left, int):
            return effects.Opened(waits=f"what is left of the budget is {budget}")
        if self._desk.boundary.version != item.decision.policy_version:
            return effects.Opened(void="the policies have changed since the lane was chosen")
        return self._hands.changed(item)

    def _replan(self, item: change.Change, held: ports.Lease) -> bool:
        try:
            planned = proposal.again(
                self._desk, self._world, self._origin(item), item, fence=held.fence
            )
        except port_errors.PortError as error:
            _log.info(
                "A change waits to be planned anew",
                event_key="engine.replan",
                change=item.id,
                reason=str(error),
            )
            self._due[item.id] = self._now() + timedelta(seconds=self._pace.look_s)
            return False
        except (interface.CannotPlan, errors.ChangeError) as error:
            why = f"It can no longer be planned: {error}"
            planned = record.advance(
                item,
                at=self._now(),
                lines=(record.Line(phase="note", text=why),),
                to="cancelled",
                why=why,
                fence=held.fence,
            )
        self._write(effects.Write(planned), held)
        return True

    def _origin(self, item: change.Change) -> interface.Origin:
        """Why the change was asked for, with what is known of its incident now."""
        cause: diagnosis.Cause | None = None
        evidence = item.plan.evidence
        if item.incident:
            with self._store.read() as work:
                known = work.incidents.get(item.incident)
            if known is not None:
                evidence = known.draft.evidence
                cause = next((one for one in known.draft.causes if one.code == item.cause), None)
        return interface.Origin(
            requester=item.requester,
            incident=item.incident,
            finding=item.finding,
            cause=cause,
            evidence=evidence,
            rationale=item.rationale,
        )
