"""Readings go at their own rhythm beside the sweeps, and keep their newest answer with its time."""

import queue
import threading
import time

import pytest

from headgate.domain import snapshot, vocabulary
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import fake
from headgate.observe import calls, collector, readings
from headgate.ports import clock, errors


@pytest.fixture
def cluster() -> fake.Fake:
    made = fake.Fake("main")
    made.add_topic("orders", partitions=2)
    made.fill("orders", 0, 3)
    return made


def collect(cluster: fake.Fake) -> collector.Collector:
    return collector.Collector(cluster, clock=clock.SystemClock(), deadline_s=5.0)


def test_the_first_snapshot_is_whole(cluster: fake.Fake) -> None:
    seen = collect(cluster).sweep()
    for name in snapshot.SELDOM:
        part = getattr(seen, name)
        assert not isinstance(part.value, Unknown), (name, part.value)
        assert part.complete, name
        assert part.how
    assert set(snapshot.SELDOM) <= set(seen.parts())


def test_a_second_sweep_asks_for_nothing_that_is_not_due(cluster: fake.Fake) -> None:
    source = collect(cluster)
    first = source.sweep()
    second = source.sweep()
    for method in ("quotas", "acls", "log_dirs", "features", "quorum"):
        assert cluster.called(method) == 1, method
    assert second.log_dirs.at == first.log_dirs.at
    assert second.brokers.at > first.brokers.at


@pytest.mark.parametrize(
    ("source", "took_s", "pause_s"),
    [
        ("kafka", 0.001, 4.0),
        ("kafka", 0.2, 10.0),
        ("kafka", 3.0, 30.0),
        ("registry", 0.5, 10.0),
        ("metrics", 0.001, 30.0),
    ],
)
def test_what_the_cluster_answers_quickly_is_read_sooner_than_planned(
    source: vocabulary.Source, took_s: float, pause_s: float
) -> None:
    row = readings.Reading(
        name="acls", source=source, how="DescribeAcls", every_s=30, call=lambda _, _s: ((), ())
    )
    assert row.pause_s(took_s) == pytest.approx(pause_s)


def test_of_tiered_topics_it_is_asked_what_the_disks_hold(cluster: fake.Fake) -> None:
    cluster.add_topic("archive", config={"remote.storage.enable": "true"})
    cluster.fill("archive", 0, 9)
    cluster.set_local(TopicPartition("archive", 0), 5)
    source = collect(cluster)
    source.sweep()  # the settings are known from here on
    source.reread_settings()
    until = time.monotonic() + 5
    read = source.sweep().positions.value
    while time.monotonic() < until and (
        isinstance(read, Unknown) or isinstance(read.local, Unknown)
    ):
        time.sleep(0.01)
        read = source.sweep().positions.value
    assert not isinstance(read, Unknown)
    assert not isinstance(read.local, Unknown)
    assert read.local.tolist() == [
        5 if name.topic == "archive" else snapshot.UNREAD for name in read.partitions.names()
    ]


def test_what_is_known_to_have_changed_is_read_again(cluster: fake.Fake) -> None:
    source = collect(cluster)
    source.sweep()
    source.reread_settings()
    source.sweep()
    until = time.monotonic() + 5
    while cluster.called("quotas") < 2 and time.monotonic() < until:
        time.sleep(0.01)
    assert cluster.called("quotas") == 2


def test_what_is_refused_says_which_right_would_show_it(cluster: fake.Fake) -> None:
    cluster.deny("acls", needs="Describe on Cluster")
    seen = collect(cluster).sweep()
    assert isinstance(seen.acls.value, Unknown)
    assert seen.acls.value.kind == "not_allowed"
    assert seen.acls.value.needs == "Describe on Cluster"
    assert not isinstance(seen.quotas.value, Unknown)


def test_a_cluster_without_an_authorizer_has_no_unknown_number_of_rules(cluster: fake.Fake) -> None:
    cluster.set_authorizer(False)
    value = collect(cluster).sweep().acls.value
    assert isinstance(value, Unknown)
    assert value.kind == "not_possible"
    assert "no authorizer" in value.reason


def test_only_suspects_are_asked_for_their_producers(cluster: fake.Fake) -> None:
    held = TopicPartition("orders", 1)
    cluster.begin_transaction("pay", {held: [b"a"]})
    source = collect(cluster)
    source.sweep()
    source.reread_settings()
    source.sweep()
    until = time.monotonic() + 5
    while cluster.called("transactions") < 2 and time.monotonic() < until:
        time.sleep(0.01)
    asked = [call.arguments for call in cluster.calls if call.method == "transactions"]
    assert asked == [((),), ((held,),)]


