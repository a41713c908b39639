"""What connectors lose: skipped records, dead letters, positions; and settings that are hazards."""

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.detect.pipelines.around import (
    cluster,
    connector,
    gaps,
    on,
    shop,
    verdicts,
    why,
    with_past,
)
from tests.unit.observations import AT, Scene

from headgate import diagnose
from headgate.connect import masking
from headgate.detect.pipelines import hazards
from headgate.domain import connects, measures, observation, snapshot, timeline
from headgate.domain.resource import Resource, task

DLQ = "orders-dlq"
_DROPPED = "connect.records_dropped"


def counted(name: str, rise: float) -> Scene:
    """A counter of the sink's task that rose by so much over the scene."""
    scene = shop()

    def told(i: int) -> Sequence[measures.Measure]:
        value = rise if i > 60 else 0.0
        about = task("orders-sink", 0)
        return (measures.Measure(name=name, resource=about, value=value),)

    scene.measured["127.0.0.1:7071"] = told
    return scene


def seen(scene: Scene, version: str = "4.3.1", **config: Any) -> observation.Observation:
    made = dataclasses.replace(cluster(connector(**config)), version=version)
    return with_past(scene.seen(), "connect:main", lambda _: made, scene.samples)


def test_skipped_records_without_a_copy_are_told() -> None:
    held = seen(counted("task.skipped", 7), errors_tolerance="all")
    [item] = on(held, "connect.records_dropped")
    assert item.summary == "orders-sink skipped 7 records and kept no copy of them."
    causes = why(held, "connect.records_dropped")
    assert (causes[0].code, causes[0].verdict) == ("connect.tolerates_errors", "confirmed")
    assert verdicts(causes)["bug.known"] == "ruled_out"
    assert not on(
        seen(counted("task.skipped", 0), errors_tolerance="all"), "connect.records_dropped"
    )


def at_first_sight(name: str, *, reads_before: bool = False) -> Scene:
    """A one-shot look at a counter that stands still; or one that Headgate has read for long."""
    scene = shop()
    scene.cut_s = 10.0
    if not reads_before:
        scene.samples, scene.interval_s = 6, 2.0
    about = task("orders-sink", 0)
    told = (measures.Measure(name=name, resource=about, value=4.0),)
    scene.measured["127.0.0.1:7071"] = lambda _: told
    return scene


def test_a_one_shot_look_tells_what_was_lost_since_the_tasks_were_started() -> None:
    [item] = on(seen(at_first_sight("task.skipped"), errors_tolerance="all"), _DROPPED)
    assert (item.severity, item.summary) == (
        "warning",
        "orders-sink skipped 4 records and kept no copy of them since its tasks were started; "
        "when is not told.",
    )
    config: dict[str, Any] = {"errors_tolerance": "all", "errors_deadletterqueue_topic_name": DLQ}
    [item] = on(seen(at_first_sight("task.dead_letter_failures"), **config), "dlq.write_failing")
    assert "4 dead letters to orders-dlq since its tasks were started" in item.summary
    known = at_first_sight("task.skipped", reads_before=True)
    assert not on(seen(known, errors_tolerance="all"), _DROPPED), "it is no news"


def test_records_with_a_dead_letter_topic_are_not_dropped() -> None:
    held = seen(
        counted("task.skipped", 7), errors_tolerance="all", errors_deadletterqueue_topic_name=DLQ
    )
    assert not on(held, "connect.records_dropped")


def test_an_old_connect_drops_records_though_it_tolerates_nothing() -> None:
    causes = why(seen(counted("task.skipped", 7), "3.8.0"), "connect.records_dropped")
    assert (causes[0].code, causes[0].verdict) == ("bug.known", "likely")
    causes = why(seen(counted("task.skipped", 7), "4.3.1"), "connect.records_dropped")
    assert verdicts(causes)["bug.known"] == "ruled_out"


def test_without_metrics_it_is_said_what_would_tell() -> None:
    [reason] = gaps(seen(shop(), errors_tolerance="all"), "connect.records_dropped")
    assert reason == "no metrics source is known; task.skipped would tell"


