"""Loops of restarts that looks miss: a worker counts what it starts."""

from tests.unit.detect.consumers.reading import counter, fact, found, shop, tells
from tests.unit.observations import Scene

from headgate.domain import measures
from headgate.domain.resource import Resource

WORKER = Resource("worker", "127.0.0.1:8083")


def looped(
    *, failed_at: int = 30, other_fails: bool = False, other_moves: bool = False, starts: int = 5
) -> Scene:
    """Each look finds the task FAILED; its worker starts a task at every fifth reading or so."""
    scene = shop()
    scene.connector("orders-sink", ("FAILED", ""), failed_at=failed_at)
    scene.connector("audit-sink", ("RUNNING", ""))

    def told(i: int) -> tuple[measures.Measure, ...]:
        mine, other = Resource("connector", "orders-sink"), Resource("connector", "audit-sink")
        return (
            counter("worker.task_starts", 7 + i // starts, WORKER),
            counter("connector.failed_tasks", float(i >= failed_at), mine),
            counter("connector.tasks", 1, mine),
            counter("connector.failed_tasks", float(other_fails and i == 50), other),
            counter("connector.tasks", 2 if other_moves and i > 50 else 1, other),
        )

    return tells(scene, told)


def test_a_loop_that_no_look_sees_is_counted_by_the_worker() -> None:
    [item] = found(looped(), "connect.restart_loop")
    assert str(item.resource) == "connector:orders-sink"
    assert (fact(item, "flips"), fact(item, "counted")) == (1, 7)


def test_starts_before_it_failed_are_no_restarts() -> None:
    assert not found(looped(failed_at=60), "connect.restart_loop")


def test_starts_may_be_those_of_another_connector() -> None:
    assert not found(looped(other_fails=True), "connect.restart_loop")
    assert not found(looped(other_moves=True), "connect.restart_loop")


def test_a_failed_task_that_nobody_restarts_is_no_loop() -> None:
    assert not found(looped(starts=1000), "connect.restart_loop")


def joins(*looks: int, failed_at: int = 30) -> Scene:
    """The sink's consumer is in its group at those looks only."""
    scene = shop()
    scene.connector("orders-sink", ("FAILED", ""), failed_at=failed_at)
    scene.group(
        "connect-orders-sink",
        came=lambda i: frozenset({f"connector-consumer-{i}"} if i in looks else ()),
    )
    return scene


def test_a_consumer_that_joins_for_a_moment_was_a_start_that_failed() -> None:
    [item] = found(joins(40, 45), "connect.restart_loop")
    assert (fact(item, "flips"), fact(item, "joined")) == (1, 2)


def test_one_start_is_counted_once_though_two_parts_of_a_look_show_it() -> None:
    assert not found(joins(31, 45), "connect.restart_loop")
    assert not found(joins(44, 45), "connect.restart_loop")


def test_who_joined_before_it_failed_tells_of_no_restart() -> None:
    assert not found(joins(40, 45, failed_at=60), "connect.restart_loop")