def test_only_wanting_partitions_are_asked_who_may_lead(cluster: fake.Fake) -> None:
    source = collect(cluster)
    source.sweep()
    cluster.kill_broker(1)
    source.reread_settings()
    source.sweep()
    until = time.monotonic() + 5
    while cluster.called("eligible") < 2 and time.monotonic() < until:
        time.sleep(0.01)
    asked = [call.arguments for call in cluster.calls if call.method == "eligible"]
    assert asked[0] == ((),)
    assert set(asked[1][0]) == {TopicPartition("orders", 0), TopicPartition("orders", 1)}  # type: ignore[call-overload]  # a call's arguments are objects


def test_a_reading_that_hangs_is_asked_once_and_leaves_the_others_alone() -> None:
    let_go = threading.Event()
    asked = {"slow": 0, "quick": 0}

    def reading(name: str, hangs: bool) -> readings.Reading:
        def call(_: readings.Ground, left_s: float) -> readings.Answer:
            asked[name] += 1
            if hangs:
                let_go.wait(20)
            return left_s, ()

        return readings.Reading(name=name, source="kafka", how="X", every_s=0.0, call=call)

    time_source = clock.SystemClock()
    under_way = calls.Calls("main", time_source)
    kept = readings.Readings([reading("slow", True), reading("quick", False)], time_source)
    for _ in range(3):
        done: queue.SimpleQueue[str] = queue.SimpleQueue()
        kept.start("start", readings.Ground(), under_way, done, left_s=7.0)
        assert done.get(timeout=5) == "quick"
    parts = kept.parts()
    assert asked == {"slow": 1, "quick": 3}
    assert parts["quick"].value == 7.0
    assert isinstance(parts["slow"].value, Unknown)
    let_go.set()


@pytest.mark.parametrize(("awaited", "waited"), [(True, 2), (False, 1)])
def test_what_is_awaited_is_waited_for_each_time(*, awaited: bool, waited: int) -> None:
    row = readings.Reading(
        name="positions", source="kafka", how="X", every_s=0.0, call=_answers, awaited=awaited
    )
    time_source = clock.SystemClock()
    under_way = calls.Calls("main", time_source)
    kept = readings.Readings([row], time_source)
    names: list[str] = []
    for _ in range(2):
        done: queue.SimpleQueue[str] = queue.SimpleQueue()
        names += kept.start("start", readings.Ground(), under_way, done, left_s=7.0)
        assert done.get(timeout=5) == "positions"
    assert len(names) == waited


def test_what_answers_slowly_is_waited_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "QUICK_S", -1.0)
    row = readings.Reading(
        name="positions", source="kafka", how="X", every_s=0.0, call=_answers, awaited=True
    )
    time_source = clock.SystemClock()
    under_way = calls.Calls("main", time_source)
    kept = readings.Readings([row], time_source)
    done: queue.SimpleQueue[str] = queue.SimpleQueue()
    assert kept.start("start", readings.Ground(), under_way, done, left_s=7.0) == ("positions",)
    assert done.get(timeout=5) == "positions"
    assert kept.start("start", readings.Ground(), under_way, done, left_s=7.0) == ()


def _answers(_: readings.Ground, left_s: float) -> readings.Answer:
    return left_s, ()


def test_a_failed_reading_keeps_its_reason_and_is_tried_before_its_time(
    cluster: fake.Fake,
) -> None:
    cluster.fail_next("quorum", errors.NotNow("The quorum has no leader"))
    seen = collect(cluster).sweep()
    assert isinstance(seen.quorum.value, Unknown)
    assert "no leader" in seen.quorum.value.reason


def test_a_short_look_reads_more_often_what_a_rate_is_told_by(cluster: fake.Fake) -> None:
    rows = (
        *readings.of_kafka(cluster),
        readings.Reading(
            name="metrics:http://127.0.0.1:7071",
            source="metrics",
            how="GET",
            every_s=readings.METRICS_EVERY_S,
            call=lambda _, __: (None, ()),
        ),
    )
    every_s = {one.name: one.every_s for one in readings.hastened(rows, 2.0)}
    usual_s = {one.name: one.every_s for one in rows}
    changed = {name: every_s[name] for name in every_s if every_s[name] != usual_s[name]}
    assert changed == {
        "positions": 1.8,
        "transactions": 3.0,
        "metrics:http://127.0.0.1:7071": 1.8,
    }
    assert {one.name: one.every_s for one in readings.hastened(rows, 60.0)} == usual_s
