"""The baseline: rules page after their hold, once, and the loudest names the cause."""

import pytest

from headgate.domain import vocabulary
from incidents import baseline


def gauges(at: float, **read: dict[str, float]) -> baseline.Gauges:
    return baseline.Gauges(at=at, groups_at=at, **read)  # type: ignore[arg-type]  # all are mappings


def names(course: list[baseline.Gauges]) -> list[str]:
    return [f"{one.rule.name} {one.resource}" for one in baseline.pages(course)]


def test_lag_pages_once_when_it_has_held() -> None:
    held = [gauges(at, lag={"group:billing": 80}) for at in (0, 4, 8, 12, 16)]
    assert names(held) == ["ConsumerGroupLag group:billing"]
    assert names(held[:3]) == []


def test_what_comes_back_pages_again() -> None:
    lags = [80, 80, 80, 80, 0, 80, 80, 80, 80]
    course = [gauges(5 * n, lag={"group:billing": lag}) for n, lag in enumerate(lags)]
    assert names(course).count("ConsumerGroupLag group:billing") == 2


def test_what_is_over_in_a_moment_pages_nobody() -> None:
    lags = [80, 80, 80, 0, 0, 0]
    course = [gauges(5 * n, lag={"group:billing": lag}) for n, lag in enumerate(lags)]
    assert names(course) == []
    assert names(course[:3]) == ["ConsumerGroupLag group:billing"], "nobody knows that it ends"


def test_what_its_source_keeps_firing_pages_once_however_soon_it_is_over() -> None:
    lags = [1.0, 2, 3, 4, 0, 0, 1, 2, 3, 4, 0, 0, 0]
    course = [gauges(5 * n, lag={"group:billing": lag}) for n, lag in enumerate(lags)]
    assert names(course) == ["ConsumerLagKeepsIncreasing group:billing"]


def test_a_counter_does_not_go_back() -> None:
    counts = [0.0, 0, 1, 1, 1, 1]
    course = [
        gauges(5 * n, broker={"unclean": {"broker:1": count}})  # type: ignore[dict-item]
        for n, count in enumerate(counts)
    ]
    assert names(course) == ["UncleanLeaderElection cluster:elections"]
    assert names(course[:4]) == []


def test_each_resource_pages_by_itself() -> None:
    lag = {"group:a": 80.0, "group:b": 90.0, "group:c": 10.0}
    found = names([gauges(at, lag=lag) for at in (0, 5, 10)])
    assert found == ["ConsumerGroupLag group:a", "ConsumerGroupLag group:b"]


@pytest.mark.parametrize(
    ("read", "rule"),
    [
        ({"stopped": {"group:a": 1.2}}, "ConsumerGroupStopped"),
        ({"members": {"group:a": 0}}, "ConsumerGroupWithoutMembers"),
        ({"under_replicated": {"broker:1": 3}}, "UnderReplicatedPartitions"),
        ({"broker": {"under_min_isr": {"broker:1": 3}}}, "UnderMinIsrPartitionCount"),
        ({"offline": {"cluster:partitions": 1}}, "OfflinePartitions"),
        ({"brokers_down": {"broker:3": 1}}, "BrokerDown"),
        ({"failed_tasks": {"connector:x": 1}}, "ConnectTaskFailed"),
        ({"failed_connectors": {"connector:x": 1}}, "ConnectConnectorFailed"),
        ({"workers_down": {"worker:1": 1}}, "ConnectWorkerDown"),
        ({"registry_down": {"registry:registry": 1}}, "SchemaRegistryDown"),
        ({"broker": {"offline_dirs": {"broker:1": 1}}}, "OfflineLogDirectory"),
        ({"broker": {"handler_idle": {"broker:1": 0.1}}}, "RequestHandlerIdle"),
        ({"broker": {"network_idle": {"broker:1": 0.2}}}, "NetworkProcessorIdle"),
        ({"broker": {"throttle_ms": {"client:a": 120}}}, "ThrottleTime"),
        ({"disk_used": {"broker:1": 0.9}}, "DiskUsed"),
        ({"unscraped": {"broker:1": 1}}, "ScrapeProblem"),
        ({"broker": {"controllers": {"broker:1": 0}}}, "ActiveControllerCount"),
    ],
)
def test_each_rule_fires_on_its_condition(read: dict[str, dict[str, float]], rule: str) -> None:
    assert [one.rule.name for one in baseline.pages([gauges(0, **read), gauges(12, **read)])] == [
        rule
    ]


