"""The dead-letter topic of a group: its name, whether it will keep a copy, how it is created."""

import re
from collections.abc import Mapping

from headgate.actions import interface, reading, topics
from headgate.domain import snapshot

DAY_MS = 86_400_000
KEEP_MS = 7 * DAY_MS
"""Dead letters are kept at least so long: a week-end and the days to look into them."""
HEADROOM_BYTES = 4096
"""What the coordinates may add to the largest record of the source."""
_NAME = re.compile(r"[^a-zA-Z0-9._-]")


def name_for(topic: str, group: str) -> str:
    """The default dead-letter topic of a group on a topic: a name that Kafka takes."""
    return _NAME.sub("-", f"{topic}.{group}.dlq")[-249:]


def find(
    world: interface.World, parts: snapshot.Partitions, source: reading.Topic, name: str
) -> tuple[Mapping[str, snapshot.ConfigValue] | None, topics.Creation | None]:
    """The dead-letter topic's settings where it exists, else how to create it."""
    if name == source.name or _NAME.search(name) or len(name) > 249 or name in (".", ".."):
        raise interface.CannotPlan(
            f"{name} cannot be the dead-letter topic",
            next_step="Give another topic's name, of letters, digits, dots, dashes and underscores",
        )
    found = reading.only(parts, name)
    if found is not None:
        held = reading.settings(world, name)
        if found.internal or "compact" in _value(held, "cleanup.policy"):
            raise interface.CannotPlan(
                f"{name} is compacted or internal, so a copy would not be kept there",
                where=f"topic {name}",
                next_step="Give another dead_letter_topic",
            )
        return held, None
    of_source = reading.settings(world, source.name)
    retention_ms = int(_value(of_source, "retention.ms") or KEEP_MS)
    largest = int(_value(of_source, "max.message.bytes") or 1_048_588)
    return None, topics.Creation(
        topic=name,
        partitions=1,
        replication_factor=source.replication_factor,
        config={
            "cleanup.policy": "delete",
            "retention.ms": str(max(KEEP_MS, retention_ms)),
            "max.message.bytes": str(largest + HEADROOM_BYTES),
        },
    )


def kept_ms(held: Mapping[str, snapshot.ConfigValue]) -> int | None:
    """How long its records are kept, in ms; None: for ever, or not told."""
    value = _value(held, "retention.ms")
    return None if value in ("", "-1") else int(value)


def _value(held: Mapping[str, snapshot.ConfigValue], key: str) -> str:
    found = held.get(key)
    return found.value or "" if found else ""
