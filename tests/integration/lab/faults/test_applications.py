"""Faults of applications on a real lab: the symptom is there, and healing takes it away."""

import time
from collections.abc import Callable

import confluent_kafka
import pytest
from tests.integration.lab.faults.conftest import Shop, wait

from headgate.lab.workloads import records

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


def grows_by(shop: Shop, group: str, topic: str, records_: int, within_s: float) -> None:
    before = sum(shop.lag(group, topic).values())
    wait(
        lambda: sum(shop.lag(group, topic).values()) - before,
        lambda growth: growth >= records_,
        within_s=within_s,
    )


def moves(read: Callable[[], dict[int, int]], for_s: float) -> dict[int, int]:
    """Return by how much each partition's commit moved in that time."""
    before = read()
    time.sleep(for_s)
    after = read()
    return {number: after[number] - before.get(number, 0) for number in after}


def test_slow_consumer_commits_and_falls_behind(shop: Shop) -> None:
    members = shop.steady("billing", 2).members
    shop.break_("slow-consumer", work_ms="800")
    before = sum(shop.commits("billing", "orders").values())
    grows_by(shop, "billing", "orders", 30, within_s=20)
    assert sum(shop.commits("billing", "orders").values()) > before
    assert shop.group("billing").members == members
    shop.heal("slow-consumer")
    shop.caught_up("billing", "orders")


def test_stopped_consumer_leaves_an_empty_group(shop: Shop) -> None:
    shop.steady("shipping", 2)
    shop.break_("stopped-consumer")
    assert shop.group("shipping").state == "EMPTY"  # at once: the members left
    assert not any(moves(lambda: shop.commits("shipping", "payments"), 1.5).values())
    grows_by(shop, "shipping", "payments", 5, within_s=10)
    shop.heal("stopped-consumer")
    shop.steady("shipping", 2)
    shop.caught_up("shipping", "payments")


def test_killed_consumer_stays_a_member_until_its_session_ends(shop: Shop) -> None:
    members = shop.steady("shipping", 2).members
    shop.break_("killed-consumer")
    assert shop.group("shipping").members == members  # ghosts
    wait(lambda: shop.group("shipping").state, lambda state: state == "EMPTY", within_s=18)
    shop.heal("killed-consumer")
    assert not shop.steady("shipping", 2).members.keys() & members.keys()
    shop.caught_up("shipping", "payments")


def test_hung_consumer_keeps_its_membership_and_freezes_its_partitions(shop: Shop) -> None:
    members = shop.steady("fraud", 3).members
    shop.caught_up("fraud", "payments")
    shop.break_("hung-consumer")
    time.sleep(1.5)  # what it had in hand
    moved = moves(lambda: shop.commits("fraud", "payments"), 6)
    frozen = {number for number, by in moved.items() if by == 0}
    assert len(frozen) >= 2, moved  # one of three members, six partitions
    assert len(frozen) < 6, moved
    assert all(shop.lag("fraud", "payments")[number] > 0 for number in frozen)
    assert shop.group("fraud").members == members
    assert shop.group("fraud").state == "STABLE"
    shop.heal("hung-consumer")
    shop.caught_up("fraud", "payments")
    assert shop.group("fraud").members == members


def test_frozen_consumer_is_put_out_and_comes_back_as_another(shop: Shop) -> None:
    members = shop.steady("fraud", 3).members
    shop.break_("frozen-consumer")
    left = shop.steady("fraud", 2).members
    [gone] = members.keys() - left.keys()
    assert members[gone] == "fraud-0"
    shop.heal("frozen-consumer")
    back = shop.steady("fraud", 3).members
    assert gone not in back
    assert "fraud-0" in back.values()


def test_under_parallel_has_fewer_members_than_partitions_and_falls_behind(shop: Shop) -> None:
    shop.caught_up("fraud", "payments")
    shop.break_("under-parallel")
    shop.steady("fraud", 1)
    before = shop.commits("fraud", "payments")
    grows_by(shop, "fraud", "payments", 15, within_s=20)
    assert sum(shop.commits("fraud", "payments").values()) > sum(before.values())
    shop.heal("under-parallel")
    shop.steady("fraud", 3)
    shop.caught_up("fraud", "payments")


