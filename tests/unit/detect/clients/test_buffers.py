"""A full send buffer is told by the producer's own metrics only."""

from tests.unit.detect.clients.meeting import PAGE, found, gaps, shop

from headgate.domain import measures
from headgate.domain.resource import Resource

CLIENT = Resource("client", "orders-api")


def told(name: str, value: float) -> measures.Measure:
    return measures.Measure(name=name, resource=CLIENT, value=value)


def test_threads_that_wait_are_a_finding() -> None:
    scene = shop()
    scene.measured[PAGE] = lambda i: (told("producer.waiting_threads", 3 * (i > 30)),)
    [item] = found(scene, "producer.buffer_exhausted")
    assert (str(item.resource), item.state) == ("client:orders-api", "firing")


def test_a_share_of_waiting_is_one_too() -> None:
    scene = shop(short=True)
    scene.measured[PAGE] = lambda _: (told("producer.buffer_wait_share", 0.4),)
    assert [one.state for one in found(scene, "producer.buffer_exhausted")] == ["pending"]


def test_a_moment_of_waiting_is_silent() -> None:
    scene = shop()
    scene.measured[PAGE] = lambda i: (told("producer.waiting_threads", int(i == 40)),)
    assert not found(scene, "producer.buffer_exhausted")


def test_without_the_producers_metrics_it_is_not_seen() -> None:
    assert "of a producer" in gaps(shop(), "producer.buffer_exhausted")[0]
