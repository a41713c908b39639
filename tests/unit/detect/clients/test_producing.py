"""Writes that brokers refuse are found by their own counters, and ordinary errors are not."""

import pytest
from tests.unit.detect.clients import meeting
from tests.unit.detect.clients.meeting import counter, error, found, gaps, measure, shop

from headgate.domain import measures
from headgate.domain.differences import topics
from headgate.domain.resource import Resource


def test_errors_that_go_on_are_a_finding_on_the_topic_that_a_counter_names() -> None:
    scene = shop()
    measure(
        scene,
        lambda i: (
            error("Produce", "NOT_ENOUGH_REPLICAS", 4 * max(0, i - 30)),
            counter("broker.failed_produce", 4 * max(0, i - 30), topic="orders"),
        ),
    )
    [item] = found(scene, "produce.failing")
    assert (str(item.resource), item.state, item.severity) == ("topic:orders", "firing", "critical")
    assert "NOT_ENOUGH_REPLICAS" in item.summary


def test_without_such_a_counter_it_is_on_the_broker() -> None:
    scene = shop()
    measure(scene, lambda i: (error("Produce", "NOT_ENOUGH_REPLICAS", 4 * max(0, i - 30)),))
    assert [str(one.resource) for one in found(scene, "produce.failing")] == ["broker:1"]


def test_a_counter_that_appears_with_the_first_error_counts_from_zero() -> None:
    scene = shop(short=True)
    measure(
        scene,
        lambda i: (error("Produce", "NOT_ENOUGH_REPLICAS", 7 * (i - 3)),) if i > 3 else (),
    )
    assert [one.state for one in found(scene, "produce.failing")] == []
    measure(scene, lambda i: (error("Produce", "NOT_ENOUGH_REPLICAS", 7 * i),) if i else ())
    assert [one.state for one in found(scene, "produce.failing")] == ["pending"]


def test_a_broker_that_was_not_told_of_before_did_not_err_before() -> None:
    """A page that begins to tell of a broker brings counters of weeks."""
    scene = shop()
    measure(
        scene,
        lambda i: (
            (
                error("Produce", "NONE", 5000, 2),
                error("Produce", "NOT_ENOUGH_REPLICAS", 900, 2),
            )
            if i > 60
            else ()
        ),
    )
    assert not found(scene, "produce.failing")


@pytest.mark.parametrize(
    "kind",
    ["NONE", "NOT_LEADER_OR_FOLLOWER", "THROTTLING_QUOTA_EXCEEDED", "TOPIC_AUTHORIZATION_FAILED"],
)
def test_ordinary_answers_are_silent(kind: str) -> None:
    scene = shop()
    measure(scene, lambda i: (error("Produce", kind, 4 * i),))
    assert not found(scene, "produce.failing")


@pytest.mark.parametrize(("until", "told"), [(8, False), (10, True)])
def test_a_short_look_tells_of_errors_that_go_on(until: int, *, told: bool) -> None:
    scene = shop(short=True)
    measure(scene, lambda i: (error("Produce", "NOT_ENOUGH_REPLICAS", 4 * min(i, until)),))
    assert bool(found(scene, "produce.failing")) is told


@pytest.mark.parametrize(("ago_s", "told"), [(12, False), (50, True)])
def test_a_topic_that_just_came_or_went_is_not_known_everywhere_yet(
    ago_s: float, *, told: bool
) -> None:
    scene = shop(short=True)
    measure(scene, lambda i: (error("Produce", "UNKNOWN_TOPIC_OR_PARTITION", 4 * i),))
    scene.timeline = (meeting.changed(topics.CREATED, Resource("topic", "orders"), ago_s),)
    assert bool(found(scene, "produce.failing")) is told
    assert bool(gaps(scene, "produce.failing")) is not told


@pytest.mark.parametrize(("grows", "fires"), [(1, False), (12, True)])
def test_what_is_counted_while_nobody_could_read_is_no_error_that_lasted(
    grows: int, fires: bool
) -> None:
    """A broker that hung for a minute tells afterwards of the one request that timed out in it."""
    scene = shop()
    seen = scene.samples - grows
    measure(scene, lambda i: (error("Produce", "REQUEST_TIMED_OUT", max(0, i - seen + 1)),))
    scene.unscraped[meeting.PAGE] = lambda i: seen - 15 <= i < seen
    states = {one.state for one in found(scene, "produce.failing")}
    assert states == {"firing" if fires else "pending"}


def test_errors_that_are_over_are_silent() -> None:
    scene = shop()
    measure(scene, lambda i: (error("Produce", "NOT_ENOUGH_REPLICAS", 4 * min(i, 40)),))
    assert not found(scene, "produce.failing")


def test_a_large_record_is_a_finding_on_its_topic() -> None:
    scene = shop(short=True)
    measure(
        scene,
        lambda i: (
            counter("broker.bytes_rejected", 20_000 * i, topic="orders"),
            counter("broker.bytes_rejected", 0, topic="clicks"),
            error("Produce", "MESSAGE_TOO_LARGE", i),
        ),
    )
    [item] = found(scene, "produce.too_large")
    assert (str(item.resource), item.state) == ("topic:orders", "pending")
    assert not found(scene, "produce.failing")


@pytest.mark.parametrize("deleted", [True, False])
def test_what_was_refused_last_of_a_topic_that_is_deleted_is_not_blamed_on_brokers(
    deleted: bool,
) -> None:
    """Its counter goes with it; that of the errors stays, and has grown once more."""
    scene = shop(short=True)
    last = scene.samples - 1

    def told(i: int) -> list[measures.Measure]:
        refused = [error("Produce", "MESSAGE_TOO_LARGE", 3 * i)]
        if i < last and deleted:
            refused.append(counter("broker.bytes_rejected", 900, topic="gone"))
        return refused

    measure(scene, told)
    scene.thresholds = {"produce.too_large": {"window": "1s"}}
    about = [str(one.resource) for one in found(scene, "produce.too_large")]
    assert about == ([] if deleted else ["broker:1"])


def test_the_first_record_that_is_too_large_is_told_of_its_topic_at_once() -> None:
    """No topic had a counter of refused bytes before; the page told of the broker all the same."""
    scene = shop(short=True)
    last = scene.samples - 1
    measure(
        scene,
        lambda i: (
            (
                counter("broker.bytes_rejected", 20_000, topic="orders"),
                error("Produce", "MESSAGE_TOO_LARGE", 1),
            )
            if i == last
            else ()
        ),
    )
    [item] = found(scene, "produce.too_large")
    assert str(item.resource) == "topic:orders"


def test_a_timestamp_out_of_bounds_is_no_failure_of_another_kind() -> None:
    scene = shop()
    measure(
        scene,
        lambda i: (
            error("Produce", "INVALID_TIMESTAMP", i),
            counter("broker.failed_produce", i, topic="orders"),
        ),
    )
    assert [str(one.resource) for one in found(scene, "produce.bad_timestamp")] == ["topic:orders"]
    assert not found(scene, "produce.failing")


def test_without_metrics_it_is_not_seen() -> None:
    for code in ("produce.failing", "produce.too_large", "produce.bad_timestamp"):
        assert gaps(shop(), code) == ["no metrics source is known; broker.errors would tell"]


def test_a_single_reading_tells_no_growth() -> None:
    scene = meeting.shop(samples=1)
    measure(scene, lambda _: (error("Produce", "NOT_ENOUGH_REPLICAS", 900),))
    assert not found(scene, "produce.failing")
    assert "was read only once" in gaps(scene, "produce.failing")[0]