def test_dead_letters_that_cannot_be_written() -> None:
    scene = counted("task.dead_letter_failures", 3)
    config: dict[str, Any] = {"errors_tolerance": "all", "errors_deadletterqueue_topic_name": DLQ}
    held = seen(scene, **config)
    [item] = on(held, "dlq.write_failing")
    assert item.severity == "critical"
    causes = why(held, "dlq.write_failing")
    assert (causes[0].code, causes[0].verdict) == ("dlq.target_unwritable", "confirmed")
    assert verdicts(causes)["message.oversize"] == "ruled_out"


@pytest.mark.parametrize(("came", "failed"), [(50, True), (0, False)])
def test_the_counters_of_a_task_that_came_to_its_worker_began_with_zero_there(
    came: int, failed: bool
) -> None:
    """The first page that tells of it tells the failures, too: no page ever tells fewer."""
    scene = shop()

    def told(i: int) -> Sequence[measures.Measure]:
        about = task("orders-sink", 0)
        failures = measures.Measure(name="task.dead_letter_failures", resource=about, value=3.0)
        return (failures,) if i > 60 else ()

    scene.measured["127.0.0.1:7071"] = told
    here = cluster(
        connector(errors_tolerance="all", errors_deadletterqueue_topic_name=DLQ),
    )
    [held] = here.connectors.values()
    [one] = held.tasks
    elsewhere = dataclasses.replace(held, tasks=(dataclasses.replace(one, worker="w9:8083"),))
    there = dataclasses.replace(here, connectors={held.name: elsewhere})
    found = with_past(
        scene.seen(), "connect:main", lambda i: here if i >= came else there, scene.samples
    )
    assert [item.code for item in on(found, "dlq.write_failing")] == (
        ["dlq.write_failing"] if failed else []
    )


@pytest.mark.parametrize("old", ["127.0.0.1:7070", "127.0.0.1:7072"])
def test_what_a_worker_goes_on_telling_of_a_task_that_left_it_hides_nothing(old: str) -> None:
    scene = counted("task.dead_letter_failures", 3)
    about = task("orders-sink", 0)
    stands = measures.Measure(name="task.dead_letter_failures", resource=about, value=5.0)
    scene.measured = {old: lambda _: (stands,), **scene.measured}
    config: dict[str, Any] = {"errors_tolerance": "all", "errors_deadletterqueue_topic_name": DLQ}
    [item] = on(seen(scene, **config), "dlq.write_failing")
    assert "could not write 3 dead letters" in item.summary


def test_dead_letters_that_are_too_large() -> None:
    scene = counted("task.dead_letter_failures", 3)
    scene.topic("orders", 3, rate=10, max_message_bytes="9000000")
    scene.topic(DLQ, 1, max_message_bytes="1000")
    config: dict[str, Any] = {"errors_tolerance": "all", "errors_deadletterqueue_topic_name": DLQ}
    causes = why(seen(scene, **config), "dlq.write_failing")
    assert (causes[0].code, causes[0].verdict) == ("message.oversize", "likely")


def test_a_dead_letter_topic_that_refuses_its_sink_is_one_incident_with_the_sink() -> None:
    scene = shop()
    scene.topic("orders", 3, rate=10, max_message_bytes="9000000")
    scene.topic(DLQ, 1, max_message_bytes="1000")

    def told(i: int) -> Sequence[measures.Measure]:
        failed = 3.0 if i > 60 else 0.0
        broker = Resource("broker", "1")
        return (
            measures.Measure(
                name="task.dead_letter_failures", resource=task("orders-sink", 0), value=failed
            ),
            measures.Measure(
                name="broker.bytes_rejected", resource=broker, value=failed, labels={"topic": DLQ}
            ),
        )

    scene.measured["127.0.0.1:7071"] = told
    config: dict[str, Any] = {"errors_tolerance": "all", "errors_deadletterqueue_topic_name": DLQ}
    drafts = diagnose.look(seen(scene, **config), {})[2]
    [draft] = [one for one in drafts if one.severity == "critical"]
    assert draft.resource == Resource("connector", "orders-sink")
    assert {"dlq.write_failing", "produce.too_large"} <= {one.code for one in draft.findings}
    assert not [one for one in drafts if one.resource.kind in ("topic", "broker")]


