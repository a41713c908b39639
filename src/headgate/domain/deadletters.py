"""Dead letters: which topics hold them, what their headers tell, and of which kinds they are.

Only headers are looked at, and of those only what names the failure. An exception's message may
quote the record, so numbers, quoted words and bracketed text are taken out of it before anything
is kept.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from headgate.domain.connects import Connector
from headgate.domain.unknown import Unknown

Dialect = Literal["connect", "spring", "streams", "share", "cloud_stream", "smallrye"]
NOT_READ = Unknown("their headers were not read")

_NAMED = re.compile(r"(?:[.-]dlt$)|dlq|dead[._-]?letter", re.IGNORECASE)
"""``*.DLT``, ``*-dlt``, ``*dlq*`` and the words themselves."""
SETTING = "errors.deadletterqueue.topic.name"
"""Of a sink connector: the topic that its dead letters go to."""
_LONGEST = 160
"""Letters of a message that are kept."""
_TAKEN_OUT = (
    (re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`|«[^»]*»"), "'…'"),
    (re.compile(r"\{.*\}|\[.*\]|\(.*\)", re.DOTALL), "(…)"),
    (re.compile(r"(?<=contains )\S.*", re.DOTALL), "…"),
    (re.compile(r"(?<=token )\S+"), "…"),
    (re.compile(r"\S+@\S+"), "…"),
    (re.compile(r"\b[0-9a-fA-F]{8,}\b(?:-[0-9a-fA-F]{4,})*|(?<![A-Za-z])-?\d[\d.,:]*"), "#"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One topic that holds dead letters."""

    topic: str
    told_by: Literal["connector", "name"]
    """How it is known: a connector names it in its settings, or its name says so."""
    writers: tuple[str, ...] = ()
    """Connectors that write to it."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Kind:
    """What one kind of dead letters has in common."""

    exception: str
    """The class, without its package."""
    message: str
    """Normalised: without numbers, quotes and contents."""
    stage: str = ""
    """Connect's own word: VALUE_CONVERTER, TASK_PUT, ...; empty: not told."""
    source: str = ""
    """Topic that the record came from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many of one kind are among those that were looked at."""

    kind: Kind
    count: int
    newest_ms: int
    """Unix milliseconds of the newest one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """What is known of the dead letters in one topic."""

    topic: str
    recent: int | Unknown
    """Records of the last ``window_s`` seconds, by the log's own timestamps."""
    window_s: float
    day: int | Unknown
    """Records of the last 24 hours."""
    oldest_ms: int | Unknown
    """Timestamp of the oldest record that is still there."""
    kinds: tuple[Tally, ...] | Unknown = NOT_READ
    """Of the newest records, most frequent first."""
    sampled: int = 0
    """Records whose headers were looked at."""
    bare: int = 0
    """Those of them without a header that tells of a failure."""
    new: tuple[tuple[Kind, float], ...] | Unknown = NOT_READ
    """Kinds that came while Headgate looked, and when, in Unix seconds."""


def queues(connectors: Iterable[Connector], topics: Iterable[str]) -> Mapping[str, Queue]:
    """The topics that hold dead letters, by name."""
    writers: dict[str, list[str]] = {}
    for connector in connectors:
        topic = letters_of(connector)
        if topic:
            writers.setdefault(topic, []).append(connector.name)
    found: dict[str, Queue] = {}
    for topic in topics:
        if topic in writers:
            found[topic] = Queue(
                topic=topic, told_by="connector", writers=tuple(sorted(writers[topic]))
            )
        elif _NAMED.search(topic):
            found[topic] = Queue(topic=topic, told_by="name")
    return found


def letters_of(connector: Connector) -> str:
    """The topic that the connector's dead letters go to; empty: none."""
    return "" if connector.type == "source" else connector.config.get(SETTING, "").strip()


def kind(headers: Mapping[str, bytes | None]) -> Kind | None:
    """What the headers tell of the failure; None: none of them does."""
    for names in _DIALECTS:
        if not any(name.startswith(names.prefix) for name in headers):
            continue
        exception = _first(headers, names.exception)
        message = _first(headers, names.message)
        if exception or message:
            return Kind(
                exception=exception.rpartition(".")[2].rpartition("$")[2],
                message=normalised(message),
                stage=_first(headers, names.stage),
                source=_first(headers, names.source),
            )
    return None


def normalised(message: str) -> str:
    """The message's first line without what changes from record to record."""
    text = message.strip().split("\n", 1)[0]
    for pattern, stands_for in _TAKEN_OUT:
        text = pattern.sub(stands_for, text)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def tallied(found: Sequence[tuple[Kind, int]]) -> tuple[Tally, ...]:
    """(Kind, timestamp) of each record, counted; most frequent first."""
    counts: dict[Kind, tuple[int, int]] = {}
    for each, at_ms in found:
        count, newest = counts.get(each, (0, 0))
        counts[each] = (count + 1, max(newest, at_ms))
    listed = [
        Tally(kind=each, count=count, newest_ms=newest) for each, (count, newest) in counts.items()
    ]
    return tuple(sorted(listed, key=lambda tally: (-tally.count, tally.kind)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """Headers of one dialect; of each list the first that is there counts."""

    dialect: Dialect
    prefix: tuple[str, ...]
    exception: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()
    source: tuple[str, ...] = ()


_DIALECTS: tuple[_Names, ...] = (
    _Names(
        dialect="spring",
        prefix=("kafka_dlt-", "kafka_exception-"),
        exception=(
            "kafka_dlt-exception-cause-fqcn",
            "kafka_dlt-exception-fqcn",
            "kafka_dlt-key-exception-fqcn",
            "kafka_exception-cause-fqcn",
            "kafka_exception-fqcn",
        ),
        message=(
            "kafka_dlt-exception-message",
            "kafka_dlt-key-exception-message",
            "kafka_exception-message",
        ),
        source=("kafka_dlt-original-topic", "kafka_original-topic"),
    ),
    _Names(
        dialect="connect",
        prefix=("__connect.errors.",),
        exception=("__connect.errors.exception.class.name",),
        message=("__connect.errors.exception.message",),
        stage=("__connect.errors.stage",),
        source=("__connect.errors.topic",),
    ),
    _Names(
        dialect="streams",
        prefix=("__streams.errors.",),
        exception=("__streams.errors.exception", "__streams.errors.exception.class.name"),
        message=("__streams.errors.message", "__streams.errors.exception.message"),
        source=("__streams.errors.topic",),
    ),
    _Names(
        dialect="share",
        prefix=("__dlq.errors.",),
        message=("__dlq.errors.message",),
        source=("__dlq.errors.topic",),
    ),
    _Names(
        dialect="smallrye",
        prefix=("dead-letter-",),
        exception=("dead-letter-cause-class-name", "dead-letter-exception-class-name"),
        message=("dead-letter-reason", "dead-letter-cause"),
        source=("dead-letter-topic",),
    ),
    _Names(
        dialect="cloud_stream",
        prefix=("x-exception-", "x-original-"),
        exception=("x-exception-fqcn",),
        message=("x-exception-message",),
        source=("x-original-topic",),
    ),
)
"""A record may carry two: Connect's stay when a replayed record fails elsewhere, so they are
looked at after Spring's."""


def _first(headers: Mapping[str, bytes | None], names: Sequence[str]) -> str:
    for name in names:
        value = headers.get(name)
        if value:
            return value.decode("utf-8", "replace")
    return ""
