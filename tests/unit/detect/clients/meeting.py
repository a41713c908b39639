"""Scenes of what clients meet, told by counters and by the coordinators of transactions."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import numpy as np
from tests.unit.observations import AT, Scene

from headgate import detect, diagnose
from headgate.domain import (
    access,
    diagnosis,
    finding,
    layout,
    measures,
    positions,
    timeline,
    transactions,
)
from headgate.domain.differences import topics
from headgate.domain.resource import Resource, TopicPartition
from headgate.domain.unknown import Unknown

PAGE = "http://127.0.0.1:7071"
NAME = TopicPartition("orders", 0)


def shop(samples: int = 70, *, short: bool = False) -> Scene:
    """A topic that gets records; ``short``: as the doctor sees it."""
    scene = Scene(samples=11 if short else samples)
    if short:
        scene.interval_s, scene.cut_s = 1.0, 10.0
    scene.topic("orders", 3, rate=10, max_message_bytes="10240")
    return scene


def counter(name: str, value: float, broker: int = 1, **labels: str) -> measures.Measure:
    return measures.Measure(
        name=name, resource=Resource("broker", str(broker)), value=value, labels=labels
    )


def error(request: str, kind: str, value: float, broker: int = 1) -> measures.Measure:
    return counter("broker.errors", value, broker, request=request, error=kind)


def measure(scene: Scene, course: Callable[[int], Sequence[measures.Measure]]) -> None:
    """The page tells these, beside the answers that succeed."""
    scene.measured[PAGE] = lambda i: (error("Produce", "NONE", 100 * i), *course(i))


def found(scene: Scene, code: str) -> list[finding.Finding]:
    return [one for one in detect.run(scene.seen()).findings if one.code == code]


def gaps(scene: Scene, code: str) -> list[str]:
    return [one.reason for one in detect.run(scene.seen()).not_seen if one.code == code]


def causes(scene: Scene, code: str) -> list[diagnosis.Cause]:
    """The causes of the only finding with that code, best first."""
    detection, diagnoses, _drafts, _hazards = diagnose.look(scene.seen(), {})
    [item] = [one for one in detection.findings if one.code == code]
    [told] = [one for one in diagnoses if one.finding == item.key]
    return list(told.causes)


def first(scene: Scene, code: str) -> tuple[str, str]:
    top = causes(scene, code)[0]
    return top.code, top.verdict


def verdict(scene: Scene, code: str, cause: str) -> str:
    [one] = [each for each in causes(scene, code) if each.code == cause]
    return one.verdict


def title(scene: Scene) -> str:
    [draft] = diagnose.look(scene.seen(), {})[2]
    return draft.title


def listing(count: int = 3) -> layout.Partitions:
    scene = Scene()
    scene.topic("orders", count)
    value = scene.seen().snapshot.partitions.value
    assert not isinstance(value, Unknown)
    return value


def held(
    stable: Callable[[int], int], *, partitions: tuple[int, ...] = (0,), count: int = 3
) -> Callable[[int], positions.Positions]:
    """The last stable offset of these partitions is behind the log end."""
    table = listing(count)

    def at(i: int) -> positions.Positions:
        flags = np.zeros(count, np.bool_)
        flags[list(partitions)] = True
        return positions.Positions(
            partitions=table,
            stable=np.array([stable(i)] * count, np.int64),
            newest_ms=np.full(count, -1, np.int64),
            newest_offset=np.full(count, -1, np.int64),
            held=flags,
        )

    return at


def open_(partition: int = 0, *, since: int = 1010, producer: int = 7) -> transactions.Producer:
    return transactions.Producer(
        partition=TopicPartition("orders", partition),
        producer_id=producer,
        producer_epoch=2,
        last_sequence=9,
        last_timestamp_ms=int((AT.timestamp() - 100) * 1000),
        coordinator_epoch=0,
        open_since_offset=since,
    )


def transaction(
    *,
    state: str = "Ongoing",
    epoch: int = 2,
    timeout_s: float = 900,
    age_s: float = 100,
    partitions: tuple[int, ...] = (0,),
    at: float | None = None,
) -> transactions.Transaction:
    now = AT.timestamp() if at is None else at
    return transactions.Transaction(
        id="pay",
        producer_id=7,
        producer_epoch=epoch,
        state=state,
        coordinator=1,
        timeout_s=timeout_s,
        started_ms=int((now - age_s) * 1000) if state == "Ongoing" else -1,
        partitions=tuple(TopicPartition("orders", p) for p in partitions),
    )


def known(
    *listed: transactions.Transaction,
    producers: tuple[transactions.Producer, ...] = (),
    complete: bool = True,
) -> transactions.Transactions:
    return transactions.Transactions(
        transactions=listed, open_producers=producers, complete=complete
    )


def changed(
    what: str, about: Resource, before_s: float, old: str = "", new: str = ""
) -> timeline.Entry:
    kind: timeline.Kind = "acl" if "ACL" in what else "config"
    kind = "topic" if what in (topics.CREATED, topics.DELETED, topics.RECREATED) else kind
    return timeline.Entry(
        at=AT - timedelta(seconds=before_s),
        resource=about,
        kind=kind,
        what=what,
        before=old,
        after=new,
        source="kafka",
    )


def rule(principal: str = "User:bob", **given: str) -> access.Acl:
    values = {
        "host": "*",
        "operation": "WRITE",
        "permission": "ALLOW",
        "resource_type": "TOPIC",
        "resource_name": "orders",
        "pattern": "LITERAL",
        **given,
    }
    return access.Acl(principal=principal, **values)
