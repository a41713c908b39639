"""What a topic setting takes, and what changing it means for data: rules, no reading.

Names and types are those of Kafka 4.3's topic configs
(https://kafka.apache.org/documentation/#topicconfigs). A name that is missing here but that the
brokers list is taken as it is; they judge its value.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

INT64 = 2**63 - 1
INT32 = 2**31 - 1
UNLIMITED = -1

_WHOLE: Mapping[str, tuple[int, int]] = {
    "compression.gzip.level": (-1, 9),
    "compression.lz4.level": (1, 17),
    "compression.zstd.level": (-131072, 22),
    "delete.retention.ms": (0, INT64),
    "file.delete.delay.ms": (0, INT64),
    "flush.messages": (1, INT64),
    "flush.ms": (0, INT64),
    "index.interval.bytes": (0, INT32),
    "local.retention.bytes": (-2, INT64),
    "local.retention.ms": (-2, INT64),
    "max.compaction.lag.ms": (1, INT64),
    "max.message.bytes": (0, INT32),
    "message.timestamp.after.max.ms": (0, INT64),
    "message.timestamp.before.max.ms": (0, INT64),
    "min.compaction.lag.ms": (0, INT64),
    "min.insync.replicas": (1, INT32),
    "retention.bytes": (-1, INT64),
    "retention.ms": (-1, INT64),
    "segment.bytes": (1024 * 1024, INT32),
    "segment.index.bytes": (4, INT32),
    "segment.jitter.ms": (0, INT64),
    "segment.ms": (1, INT64),
}
"""Whole numbers with the least and the greatest value."""
_FLAGS = frozenset(
    {
        "preallocate",
        "remote.log.copy.disable",
        "remote.log.delete.on.disable",
        "remote.storage.enable",
        "unclean.leader.election.enable",
    }
)
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "compression.type": ("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"),
    "message.timestamp.type": ("CreateTime", "LogAppendTime"),
}
_DIGITS = re.compile(r"^-?[0-9]{1,19}$")
_REPLICA_LIST = re.compile(r"^(\*|\d+:\d+(,\d+:\d+)*)?$")
_REPLICA_LISTS = frozenset(
    {"leader.replication.throttled.replicas", "follower.replication.throttled.replicas"}
)

DURABILITY = frozenset({"min.insync.replicas", "unclean.leader.election.enable"})
"""How many copies a write needs, and whether a replica that lacks some may lead."""
LIMITS = frozenset({"retention.ms", "retention.bytes"})
"""Lower deletes records; -1 keeps them for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What one change of a setting does beyond the setting itself."""

    refused: str = ""
    """A code of the refused list that it amounts to."""
    durability: bool = False
    cuts: bool = False
    """Records are deleted that would have stayed."""
    extends: bool = False
    """Records stay that would have been deleted; taking it back deletes them."""


def problem(key: str, value: str) -> str:
    """Why Kafka would refuse the value; empty: it would not, or the key is not one of these."""
    if key in _WHOLE:
        return _whole(value, *_WHOLE[key])
    if key in _FLAGS and value not in ("true", "false"):
        return "it is true or false"
    if key in _CHOICES and value not in _CHOICES[key]:
        return f"it is one of {', '.join(_CHOICES[key])}"
    if key == "cleanup.policy" and not _policies(value) <= {"compact", "delete"}:
        return "it is compact, delete or both with a comma between"
    if key == "min.cleanable.dirty.ratio" and not _is_share(value):
        return "it is a number from 0 to 1"
    if key in _REPLICA_LISTS and not _REPLICA_LIST.match(value):
        return "it is * or PARTITION:BROKER pairs with commas between"
    return ""


def meaning(key: str, before: str | None, after: str | None) -> Meaning:
    """What it means that the effective value goes from ``before`` to ``after``.

    None: the value is not known (after an unset it is a default that may be anything); where it
    matters, the worse is taken.
    """
    if key == "unclean.leader.election.enable":
        return Meaning(
            refused="refused.unclean_election" if after == "true" else "", durability=True
        )
    if key == "remote.log.delete.on.disable" and after == "true":
        return Meaning(refused="refused.tier_delete_on_disable", cuts=True)
    if key in DURABILITY:
        return Meaning(durability=True)
    if key in LIMITS:
        return _limit(before, after)
    if key == "delete.retention.ms":
        return Meaning(cuts=_number(after, worst=0) < _number(before, worst=INT64))
    if key == "cleanup.policy":
        gained = (
            {"compact", "delete"} if after is None or before is None else
            _policies(after) - _policies(before)
        )  # fmt: skip
        return Meaning(cuts=bool(gained))
    return Meaning()


def is_compacted(policy: str | None) -> bool:
    """Whether a cleanup.policy keeps the newest record of each key."""
    return policy is not None and "compact" in _policies(policy)


def _policies(value: str) -> set[str]:
    return {part.strip() for part in value.split(",") if part.strip()}


def _limit(before: str | None, after: str | None) -> Meaning:
    old = INT64 if before in (None, str(UNLIMITED)) else _number(before, worst=INT64)
    new = _number(after, worst=0)
    new = INT64 if new == UNLIMITED else new
    return Meaning(cuts=new < old, extends=new > old)


def _number(value: str | None, *, worst: int) -> int:
    try:
        return worst if value is None else int(value)
    except ValueError:
        return worst


def _whole(value: str, least: int, greatest: int) -> str:
    if not _DIGITS.match(value):
        return "it is a whole number"
    fits = least <= int(value) <= greatest
    return "" if fits else f"it is a whole number from {least} to {greatest}"


def _is_share(value: str) -> bool:
    try:
        return 0 <= float(value) <= 1
    except ValueError:
        return False
