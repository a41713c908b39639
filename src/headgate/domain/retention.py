"""What a topic deletes, and when: by time, by size, by compaction, a segment at a time."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain import snapshot

CHECK_S = 300.0
"""How often a broker looks for segments to delete: log.retention.check.interval.ms, its default."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules of every topic of a list; NaN: not read; infinite: no limit."""

    read: NDArray[np.bool_]
    """Whether the topic's settings were read at all."""
    deletes: NDArray[np.bool_]
    compacts: NDArray[np.bool_]
    time_s: Numbers
    """retention.ms; infinite also where the policy does not delete."""
    size_bytes: Numbers
    """retention.bytes, of each partition."""
    tombstone_s: Numbers
    """min.compaction.lag.ms + delete.retention.ms: so old may a deletion be before it is gone
    itself, at the earliest."""
    segment_s: Numbers
    segment_bytes: Numbers
    append_time: NDArray[np.bool_]
    """Whether the broker sets the timestamps (message.timestamp.type)."""
    remote: NDArray[np.bool_]
    """Whether older segments lie in remote storage, where log dirs do not show them."""


def of(configs: snapshot.Configs | None, topics: Sequence[str]) -> Rules:
    """The rules of these topics; None: no settings were read."""
    known = configs or {}
    found = [_one(known.get(topic)) for topic in topics]
    table = np.array([row[0] for row in found], np.float64).reshape(-1, 5)
    flags = np.array([row[1] for row in found], np.bool_).reshape(-1, 5)
    deletes = flags[:, 1]
    return Rules(
        read=flags[:, 0],
        deletes=deletes,
        compacts=flags[:, 2],
        time_s=np.where(flags[:, 0] & ~deletes, np.inf, table[:, 0] / 1000),
        size_bytes=np.where(flags[:, 0] & ~deletes, np.inf, table[:, 1]),
        tombstone_s=table[:, 2] / 1000,
        segment_s=table[:, 3] / 1000,
        segment_bytes=table[:, 4],
        append_time=flags[:, 3],
        remote=flags[:, 4],
    )


def number(setting: snapshot.ConfigValue | None) -> int | None:
    """The setting as a number that limits something; None where it is absent or negative."""
    text = setting.value if setting is not None else None
    if text is None or not text.lstrip("-").isdecimal():
        return None
    value = int(text)
    return value if value >= 0 else None


_NAMES = (
    "cleanup.policy",
    "retention.ms",
    "retention.bytes",
    "delete.retention.ms",
    "min.compaction.lag.ms",
    "segment.ms",
    "segment.bytes",
    "message.timestamp.type",
    "remote.storage.enable",
)
_NOT_READ = ((np.nan,) * 5, (False,) * 5)

_Row = tuple[tuple[float, ...], tuple[bool, ...]]


def _one(settings: Mapping[str, snapshot.ConfigValue] | None) -> _Row:
    if settings is None:
        return _NOT_READ
    get = settings.get
    found = [get(name) for name in _NAMES]
    return _parsed(tuple([None if one is None else one.value for one in found]))


@functools.lru_cache(maxsize=1_024)
def _parsed(values: tuple[str | None, ...]) -> _Row:
    """Few topics have settings that no other has: each set of values is looked at once."""
    policy, time_ms, size, tombstone_ms, lag_ms, segment_ms, segment_bytes, stamped, remote = values
    numbers = (
        _limit(time_ms),
        np.inf if size is None else _limit(size),  # the default: most clusters set none
        _limit(tombstone_ms) + (0.0 if lag_ms is None else _limit(lag_ms)),
        _limit(segment_ms),
        _limit(segment_bytes),
    )
    flags = (
        True,
        "delete" in (policy or "delete"),
        "compact" in (policy or ""),
        stamped == "LogAppendTime",
        remote == "true",
    )
    return numbers, flags


def _limit(text: str | None) -> float:
    """NaN: it was not read or is no number; infinite: negative, which is no limit."""
    if text is None or not text.lstrip("-").isdecimal():
        return np.nan
    return np.inf if text.startswith("-") else float(text)
