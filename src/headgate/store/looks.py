"""What was last known of each cluster when Headgate stopped, as compressed text."""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import numpy as np
import sqlalchemy as sa

from headgate.domain import access, connects, known, layout, quorum, registry, snapshot, storage
from headgate.domain.unknown import Unknown
from headgate.ports import store
from headgate.store import codec
from headgate.store.tables import LOOKS

FORM = 1
"""Of the text; another Headgate's form is not read but begun anew."""

_KINDS: Mapping[str, Any] = {
    "brokers": snapshot.Brokers,
    "configs": snapshot.Configs,
    "groups": snapshot.Groups,
    "broker_configs": snapshot.BrokerConfigs,
    "quorum": quorum.Quorum,
    "features": quorum.Features,
    "quotas": tuple[access.Quota, ...],
    "acls": tuple[access.Acl, ...],
    "scram_users": tuple[access.ScramUser, ...],
    "log_dirs": tuple[storage.LogDir, ...],
}
_AROUND: Mapping[str, Any] = {
    "connects": connects.ConnectCluster,
    "registries": registry.Registry,
}
_COLUMNS = ("first", "leader", "leader_epoch", "replica_start", "replicas", "isr_start", "isr")

Json = dict[str, Any]


class Looks:
    """What was last known, in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put(self, known: snapshot.Snapshot) -> None:
        """This is what is known of its cluster."""
        body = zlib.compress(json.dumps(_written(known)).encode(), 1)
        values = {"at": codec.instant(known.at), "body": body}
        done = self._connection.execute(
            sa.update(LOOKS).where(LOOKS.c.cluster == known.cluster).values(values)
        )
        if done.rowcount == 0:
            self._connection.execute(sa.insert(LOOKS), {"cluster": known.cluster, **values})

    def get(self, cluster: str) -> snapshot.Snapshot | None:
        """What was known; None: nothing was kept.

        Raises:
            StoreError: it cannot be read, because another Headgate wrote it.
        """
        row = self._connection.execute(sa.select(LOOKS).where(LOOKS.c.cluster == cluster)).first()
        if row is None:
            return None
        try:
            return _read(cluster, json.loads(zlib.decompress(row.body)))
        except (zlib.error, ValueError, KeyError, TypeError, binascii.Error) as error:
            raise store.StoreError(
                f"What was last known of {cluster} cannot be read: {error}",
                where=f"look at {cluster}",
                next_step="It is begun anew at the next look",
            ) from error


def _written(known: snapshot.Snapshot) -> Json:
    parts: Json = {}
    for name, kind in _KINDS.items():
        part: snapshot.Part[Any] = getattr(known, name)
        if isinstance(part.value, Unknown):
            continue
        value = part.value.dirs if isinstance(part.value, storage.LogDirs) else part.value
        parts[name] = _part(part, codec.encode(kind, value))
    if not isinstance(known.partitions.value, Unknown):
        parts["partitions"] = _part(known.partitions, _layout(known.partitions.value))
    around: Json = {
        field: {
            name: _part(part, codec.encode(kind, part.value))
            for name, part in getattr(known, field).items()
            if not isinstance(part.value, Unknown)
        }
        for field, kind in _AROUND.items()
    }
    return {
        "form": FORM,
        "at": codec.instant(known.at),
        "version": known.version if isinstance(known.version, str) else None,
        "parts": parts,
        **around,
    }


def _part(part: snapshot.Part[Any], value: object) -> Json:
    return {
        "at": codec.instant(part.at),
        "source": part.source,
        "how": part.how,
        "value": value,
    }


def _layout(listed: layout.Partitions) -> Json:
    columns = {name: np.asarray(getattr(listed, name), dtype=np.int32) for name in _COLUMNS}
    return {
        "topics": listed.topics,
        "topic_ids": listed.topic_ids,
        "internal": base64.b64encode(listed.internal.astype(np.bool_).tobytes()).decode(),
        **{
            name: base64.b64encode(column.astype("<i4").tobytes()).decode()
            for name, column in columns.items()
        },
    }


def _read(cluster: str, held: Json) -> snapshot.Snapshot:
    if held["form"] != FORM:
        raise ValueError(f"it has form {held['form']}")
    parts: dict[str, snapshot.Part[Any]] = {}
    for name, kind in _KINDS.items():
        if name in held["parts"]:
            parts[name] = _part_read(held["parts"][name], kind, f"{name} of {cluster}")
    if "log_dirs" in parts:
        parts["log_dirs"] = _with(parts["log_dirs"], known.log_dirs(parts["log_dirs"].value))  # type: ignore[arg-type]  # was read
    if "partitions" in held["parts"]:
        one = held["parts"]["partitions"]
        parts["partitions"] = _made(one, _layout_read(one["value"]))
    nothing = snapshot.NOT_ASKED
    fields: dict[str, Any] = {name: parts.get(name, nothing) for name in (*_KINDS, "partitions")}
    for field, kind in _AROUND.items():
        fields[field] = {
            name: _part_read(one, kind, f"{name} of {cluster}") for name, one in held[field].items()
        }
    return snapshot.Snapshot(
        cluster=cluster,
        at=codec.read_instant(held["at"]),
        took_s=0.0,
        version=held["version"] or snapshot.UNREAD_VERSION,
        offsets=nothing,
        commits=nothing,
        **fields,
    )


def _part_read(one: Json, kind: Any, where: str) -> snapshot.Part[Any]:
    return _made(one, codec.decode(kind, one["value"], where=where))


def _made(one: Json, value: object) -> snapshot.Part[Any]:
    at: datetime = codec.read_instant(one["at"])
    return snapshot.Part(value=value, source=one["source"], how=one["how"], at=at)


def _with(part: snapshot.Part[Any], value: object) -> snapshot.Part[Any]:
    return snapshot.Part(value=value, source=part.source, how=part.how, at=part.at)


def _layout_read(held: Json) -> layout.Partitions:
    columns = {
        name: np.frombuffer(base64.b64decode(held[name]), dtype="<i4").astype(np.int32)
        for name in _COLUMNS
    }
    return layout.Partitions(
        topics=tuple(held["topics"]),
        topic_ids=tuple(held["topic_ids"]),
        internal=np.frombuffer(base64.b64decode(held["internal"]), dtype=np.bool_),
        **cast(Any, columns),
    )
