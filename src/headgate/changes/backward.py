"""What to do next with a change that is being taken back, last step first; pure."""

from datetime import datetime, timedelta

from headgate.actions.interface import Applied, Done, Failed, Lost, NotDone, Unsafe
from headgate.changes import effects, ending, pace, progress, record
from headgate.domain import change, vocabulary
from headgate.domain.unknown import Unknown

_TO_TAKE_BACK = ("done", "maybe", "undo_open", "undo_applied")


def under_way(item: change.Change) -> bool:
    """Whether some undo of the change was begun and is not settled."""
    return any(place in ("undo_open", "undo_applied") for place in progress.positions(item))


def decide(
    item: change.Change,
    seen: effects.Seen | None,
    *,
    now: datetime,
    fence: int,
    pace: pace.Pace,
) -> effects.Effect:
    """The next effect for a change that is rolling back, or unknown on its way back."""
    positions = progress.positions(item)
    step = _next(item, positions)
    if step is None:
        return ending.rolled_back(item, now=now, fence=fence)
    position = positions[step]
    match seen:
        case effects.Intended(at, True) if at == step and position == "undo_open":
            return effects.Apply(step, undo=True)
        case effects.Answered(at, True, what) if at == step:
            return _after_answer(item, step, what, now, fence, pace)
        case effects.Saw(at, True, what) if at == step:
            return _after_look(item, step, position, what, now, fence, pace)
        case _ if position == "undo_open" and item.state == "rolling_back":
            return ending.unsettled(item, step, now=now, fence=fence)
        case _:
            failed = progress.last(item, step, "undo_result")
            if position == "done" and failed is not None and failed.outcome == "failed":
                wait_s = pace.retry_s * 2 ** (progress.tries(item, step, undo=True) - 1)
                again = failed.at + timedelta(seconds=wait_s)
                if again > now:
                    return effects.Wait(again)
            return effects.Observe(step, undo=True)


def _next(item: change.Change, positions: tuple[progress.Position, ...]) -> int | None:
    for index in reversed(range(len(positions))):
        if positions[index] in _TO_TAKE_BACK and isinstance(
            item.plan.steps[index].undo, change.Operation
        ):
            return index
    return None


def _after_answer(
    item: change.Change,
    step: int,
    what: Applied | Failed | Lost,
    now: datetime,
    fence: int,
    pace: pace.Pace,
) -> effects.Effect:
    match what:
        case Applied(text):
            return effects.write(item, now, fence, _line(step, "undo_result", "done", text))
        case Lost(text):
            line = _line(step, "undo_result", "unknown", text)
            return effects.write(
                item, now, fence, line, to="unknown", why=f"Outcome not known: {text}"
            )
        case Failed(text, retry):
            line = _line(step, "undo_result", "failed", text)
            if retry and progress.tries(item, step, undo=True) < pace.attempts:
                return effects.write(item, now, fence, line)
            return ending.undo_failed(item, text, line, now=now, fence=fence)


def _after_look(
    item: change.Change,
    step: int,
    position: progress.Position,
    what: Done | NotDone | Unsafe | Unknown,
    now: datetime,
    fence: int,
    pace: pace.Pace,
) -> effects.Effect:
    match what:
        case Done(text):
            seen_undone = position in ("undo_open", "undo_applied")
            line = (
                _line(step, "observed", "done", text)
                if seen_undone
                else _line(step, "undo_result", "already_done", text)
            )
            return effects.write(
                item, now, fence, line, to=_home(item), why="Read again: it was undone"
            )
        case NotDone(text):
            return _begin(item, step, position, text, now, fence, pace)
        case Unsafe(text):
            line = _line(step, "observed", "failed", text)
            return ending.undo_failed(item, text, line, now=now, fence=fence)
        case Unknown(reason):
            return _unread(item, step, position, reason, now, fence, pace)


def _begin(
    item: change.Change,
    step: int,
    position: progress.Position,
    text: str,
    now: datetime,
    fence: int,
    pace: pace.Pace,
) -> effects.Effect:
    lines: list[record.Line] = []
    if position == "undo_applied":
        return _not_seen_yet(item, step, text, now, fence, pace)
    if position == "undo_open":
        asked = progress.last(item, step, "undo_intent", "undo_result")
        settled = (asked.at if asked else now) + timedelta(seconds=pace.settle_s)
        if now < settled:
            return effects.Wait(settled)
        lines.append(_line(step, "observed", "not_yet", text))
    if progress.tries(item, step, undo=True) >= pace.attempts:
        reason = f"tried {pace.attempts} times without effect: {text}"
        return ending.undo_failed(item, reason, *lines, now=now, fence=fence)
    undo = item.plan.steps[step].undo
    intent = undo.sentence if isinstance(undo, change.Operation) else ""
    return effects.write(
        item,
        now,
        fence,
        *lines,
        record.Line(step=step, phase="undo_intent", text=intent),
        to=_home(item),
        why="Read again: it was not undone",
        then=effects.Intended(step, undo=True),
    )


def _not_seen_yet(
    item: change.Change, step: int, text: str, now: datetime, fence: int, pace: pace.Pace
) -> effects.Effect:
    """An undo that was answered with yes must be seen; clusters take a moment to show it."""
    applied = progress.last(item, step, "undo_result")
    limit = (applied.at if applied else now) + timedelta(seconds=pace.undo_seen_s)
    if now < limit:
        return effects.Wait(min(limit, now + timedelta(seconds=pace.look_s)))
    line = _line(step, "observed", "not_yet", text)
    return ending.undo_failed(item, f"it does not show: {text}", line, now=now, fence=fence)


def _unread(
    item: change.Change,
    step: int,
    position: progress.Position,
    reason: str,
    now: datetime,
    fence: int,
    pace: pace.Pace,
) -> effects.Effect:
    line = _line(step, "observed", "unknown", reason)
    if item.state != "unknown" and position == "undo_applied":
        return effects.write(item, now, fence, line, to="unknown", why=f"Not known: {reason}")
    if now >= item.state_since + timedelta(seconds=pace.settle_within_s):
        why = f"how it stands could not be read: {reason}"
        return ending.undo_failed(item, why, line, now=now, fence=fence)
    return effects.Wait(now + timedelta(seconds=pace.look_s))


def _home(item: change.Change) -> vocabulary.ChangeState | None:
    return "rolling_back" if item.state == "unknown" else None


def _line(step: int, phase: record.Phase, outcome: record.Outcome, text: str) -> record.Line:
    return record.Line(step=step, phase=phase, outcome=outcome, text=text)
