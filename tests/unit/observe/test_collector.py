"""A sweep reads all parts at once, ends by its deadline, and never takes silence for an answer."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import pytest

from headgate.connect import fake as connect_fake
from headgate.domain import snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import fake
from headgate.observe import collector, settings
from headgate.ports import clock, errors, kafka


class Hanging(fake.Fake):
    """A cluster of which single calls can be made to hang, whatever deadline they are given."""

    def __init__(self) -> None:
        super().__init__("main")
        self.hanging: set[str] = set()
        self.let_go = threading.Event()
        self.asked: list[tuple[str, float]] = []

    def _before(self, method: str, deadline_s: float) -> None:
        self.asked.append((method, deadline_s))
        if method in self.hanging:
            self.let_go.wait(20)

    def brokers(self, *, deadline_s: float) -> snapshot.Brokers:
        self._before("brokers", deadline_s)
        return super().brokers(deadline_s=deadline_s)

    def partitions(
        self, *, deadline_s: float
    ) -> tuple[snapshot.Partitions, tuple[snapshot.Missing, ...]]:
        self._before("partitions", deadline_s)
        return super().partitions(deadline_s=deadline_s)

    def offsets(self, partitions: snapshot.Partitions, *, deadline_s: float) -> kafka.OffsetRead:
        self._before("offsets", deadline_s)
        return super().offsets(partitions, deadline_s=deadline_s)

    def groups(self, *, deadline_s: float) -> tuple[snapshot.Groups, tuple[snapshot.Missing, ...]]:
        self._before("groups", deadline_s)
        return super().groups(deadline_s=deadline_s)

    def commits(
        self, group_ids: Sequence[str], *, deadline_s: float
    ) -> Mapping[str, Mapping[TopicPartition, int] | kafka.Failure]:
        self._before("commits", deadline_s)
        return super().commits(group_ids, deadline_s=deadline_s)

    def configs(
        self, topics: Sequence[str], *, deadline_s: float
    ) -> Mapping[str, Mapping[str, snapshot.ConfigValue] | kafka.Failure]:
        self._before("configs", deadline_s)
        return super().configs(topics, deadline_s=deadline_s)


@pytest.fixture
def cluster() -> Iterator[Hanging]:
    made = Hanging()
    made.add_topic("orders", partitions=3)
    made.fill("orders", 0, 10)
    made.join("billing", topics=["orders"], member_id="m1")
    made.set_commit("billing", {TopicPartition("orders", 0): 4, TopicPartition("orders", 2): 0})
    yield made
    made.let_go.set()


def collect(
    cluster: kafka.Kafka,
    connects: Sequence[connect_fake.FakeConnect] = (),
    *,
    deadline_s: float = 10.0,
    configs_every: int | None = 12,
) -> collector.Collector:
    return collector.Collector(
        cluster,
        connects,
        clock=clock.SystemClock(),
        deadline_s=deadline_s,
        configs_every=configs_every,
    )


def parts_unknown(seen: snapshot.Snapshot) -> dict[str, str]:
    return {
        name: part.value.reason
        for name, part in seen.parts().items()
        if isinstance(part.value, Unknown)
    }


def test_everything_is_read_and_commits_stand_in_columns(cluster: Hanging) -> None:
    connect = connect_fake.FakeConnect("etl")
    connect.put("sink", topics=("orders",))
    seen = collect(cluster, [connect]).sweep()
    assert parts_unknown(seen) == {}
    assert all(part.complete for part in seen.parts().values())
    assert seen.version == "4.3"
    commits = seen.commits.value
    assert isinstance(commits, snapshot.Commits)
    assert commits.of_group("billing") == {0: 4, 2: 0}
    offsets = seen.offsets.value
    assert isinstance(offsets, snapshot.Offsets)
    assert offsets.latest.tolist() == [10, 0, 0]
    assert list(seen.connects) == ["etl"]


ON_OFFSETS = {"positions", "transactions"}
ON_PARTITIONS = {"broker_configs", "log_dirs", "eligible", *ON_OFFSETS}


@pytest.mark.parametrize(
    ("hanging", "unknown"),
    [
        ("brokers", {"brokers"}),
        ("offsets", {"offsets", *ON_OFFSETS}),
        ("commits", {"commits"}),
        ("configs", {"configs"}),
        ("groups", {"groups", "commits"}),
        ("partitions", {"partitions", "offsets", "configs", "commits", *ON_PARTITIONS}),
    ],
)
def test_a_call_that_hangs_delays_nothing_else_and_is_not_asked_twice(
    cluster: Hanging, hanging: str, unknown: set[str]
) -> None:
    cluster.hanging = {hanging}
    source = collect(cluster, deadline_s=1.0)
    started = time.monotonic()
    first = source.sweep()
    assert time.monotonic() - started < 2.5
    assert parts_unknown(first).keys() == unknown
    assert "no answer within 1.0 s" in parts_unknown(first)[hanging]

    second = source.sweep()
    assert source.waiting() == (hanging,)
    assert "still waiting" in parts_unknown(second)[hanging]
    assert [method for method, _ in cluster.asked].count(hanging) == 1

    cluster.hanging = set()
    cluster.let_go.set()
    deadline = time.monotonic() + 5
    while source.waiting() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert parts_unknown(source.sweep()) == {}


def test_calls_are_given_less_time_than_the_sweep_has(cluster: Hanging) -> None:
    collect(cluster, deadline_s=2.0).sweep()
    given = dict(cluster.asked)
    assert given["partitions"] == given["groups"] == 1.0
    assert 1.5 < given["offsets"] < 2.0
    assert 1.5 < given["brokers"] < 2.0


def test_a_connect_worker_that_hangs_leaves_the_other_alone(cluster: Hanging) -> None:
    good, bad = connect_fake.FakeConnect("good"), connect_fake.FakeConnect("bad")
    bad.go_silent()
    seen = collect(cluster, [bad, good], deadline_s=1.0).sweep()
    assert parts_unknown(seen).keys() == {"connect:bad"}
    assert "no answer" in parts_unknown(seen)["connect:bad"]
    bad.come_up()


def test_what_timed_out_is_not_waited_for_to_the_deadline_again(cluster: Hanging) -> None:
    connect = connect_fake.FakeConnect("etl")
    connect.go_silent()
    source = collect(cluster, [connect], deadline_s=2.0)
    assert source.sweep().took_s > 1.8
    again = source.sweep()
    assert again.took_s < 1.5
    assert "no answer within" in parts_unknown(again)["connect:etl"]
    connect.come_up()
    until = time.monotonic() + 5
    while parts_unknown(source.sweep()) and time.monotonic() < until:
        time.sleep(0.01)
    connect.go_silent()
    assert source.sweep().took_s > 1.8
    connect.come_up()


def test_a_dead_connect_worker_says_why(cluster: Hanging) -> None:
    connect = connect_fake.FakeConnect("etl")
    connect.go_down()
    seen = collect(cluster, [connect]).sweep()
    assert parts_unknown(seen) == {"connect:etl": "nothing listens at http://127.0.0.1:8083"}


def test_a_dead_cluster_gives_reasons_everywhere_and_comes_back(cluster: Hanging) -> None:
    source = collect(cluster)
    source.sweep()
    cluster.stop_cluster()
    reasons = parts_unknown(source.sweep())
    assert reasons.keys() == {"brokers", "partitions", "offsets", "groups", "commits"}
    assert reasons["brokers"] == "No broker of main answers (fake:9092)"
    assert reasons["offsets"].startswith("the partitions could not be read: No broker")
    cluster.start_cluster()
    assert parts_unknown(source.sweep()) == {}


def test_items_that_could_not_be_read_are_carried(cluster: Hanging) -> None:
    cluster.fail_next(
        "commits", kafka.Failure(code=30, name="GROUP_AUTHORIZATION_FAILED", reason="not allowed")
    )
    seen = collect(cluster).sweep()
    assert [item.what for item in seen.commits.missing] == ["group:billing"]
    assert seen.commits.missing[0].reason == "not allowed"


def test_what_a_frozen_broker_kept_from_being_read_is_carried(cluster: Hanging) -> None:
    for broker in (1, 2, 3):
        cluster.freeze_broker(broker)
    seen = collect(cluster).sweep()
    assert len(seen.offsets.missing) == 3
    missing = {item.what for item in seen.groups.missing}
    assert missing >= {"broker:1", "broker:2", "broker:3"}
    assert seen.commits.missing == seen.groups.missing


def test_a_fault_of_ours_spoils_only_its_part(
    cluster: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*, deadline_s: float) -> snapshot.Brokers:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(cluster, "brokers", fail)
    reasons = parts_unknown(collect(cluster).sweep())
    assert reasons == {"brokers": "a fault in Headgate: ZeroDivisionError; see its log"}


def values(seen: snapshot.Snapshot, topic: str) -> Mapping[str, snapshot.ConfigValue]:
    configs = seen.configs.value
    assert not isinstance(configs, Unknown)
    return configs[topic]


def test_settings_are_read_again_every_so_often_and_new_topics_at_once(cluster: Hanging) -> None:
    source = collect(cluster, configs_every=3)
    read = [source.sweep() for _ in range(3)]
    assert cluster.called("configs") == 1
    assert read[2].configs.at == read[0].configs.at
    cluster.add_topic("new", config={"retention.ms": "1"})
    fourth = source.sweep()  # due
    assert cluster.called("configs") == 2
    assert fourth.configs.at > read[0].configs.at
    cluster.add_topic("newer", config={"retention.ms": "2"})
    fifth = source.sweep()
    assert values(fifth, "newer")["retention.ms"].value == "2"
    assert cluster.calls[-1].arguments != ()
    assert [c.arguments for c in cluster.calls if c.method == "configs"][-1] == (("newer",),)
    assert fifth.configs.at == fourth.configs.at
    cluster.delete_topic("new")
    configs = source.sweep().configs.value
    assert not isinstance(configs, Unknown)
    assert set(configs) == {"newer", "orders"}


def test_settings_that_are_cheap_to_read_are_read_at_every_sweep(cluster: Hanging) -> None:
    source = collect(cluster, configs_every=None)
    for _ in range(4):
        source.sweep()
    assert cluster.called("configs") == 4


@pytest.mark.parametrize(("took_s", "pause"), [(0.001, 1), (0.24, 3), (9.0, 12)])
def test_settings_rest_the_longer_the_dearer_they_are(took_s: float, pause: int) -> None:
    kept = settings.Settings(interval_s=5.0)
    read = []
    for sweep in range(25):
        asked = kept.wanted(["orders"])
        if asked:
            read.append(sweep)
            kept.keep(["orders"], asked, {"orders": {}}, at=datetime.now(UTC), took_s=took_s)
    assert {two - one for one, two in itertools.pairwise(read[1:])} <= {pause}
    assert len(read) >= 2


def test_settings_known_to_have_changed_are_read_in_the_next_sweep(cluster: Hanging) -> None:
    source = collect(cluster)
    source.sweep()
    cluster.alter_config("orders", {"retention.ms": "7"}, deadline_s=1)
    assert values(source.sweep(), "orders")["retention.ms"].value != "7"
    source.reread_settings()
    assert values(source.sweep(), "orders")["retention.ms"].value == "7"


def test_settings_that_cannot_be_read_again_keep_their_age_and_then_turn_unknown(
    cluster: Hanging,
) -> None:
    source = collect(cluster, configs_every=1)
    first = source.sweep()
    failing: Callable[[], None] = lambda: cluster.fail_next(  # noqa: E731
        "configs", errors.TimedOut("no answer")
    )
    failing()
    second = source.sweep()
    assert second.configs.at == first.configs.at
    assert values(second, "orders")
    assert [item.what for item in second.configs.missing] == ["topic:orders"]
    assert "no answer; shown as read at" in second.configs.missing[0].reason
    for _ in range(12):
        failing()
        last = source.sweep()
    assert "configs" in parts_unknown(last)
    assert parts_unknown(source.sweep()) == {}


def test_one_topic_whose_settings_cannot_be_read(cluster: Hanging) -> None:
    cluster.deny("configs")
    seen = collect(cluster).sweep()
    assert [item.what for item in seen.configs.missing] == ["topic:orders"]


def test_the_version_is_not_asked_at_every_sweep(cluster: Hanging) -> None:
    source = collect(cluster)
    for _ in range(5):
        seen = source.sweep()
    assert seen.version == "4.3"
    assert cluster.called("version") == 1


def test_groups_without_commits_of_their_own_are_not_asked(cluster: Hanging) -> None:
    cluster.add_group("workers", protocol="connect")
    cluster.add_group("shared", kind="share")
    collect(cluster).sweep()
    asked = [call.arguments for call in cluster.calls if call.method == "commits"]
    assert asked == [(("billing",),)]


@pytest.mark.parametrize(("interval_s", "deadline_s"), [(1, 3), (5, 4), (60, 8)])
def test_the_usual_deadline_follows_the_interval_within_bounds(
    cluster: Hanging, interval_s: float, deadline_s: float
) -> None:
    source = collector.Collector(cluster, clock=clock.SystemClock(), interval_s=interval_s)
    assert source.deadline_s == deadline_s
