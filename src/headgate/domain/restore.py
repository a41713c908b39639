"""Restore points: what a cluster's offsets and settings were at one time, so that they can be had
back.

A point has parts (``PARTS``), each either what was read or the reason why it was not. A part is
packed as compressed text under the hash of its content, so that one that did not change between
two points is kept once.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar, cast, get_args

import numpy as np

from headgate.domain import access, snapshot
from headgate.domain.differences import settings
from headgate.domain.timeline import HIDDEN
from headgate.domain.unknown import Unknown

T = TypeVar("T")

Name = Literal[
    "offsets", "topic_configs", "broker_configs", "acls", "quotas", "scram_users", "connectors"
]
PARTS: tuple[Name, ...] = get_args(Name)

Value = int | float | str
Content = Mapping[str, Mapping[str, Value]]
"""Resource (``group:billing``) -> what of it (``orders-3``) -> value; ``HIDDEN`` where a secret
stands that nobody shows."""

MASK = "********"
"""What stands for a secret in what Connect's adapter gives; a test compares the two."""

_LEVEL = 1
"""Of zlib: 14 % larger than level 6 on committed offsets, and six times as fast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part as it was read."""

    name: Name
    at: datetime
    content: Content | Unknown
    missing: tuple[str, ...] = ()
    """Resources that could not be read, and why: ``group:a: the coordinator is loading``."""
    unnamed: int = 0
    """How many more could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One part as it is kept: what it holds in numbers, and where its content is."""

    name: Name
    at: datetime
    digest: str
    """SHA-256 of the content; empty: there is none."""
    reason: str = ""
    """Why there is no content; empty: there is."""
    missing: tuple[str, ...] = ()
    """At most ``MOST_MISSING``."""
    lacking: int = 0
    """How many resources could not be read."""
    resources: int = 0
    values: int = 0
    hidden: int = 0
    """Values that cannot be restored, because they are secrets that nobody shows."""

    @property
    def complete(self) -> bool:
        """Whether all of it was read."""
        return not self.reason and not self.lacking


