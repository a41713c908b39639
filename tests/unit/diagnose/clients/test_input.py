"""A topic without its usual input: its producer has stopped, unless the brokers cannot take it."""

import dataclasses

from tests.unit.detect.clients.meeting import causes, counter, error, measure, title
from tests.unit.observations import START, Scene, line

from headgate.domain import usual


def silent() -> Scene:
    scene = Scene(samples=75, interval_s=10.0)
    scene.topic("orders", 2)
    scene.topic("clicks", 1, rate=10)
    for p in range(2):
        scene.topics["orders"].ends[p] = line(START, 10, until=5)
    band = usual.Band(low=2.0, middle=5.0, high=9.0, periods=6)
    scene.usual = usual.Usual(input={"orders": band})
    return scene


def test_where_the_brokers_would_take_it_its_producer_has_stopped() -> None:
    scene = silent()
    measure(scene, lambda _: ())
    [top] = causes(scene, "topic.input_stopped")
    assert (top.code, top.verdict) == ("producer.stopped", "likely")
    assert title(scene) == "orders gets no more records: its producer has stopped"


def test_without_metrics_refused_writes_are_not_looked_at() -> None:
    [top] = causes(silent(), "topic.input_stopped")
    assert top.verdict == "likely"
    assert "no metrics source" in top.not_looked_at[0]


def test_a_topic_that_takes_no_writes_is_not_its_producers_fault() -> None:
    scene = silent()
    topic = scene.topics["orders"]
    topic.leader[0], topic.leaders[0] = -1, lambda i: -1 if i > 4 else 1
    told = {one.code: one.verdict for one in causes(scene, "topic.input_stopped")}
    assert told["producer.stopped"] == "ruled_out"


def test_refused_writes_speak_against_a_producer_that_stopped() -> None:
    scene = silent()
    measure(
        scene,
        lambda i: (
            error("Produce", "KAFKA_STORAGE_ERROR", 5 * i),
            counter("broker.failed_produce", 5 * i, topic="orders"),
        ),
    )
    told = {one.code: one.verdict for one in causes(scene, "topic.input_stopped")}
    assert told["producer.stopped"] == "possible"


def test_a_source_connector_that_has_stopped_settles_it() -> None:
    scene = silent()
    measure(scene, lambda _: ())
    scene.connector("shop-cdc", ("PAUSED", ""), state="PAUSED", type_="source")
    cluster = scene.connects["main"]
    assert isinstance(cluster, dict)
    cluster["shop-cdc"] = dataclasses.replace(cluster["shop-cdc"], topics_used=("orders",))
    top = causes(scene, "topic.input_stopped")[0]
    assert (top.code, top.verdict, str(top.resource)) == (
        "producer.stopped",
        "confirmed",
        "connector:shop-cdc",
    )
