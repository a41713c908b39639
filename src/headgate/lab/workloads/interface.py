"""What a workload of the lab is: its settings, as data, and how they are stored and read.

A workload is one application of the shop that the lab plays: a producing service or a consumer
group. Its settings live in one small JSON file in the lab's folder, which the running processes
read again as they go; so a fault, a story or a person changes behaviour by changing a file, and
nothing in Kafka tells that it was changed.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeAlias

from headgate.lab import errors

GroupProtocol: TypeAlias = Literal["classic", "consumer"]
"""Kafka's `group.protocol`: the classic one, or that of KIP-848."""

Choices: TypeAlias = tuple[str, ...]

ASSIGNORS: Choices = ("cooperative-sticky", "range", "roundrobin")
"""librdkafka's assignors of the classic protocol; the last two are eager."""

RESETS: Choices = ("earliest", "latest", "error")
"""What `auto.offset.reset` may be."""


class WorkloadError(errors.LabError):
    """A workload of the lab could not do what was asked."""


class BadSettings(WorkloadError):
    """The settings of a workload cannot be used."""


class NoSuchWorkload(WorkloadError):
    """The lab has no workload of that name."""


class WorkloadUnchanged(WorkloadError):
    """A workload did not reach the wanted state in time."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """A consumer group: so many member processes, all alike."""

    program: ClassVar[str] = "consumer"

    name: str
    """The application's name; also the prefix of its client ids."""
    group: str
    topics: tuple[str, ...]
    protocol: GroupProtocol = "classic"
    members: int = 1
    """Number of member processes."""
    static: bool = False
    """Whether each member has a `group.instance.id`."""
    work_ms: float = 2.0
    """Time that the handler takes for one record."""
    hung: tuple[int, ...] = ()
    """Slots of members that stay alive and stop polling."""
    running: bool = True
    """False: the members leave cleanly and are not started again until it is true."""
    restarts: bool = True
    """False: a member that ends stays ended."""
    restart_after_s: float = 1.0
    """Pause of the supervisor before it starts a crashed member again."""
    restart_limit_s: float = 1.0
    """The pause doubles with each crash up to this; equal to `restart_after_s`: it stays."""
    attempts: int = 3
    """How often a record that fails is read and tried before the process gives up and crashes."""
    skips_undecodable: bool = False
    """True: a record that does not decode is logged and passed over, as tolerant readers do."""
    leaves_on_crash: bool = False
    """True: a crashing member still closes its client, so that it leaves the group at once."""
    session_timeout_ms: int = 6_000
    """`session.timeout.ms` of the classic protocol; the other one takes the broker's."""
    max_poll_interval_ms: int = 300_000
    """`max.poll.interval.ms`: how long a member may stay away from polling."""
    assignor: str = "cooperative-sticky"
    """`partition.assignment.strategy` of the classic protocol, one of `ASSIGNORS`."""
    instance: str = ""
    """Prefix of the static members' `group.instance.id`; empty: the application's name."""
    reset: str = "earliest"
    """`auto.offset.reset`, one of `RESETS`."""
    commits: bool = True
    """False: it handles records and never commits, as one that keeps offsets elsewhere."""
    slow: tuple[int, ...] = ()
    """Slots of members whose handler takes `slow_ms` instead of `work_ms`."""
    slow_ms: float = 0.0
    dozing: tuple[int, ...] = ()
    """Slots of members that stay away from polling for `doze_s` after each batch."""
    doze_s: float = 0.0
    revoke_s: float = 0.0
    """How long giving up a partition takes, as flushing what was begun with it does."""
    crash_after_s: float = 0.0
    """A member crashes after so many seconds, whatever it reads; 0: it does not."""
    delay_s: float = 0.0
    """It handles a record only when that is so old, as a queue with a delay does."""
    fetch_bytes: int = 4_096
    """`max.partition.fetch.bytes`."""
    prefetch: int = 20
    """`queued.min.messages`: few, and other partitions do not wait behind one with a backlog; many,
    and a member works a backlog off quickly."""

    def __post_init__(self) -> None:
        """Refuse settings that no process could follow."""
        _require(self.name, self.assignor in ASSIGNORS, f"assignor must be one of {ASSIGNORS}")
        _require(self.name, self.reset in RESETS, f"reset must be one of {RESETS}")
        _require(self.name, bool(self.topics), "topics is empty")
        _require(self.name, 0 <= self.members <= 64, "members must be 0 to 64")
        _require(self.name, 0 <= self.work_ms <= 600_000, "work_ms must be 0 to 600000")
        _require(self.name, self.attempts >= 1, "attempts must be at least 1")
        _require(self.name, self.restart_after_s >= 0, "restart_after_s must not be negative")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Producer:
    """A service that writes one kind of record to one topic at a steady rate."""

    program: ClassVar[str] = "producer"

    name: str
    """The application's name; also its client id."""
    topic: str
    record: str
    """The kind of record, one of `records.KINDS`."""
    rate_per_s: float = 5.0
    keys: int = 200
    """Number of different keys; 0 writes records without a key."""
    hot_share: float = 0.0
    """Share of the records that carry one single key, 0 to 1."""
    swing: float = 0.0
    """By which share of itself the rate goes up and down, 0 to 1."""
    swing_s: float = 30.0
    """How long one swing up and down takes."""
    running: bool = True
    restarts: bool = True
    restart_after_s: float = 1.0
    restart_limit_s: float = 10.0

    members: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Refuse settings that no process could follow."""
        _require(self.name, 0 <= self.rate_per_s <= 5_000, "rate_per_s must be 0 to 5000")
        _require(self.name, 0 <= self.hot_share <= 1, "hot_share must be 0 to 1")
        _require(self.name, 0 <= self.swing <= 1, "swing must be 0 to 1")
        _require(self.name, self.swing_s > 0, "swing_s must be above 0")
        _require(self.name, self.keys >= 0, "keys must not be negative")


Workload: TypeAlias = Consumer | Producer

PROGRAMS: Mapping[str, type[Consumer] | type[Producer]] = {
    Consumer.program: Consumer,
    Producer.program: Producer,
}
CHANGEABLE: Mapping[str, tuple[str, ...]] = {
    Consumer.program: (
        "members",
        "work_ms",
        "running",
        "restarts",
        "hung",
        "slow",
        "slow_ms",
        "dozing",
        "doze_s",
        "revoke_s",
        "crash_after_s",
        "commits",
    ),
    Producer.program: (
        "rate_per_s",
        "hot_share",
        "keys",
        "swing",
        "swing_s",
        "running",
        "restarts",
    ),
}
"""Settings that a running workload follows without a restart."""


def encode(workload: Workload) -> str:
    """Return the settings as the JSON text that `decode` reads."""
    document = {"program": workload.program, **dataclasses.asdict(workload)}
    return json.dumps(document, indent=2, sort_keys=True)


def decode(text: str, *, where: str) -> Workload:
    """Return the settings that a JSON text holds.

    Raises BadSettings with `where`, for the person who edited the file by hand.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BadSettings(f"This is not JSON: {error}.", where=where) from error
    if not isinstance(document, dict) or document.get("program") not in PROGRAMS:
        raise BadSettings("`program` must be consumer or producer.", where=where)
    program = PROGRAMS[document.pop("program")]
    return program(**_typed(program, document, where))