def test_rules_that_compare_two_readings() -> None:
    growing = [gauges(4 * n, lag={"group:a": float(n)}) for n in range(1, 6)]
    assert names(growing) == ["ConsumerLagKeepsIncreasing group:a"]
    silent = [gauges(4 * n, written={"topic:a": 9.0}) for n in range(5)]
    assert names(silent) == ["TopicInputStopped topic:a"]
    shrinks: list[dict[str, dict[str, float]]] = [
        {"isr_shrinks": {"broker:1": float(n)}} for n in range(5)
    ]
    course = [gauges(4 * n, broker=one) for n, one in enumerate(shrinks)]  # type: ignore[arg-type]  # nested
    assert names(course) == ["IsrShrinkRate broker:1"]


def test_groups_that_were_not_read_anew_have_not_stopped_growing() -> None:
    lags = [(0, 1.0), (4, 5.0), (4, 5.0), (11, 9.0), (15, 12.0)]
    course = [
        baseline.Gauges(at=4 * n, groups_at=read, lag={"group:a": lag}, written={"topic:a": lag})
        for n, (read, lag) in enumerate(lags)
    ]
    assert names(course) == ["ConsumerLagKeepsIncreasing group:a"]
    # Nobody reads them any more: what is not known does not grow.
    course[2:] = [
        baseline.Gauges(at=at, groups_at=4, lag={"group:a": 5.0}) for at in (8, 12, 16, 20)
    ]
    assert names(course) == []


def test_what_happens_again_within_the_range_of_a_rate_holds() -> None:
    def shrinks(*counts: float) -> list[str]:
        return names(
            [
                gauges(4 * n, broker={"isr_shrinks": {"broker:1": count}})  # type: ignore[dict-item]
                for n, count in enumerate(counts)
            ]
        )

    assert shrinks(0, 1, 1, 2, 2) == ["IsrShrinkRate broker:1"]
    assert shrinks(0, 1, 1, 1, 1, 1) == [], "once is no rate that holds"


def test_a_quiet_cluster_pages_nobody() -> None:
    healthy = {
        "lag": {"group:a": 3.0},
        "members": {"group:a": 2.0},
        "broker": {
            "controllers": {"broker:1": 1, "broker:2": 0},
            "handler_idle": {"broker:1": 0.9},
        },
    }
    assert not names([gauges(at, **healthy) for at in (0, 10, 20)])  # type: ignore[arg-type]  # nested


def test_the_loudest_signal_is_the_critical_one_farthest_beyond_its_limit() -> None:
    course = [
        gauges(
            0,
            lag={"group:a": 60, "group:b": 900},
            members={"group:a": 0},
            under_replicated={"broker:1": 2},
        )
    ]
    found = baseline.naive(course, lambda _: True)
    assert found is not None
    assert (found[0].name, found[1]) == ("ConsumerGroupLag", "group:b")
    only_a = baseline.naive(course, lambda name: name == "group:a")
    assert only_a is not None
    assert only_a[0].name == "ConsumerGroupLag"
    assert baseline.naive(course, lambda name: name == "group:c") is None


def test_every_rule_names_its_source_and_a_cause_of_the_vocabulary() -> None:
    for rule in baseline.RULES:
        assert rule.source, rule.name
        assert rule.names in vocabulary.causes(), rule.name
