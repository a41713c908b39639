"""What metrics tell of a broker's process, and why they do not."""

from dataclasses import replace

from tests.unit import observations

from headgate.app.tables import vitals
from headgate.domain import measures, observation, resource, snapshot
from headgate.domain.unknown import Unknown

ONE = resource.Resource("broker", "1")


def said(name: str, value: float, **labels: str) -> measures.Measure:
    return measures.Measure(name=name, resource=ONE, value=value, labels=labels)


def seen(
    *told: measures.Measure | Unknown, absent: tuple[measures.Absent, ...] = ()
) -> observation.Observation:
    made = observations.Scene().seen()
    known = tuple(one for one in told if not isinstance(one, Unknown))
    lost = [one for one in told if isinstance(one, Unknown)]
    held = measures.Measures(source="http://a", dialect="jmx", measures=known, absent=absent)
    every: tuple[measures.Measures | Unknown, ...] = (held, *lost)
    parts: dict[str, snapshot.Part[measures.Measures]] = {
        f"http://{place}": snapshot.Part(
            value=value, source="metrics", how="GET", at=made.snapshot.at
        )
        for place, value in enumerate(every)
    }
    return replace(made, snapshot=replace(made.snapshot, measures=parts))


def test_without_an_address_it_says_so() -> None:
    found = vitals.of(observations.Scene().seen())[1]
    assert str(found.handler_idle) == "not known: no metrics address is given"
    assert found.gc_pause_ms is vitals.NO_ADDRESS


def test_what_a_source_tells_is_shown() -> None:
    at = observations.AT.timestamp()
    found = vitals.of(
        seen(
            said("broker.handler_idle", 0.8),
            said("broker.request_time_p99", 12.5, request="Produce", part="total"),
            said("broker.request_time_p99", 99.0, request="Produce", part="remote"),
            said("process.heap_used", 50.0, pool="a"),
            said("process.heap_used", 25.0, pool="b"),
            said("process.heap_max", 100.0),
            said("process.gc_seconds", 2.0, collector="young"),
            said("process.gc_seconds", 1.0, collector="old"),
            said("process.gc_count", 30.0, collector="young"),
            said("process.started", at - 300),
        )
    )[1]
    assert (found.handler_idle, found.produce_p99_ms, found.heap_share) == (0.8, 12.5, 0.75)
    assert found.gc_pause_ms == 100.0
    assert found.gc_share == 0.01
    assert "does not tell broker.network_idle" in str(found.network_idle)


def test_a_mean_since_the_start_is_told_as_what_it_is() -> None:
    found = vitals.of(seen(said("broker.handler_idle_mean", 0.93)))[1]
    assert "only the mean since its start, 0.93" in str(found.handler_idle)


def test_a_broker_that_no_source_speaks_of_says_so_and_what_failed() -> None:
    found = vitals.of(seen(said("broker.leaders", 1), Unknown("nothing listens at http://b")))
    assert "tells of broker 2; nothing listens at http://b" in str(found[2].handler_idle)
    assert "does not tell" in str(found[1].handler_idle)


def test_a_heap_without_a_limit_has_no_share() -> None:
    lost = measures.Absent(name="process.heap_max", resource=ONE, reason="the source says -1")
    found = vitals.of(seen(said("process.heap_used", 5), absent=(lost,)))[1]
    assert str(found.heap_share) == "not known: the source says -1"