def test_poison_record_freezes_one_partition_and_churns_members(shop: Shop) -> None:
    members = shop.steady("billing", 2).members
    shop.caught_up("billing", "orders")
    outcome = shop.break_("poison-record", partition="1")
    offset = int(outcome.did[0].split(" offset ")[1].split(".")[0])
    seen: set[str] = set()

    def look() -> int:
        seen.update(shop.group("billing").members)
        return len(seen - members.keys())

    wait(look, lambda new: new >= 2, within_s=40)  # crashed and came back, twice
    assert shop.commits("billing", "orders")[1] == offset
    before = sum(shop.commits("billing", "orders").values())  # the others move between crashes
    wait(
        lambda: sum(shop.commits("billing", "orders").values()),
        lambda now: now > before,
        within_s=30,
    )
    assert shop.commits("billing", "orders")[1] == offset
    poison = read(shop, "orders", 1, offset)
    with pytest.raises(records.Undecodable):
        records.decode(poison.value())
    neighbours = [read(shop, "orders", 1, each) for each in (offset - 1, offset + 1)]
    for neighbour in neighbours:
        assert records.decode(neighbour.value())
    ordinary = {name for each in neighbours for name in header_names(each)}
    assert header_names(poison) <= ordinary  # nothing tells that it was injected
    shop.heal("poison-record")
    wait(lambda: shop.commits("billing", "orders")[1], lambda now: now > offset, within_s=10)
    members = shop.steady("billing", 2).members
    shop.caught_up("billing", "orders")
    assert shop.group("billing").members == members


def test_a_poison_record_that_somebody_stepped_past_is_not_there_any_more(shop: Shop) -> None:
    shop.steady("billing", 2)
    shop.break_("poison-record", partition="2")
    shop.heal("poison-record")
    outcome = shop.break_("poison-record", partition="2")
    assert outcome.changed
    shop.heal("poison-record")
    shop.steady("billing", 2)
    shop.caught_up("billing", "orders")


def test_key_skew_loads_one_partition(shop: Shop) -> None:
    before = shop.ends("orders")
    shop.break_("key-skew")
    time.sleep(6)
    rates = sorted(end - before[number] for number, end in shop.ends("orders").items())
    assert rates[-1] >= 3 * rates[len(rates) // 2], rates
    lag = sorted(shop.lag("billing", "orders").values())
    assert lag[-1] > sum(lag) / 2, lag
    shop.heal("key-skew")

    def written() -> list[int]:
        """Records of three seconds."""
        before = shop.ends("orders")
        time.sleep(3)
        return [end - before[number] for number, end in shop.ends("orders").items()]

    # the producer reads its settings anew in its own time
    wait(written, lambda rates: sum(rates) < 3 * 12 * 2, within_s=30)
    shop.caught_up("billing", "orders")


def test_burst_is_a_step_that_drains_without_a_rebalance(shop: Shop) -> None:
    members = shop.steady("billing", 2).members
    shop.caught_up("billing", "orders")
    shop.break_("burst", records="600")
    peak = sum(shop.lag("billing", "orders").values())
    assert peak > 400
    wait(
        lambda: sum(shop.lag("billing", "orders").values()),
        lambda lag: lag < peak - 150,
        within_s=20,
    )
    assert shop.group("billing").members == members
    assert shop.group("billing").state == "STABLE"


def header_names(message: confluent_kafka.Message) -> set[str]:
    headers: list[tuple[str, bytes]] = [*(message.headers() or [])]
    return {name for name, _ in headers}


def read(shop: Shop, topic: str, partition: int, offset: int) -> confluent_kafka.Message:
    """Return one record, read without a group."""
    client = confluent_kafka.Consumer(
        {
            "bootstrap.servers": shop.lab.bootstrap,
            "group.id": "reads-one-record",
            "enable.auto.commit": False,
        }
    )
    try:
        client.assign([confluent_kafka.TopicPartition(topic, partition, offset)])
        message = client.poll(10)
        assert message is not None
        assert message.error() is None
        assert message.offset() == offset
        return message
    finally:
        client.close()
