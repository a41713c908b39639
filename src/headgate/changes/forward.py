"""What to do next with a change whose steps are being done; pure."""

from datetime import datetime, timedelta

from headgate.actions.interface import Applied, Done, Failed, Lost, NotDone, Unsafe
from headgate.changes import effects, ending, pace, progress, record
from headgate.domain import change, vocabulary
from headgate.domain.unknown import Unknown


def decide(
    item: change.Change,
    seen: effects.Seen | None,
    *,
    now: datetime,
    fence: int,
    pace: pace.Pace,
) -> effects.Effect:
    """The next effect for a change that is running, or unknown on its way forward."""
    step = progress.next_step(item)
    if step >= len(item.plan.steps):
        return effects.write(item, now, fence, to="verifying", why="Every step is done")
    position = progress.position(item, step)
    match seen:
        case effects.Intended(at, False) if at == step and position == "open":
            return effects.Apply(step, undo=False)
        case effects.Answered(at, False, what) if at == step:
            return _after_answer(item, step, what, now, fence, pace)
        case effects.Saw(at, False, what) if at == step:
            return _after_look(item, step, position, what, now, fence, pace)
        case _ if position == "open" and item.state == "running":
            return ending.unsettled(item, step, now=now, fence=fence)
        case _:
            again = _retry_at(item, step, position, pace)
            return effects.Wait(again) if again > now else effects.Observe(step, undo=False)


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
            return _stepped(item, step, "result", "done", text, now, fence)
        case Lost(text):
            line = record.Line(step=step, phase="result", outcome="unknown", text=text)
            return effects.write(
                item, now, fence, line, to="unknown", why=f"Outcome not known: {text}"
            )
        case Failed(text, retry):
            line = record.Line(step=step, phase="result", outcome="failed", text=text)
            if retry and progress.tries(item, step, undo=False) < pace.attempts:
                return effects.write(item, now, fence, line)
            return ending.give_up(item, text, line, now=now, fence=fence)


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
        case Done(text) if position == "open":
            return _stepped(item, step, "observed", "done", text, now, fence)
        case Done(text):
            return _stepped(item, step, "observed", "already_done", text, now, fence)
        case NotDone(text):
            return _begin(item, step, position, text, now, fence, pace)
        case Unsafe(text):
            line = record.Line(step=step, phase="observed", outcome="failed", text=text)
            return ending.give_up(item, text, line, now=now, fence=fence)
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
    """The intent is written, after what was looked at where an earlier try is open."""
    lines: list[record.Line] = []
    if position == "open":
        asked = progress.last(item, step, "intent", "result")
        settled = (asked.at if asked else now) + timedelta(seconds=pace.settle_s)
        if now < settled:
            return effects.Wait(settled)
        lines.append(record.Line(step=step, phase="observed", outcome="not_yet", text=text))
    if progress.tries(item, step, undo=False) >= pace.attempts:
        reason = f"Tried {pace.attempts} times without effect: {text}"
        return ending.give_up(item, reason, *lines, now=now, fence=fence)
    intent = item.plan.steps[step].do.sentence
    return effects.write(
        item,
        now,
        fence,
        *lines,
        record.Line(step=step, phase="intent", text=intent),
        to="running" if item.state == "unknown" else None,
        why="Read again: it was not done",
        then=effects.Intended(step, undo=False),
    )


def _unread(
    item: change.Change,
    step: int,
    position: progress.Position,
    reason: str,
    now: datetime,
    fence: int,
    pace: pace.Pace,
) -> effects.Effect:
    """It is noted once, then waited for; in the end a person is told."""
    line = record.Line(step=step, phase="observed", outcome="unknown", text=reason)
    if position == "open":
        if now >= item.state_since + timedelta(seconds=pace.settle_within_s):
            return ending.nobody_knows(item, step, reason, line, now=now, fence=fence)
        return effects.Wait(now + timedelta(seconds=pace.look_s))
    noted = item.journal[-1] if item.journal else None
    if noted is None or (noted.step, noted.outcome) != (step, "unknown"):
        return effects.write(item, now, fence, line, then=effects.Saw(step, False, Unknown(reason)))
    if now >= noted.at + timedelta(seconds=pace.unread_s):
        return ending.give_up(item, f"It could not be read: {reason}", line, now=now, fence=fence)
    return effects.Wait(now + timedelta(seconds=pace.look_s))


def _stepped(
    item: change.Change,
    step: int,
    phase: record.Phase,
    outcome: record.Outcome,
    text: str,
    now: datetime,
    fence: int,
) -> effects.Write:
    last = step + 1 == len(item.plan.steps)
    to: vocabulary.ChangeState | None = "running" if item.state == "unknown" else None
    return effects.write(
        item,
        now,
        fence,
        record.Line(step=step, phase=phase, outcome=outcome, text=text),
        to="verifying" if last else to,
        why="Every step is done" if last else "Read again: it was done",
    )


def _retry_at(
    item: change.Change, step: int, position: progress.Position, pace: pace.Pace
) -> datetime:
    """When the next try may begin; long ago where none failed."""
    failed = progress.last(item, step, "result")
    if position != "untouched" or failed is None or failed.outcome != "failed":
        return item.proposed_at
    wait_s = pace.retry_s * 2 ** (progress.tries(item, step, undo=False) - 1)
    return failed.at + timedelta(seconds=wait_s)