def at(position: int) -> tuple[connects.Position, ...]:
    return (connects.Position(partition='{"file":"a"}', offset=f'{{"position":{position}}}'),)


def source(*offsets: tuple[connects.Position, ...]) -> observation.Observation:
    """A source whose stored positions were these, each for an equal share of the scene."""
    each = 70 // len(offsets)

    def course(i: int) -> snapshot.ConnectCluster:
        held = offsets[min(i // each, len(offsets) - 1)]
        return cluster(connector("files", type_="source", offsets=held))

    return with_past(shop().seen(), "connect:main", course, 70)


def test_positions_that_are_gone_or_went_back_are_lost() -> None:
    [item] = on(source(at(1000), ()), "connect.offsets_lost")
    assert "stores no position any more" in item.summary
    [item] = on(source(at(1000), at(10)), "connect.offsets_lost")
    assert "position 10 after 1,000" in item.summary


@pytest.mark.parametrize("offsets", [(at(5), at(1000)), ((), ()), ((), at(5))])
def test_positions_that_rise_or_never_were_are_silent(
    offsets: tuple[tuple[connects.Position, ...], ...],
) -> None:
    assert not on(source(*offsets), "connect.offsets_lost")


def test_a_reset_that_was_announced_is_no_loss() -> None:
    held = source(at(1000), ())
    planned = observation.Planned(at=AT, what="offsets reset by ann", resource="connector:files")
    held = dataclasses.replace(held, planned=(planned,))
    assert not on(held, "connect.offsets_lost")


def test_a_store_of_positions_that_was_made_anew() -> None:
    entry = timeline.Entry(
        at=AT - timedelta(seconds=180),
        resource=Resource("topic", "connect-offsets"),
        kind="topic",
        what="was deleted and created anew: its records and offsets are others",
        source="timeline",
    )
    held = dataclasses.replace(source(at(1000), ()), timeline=(entry,))
    found = verdicts(why(held, "connect.offsets_lost"))
    assert found["topic.recreated"] == "confirmed"
    assert found["connect.offset_store_damaged"] == "likely"
    assert found["connect.renamed"] == "ruled_out"


def test_a_sink_that_drops_silently_is_a_hazard() -> None:
    held = seen(shop(), errors_tolerance="all")
    [item] = on(held, "connect.tolerance_silent")
    assert item.severity == "warning"
    assert why(held, "connect.tolerance_silent")[0].verdict == "confirmed"
    assert not on(seen(shop()), "connect.tolerance_silent")
    well = {"errors_tolerance": "all", "errors_deadletterqueue_topic_name": DLQ}
    assert not on(seen(shop(), **well), "connect.tolerance_silent")


def test_secrets_in_settings_are_named_and_not_shown() -> None:
    assert hazards.MASK == masking.MASK
    config = masking.config({"connection.password": "hunter2", "a.headers": "x", "b": "y"})
    made = cluster(dataclasses.replace(connector(), config=config))
    held = with_past(shop().seen(), "connect:main", lambda _: made, 70)
    [item] = on(held, "connect.secret_inline")
    assert "(connection.password)" in item.summary
    kept = masking.config({"connection.password": "${file:/run/db.properties:password}"})
    made = cluster(dataclasses.replace(connector(), config=kept))
    held = with_past(shop().seen(), "connect:main", lambda _: made, 70)
    assert not on(held, "connect.secret_inline")


def test_a_source_that_may_have_nothing_to_poll_is_not_judged() -> None:
    made = cluster(connector("files", type_="source"))
    held = with_past(shop().seen(), "connect:main", lambda _: made, 70)
    [reason] = gaps(held, "connect.running_idle")
    assert "source-record-poll-rate" in reason
    assert not gaps(seen(shop()), "connect.running_idle")
