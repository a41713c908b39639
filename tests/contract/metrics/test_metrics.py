"""The port to metrics: the fake, and the JMX exporter in a real broker of the lab."""

from collections.abc import Callable, Iterator

import pytest

from headgate.domain import measures, resource
from headgate.lab import lab as lab_
from headgate.metrics import fake, source
from headgate.ports import errors, metrics

ONE = resource.Resource("broker", "1")


@pytest.fixture(params=["fake", pytest.param("lab", marks=pytest.mark.lab)])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[[], metrics.Metrics]]:
    """Makes a source that speaks of broker 1."""
    made: list[metrics.Metrics] = []

    def faked() -> metrics.Metrics:
        told = [
            ("broker.handler_idle", 0.9, {}),
            ("broker.network_idle", 1.0, {}),
            ("broker.under_replicated", 0.0, {}),
            ("broker.request_time_p99", 3.0, {"request": "Produce", "part": "total"}),
            ("process.gc_seconds", 0.1, {"collector": "G1"}),
            ("process.heap_used", 5e7, {}),
            ("process.heap_max", 1e8, {}),
            ("process.started", 1.8e9, {}),
        ]
        made.append(
            fake.FakeMetrics(
                *(
                    measures.Measure(name=name, resource=ONE, value=value, labels=labels)
                    for name, value, labels in told
                )
            )
        )
        return made[-1]

    def real() -> metrics.Metrics:
        running: lab_.Lab = request.getfixturevalue("lab_cluster")
        broker = running.part("broker-1")
        made.append(source.connect(f"{broker.metrics_url}#broker=1"))
        return made[-1]

    yield faked if request.param == "fake" else real
    for one in made:
        one.close()


def test_a_broker_tells_what_only_it_knows(connect: Callable[[], metrics.Metrics]) -> None:
    port = connect()
    said = port.read(deadline_s=20)
    assert said.source == port.url
    assert said.dialect == "jmx"
    known = {one.name for one in said.measures if one.resource == ONE}
    # a minute after its start the lab's idle meter may still be unknown, with its reason
    known |= {one.name for one in said.absent if "started" in one.reason}
    assert {
        "broker.handler_idle",
        "broker.network_idle",
        "broker.under_replicated",
        "broker.request_time_p99",
        "process.gc_seconds",
        "process.heap_used",
        "process.heap_max",
        "process.started",
    } <= known
    assert said.about == {ONE}


def test_values_are_in_their_units(connect: Callable[[], metrics.Metrics]) -> None:
    said = connect().read(deadline_s=20)
    used, most = said.get("process.heap_used", ONE), said.get("process.heap_max", ONE)
    assert isinstance(used, float)
    assert isinstance(most, float)
    assert 1e6 < used <= most
    assert isinstance(said.get("broker.under_replicated", ONE), float)


def test_without_time_it_says_so(connect: Callable[[], metrics.Metrics]) -> None:
    with pytest.raises(errors.TimedOut):
        connect().read(deadline_s=0)


def test_once_closed_it_can_be_made_again(connect: Callable[[], metrics.Metrics]) -> None:
    connect().close()
    assert connect().read(deadline_s=20).measures
