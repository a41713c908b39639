"""Numbers, sizes and times in words, the same in the console, the command line and exports."""

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from headgate.domain.unknown import Unknown

_STEPS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))
_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")


def count(value: float | Unknown) -> str:
    """A whole number with thousands separated: ``48,211``; an unknown is written out."""
    if isinstance(value, Unknown):
        return str(value)
    return f"{round(value):,}" if math.isfinite(value) else _endless(value)


def _endless(value: float) -> str:
    return "not a number" if math.isnan(value) else "without end"


def plural(value: int, one: str, many: str = "") -> str:
    """A count with its noun: ``1 record``, ``3 records``."""
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def rate(per_s: float | Unknown, noun: str = "") -> str:
    """A rate with its unit: ``42/s``, ``0.4 records/s``; one that is not zero never reads so."""
    if isinstance(per_s, Unknown):
        return str(per_s)
    if 0 < abs(per_s) < 0.05:
        shown = "under 0.1"
    else:
        shown = f"{per_s:.1f}" if 0 < abs(per_s) < 9.95 else count(per_s)
    return f"{shown} {noun}/s" if noun else f"{shown}/s"


def duration(value_s: float | Unknown) -> str:
    """A duration in its two largest units: ``2 h 10 min``, ``41 min``, ``8 s``, ``0.3 s``."""
    if isinstance(value_s, Unknown):
        return str(value_s)
    if not math.isfinite(value_s):
        return "for ever" if math.isinf(value_s) else _endless(value_s)
    left = abs(value_s)
    if left < 0.95:
        return f"{left:.1f} s" if left >= 0.05 else "0 s"
    left = max(left, 1.0)
    for place, (size, name) in enumerate(_STEPS):
        if left >= size:
            whole = int(left // size)
            if place + 1 < len(_STEPS) and whole < 10:
                next_size, next_name = _STEPS[place + 1]
                rest = int((left - whole * size) // next_size)
                if rest:
                    return f"{whole} {name} {rest} {next_name}"
            return f"{whole} {name}"
    return "0 s"


def ago(at: datetime | None, now: datetime) -> str:
    """How long before now: ``8 s ago``, or ``in 2 h`` for what is still to come."""
    if at is None:
        return "never"
    passed = (now - at).total_seconds()
    if passed < 0:
        return f"in {duration(-passed)}"
    return "just now" if passed < 1 else f"{duration(passed)} ago"


def size(value: float | Unknown) -> str:
    """A number of bytes with its unit: ``61 MB``."""
    if isinstance(value, Unknown):
        return str(value)
    if not math.isfinite(value):
        return _endless(value)
    place = 0
    left = float(value)
    while left >= 1000 and place + 1 < len(_SIZES):
        left /= 1000
        place += 1
    return f"{left:.1f} {_SIZES[place]}" if place and left < 10 else f"{left:.0f} {_SIZES[place]}"


def clock(at: datetime, zone: str = "UTC", *, now: datetime | None = None) -> str:
    """The time of day in a zone, with the date unless it is today's: ``03:02:11``."""
    local = at.astimezone(ZoneInfo(zone))
    today = (now or datetime.now(UTC)).astimezone(ZoneInfo(zone)).date()
    return local.strftime("%H:%M:%S" if local.date() == today else "%Y-%m-%d %H:%M:%S")


def instant(at: datetime) -> str:
    """RFC 3339 in UTC, whole milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
