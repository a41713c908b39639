"""How a change ends that cannot go on: nothing done, taken back, or left to a person; pure."""

from datetime import datetime

from headgate.changes import effects, progress, record
from headgate.domain import change, vocabulary

_HAPPENED = ("done", "maybe", "undo_open", "undo_applied")


def give_up(
    item: change.Change, reason: str, *lines: record.Line, now: datetime, fence: int
) -> effects.Write:
    """The lines are written and the change rolls back; it fails at once where nothing was done or
    nothing can be taken back.
    """
    noted = record.advance(item, at=now, lines=lines, fence=fence).item
    positions = progress.positions(noted)
    happened = [index for index, place in enumerate(positions) if place in _HAPPENED]
    if not happened:
        return _end(item, lines, "failed", f"Nothing was done. {sentence(reason)}", now, fence)
    if any(isinstance(item.plan.steps[index].undo, change.Operation) for index in happened):
        return _end(item, lines, "rolling_back", sentence(reason), now, fence)
    left = "; ".join(_left(item, index, positions[index]) for index in happened)
    text = f"{sentence(reason)} Nothing can be taken back: {left}. A person must look at it."
    return _end(item, lines, "failed", text, now, fence)


def rolled_back(item: change.Change, *, now: datetime, fence: int) -> effects.Write:
    """The change is rolled back, or failed where a step that has no undo remains."""
    positions = progress.positions(item)
    remain = [
        index
        for index, step in enumerate(item.plan.steps)
        if positions[index] in _HAPPENED and isinstance(step.undo, change.CannotUndo)
    ]
    why = why_rolling_back(item)
    if not remain:
        return _end(item, (), "rolled_back", f"{why} It was taken back.", now, fence)
    left = "; ".join(_left(item, index, positions[index]) for index in remain)
    text = f"{why} What could be was taken back; this remains: {left}. A person must look at it."
    return _end(item, (), "failed", text, now, fence)


def undo_failed(
    item: change.Change, reason: str, *lines: record.Line, now: datetime, fence: int
) -> effects.Write:
    """The change has failed: one undo did not work, and those before it were left alone."""
    noted = record.advance(item, at=now, lines=lines, fence=fence).item
    positions = progress.positions(noted)
    left = "; ".join(
        _left(item, index, place)
        for index, place in enumerate(positions)
        if place in _HAPPENED and item.plan.steps[index].undo is not None
    )
    text = (
        f"{why_rolling_back(item)} Taking it back failed: {sentence(reason)}"
        f" Still in place: {left}. A person must act."
    )
    return _end(item, lines, "failed", text, now, fence)


def nobody_knows(
    item: change.Change, step: int, reason: str, *lines: record.Line, now: datetime, fence: int
) -> effects.Write:
    """The change has failed: what came of a step could not be read in time."""
    text = (
        f"Nobody knows whether this was done: {item.plan.steps[step].do.sentence}."
        f" {sentence(reason)} A person must look at it."
    )
    return _end(item, lines, "failed", text, now, fence)


def unsettled(item: change.Change, step: int, *, now: datetime, fence: int) -> effects.Write:
    """The change is unknown: an intent stands without what came of it, so the engine that wrote it
    ended in between.
    """
    text = "The engine ended between intent and result; what came of it is read"
    line = record.Line(step=step, phase="observed", outcome="unknown", text=text)
    return effects.Write(
        record.advance(item, at=now, lines=(line,), to="unknown", why=text, fence=fence)
    )


def why_rolling_back(item: change.Change) -> str:
    """Why the change is being taken back, as the journal has it."""
    for entry in reversed(item.journal):
        if entry.phase == "note":
            return entry.text
    return "It could not be finished."


def sentence(text: str) -> str:
    """The text with a full stop; its first letter stays, for it may begin a name."""
    text = text.strip()
    return text if text.endswith((".", "!", "?")) or not text else f"{text}."


def _left(item: change.Change, index: int, place: progress.Position) -> str:
    step = item.plan.steps[index]
    doubt = "" if place == "done" else " (perhaps)"
    undo = step.undo
    why = f", which cannot be undone: {undo.reason}" if isinstance(undo, change.CannotUndo) else ""
    return f"{step.do.sentence}{doubt}{why}"


def _end(
    item: change.Change,
    lines: tuple[record.Line, ...],
    to: vocabulary.ChangeState,
    text: str,
    now: datetime,
    fence: int,
) -> effects.Write:
    note = record.Line(phase="note", text=text)
    return effects.Write(
        record.advance(item, at=now, lines=(*lines, note), to=to, why=text, fence=fence)
    )
