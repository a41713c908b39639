"""A transaction that holds its readers up, and producers that fence each other."""

from tests.unit.detect.clients.meeting import (
    error,
    found,
    gaps,
    held,
    known,
    measure,
    open_,
    shop,
    transaction,
)
from tests.unit.observations import Scene

from headgate.domain import quorum, snapshot


def level(scene: Scene, finalized: int) -> None:
    features = quorum.Features(
        features=(
            quorum.Feature(name="transaction.version", finalized=finalized, supported=(0, 2)),
        )
    )
    scene.others["features"] = lambda _: features


def stuck(*, short: bool = False, age_s: float = 100) -> Scene:
    scene = shop(short=short)
    scene.others["positions"] = held(lambda _: 1010)
    scene.others["transactions"] = lambda _: known(transaction(age_s=age_s), producers=(open_(),))
    return scene


def test_an_offset_that_stands_is_a_finding() -> None:
    [item] = found(stuck(), "txn.lso_stuck")
    assert (str(item.resource), item.state, item.severity) == (
        "partition:orders-0",
        "firing",
        "warning",
    )
    assert "pay" in item.summary


def test_a_short_look_uses_the_transactions_own_start() -> None:
    assert [one.state for one in found(stuck(short=True), "txn.lso_stuck")] == ["firing"]


def test_a_short_look_at_a_young_transaction_is_pending() -> None:
    scene = stuck(short=True, age_s=20)
    scene.others["transactions"] = lambda _: known(transaction(age_s=20))
    assert [one.state for one in found(scene, "txn.lso_stuck")] == ["pending"]


def test_a_transaction_over_many_partitions_is_one_finding() -> None:
    scene = stuck()
    scene.others["positions"] = held(lambda _: 1010, partitions=(0, 1, 2))
    scene.others["transactions"] = lambda _: known(
        transaction(partitions=(0, 1, 2)), producers=tuple(open_(p) for p in range(3))
    )
    [item] = found(scene, "txn.lso_stuck")
    assert len(item.partitions) == 3


def test_busy_transactions_are_silent() -> None:
    """The last stable offset is behind at every reading, and moves between them."""
    scene = shop()
    scene.others["positions"] = held(lambda i: 1000 + 10 * i)
    scene.others["transactions"] = lambda _: known(transaction(age_s=0.5))
    assert not found(scene, "txn.lso_stuck")


def test_a_producer_at_rest_is_silent() -> None:
    scene = shop()
    scene.others["positions"] = held(lambda _: 1010, partitions=())
    scene.others["transactions"] = lambda _: known(transaction(state="Empty", epoch=-1))
    assert not found(scene, "txn.lso_stuck")
    assert not found(scene, "producer.fenced")


def test_past_every_time_out_it_is_critical() -> None:
    scene = stuck(age_s=2000)
    limit = snapshot.ConfigValue(value="900000", source="default", default=True)
    scene.others["broker_configs"] = lambda _: {1: {"transaction.max.timeout.ms": limit}}
    assert [one.severity for one in found(scene, "txn.lso_stuck")] == ["critical"]


def test_unread_positions_are_named() -> None:
    assert gaps(shop(), "txn.lso_stuck") == ["positions were not read: it was not asked for"]


# fencing


def takeovers(scene: Scene, every: int = 8) -> None:
    """The id is taken over again and again: a higher epoch, and between two a reset."""

    def at(i: int) -> object:
        state = "Empty" if i % every == 0 else "Ongoing"
        epoch = -1 if state == "Empty" else 2 + i // every
        return known(transaction(state=state, epoch=epoch, age_s=3, at=scene.time(i)))

    scene.others["transactions"] = at


def test_an_id_that_is_taken_over_again_and_again_is_a_finding() -> None:
    scene = shop()
    takeovers(scene)
    level(scene, 2)
    [item] = found(scene, "producer.fenced")
    assert (str(item.resource), item.state) == ("transaction:pay", "firing")


def test_epochs_that_rise_with_every_transaction_are_ordinary_since_version_2() -> None:
    scene = shop()
    scene.others["transactions"] = lambda i: known(
        transaction(epoch=2 + i, age_s=0.2, at=scene.time(i))
    )
    level(scene, 2)
    assert not found(scene, "producer.fenced")
    assert "transaction.version 2" in gaps(scene, "producer.fenced")[0]


def test_before_version_2_a_rise_alone_tells() -> None:
    scene = shop()
    scene.others["transactions"] = lambda i: known(
        transaction(epoch=2 + i // 10, age_s=0.2, at=scene.time(i))
    )
    level(scene, 1)
    assert [str(one.resource) for one in found(scene, "producer.fenced")] == ["transaction:pay"]


def test_one_restart_of_a_producer_is_ordinary() -> None:
    scene = shop()
    scene.others["transactions"] = lambda i: known(
        transaction(epoch=2 + (i > 30), age_s=0.2, at=scene.time(i))
    )
    level(scene, 1)
    assert not found(scene, "producer.fenced")


def test_errors_alone_are_a_finding_on_the_broker() -> None:
    scene = shop()
    scene.others["transactions"] = lambda _: known()
    measure(scene, lambda i: (error("EndTxn", "PRODUCER_FENCED", i // 10),))
    assert [str(one.resource) for one in found(scene, "producer.fenced")] == ["broker:1"]


def test_a_single_error_is_not() -> None:
    scene = shop()
    scene.others["transactions"] = lambda _: known()
    measure(scene, lambda i: (error("EndTxn", "PRODUCER_FENCED", int(i > 40)),))
    assert not found(scene, "producer.fenced")
