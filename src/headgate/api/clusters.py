"""Clusters and what they hold: topics, groups, brokers, findings."""

from typing import Any, TypeVar

from fastapi import APIRouter, Query

from headgate.api import doors, paging, wire
from headgate.app import errors
from headgate.app.tables import (
    brokers,
    groups,
    partitions,
    positions,
    readers,
    rebalances,
    topics,
)
from headgate.domain import observation, person
from headgate.domain.unknown import Unknown

router = APIRouter(tags=["clusters"])

T = TypeVar("T")
Json = dict[str, Any]


@router.get("/clusters")
def list_clusters(headgate: doors.Headgate, actor: doors.Actor) -> Json:
    """Every cluster, worst first."""
    return wire.page(headgate.clusters(actor))


@router.get("/clusters/{cluster}")
def show_cluster(cluster: str, headgate: doors.Headgate, actor: doors.Actor) -> Json:
    """One cluster, with what could be read of it in the newest look and what could not."""
    summary: Json = wire.encode(headgate.cluster(actor, cluster))
    seen = headgate.observation(actor, cluster)
    if isinstance(seen, Unknown):
        return {**summary, "capabilities": wire.encode(seen), "parts": wire.encode(seen)}
    parts = seen.snapshot.parts()
    return {
        **summary,
        "took_s": seen.snapshot.took_s,
        "quorum": wire.encode(seen.snapshot.quorum.value),
        "features": wire.encode(seen.snapshot.features.value),
        "reassignments": wire.encode(seen.snapshot.reassignments.value),
        "capabilities": wire.encode(headgate.capabilities(actor, cluster)),
        "parts": {
            name: {
                "source": part.source,
                "how": part.how,
                "at": wire.encode(part.at),
                "took_s": part.took_s,
                "complete": part.complete,
                "unknown": part.value.reason if isinstance(part.value, Unknown) else "",
                "missing": wire.encode(part.missing[:100]),
            }
            for name, part in parts.items()
        },
    }


@router.get("/clusters/{cluster}/topics")
def list_topics(
    cluster: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    filter: paging.Filter = "",
    internal: bool = Query(default=False, description="Whether Kafka's own topics are listed."),
    cursor: paging.Cursor = "",
    limit: paging.Limit = 100,
) -> Json:
    """Topics by name."""
    seen = _seen(headgate, actor, cluster)
    return paging.cut_columns(
        _known(topics.table(seen), cluster),
        among=topics.shown(seen, internal),
        filter=filter,
        cursor=cursor,
        limit=limit,
    )


@router.get("/clusters/{cluster}/topics/{topic}")
def show_topic(
    cluster: str,
    topic: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    cursor: paging.Cursor = "",
    limit: paging.Limit = 200,
) -> Json:
    """One topic with its settings, its readers and a page of its partitions.

    `next_cursor` leads to the next page of partitions.
    """
    seen = _seen(headgate, actor, cluster)
    row = _known(topics.row(seen, topic), cluster)
    if row is None:
        raise _absent("topic", topic, cluster)
    configs = seen.snapshot.configs.value
    settings: object = configs
    if not isinstance(configs, Unknown):
        settings = configs.get(topic, Unknown("the settings of this topic were not read"))
    found = _known(partitions.table(seen, topic), cluster)
    shown, after = paging.run_of(found, cursor, limit)
    return {
        **wire.encode(row),
        "partition_list": wire.encode(shown),
        "next_cursor": after,
        "settings": wire.encode(settings),
        "readers": wire.encode(readers.of(seen, topic)),
        "writers": wire.encode(readers.writers(seen, topic)),
    }


@router.get("/clusters/{cluster}/groups")
def list_groups(
    cluster: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    filter: paging.Filter = "",
    cursor: paging.Cursor = "",
    limit: paging.Limit = 100,
) -> Json:
    """Groups by name."""
    found = _known(groups.table(_seen(headgate, actor, cluster)), cluster)
    return paging.cut_columns(found, filter=filter, cursor=cursor, limit=limit)


@router.get("/clusters/{cluster}/groups/{group:path}")
def show_group(
    cluster: str,
    group: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    cursor: paging.Cursor = "",
    limit: paging.Limit = 200,
) -> Json:
    """One group with its members, the rebalances seen and a page of its positions.

    `next_cursor` leads to the next page of positions.
    """
    seen = _seen(headgate, actor, cluster)
    row = _known(groups.row(seen, group), cluster)
    if row is None:
        raise _absent("group", group, cluster)
    known = seen.snapshot.groups.value
    item = None if isinstance(known, Unknown) else known[group]
    found = positions.table(seen, group)
    shown: object = found
    after = ""
    if not isinstance(found, Unknown):
        shown, after = paging.run_of(found, cursor, limit)
    return {
        **wire.encode(row),
        "protocol": "" if item is None else item.protocol,
        "coordinator": wire.encode(None if item is None else item.coordinator),
        "epoch": None if item is None or item.epoch < 0 else item.epoch,
        "member_list": wire.encode(known if item is None else item.members),
        "positions": wire.encode(shown),
        "starts": wire.encode({} if item is None else item.starts),
        "next_cursor": after,
        "rebalances": wire.encode(rebalances.of(seen, group)),
    }


@router.get("/clusters/{cluster}/brokers")
def list_brokers(cluster: str, headgate: doors.Headgate, actor: doors.Actor) -> Json:
    """Brokers by id."""
    return wire.page(_known(brokers.rows(_seen(headgate, actor, cluster)), cluster))


@router.get("/findings")
def list_findings(
    headgate: doors.Headgate,
    actor: doors.Actor,
    cluster: str = "",
    code: str = "",
    cursor: paging.Cursor = "",
    limit: paging.Limit = 100,
) -> Json:
    """What is abnormal in the newest look, and what could not be judged, with the reason."""
    names = [cluster] if cluster else [one.name for one in headgate.clusters(actor)]
    rows: list[Json] = []
    not_seen: list[Json] = []
    unread: Json = {}
    for name in names:
        found = headgate.detection(actor, name)
        if isinstance(found, Unknown):
            unread[name] = found.reason
            continue
        rows += [
            {"cluster": name, "key": one.key, "at": found.at, **wire.encode(one)}
            for one in found.findings
            if code in ("", one.code)
        ]
        not_seen += [
            {"cluster": name, **wire.encode(one)}
            for one in found.not_seen
            if code in ("", one.code)
        ]
    answer = paging.cut(
        rows,
        name=lambda row: f"{row['cluster']}/{row['key']}",
        filter="",
        cursor=cursor,
        limit=limit,
    )
    return {**answer, "not_seen": not_seen, "not_read": unread}


def _seen(headgate: doors.Headgate, actor: person.Actor, cluster: str) -> observation.Observation:
    return _known(headgate.observation(actor, cluster), cluster)


def _known(value: T | Unknown, cluster: str) -> T:
    if isinstance(value, Unknown):
        raise errors.Unavailable(
            f"Not known: {value.reason}",
            where=cluster,
            next_step="It is read again at the next look",
        )
    return value


def _absent(kind: str, name: str, cluster: str) -> errors.NotFound:
    return errors.NotFound(
        f"There is no {kind} {name} on {cluster}, as far as the newest look tells",
        where=cluster,
        next_step=f"The list of {kind}s names them",
    )
