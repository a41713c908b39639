"""What the tests of causes share: scenes, and the causes of one finding in them, best first."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from tests.unit.diagnose import scenes
from tests.unit.observations import START, Scene, line

from headgate import diagnose
from headgate.domain import diagnosis, measures, positions, snapshot, transactions
from headgate.domain.resource import Resource, TopicPartition

PAGE = "http://127.0.0.1:9404/metrics"
BROKER = Resource("broker", "1")
SOUND = diagnosis.RecordAnswer(exists=True, decodes=True, format="json", neighbours=2)

Cause = tuple[str, str]
"""Code and verdict."""


def causes(
    scene: Scene, finding: str, answer: diagnosis.Answer | None = SOUND
) -> list[diagnosis.Cause]:
    """The causes of the first finding with that code, best first."""
    seen = scene.seen()
    detection = diagnose.look(seen, {})[0]
    answers = (
        {}
        if answer is None
        else dict.fromkeys(diagnose.Examination(seen, detection).questions(), answer)
    )
    detection, diagnoses, _, _ = diagnose.look(seen, answers)
    keys = [item.key for item in detection.findings if item.code == finding]
    assert keys, sorted({item.code for item in detection.findings})
    return list(next(each.causes for each in diagnoses if each.finding == keys[0]))


def told(found: Sequence[diagnosis.Cause]) -> list[Cause]:
    """The codes and verdicts."""
    return [(cause.code, cause.verdict) for cause in found]


def counter(name: str, value: float, about: Resource = BROKER, **labels: str) -> measures.Measure:
    return measures.Measure(name=name, resource=about, value=value, labels=labels)


def client(name: str, value: float, who: str = "billing-0") -> measures.Measure:
    return counter(name, value, Resource("client", who))


def tells(scene: Scene, course: Callable[[int], tuple[measures.Measure, ...]]) -> Scene:
    """The scene with a metrics source."""
    scene.measured[PAGE] = course
    return scene


def answered(i: int, **errors: float) -> tuple[measures.Measure, ...]:
    """What brokers count of OffsetCommit, with these errors a sample."""
    return (
        counter("broker.errors", 100.0 + i, request="OffsetCommit", error="NONE"),
        *(
            counter("broker.errors", each * i, request="OffsetCommit", error=error)
            for error, each in errors.items()
        ),
    )


def made_static(scene: Scene, group: str = "billing") -> Scene:
    """The members have a group.instance.id."""
    held = scene.groups[group]
    assert isinstance(held.members, tuple)
    scene.groups[group] = dataclasses.replace(
        held,
        members=tuple(
            dataclasses.replace(member, instance_id=f"{member.id}-pod") for member in held.members
        ),
    )
    return scene


def transactional(*, stable: int, known: bool) -> Scene:
    """billing has read orders-3 up to the last stable offset, which a transaction holds."""
    scene = scenes.shop()
    scene.follow("billing", "orders", members=2, but=(3,))
    scene.read("billing", "orders", 3, line(START, 10, until=30), "billing-9")
    names = scene._names()  # positions are by the scene's own order
    place = names.index(TopicPartition("orders", 3))
    held = np.zeros(len(names), np.bool_)
    held[place] = True
    offsets = np.full(len(names), 10_000, np.int64)
    offsets[place] = stable
    scene.others["positions"] = lambda _: positions.Positions(
        partitions=scene._partitions(),  # the listing they are of
        stable=offsets,
        newest_ms=offsets,
        newest_offset=offsets,
        held=held,
    )
    one = transactions.Transaction(
        id="ledger",
        producer_id=7,
        producer_epoch=1,
        state="Ongoing" if known else "Empty",
        coordinator=1,
        timeout_s=900.0,
        started_ms=1,
        partitions=(TopicPartition("orders", 3),) if known else (),
    )
    open_ = transactions.Producer(
        partition=TopicPartition("orders", 3),
        producer_id=7,
        producer_epoch=1,
        last_sequence=1,
        last_timestamp_ms=1,
        coordinator_epoch=1,
        open_since_offset=stable,
    )
    scene.others["transactions"] = lambda _: transactions.Transactions(
        transactions=(one,), open_producers=(open_,)
    )
    return scene


def flapping(*, away: int, every: int = 8, samples: int = 140) -> Scene:
    """One of three members is gone for some samples in every few, and comes back under a new id;
    below 0: the new one is there before the old one is missed."""
    scene = scenes.shop(samples=samples)
    scene.follow("billing", "orders", behind=3, members=3)

    def there(i: int) -> frozenset[str]:
        turn, place = divmod(i, every)
        steady = {"billing-1", "billing-2"}
        if away < 0:
            ghost = {f"x{turn - 1}"} if place < -away and turn else set()
            return frozenset(steady | ghost | {f"x{turn}"})
        return frozenset(steady | ({f"x{turn}"} if place < every - away else set()))

    scene.members["billing"] = there
    return scene


def rolling() -> Scene:
    """Three members are replaced, one after the other, and stay."""
    scene = scenes.shop(samples=80)
    scene.follow("billing", "orders", behind=3, members=3)

    def there(i: int) -> frozenset[str]:
        return frozenset(
            f"new-{slot}" if i >= 40 + 5 * slot else f"old-{slot}" for slot in range(3)
        )

    scene.members["billing"] = there
    return scene


def reconciling(*, blocked: bool = True) -> Scene:
    """A group of the new protocol: m1 still holds what m2 is to get."""
    scene = scenes.shop()
    scene.follow("billing", "orders", behind=3, members=2)
    mine = tuple(TopicPartition("orders", p) for p in range(6))
    scene.groups["billing"] = dataclasses.replace(
        scene.groups["billing"],
        kind="consumer",
        state="Reconciling",
        epoch=3,
        members=tuple(
            snapshot.Member(
                id=f"billing-{i}",
                client_id=f"billing-{i}",
                host="/127.0.0.1",
                instance_id=None,
                assigned=(),
                epoch=2 if i == 0 else 3,
                target=mine[3 * i : 3 * i + 3],
            )
            for i in range(2)
        ),
    )
    scene.states["billing"] = lambda i: "Reconciling" if i > 40 else "Stable"
    for p in range(6):
        owner = "billing-0" if blocked else f"billing-{p // 3}"
        scene.read("billing", "orders", p, line(START - 3, 10), owner)
    return scene
