"""What a topic is for, where its name tells: Kafka's own, Connect's, a mirror's, a registry's.

Applications name their topics as they like; these names are conventions of programs, and the
programs have opinions of their own about the settings of their topics.
"""

import functools
import re
from typing import Literal

from headgate.detect import view
from headgate.domain import deadletters
from headgate.domain.unknown import Unknown

Purpose = Literal["", "kafka", "connect", "mirror", "registry", "streams", "vendor"]

_RULES: tuple[tuple[Purpose, re.Pattern[str]], ...] = (
    ("kafka", re.compile(r"__(consumer_offsets|transaction_state|share_group_state)")),
    ("kafka", re.compile(r"__(remote_log_metadata|cluster_metadata|diskless_.*)")),
    # connect-offsets, my_connect_configs, docker-connect-status, __connect-statuses
    ("connect", re.compile(r"(.*[-_.])?connect([-_.].*)?[-_.](configs?|offsets?|status(es)?)")),
    ("mirror", re.compile(r"mm2-(configs|offsets|status|offset-syncs)\..+\.internal")),
    ("mirror", re.compile(r".+\.checkpoints\.internal|heartbeats")),
    ("registry", re.compile(r"_schemas([-_.].*)?|kafkasql-.*")),
    ("vendor", re.compile(r"__.*|_confluent.*|_redpanda.*|_aiven.*")),
    # Kafka Streams makes these from the application's id and the names of its stores
    ("streams", re.compile(r".+-(changelog|repartition)")),
)
_LETTERS = re.compile(r"(^|.*[-_.])(dlq|dlt|dead[-_.]?letters?|errors?|retry|parking)([-_.].*)?$")
_STATE = re.compile(r"__(consumer_offsets|transaction_state)")


@functools.lru_cache(maxsize=131_072)
def of(topic: str) -> Purpose:
    """What the topic is for; empty: an application's."""
    return next((found for found, rule in _RULES if rule.fullmatch(topic)), "")


@functools.lru_cache(maxsize=131_072)
def holds_letters(topic: str) -> bool:
    """Whether it is for what could not be processed: quiet is how it should be."""
    return _LETTERS.fullmatch(topic.lower()) is not None


def must_compact(topic: str) -> bool:
    """Whether the program that it belongs to loses its state where old records are deleted.

    Share groups' state and remote log metadata are deleted by time on purpose, and nobody misses
    a heartbeat.
    """
    found = of(topic)
    if found == "kafka":
        return _STATE.fullmatch(topic) is not None
    if found == "mirror":
        return not topic.endswith("heartbeats")
    return found == "connect" or (found == "registry" and topic.startswith("_schemas"))


def is_connect_configs(topic: str) -> bool:
    """Whether a Connect cluster keeps its connectors in it, which takes one partition."""
    found = of(topic)
    if found == "mirror":
        return topic.startswith("mm2-configs")
    return found == "connect" and re.search(r"configs?$", topic) is not None


def wired(seen: view.View) -> frozenset[str]:
    """Topics that a connector reads, writes, or keeps dead letters in; computed once per look."""
    return seen.once(_wired)


def _wired(seen: view.View) -> frozenset[str]:
    found: set[str] = set()
    for connect in seen.connects.values():
        if isinstance(connect, Unknown):
            continue
        for one in connect.connectors.values():
            found.update(one.topics)
            found.update(() if isinstance(one.topics_used, Unknown) else one.topics_used)
            found.add(deadletters.letters_of(one))
    return frozenset(found)
