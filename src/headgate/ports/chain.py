"""The arithmetic of the audit chain: canonical form, redaction and hash of one record.

It stands beside the values because two sides need it: the store, which links, and the audit room,
which verifies what was stored or exported.
"""

import functools
import hashlib
import json
import math
import re
from dataclasses import replace
from datetime import UTC, datetime

from headgate.ports import store

GENESIS = "0" * 64
"""What the first record names as the hash before it."""

REDACTED = "[redacted]"

_SECRET_KEY = re.compile(
    r"pass(word|wd|phrase)|secret|credential|jaas|private[._-]?key|api[._-]?key|access[._-]?key"
    r"|^(.*[._-])?token$|authorization|^(set-)?cookie$|^csrf$",
    re.IGNORECASE,
)
_SECRET_TEXT = (
    # "password=...", "sasl.password: '...'" in words; not the actor "token:mira/ci"
    re.compile(
        r"((?:pass(?:word|wd|phrase)|secret|api[._-]?key|token)[\"']?\s*(?:=\s*|:\s+|:(?=[\"'])))"
        r"(\"[^\"]*\"|'[^']*'|[^\s,;}]+)",
        re.IGNORECASE,
    ),
    # "Authorization: Bearer ..." and bare bearer tokens
    re.compile(r"(\b(?:bearer|basic)\s+)([A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE),
    # "https://user:secret@host"
    re.compile(r"(://[^/\s:@]+:)([^/\s@]+)(?=@)"),
)


_SUSPECT = (
    *("pass", "secret", "credential", "jaas", "private", "api", "access", "token"),
    *("authorization", "cookie", "csrf", "bearer", "basic", "://", "\x00", "\\u0000"),
)
"""One of these, whatever its case, is in every text of ASCII that redaction changes."""

_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


@functools.lru_cache(maxsize=16)
def moment(at: datetime) -> str:
    """The time in UTC as RFC 3339 with microseconds: of fixed length, so it sorts as time does.

    Raises:
        ValueError: the time has no zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"a time without its zone cannot be kept: {at!r}")
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def canonical_json(value: object) -> str:
    """The one JSON text of a value: keys sorted, no spaces, no escapes beyond the needed ones.

    Raises:
        ValueError: the value holds a number that is not finite.
        TypeError: the value holds something that JSON does not know.
    """
    return _CANONICAL.encode(value)


def redacted(event: store.Event) -> store.Event:
    """The event without secrets: values under keys that name one, and what reads like one."""
    data = _clean_data(event.data)
    if data == event.data and not _suspect(
        " ".join((event.actor, event.what, event.target, event.text))
    ):
        return event
    return replace(
        event,
        actor=_clean_text(event.actor),
        what=_clean_text(event.what),
        target=_clean_text(event.target),
        text=_clean_text(event.text),
        data=data,
    )


def record_hash(number: int, previous: str, event: store.Event) -> str:
    """SHA-256, in hex, over the record's number, the hash before it and the canonical event."""
    fields = {
        "number": number,
        "previous": previous,
        "at": moment(event.at),
        "actor": event.actor,
        "what": event.what,
        "target": event.target,
        "text": event.text,
        "data": event.data,
    }
    return hashlib.sha256(canonical_json(fields).encode()).hexdigest()


def link(number: int, previous: str, event: store.Event) -> store.AuditRecord:
    """The record that follows the one with hash ``previous``; its event is redacted first."""
    clean = redacted(event)
    return store.AuditRecord(
        number=number, event=clean, previous=previous, hash=record_hash(number, previous, clean)
    )


def _clean_data(data: str) -> str:
    if not data:
        return data
    try:
        value = json.loads(data, parse_float=_finite, parse_constant=str)
    except ValueError:
        return _clean_text(data)
    text = canonical_json(value)
    return canonical_json(_clean(value)) if _suspect(text) else text


def _finite(text: str) -> float | str:
    """The number, or its text where no float is as large: JSON knows no infinity."""
    number = float(text)
    return number if math.isfinite(number) else text


def _clean(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: REDACTED if _SECRET_KEY.search(key) and inner else _clean(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    return _clean_text(value) if isinstance(value, str) else value


def _suspect(text: str) -> bool:
    """Whether redaction may change the text; it takes a tenth of the time of finding out how."""
    lower = text.lower()
    return not text.isascii() or any(part in lower for part in _SUSPECT)


def _clean_text(text: str) -> str:
    if not _suspect(text):
        return text
    # what a database cannot keep must not be part of what is hashed either
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
    for pattern in _SECRET_TEXT:
        text = pattern.sub(lambda found: found[1] + REDACTED, text)
    return text
