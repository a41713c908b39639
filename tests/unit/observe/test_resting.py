"""Who stands one offset short of a log at rest: the leader is asked whether a marker ends it."""

import dataclasses

from headgate.domain import marks, observation, transactions
from headgate.domain.resource import TopicPartition
from headgate.kafka import fake
from headgate.observe import collector, readings, watch
from headgate.ports import clock

PAID, ORDERS = TopicPartition("paid", 0), TopicPartition("orders", 0)


def shop() -> fake.Fake:
    """One topic ends with a record that is not read, one with a marker."""
    made = fake.Fake("main")
    for name in (PAID, ORDERS):
        made.add_topic(name.topic, partitions=1)
    made.fill("orders", 0, 5)
    made.begin_transaction("pay", {PAID: [b"a", b"b"]})
    made.end_transaction("pay")
    made.join("billing", topics=["orders", "paid"], member_id="m1")
    made.set_commit("billing", {ORDERS: 4, PAID: 2})
    return made


def looks(cluster: fake.Fake, count: int = 3) -> tuple[observation.Observation, ...]:
    """So many looks, each of which reads everything anew."""
    rows = [dataclasses.replace(one, every_s=0.0) for one in readings.of_kafka(cluster)]
    source = collector.Collector(cluster, clock=clock.SystemClock(), readings=rows)
    seen = watch.Watch(source)
    found = []
    for _ in range(count):
        found.append(seen.look())
        source.reread_settings()
    return tuple(found)


def lags(seen: observation.Observation) -> dict[str, int]:
    """Of each topic that is read."""
    past = seen.history
    end = past.ends[-1, past.places.partition_of]
    lag = marks.taken_off(seen, end - past.commits[-1])
    return {name.topic: int(each) for (_, name), each in zip(past.commit_keys, lag, strict=True)}


def test_a_marker_at_the_end_is_no_lag_though_nobody_saw_the_transaction() -> None:
    first, *_, last = looks(shop())
    assert lags(first) == {"orders": 1, "paid": 1}
    told = last.snapshot.transactions.value
    assert isinstance(told, transactions.Transactions)
    assert told.ended_on == {PAID}
    assert lags(last) == {"orders": 1, "paid": 0}


def test_nobody_is_asked_where_the_log_goes_on_or_more_is_to_be_read() -> None:
    cluster = shop()
    cluster.set_commit("billing", {ORDERS: 3, PAID: 1})
    told = looks(cluster)[-1].snapshot.transactions.value
    assert isinstance(told, transactions.Transactions)
    assert not told.ended_on


def test_what_a_leader_does_not_tell_of_a_partition_at_rest_is_no_gap() -> None:
    [row] = [one for one in readings.of_kafka(shop()) if one.name == "transactions"]
    _, missing = row.call(readings.Ground(resting=(TopicPartition("gone", 0),)), 5.0)
    assert missing == ()
