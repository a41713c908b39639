"""Dead letters: topics that fill, that nobody empties, kinds that were not there before."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.detect.pipelines.around import (
    cluster,
    connector,
    gaps,
    letters,
    on,
    shop,
    verdicts,
    why,
    with_past,
)
from tests.unit.observations import AT, START, Scene, flat

from headgate.domain import deadletters, diagnosis, fixes, observation, vocabulary
from headgate.domain.unknown import Unknown

DLQ = "orders-dlq"
BROKEN = deadletters.Kind(
    exception="DataException",
    message="Converting byte[] to Kafka Connect data failed due to serialization error",
    stage="VALUE_CONVERTER",
    source="orders",
)
REFUSED = deadletters.Kind(
    exception="PSQLException", message="Connection to # refused", stage="TASK_PUT", source="orders"
)
RULE = deadletters.Kind(
    exception="PSQLException",
    message="new row for relation '…' violates check constraint '…'",
    stage="TASK_PUT",
    source="orders",
)
MISFIT = deadletters.Kind(
    exception="DataException", message="Field '…' is not in the schema", stage="TASK_PUT"
)
UNSERVED = deadletters.Kind(
    exception="SerializationException",
    message="Error retrieving Avro value schema for id #",
    stage="VALUE_CONVERTER",
)


def filling(rate: float = 1.0, *, samples: int = 80, since: int = 60, cut: bool = False) -> Scene:
    scene = shop(samples, cut=cut)
    topic = scene.topic(DLQ, 1)
    topic.ends[0] = lambda i: START + max(0, int((i - since) * rate))
    return scene


def seen(scene: Scene, **known: Any) -> observation.Observation:
    """The scene with a sink that writes the dead letters, and what is known of them."""
    held = with_past(
        scene.seen(),
        "connect:main",
        lambda _: cluster(
            connector(
                errors_tolerance="all",
                errors_deadletterqueue_topic_name=DLQ,
                connection_url="jdbc:postgresql://127.0.0.1:5432/shop",
            )
        ),
        scene.samples,
    )
    return dataclasses.replace(held, letters=letters(DLQ, **known))


def kinds(*found: deadletters.Kind) -> tuple[deadletters.Tally, ...]:
    return deadletters.tallied([(each, 0) for each in found])


def test_dead_letters_that_come_are_told() -> None:
    [item] = on(seen(filling()), "dlq.growing")
    assert (item.state, item.severity) == ("firing", "warning")
    assert item.summary.startswith("19 dead letters came to orders-dlq in the last 5 min")
    assert item.since.timestamp() == AT.timestamp() - 90


def test_a_queue_that_stands_still_is_silent() -> None:
    scene = shop(80)
    scene.topic(DLQ, 1)
    assert not on(seen(scene, day=40), "dlq.growing")


def test_what_is_usual_for_a_queue_is_no_incident() -> None:
    usual = 19 * 24 * 12
    assert not on(seen(filling(), day=usual, recent=19), "dlq.growing")
    assert on(seen(filling(), day=usual // 10, recent=19), "dlq.growing")


def test_a_large_share_of_the_source_is_critical() -> None:
    [item] = on(seen(filling(15)), "dlq.growing")
    assert item.severity == "critical"


def test_a_short_look_goes_by_the_logs_own_timestamps() -> None:
    scene = shop(cut=True)
    scene.topic(DLQ, 1)
    [item] = on(seen(scene, recent=12, day=12), "dlq.growing")
    assert item.state == "firing"
    assert item.summary.startswith("12 dead letters came to orders-dlq in the last 5 min")


def test_a_queue_is_known_by_its_name_alone() -> None:
    scene = filling()
    held = dataclasses.replace(scene.seen(), letters=letters(DLQ))
    [item] = on(held, "dlq.growing")
    facts = {fact.id.rpartition("/")[2]: fact.value for fact in item.evidence}
    assert facts["told-by"] == "its name"


def copied(
    ago_s: float, *, to: str = DLQ, state: vocabulary.ChangeState = "succeeded"
) -> fixes.Run:
    return fixes.Run(
        at=AT - timedelta(seconds=ago_s),
        action="group.quarantine_record",
        cause="record.poison",
        target="partition:orders-0",
        state=state,
        copied_to=to,
    )


@pytest.mark.parametrize("ago_s", [1, 299, 360])
@pytest.mark.parametrize("state", ["verifying", "succeeded", "rolled_back"])
def test_what_a_change_set_aside_is_no_news(ago_s: float, state: vocabulary.ChangeState) -> None:
    scene = shop(80)
    scene.topic(DLQ, 1)
    scene.fixes = (copied(ago_s, state=state),)
    assert not on(seen(scene, recent=1, day=1), "dlq.growing")


@pytest.mark.parametrize(
    "run", [copied(900), copied(30, to="payments-dlq"), copied(30, state="failed"), None]
)
def test_what_no_change_set_aside_is(run: fixes.Run | None) -> None:
    scene = shop(80)
    scene.topic(DLQ, 1)
    scene.fixes = () if run is None else (run,)
    [item] = on(seen(scene, recent=1, day=1), "dlq.growing")
    assert item.summary.startswith("1 dead letter came")


def test_what_came_beside_a_copy_is_told_without_it() -> None:
    scene = filling()
    scene.fixes = (copied(60),)
    [item] = on(seen(scene), "dlq.growing")
    assert item.summary.startswith("18 dead letters came to orders-dlq in the last 5 min")
    facts = {fact.id.rpartition("/")[2]: fact.value for fact in item.evidence}
    assert (facts["arrived"], facts["set-aside"]) == (18, 1)


def test_the_oldest_one_is_too_old() -> None:
    scene = shop(80)
    scene.topic(DLQ, 1)
    old = int((AT.timestamp() - 8 * 86_400) * 1000)
    [item] = on(seen(scene, oldest_ms=old), "dlq.aging")
    assert why(seen(scene, oldest_ms=old), "dlq.aging")[0].code == "dlq.undrained"
    assert "waits for 8 d" in item.summary
    assert not on(seen(scene), "dlq.aging")


def test_half_of_the_retention_is_too_old_too() -> None:
    scene = shop(80)
    scene.topic(DLQ, 1, retention_ms="7200000")
    old = int((AT.timestamp() - 4000) * 1000)
    [item] = on(seen(scene, oldest_ms=old), "dlq.aging")
    assert item.deadline is not None
    assert 3100 < item.deadline.timestamp() - AT.timestamp() < 3300


def test_a_queue_that_somebody_drains_does_not_age() -> None:
    scene = shop(80)
    scene.topic(DLQ, 1)
    scene.follow("triage", DLQ)
    assert not on(seen(scene, oldest_ms=1), "dlq.aging")


def test_a_new_kind_is_told_once_headers_are_read() -> None:
    scene = shop(80)
    scene.topic(DLQ, 1)
    new = ((BROKEN, AT.timestamp() - 60),)
    [item] = on(seen(scene, kinds=kinds(BROKEN), new=new), "dlq.new_kind")
    assert "DataException" in item.summary
    assert not on(seen(scene, kinds=kinds(BROKEN), new=()), "dlq.new_kind")
    unread = Unknown("set read_records")
    assert gaps(seen(scene, kinds=unread, new=unread), "dlq.new_kind") == ["set read_records"]
    short = shop(cut=True)
    short.topic(DLQ, 1)
    assert gaps(seen(short, kinds=(), new=()), "dlq.new_kind") == [
        "one look cannot know which kinds were there before"
    ]


def test_headers_tell_why() -> None:
    cases = (
        (BROKEN, "record.undecodable"),
        (REFUSED, "downstream.outage"),
        (RULE, "record.business_rule"),
    )
    for kind, cause in cases:
        causes = why(seen(filling(), kinds=kinds(kind, kind), sampled=2), "dlq.growing")
        assert (causes[0].code, causes[0].verdict) == (cause, "confirmed"), causes[0]
        others = {"record.undecodable", "downstream.outage", "record.business_rule"} - {cause}
        assert all(verdicts(causes)[other] == "ruled_out" for other in others)


def test_a_misfit_is_a_schema_and_an_unserved_id_is_foreign() -> None:
    causes = why(seen(filling(), kinds=kinds(MISFIT)), "dlq.growing")
    assert (causes[0].code, causes[0].verdict) == ("schema.breaking_change", "likely")
    causes = why(seen(filling(), kinds=kinds(UNSERVED)), "dlq.growing")
    assert causes[0].code == "schema.foreign_id"


def test_without_headers_nothing_is_dressed_up() -> None:
    causes = why(seen(filling()), "dlq.growing")
    assert {cause.verdict for cause in causes} == {"possible"}
    told = [cause.code for cause in causes if cause.code != "unknown"]
    assert told[0] == "record.undecodable"  # what Connect's tolerance covers
    assert any("headers" in text for text in causes[0].not_looked_at)


def test_an_outage_of_the_database_shows_without_headers() -> None:
    question = diagnosis.ReachQuestion("127.0.0.1", 5432)
    answers: diagnosis.Answers = {question: diagnosis.ReachAnswer("refuses")}
    causes = why(seen(filling(10)), "dlq.growing", answers)
    assert causes[0].code == "downstream.outage"
    assert causes[0].verdict == "likely"


def test_arrivals_are_not_mistaken_for_a_reset_of_the_log() -> None:
    scene = shop(80)
    topic = scene.topic(DLQ, 1)
    topic.ends[0] = lambda i: 500 if i < 40 else 0
    topic.starts[0] = flat(0)
    assert not on(seen(scene), "dlq.growing")
