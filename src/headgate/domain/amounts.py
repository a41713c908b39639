"""Amounts as the parameters of findings write them: ``1024KB/s``, ``0.1MB/s``, ``100ms``."""

import re

_SIZES = {"": 1.0, "K": 1024.0, "M": 1024.0**2, "G": 1024.0**3}
_RATE = re.compile(r"^(\d+(?:\.\d+)?)\s*([KMG]?)i?B(?:/s)?$")
_TIME = re.compile(r"^(\d+(?:\.\d+)?)(ms|s)$")


def size(text: str) -> float:
    """The bytes (or bytes a second) in an amount such as ``1024KB/s``; a bare number is bytes.

    KB and KiB are one, as Kafka's own settings have it.

    Raises:
        ValueError: it is no number with B, KB, MB or GB (KiB, MiB, GiB).
    """
    match = _RATE.match(text)
    if match is None:
        return float(text)
    return float(match[1]) * _SIZES[match[2]]


def milliseconds(text: str) -> float:
    """The milliseconds in an amount such as ``100ms`` or ``1s``; a bare number is milliseconds.

    Raises:
        ValueError: it is no number with ms or s.
    """
    match = _TIME.match(text)
    if match is None:
        return float(text)
    return float(match[1]) * (1000.0 if match[2] == "s" else 1.0)


def words(amount: float) -> str:
    """Bytes as a person reads them: ``512 B``, ``1.4 GB``."""
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(amount) >= one:
            return f"{amount / one:.1f} {unit}"
    return f"{amount:.0f} B"
