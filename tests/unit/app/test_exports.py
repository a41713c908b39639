"""The page for Prometheus: own names, other exporters' names, and nothing that is not known."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from prometheus_client import parser
from tests.unit import observations

from headgate.app import exports
from headgate.app.exports import interface, view
from headgate.domain import observation, snapshot, storage
from headgate.domain.unknown import Unknown

Seen = observation.Observation
Found = dict[frozenset[tuple[str, str]], float]


def scene() -> observations.Scene:
    made = observations.Scene()
    made.topic("orders", 2, rate=10, cleanup_policy="delete")
    made.topic("idle", 1)
    made.follow("billing", "orders", behind=7, members=2)
    made.group("empty")
    return made


def page_of(*names: str, seen: Seen | None = None, labelled: bool = False) -> str:
    page = interface.Page()
    members = [exports.BY_NAME[name] for name in names] or exports.OWN
    for member in members:
        member.write(page, view.View("lab", seen or scene().seen(), labelled=labelled))
    return page.text()


def samples(text: str) -> Mapping[str, Found]:
    """What a Prometheus would store, by name."""
    found: dict[str, Found] = {}
    for family in parser.text_string_to_metric_families(text):
        for one in family.samples:
            labels = frozenset(one.labels.items())
            held = found.setdefault(one.name, {})
            assert labels not in held, f"{one.name} {one.labels} stands there twice"
            held[labels] = one.value
    return found


def ask(text: str, selector: str) -> list[float]:
    """What an instant query with exact matchers answers, as Prometheus does."""
    name, _brace, rest = selector.partition("{")
    wanted = set(re.findall(r'(\w+)="([^"]*)"', rest))
    return [value for labels, value in samples(text).get(name, {}).items() if wanted <= labels]


DASHBOARDS = {
    # from the projects' own dashboards and documents
    "kminion": {
        'kminion_kafka_consumer_group_topic_lag{group_id="billing",topic_name="orders"}': [14.0],
        'kminion_kafka_consumer_group_topic_partition_lag{group_id="billing",topic_name="orders",'
        'partition_id="1"}': [7.0],
        'kminion_kafka_consumer_group_members{group_id="billing"}': [2.0],
        'kminion_kafka_consumer_group_info{state="Stable",group_id="billing"}': [1.0],
        'kminion_kafka_topic_info{topic_name="orders",cleanup_policy="delete"}': [1.0],
        'kminion_kafka_topic_high_water_mark_sum{topic_name="idle"}': [1000.0],
        'kminion_kafka_cluster_info{controller_id="1",broker_count="3"}': [1.0],
        'kminion_kafka_broker_info{broker_id="1",is_controller="true"}': [1.0],
        "kminion_exporter_up": [1.0],
    },
    "kafka_exporter": {
        'kafka_consumergroup_lag{consumergroup="billing",topic="orders",partition="0"}': [7.0],
        'kafka_consumergroup_lag_sum{consumergroup="billing",topic="orders"}': [14.0],
        'kafka_consumergroup_members{consumergroup="empty"}': [0.0],
        'kafka_topic_partition_current_offset{topic="idle",partition="0"}': [1000.0],
        'kafka_topic_partition_under_replicated_partition{topic="orders"}': [0.0, 0.0],
        'kafka_topic_partition_in_sync_replica{topic="idle"}': [3.0],
        'kafka_topic_partition_leader_is_preferred{topic="orders",partition="1"}': [1.0],
        "kafka_brokers": [3.0],
    },
    "kafka_lag_exporter": {
        'kafka_consumergroup_group_lag{cluster_name="lab",group="billing",partition="0"}': [7.0],
        'kafka_consumergroup_group_lag{client_id="billing-1",member_host="/127.0.0.1"}': [7.0],
        'kafka_consumergroup_group_max_lag{group="billing"}': [7.0],
        'kafka_consumergroup_group_sum_lag{group="billing"}': [14.0],
        'kafka_consumergroup_group_topic_sum_lag{group="billing",topic="orders"}': [14.0],
        'kafka_partition_latest_offset{topic="idle"}': [1000.0],
        'kafka_consumergroup_poll_time_ms{cluster_name="lab"}': [100.0],
    },
}


@pytest.mark.parametrize(
    ("exporter", "query"), [(name, query) for name, held in DASHBOARDS.items() for query in held]
)
def test_a_dashboards_query_answers(exporter: str, query: str) -> None:
    assert ask(page_of(exporter), query) == DASHBOARDS[exporter][query]


LABELS = {
    "kminion_kafka_consumer_group_topic_partition_lag": "group_id topic_name partition_id",
    "kminion_kafka_consumer_group_topic_lag": "group_id topic_name",
    "kminion_kafka_consumer_group_topic_offset_sum": "group_id topic_name",
    "kminion_kafka_consumer_group_topic_assigned_partitions": "group_id topic_name",
    "kminion_kafka_consumer_group_topic_members": "group_id topic_name",
    "kminion_kafka_consumer_group_info": "group_id protocol protocol_type state coordinator_id",
    "kminion_kafka_topic_partition_high_water_mark": "topic_name partition_id",
    "kminion_kafka_topic_partition_low_water_mark": "topic_name partition_id",
    "kminion_kafka_topic_info": "topic_name partition_count replication_factor cleanup_policy",
    "kminion_kafka_broker_info": "broker_id address port rack_id is_controller",
    "kminion_kafka_broker_log_dir_size_total_bytes": "broker_id address port rack_id",
    "kminion_kafka_topic_log_dir_size_total_bytes": "topic_name",
    "kminion_kafka_cluster_info": "cluster_version broker_count controller_id cluster_id",
    "kafka_consumergroup_lag": "consumergroup topic partition",
    "kafka_consumergroup_current_offset": "consumergroup topic partition",
    "kafka_consumergroup_lag_sum": "consumergroup topic",
    "kafka_consumergroup_members": "consumergroup",
    "kafka_topic_partition_current_offset": "topic partition",
    "kafka_topic_partitions": "topic",
    "kafka_broker_info": "id address",
    "kafka_brokers": "",
    "kafka_consumergroup_group_lag": "cluster_name group topic partition member_host consumer_id "
    "client_id",
    "kafka_consumergroup_group_lag_seconds": "cluster_name group topic partition member_host "
    "consumer_id client_id",
    "kafka_consumergroup_group_max_lag_seconds": "cluster_name group",
    "kafka_partition_latest_offset": "cluster_name topic partition",
}


def test_labels_are_exactly_those_of_the_exporter() -> None:
    found = samples(page_of(*exports.BY_NAME, seen=with_disks(scene().seen())))
    for name, wanted in LABELS.items():
        for labels in found[name]:
            assert {label for label, _ in labels} == set(wanted.split()), name


def test_several_clusters_are_told_apart_under_names_that_know_of_one() -> None:
    page = interface.Page()
    for cluster in ("a", "b"):
        shown = view.View(cluster, scene().seen(), labelled=True)
        for member in (*exports.OWN, *exports.BY_NAME.values()):
            member.write(page, shown)
    found = samples(page.text())  # fails where two samples are the same
    assert {dict(one)["cluster"] for one in found["kafka_brokers"]} == {"a", "b"}
    heads = [line for line in page.text().splitlines() if line.startswith("# TYPE ")]
    assert len(heads) == len(set(heads))


@pytest.mark.parametrize("names", [(), *((name,) for name in exports.BY_NAME)])
def test_every_sample_is_declared_and_every_metric_named_once(names: tuple[str, ...]) -> None:
    members = [exports.BY_NAME[name] for name in names] or list(exports.OWN)
    declared = [metric.name for member in members for metric in member.METRICS]
    assert len(declared) == len(set(declared))
    assert set(samples(page_of(*names))) <= set(declared)


def without(name: str) -> Callable[[Seen], Seen]:
    def lose(seen: Seen) -> Seen:
        part = replace(getattr(seen.snapshot, name), value=Unknown("no answer"))
        return replace(seen, snapshot=replace(seen.snapshot, **{name: part}))

    return lose


@pytest.mark.parametrize("names", [(), *((name,) for name in exports.BY_NAME)])
@pytest.mark.parametrize(
    "part", ["brokers", "partitions", "offsets", "configs", "groups", "commits"]
)
def test_what_was_not_read_is_absent_and_never_zero(part: str, names: tuple[str, ...]) -> None:
    whole = samples(page_of(*names))
    lost = samples(page_of(*names, seen=without(part)(scene().seen())))
    for name, held in lost.items():
        for labels, value in held.items():
            if name == "kminion_exporter_up":
                assert value == 0
            elif name in whole and labels in whole[name]:
                assert value == whole[name][labels], f"{name} {labels}"
    if part in ("partitions", "commits"):
        assert not any("lag" in name and held for name, held in lost.items())


def test_one_partition_that_was_not_read_leaves_no_sum() -> None:
    made = scene()
    made.topics["orders"].ends[1] = lambda i: -1 if i == made.samples - 1 else 1000 + 10 * i
    seen = made.seen()
    text = page_of("kminion", "kafka_exporter", "kafka_lag_exporter", seen=seen)
    assert ask(text, 'kafka_consumergroup_lag{partition="0"}') == [7.0]
    for name in (
        'kafka_consumergroup_lag{partition="1"}',
        "kafka_consumergroup_lag_sum",
        "kafka_consumergroup_group_sum_lag",
        "kafka_consumergroup_group_max_lag",
        "kafka_consumergroup_group_max_lag_seconds",
        "kminion_kafka_consumer_group_topic_lag",
        'kminion_kafka_topic_high_water_mark_sum{topic_name="orders"}',
    ):
        assert ask(text, name) == [], name
    own = page_of(seen=seen)
    assert ask(own, "headgate_group_lag_records") == []
    assert len(ask(own, "headgate_group_partition_lag_records")) == 1


def test_names_with_every_letter_are_escaped() -> None:
    made = observations.Scene()
    made.topic("orders", 1)
    odd = 'a"b\\c\nd}{,= é'
    made.follow(odd, "orders", behind=1)
    text = page_of(seen=made.seen())
    (labels,) = samples(text)["headgate_group_partition_lag_records"]
    assert dict(labels)["group"] == odd


def with_disks(seen: Seen, missing: tuple[snapshot.Missing, ...] = ()) -> Seen:
    parts = seen.snapshot.partitions.value
    assert not isinstance(parts, Unknown)
    count = parts.count
    dirs = storage.LogDirs(
        partitions=parts,
        dirs=(
            storage.LogDir(broker=1, path="/d", total_bytes=100, usable_bytes=Unknown("old")),
            storage.LogDir(
                broker=2, path="/d", total_bytes=100, usable_bytes=40, error="KAFKA_STORAGE_ERROR"
            ),
        ),
        ordinal=np.repeat(np.arange(count, dtype=np.int32), 2),
        place=np.tile(np.array([0, 1], np.int32), count),
        size_bytes=np.full(2 * count, 5, np.int64),
        offset_lag=np.zeros(2 * count, np.int64),
        future=np.zeros(2 * count, np.bool_),
    )
    part: snapshot.Part[storage.LogDirs] = snapshot.Part(
        value=dirs, source="kafka", how="x", at=seen.snapshot.at, missing=missing
    )
    return replace(seen, snapshot=replace(seen.snapshot, log_dirs=part))


def test_sizes_come_from_disks_that_were_all_read() -> None:
    text = page_of(seen=with_disks(scene().seen()))
    assert ask(text, 'headgate_topic_size_bytes{topic="orders"}') == [20.0]
    assert ask(text, "headgate_log_dir_usable_bytes") == [40.0]
    assert ask(text, "headgate_log_dir_works") == [1.0, 0.0]
    lost = (snapshot.Missing(what="broker 3", reason="no answer"),)
    assert ask(page_of(seen=with_disks(scene().seen(), lost)), "headgate_topic_size_bytes") == []


def test_large_numbers_keep_every_digit() -> None:
    made = observations.Scene()
    made.topic("orders", 1).ends[0] = lambda _i: 9_007_199_254_740_991
    assert " 9007199254740991\n" in page_of(seen=made.seen())


def test_a_group_that_never_catches_up_says_so() -> None:
    made = observations.Scene()
    made.topic("orders", 1, rate=10)
    made.group("stuck", "m")
    made.read("stuck", "orders", 0, observations.flat(1000), "m")
    text = page_of(seen=made.seen())
    assert ask(text, 'headgate_group_catch_up_seconds{group="stuck"}') == [float("inf")]
