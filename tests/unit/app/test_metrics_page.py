"""The page for Prometheus as a whole: what is always there, what is switched on, one cluster."""

from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import parser
from tests.unit.app import stands

from headgate.app import errors, metrics, runtime


def names(text: str) -> set[str]:
    return {
        one.name for family in parser.text_string_to_metric_families(text) for one in family.samples
    }


@pytest.fixture
def held(tmp_path: Path) -> runtime.Runtime:
    made = stands.build(tmp_path)
    made.kafka.add_topic("orders", partitions=2)
    made.kafka.fill("orders", 0, 5)
    made.pass_time()
    return made.runtime


def compat(held: runtime.Runtime, *others: str) -> runtime.Runtime:
    running = held.running
    server = running.settings.server.model_copy(update={"metrics_compat": list(others)})
    changed = running.settings.model_copy(update={"server": server})
    return runtime.Runtime(replace(running, settings=changed), held.headgate)


def test_the_page_holds_headgates_condition_and_what_it_observes(held: runtime.Runtime) -> None:
    text = metrics.text(held)
    assert {"headgate_build_info", "headgate_partition_end_offset"} <= names(text)
    assert names(text) <= {one.name for one in metrics.ALL}
    assert 'headgate_partition_end_offset{cluster="shop",topic="orders",partition="0"} 5' in text


def test_names_of_others_are_there_only_where_they_are_switched_on(held: runtime.Runtime) -> None:
    assert not any(name.startswith(("kafka_", "kminion_")) for name in names(metrics.text(held)))
    text = metrics.text(compat(held, "kafka_exporter"))
    assert 'kafka_topic_partition_current_offset{topic="orders",partition="0"} 5' in text
    assert not any(name.startswith("kminion_") for name in names(text))


def test_one_cluster_alone_is_without_headgates_condition(held: runtime.Runtime) -> None:
    text = metrics.text(compat(held, "kminion"), stands.CLUSTER)
    assert "headgate_build_info" not in text
    assert "kminion_kafka_cluster_info" in text
    with pytest.raises(errors.NotFound, match="no cluster nowhere"):
        metrics.text(held, "nowhere")


def test_before_the_first_look_nothing_is_made_up(tmp_path: Path) -> None:
    text = metrics.text(stands.build(tmp_path).runtime)
    assert 'headgate_sweeps_total{cluster="shop"} 0' in text
    assert "headgate_topic_partitions{" not in text
    assert "headgate_snapshot_age_seconds{" not in text
