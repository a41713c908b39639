"""One advance of a change, and how it is written: the change, its journal and the audit as one."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from headgate.changes import transitions
from headgate.domain import change, person, vocabulary
from headgate.ports import chain, store

Phase = Literal["intent", "result", "observed", "undo_intent", "undo_result", "check", "note"]
Outcome = Literal["", "done", "already_done", "failed", "unknown", "passed", "not_yet"]

ENGINE = "headgate"
"""The actor of what the engine does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A change after one advance, with what the advance adds to journal and audit."""

    item: change.Change
    """After the advance, the new entries in its journal."""
    expect: str
    """The state it must still have in the store; empty: it is new."""
    entries: tuple[change.Entry, ...] = ()
    """The entries that the advance added."""
    events: tuple[store.Event, ...] = ()
    journal_only: bool = False
    """Whether nothing but the journal grew, of a change that only the lease's holder writes."""


def save(work: store.Work, record: Record) -> None:
    """The advance is part of the transaction.

    Raises:
        store.Conflict: the change was moved by somebody else, or its id is taken.
    """
    if record.expect:
        if not record.journal_only:
            work.changes.update(record.item, expect=record.expect)
        for entry in record.entries:
            work.changes.append(record.item.id, entry)
    else:
        work.changes.insert(record.item)
    for event in record.events:
        work.audit.append(event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry of the journal before it has its number, time and fence."""

    step: int = -1
    phase: Phase
    outcome: Outcome = ""
    text: str


def advance(
    item: change.Change,
    *,
    at: datetime,
    lines: tuple[Line, ...] = (),
    to: vocabulary.ChangeState | None = None,
    why: str = "",
    fence: int = 0,
    actor: str = ENGINE,
) -> Record:
    """The change with these lines in its journal and, where given, in another state.

    Every line and the move are audit events.

    Raises:
        WrongState: that state may not follow the present one.
    """
    number = item.journal[-1].number if item.journal else 0
    entries = tuple(
        change.Entry(
            number=number + place,
            at=at,
            step=line.step,
            phase=line.phase,
            outcome=line.outcome,
            text=line.text,
            fence=fence,
        )
        for place, line in enumerate(lines, start=1)
    )
    after = item if to is None else transitions.move(item, to, at, why)
    after = replace(after, journal=(*item.journal, *entries))
    events = [_entry_event(item, entry, actor) for entry in entries]
    if to is not None:
        events.append(state_event(after, at=at, actor=actor, text=why))
    return Record(
        item=after,
        expect=item.state,
        entries=entries,
        events=tuple(events),
        journal_only=to is None and item.state in transitions.UNDER_WAY,
    )


def state_event(
    item: change.Change, *, at: datetime, actor: str, text: str, what: str = ""
) -> store.Event:
    """The audit event that a change is in its state now."""
    data = {
        "action": item.action,
        "cluster": item.cluster,
        "digest": item.digest,
        "lane": item.decision.lane,
        "state": item.state,
    }
    return store.Event(
        at=at,
        actor=actor,
        what=what or f"change.{item.state}",
        target=item.id,
        text=text or transitions.words(item.state),
        data=chain.canonical_json(data),
    )


def actor_name(actor: person.Actor) -> str:
    """The actor as the audit names it: ``user:mira``, ``token:mira/ci``, ``headgate``."""
    if actor.kind == "headgate":
        return actor.name
    return f"token:{actor.name}/{actor.token}" if actor.kind == "token" else f"user:{actor.name}"


def _entry_event(item: change.Change, entry: change.Entry, actor: str) -> store.Event:
    data = {
        "digest": item.digest,
        "entry": entry.number,
        "fence": entry.fence,
        "outcome": entry.outcome,
        "step": entry.step,
    }
    return store.Event(
        at=entry.at,
        actor=actor,
        what=f"step.{entry.phase}" if entry.step >= 0 else f"change.{entry.phase}",
        target=item.id,
        text=entry.text,
        data=chain.canonical_json(data),
    )
