"""Whether the symptom is gone: what to do next with a change that is being verified; pure."""

from datetime import datetime, timedelta

from headgate.actions.interface import Look
from headgate.changes import effects, ending, pace, progress, record
from headgate.domain import change
from headgate.domain.unknown import Unknown

_OUTCOMES: dict[str, record.Outcome] = {
    "passed": "passed",
    "not_yet": "not_yet",
    "failed": "failed",
}


def decide(
    item: change.Change,
    seen: effects.Seen | None,
    *,
    now: datetime,
    fence: int,
    pace: pace.Pace,
) -> effects.Effect:
    """The next effect for a change in verification.

    Every check must pass for its hold time without a break, the break between two engines
    included. A check that cannot be read does not pass. One that begins to pass before the
    deadline may finish its hold after it.
    """
    checks = item.plan.checks
    if not checks:
        text = "Done. The plan names nothing to verify."
        return _succeed(item, (), text, now, fence)
    if not isinstance(seen, effects.Looked) or len(seen.looks) != len(checks):
        return effects.LookAtChecks(progress.last_touch(item))
    lines = _news(item, seen.looks, fence)
    journal = record.advance(item, at=now, lines=lines, fence=fence).item.journal
    if any(isinstance(look, Look) and look.verdict == "failed" for look in seen.looks):
        return _fail(item, lines, seen.looks, "Verification failed", now, fence)
    ends = [_hold_ends(journal, index, check, fence) for index, check in enumerate(checks)]
    deadline = item.state_since + timedelta(seconds=item.plan.verify_within_s)
    if all(end is not None and end <= now for end in ends):
        return _succeed(item, lines, _passed(item, seen.looks), now, fence)
    if now >= deadline and any(end is None for end in ends):
        within = f"Not seen within {item.plan.verify_within_s:g} s"
        return _fail(item, lines, seen.looks, within, now, fence)
    if lines:
        return effects.Write(record.advance(item, at=now, lines=lines, fence=fence), then=seen)
    moments = [now + timedelta(seconds=pace.look_s)]
    moments += [moment for moment in (deadline, *ends) if moment is not None and moment > now]
    return effects.Wait(min(moments))


def _news(
    item: change.Change, looks: tuple[Look | Unknown, ...], fence: int
) -> tuple[record.Line, ...]:
    """One line for each check that reads otherwise than this engine wrote last."""
    lines: list[record.Line] = []
    for index, look in enumerate(looks):
        outcome, text = _reading(look)
        last = progress.last_check(item.journal, index, fence)
        if last is None or last.outcome != outcome:
            lines.append(record.Line(step=index, phase="check", outcome=outcome, text=text))
    return tuple(lines)


def _reading(look: Look | Unknown) -> tuple[record.Outcome, str]:
    if isinstance(look, Unknown):
        return "unknown", str(look)
    return _OUTCOMES[look.verdict], look.text


def _hold_ends(
    journal: tuple[change.Entry, ...], index: int, check: change.Check, fence: int
) -> datetime | None:
    since = progress.passing_since(journal, index, fence)
    return None if since is None else since + timedelta(seconds=check.hold_s)


def _passed(item: change.Change, looks: tuple[Look | Unknown, ...]) -> str:
    seen = "; ".join(
        look.text or check.sentence
        for look, check in zip(looks, item.plan.checks, strict=True)
        if isinstance(look, Look)
    )
    return f"Verified: {ending.sentence(seen)}"


def _fail(
    item: change.Change,
    lines: tuple[record.Line, ...],
    looks: tuple[Look | Unknown, ...],
    why: str,
    now: datetime,
    fence: int,
) -> effects.Write:
    missing = "; ".join(
        f"{check.sentence} ({_reading(look)[1]})"
        for look, check in zip(looks, item.plan.checks, strict=True)
        if isinstance(look, Unknown) or look.verdict != "passed"
    )
    return ending.give_up(item, f"{why}: {missing}", *lines, now=now, fence=fence)


def _succeed(
    item: change.Change,
    lines: tuple[record.Line, ...],
    text: str,
    now: datetime,
    fence: int,
) -> effects.Write:
    return effects.Write(
        record.advance(item, at=now, lines=lines, to="succeeded", why=text, fence=fence)
    )