def change(workload: Workload, name: str, text: str) -> Workload:
    """Return the workload with one changeable setting taken from a person's text."""
    allowed = CHANGEABLE[workload.program]
    if name not in allowed:
        raise BadSettings(
            f"{workload.name} has no setting {name!r} that can change while it runs.",
            where=workload.name,
            next_step=f"Use one of: {', '.join(allowed)}.",
        )
    try:
        value: object = json.loads(text)
    except ValueError:
        value = text
    fields = _typed(type(workload), {name: value}, workload.name)
    return dataclasses.replace(workload, **fields)


def _typed(
    program: type[Consumer] | type[Producer], document: Mapping[str, object], where: str
) -> dict[str, Any]:
    known = {field.name: field for field in dataclasses.fields(program)}
    values: dict[str, Any] = {}
    for name, value in document.items():
        if name not in known:
            raise BadSettings(f"There is no setting {name!r}.", where=where)
        values[name] = _convert(name, known[name].type, value, where)
    return values


def _convert(name: str, kind: object, value: object, where: str) -> object:
    if kind in (int, float):
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise BadSettings(f"{name} must be a number, not {value!r}.", where=where)
        if kind is int and value != int(value):
            raise BadSettings(f"{name} must be a whole number, not {value!r}.", where=where)
        return int(value) if kind is int else float(value)
    if kind is bool:
        if not isinstance(value, bool):
            raise BadSettings(f"{name} must be true or false, not {value!r}.", where=where)
        return value
    if kind in (tuple[int, ...], tuple[str, ...]):
        item = int if kind == tuple[int, ...] else str
        if not isinstance(value, list) or not all(type(each) is item for each in value):
            raise BadSettings(f"{name} must be a list of {item.__name__}.", where=where)
        return tuple(value)
    if kind == GroupProtocol and value not in ("classic", "consumer"):
        raise BadSettings(f"{name} must be classic or consumer, not {value!r}.", where=where)
    if not isinstance(value, str):
        raise BadSettings(f"{name} must be text, not {value!r}.", where=where)
    return value


def _require(name: str, holds: bool, otherwise: str) -> None:
    if not holds:
        raise BadSettings(f"{otherwise}.", where=name)
