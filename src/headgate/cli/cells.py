"""Values of the API as cells of a table."""

from datetime import UTC, datetime
from typing import Any

from headgate.app import words


def text(value: Any) -> str:
    """Any value; what is not known is written out."""
    if isinstance(value, dict) and "unknown" in value:
        return f"not known: {value['unknown']}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return words.count(value)
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, list):
        return ", ".join(text(one) for one in value)
    return "" if value is None else str(value)


def duration(value: Any) -> str:
    """Seconds in words."""
    return words.duration(value) if isinstance(value, int | float) else brief(value)


def rate(value: Any) -> str:
    """A rate in words."""
    return words.rate(value) if isinstance(value, int | float) else brief(value)


def size(value: Any) -> str:
    """Bytes in words."""
    return words.size(value) if isinstance(value, int | float) else brief(value)


def brief(value: Any) -> str:
    """What is not known without its reason, where a column beside it gives that."""
    return "not known" if isinstance(value, dict) and "unknown" in value else text(value)


def ago(value: Any) -> str:
    """How long ago a time was."""
    if not isinstance(value, str):
        return text(value)
    return words.ago(datetime.fromisoformat(value), datetime.now(UTC))


def times(number: int) -> str:
    """How often: once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def moment(value: str) -> str:
    """A time that is to come, to the minute."""
    return f"{value[:10]} {value[11:16]} UTC"


def folded(findings: list[Any]) -> str:
    """The findings of an incident behind the leading one, counted by code; pending ones marked."""
    counts: dict[str, list[int]] = {}
    for one in findings[1:]:
        held = counts.setdefault(one["code"], [0, 0])
        held[0] += 1
        held[1] += one["state"] == "pending"
    told = [
        (f"{number} {code}" if number > 1 else code) + (f" ({pending} pending)" if pending else "")
        for code, (number, pending) in counts.items()
    ]
    return f"{len(findings) - 1} more findings: {', '.join(told)}"