MOST_MISSING = 20
"""Resources that a part names as missing; the others are only counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One restore point."""

    id: str
    cluster: str
    at: datetime
    parts: tuple[Kept, ...]
    change: str = ""
    """The change that was about to start; empty: taken at its interval."""
    same_until: datetime | None = None
    """The last time at which everything was still the same; None: looked at once."""

    @property
    def complete(self) -> bool:
        """Whether everything was read."""
        return all(one.complete for one in self.parts)

    @property
    def empty(self) -> bool:
        """Whether nothing at all could be read."""
        return all(one.reason for one in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A point with the contents of its parts, compressed, by digest."""

    point: Point
    bodies: Mapping[str, bytes] = field(repr=False)


def parts(seen: snapshot.Snapshot) -> tuple[Part, ...]:
    """What the look holds of everything that can be restored."""
    return tuple(read() for _name, _at, read in _parts(seen))


def _parts(seen: snapshot.Snapshot) -> Iterator[tuple[Name, datetime, Callable[[], Part]]]:
    """(name, when it was read, how to make it); the settings of topics are of the sweep's time,
    for those of a new topic are read at once.
    """
    configs, brokers = seen.configs, seen.broker_configs
    yield "offsets", seen.at, lambda: _offsets(seen)
    yield (
        "topic_configs",
        seen.at,
        lambda: _read("topic_configs", configs, lambda value: _configs("topic", value)),
    )
    yield (
        "broker_configs",
        brokers.at,
        lambda: _read("broker_configs", brokers, lambda value: _configs("broker", value)),
    )
    yield "acls", seen.acls.at, lambda: _read("acls", seen.acls, _acls)
    yield "quotas", seen.quotas.at, lambda: _read("quotas", seen.quotas, _quotas)
    yield "scram_users", seen.scram_users.at, lambda: _read("scram_users", seen.scram_users, _users)
    yield "connectors", seen.at, lambda: _connectors(seen)


def point(
    point_id: str,
    seen: snapshot.Snapshot,
    *,
    at: datetime | None = None,
    change: str = "",
    before: Packed | None = None,
) -> Packed:
    """The restore point of a look, packed; what was not read anew since ``before`` is taken
    from there.
    """
    kept: list[Kept] = []
    bodies: dict[str, bytes] = {}
    ready = {one.name: one for one in before.point.parts} if before is not None else {}
    for name, read_at, read in _parts(seen):
        header = ready.get(name)
        if before is not None and header and header.at == read_at and header.digest:
            body = before.bodies[header.digest]
        else:
            header, body = pack(read())
        kept.append(header)
        if header.digest:
            bodies[header.digest] = body
    made = Point(
        id=point_id,
        cluster=seen.cluster,
        at=at or seen.at,
        parts=tuple(kept),
        change=change,
    )
    return Packed(point=made, bodies=bodies)


def nothing(point_id: str, cluster: str, at: datetime, reason: str, *, change: str = "") -> Packed:
    """The restore point where nothing was read; it says why."""
    kept = tuple(Kept(name=name, at=at, digest="", reason=reason) for name in PARTS)
    made = Point(id=point_id, cluster=cluster, at=at, parts=kept, change=change)
    return Packed(point=made, bodies={})


def pack(part: Part) -> tuple[Kept, bytes]:
    """The part's header and its compressed content; empty where there is none."""
    if isinstance(part.content, Unknown):
        return Kept(name=part.name, at=part.at, digest="", reason=part.content.reason), b""
    text = json.dumps(part.content, sort_keys=True, separators=(",", ":")).encode()
    values = [value for inner in part.content.values() for value in inner.values()]
    kept = Kept(
        name=part.name,
        at=part.at,
        digest=hashlib.sha256(text).hexdigest(),
        missing=part.missing[:MOST_MISSING],
        lacking=len(part.missing),
        resources=len(part.content),
        values=len(values),
        hidden=sum(1 for value in values if not restorable(value)),
    )
    return kept, zlib.compress(text, _LEVEL)


def unpack(kept: Kept, body: bytes) -> Part:
    """The part that was packed."""
    content = (
        Unknown(kept.reason)
        if kept.reason
        else cast(Content, json.loads(zlib.decompress(body).decode()))
    )
    return Part(
        name=kept.name,
        at=kept.at,
        content=content,
        missing=kept.missing,
        unnamed=kept.lacking - len(kept.missing),
    )


def restorable(value: Value) -> bool:
    """Whether the value is itself, and not what stands for a secret."""
    return not isinstance(value, str) or (value != HIDDEN and MASK not in value)


def acl_of(principal: str, key: str) -> access.Acl:
    """The rule that an entry of the part ``acls`` stands for."""
    permission, operation, kind, pattern, host, name = key.split(" ", 5)
    return access.Acl(
        principal=principal,
        host=host,
        operation=operation,
        permission=permission,
        resource_type=kind,
        resource_name=name,
        pattern=pattern,
    )


def _read(name: Name, part: snapshot.Part[T], make: Callable[[T], Content]) -> Part:
    content = part.value if isinstance(part.value, Unknown) else make(part.value)
    missing = tuple(f"{one.what}: {one.reason}" for one in part.missing)
    return Part(name=name, at=part.at, content=content, missing=missing)


def _offsets(seen: snapshot.Snapshot) -> Part:
    listed, commits = seen.partitions.value, seen.commits.value
    missing = tuple(f"{one.what}: {one.reason}" for one in seen.commits.missing)
    if isinstance(commits, Unknown):
        return Part(name="offsets", at=seen.commits.at, content=commits)
    if isinstance(listed, Unknown):
        return Part(name="offsets", at=seen.commits.at, content=listed)
    labels = [str(name) for name in listed.names()]
    bounds = np.searchsorted(commits.group_index, np.arange(len(commits.groups) + 1)).tolist()
    ordinals, offsets = commits.ordinal.tolist(), commits.offset.tolist()
    content = {
        f"group:{group}": {
            labels[ordinal]: offset
            for ordinal, offset in zip(ordinals[low:high], offsets[low:high], strict=True)
            if offset >= 0
        }
        for group, low, high in zip(commits.groups, bounds, bounds[1:], strict=False)
    }
    return Part(
        name="offsets",
        at=seen.commits.at,
        content={name: inner for name, inner in content.items() if inner},
        missing=missing,
    )


def _configs(kind: str, configs: Mapping[Any, Mapping[str, snapshot.ConfigValue]]) -> Content:
    made = {f"{kind}:{name}": settings.made(values) for name, values in configs.items()}
    return {name: values for name, values in made.items() if values}


def _acls(acls: tuple[access.Acl, ...]) -> Content:
    made: dict[str, dict[str, Value]] = {}
    for one in acls:
        key = " ".join(
            (
                one.permission,
                one.operation,
                one.resource_type,
                one.pattern,
                one.host,
                one.resource_name,
            )
        )
        made.setdefault(f"principal:{one.principal}", {})[key] = "present"
    return made


def _quotas(quotas: tuple[access.Quota, ...]) -> Content:
    return {f"quota:{_entity(one)}": dict(one.limits) for one in quotas if one.limits}


def _entity(one: access.Quota) -> str:
    """Like ``Quota.name``, with what would be ambiguous escaped."""

    def escaped(text: str) -> str:
        return text.replace("%", "%25").replace(",", "%2C").replace("=", "%3D")

    order = ("user", "client-id", "ip")
    return ",".join(f"{kind}={escaped(one.entity[kind])}" for kind in order if kind in one.entity)


def _users(users: tuple[access.ScramUser, ...]) -> Content:
    """Kafka never shows credentials, so each mechanism is there and hidden."""
    return {
        f"principal:User:{one.name}": {
            **{f"{name} iterations": count for name, count in one.mechanisms.items()},
            "credentials": HIDDEN,
        }
        for one in users
    }


def _connectors(seen: snapshot.Snapshot) -> Part:
    content: dict[str, dict[str, Value]] = {}
    missing: list[str] = []
    read_at = seen.at
    for name, part in seen.connects.items():
        read_at = min(read_at, part.at)
        missing += [f"{one.what}: {one.reason}" for one in part.missing]
        if isinstance(part.value, Unknown):
            missing.append(f"connect:{name}: {part.value.reason}")
            continue
        for one in part.value.connectors.values():
            content[f"connector:{name}/{one.name}"] = dict(_masked(one.config))
    if seen.connects and not content and len(missing) == len(seen.connects):
        return Part(name="connectors", at=read_at, content=Unknown("; ".join(missing)))
    return Part(name="connectors", at=read_at, content=content, missing=tuple(missing))


def _masked(config: Mapping[str, str]) -> Iterator[tuple[str, Value]]:
    for key, value in config.items():
        yield key, HIDDEN if value == MASK else value
