"""The object store under a cluster with shared storage."""

from collections.abc import Callable

import pytest
from tests.unit.detect.cluster import parts
from tests.unit.observations import Scene

from headgate import detect, diagnose
from headgate.domain import finding, measures, quorum, snapshot
from headgate.domain.resource import Resource

CODE = "store.degraded"
LAST = 139
HOLD = 60
"""Samples in the hold."""


def automq() -> Scene:
    scene = parts.shop()
    scene.others["features"] = lambda _i: quorum.Features(
        features=(quorum.Feature(name="automq.version", finalized=1, supported=(1, 1)),)
    )
    return scene


def tell(
    scene: Scene,
    *,
    failed: Callable[[int], float] = lambda _i: 3.0,
    took: Callable[[int], float] = lambda _i: 0.02,
    broker: int = 1,
) -> Scene:
    """One broker tells of 10 writes a sample, and the seconds that each took."""

    def told(name: str, value: float, **labels: str) -> measures.Measure:
        return measures.Measure(
            name=name, resource=Resource("broker", str(broker)), value=value, labels=labels
        )

    good = {"operation": "put_object", "outcome": "success"}
    scene.measured[f"http://b{broker}/metrics"] = lambda i: (
        told("store.requests", 10.0 * i, **good),
        told("store.requests", 500.0 * i, operation="get_object", outcome="success"),
        told("store.request_seconds", sum(10 * took(each) for each in range(i + 1)), **good),
        told("store.requests", failed(i), operation="put_object", outcome="failed"),
    )
    return scene


def found(scene: Scene) -> list[finding.Finding]:
    return [one for one in detect.run(scene.seen()).findings if one.code == CODE]


def gaps(scene: Scene) -> list[str]:
    return [one.reason for one in detect.run(scene.seen()).not_seen if one.code == CODE]


def verdicts(scene: Scene) -> dict[str, str]:
    detection, diagnoses, _, _ = diagnose.look(scene.seen(), {})
    [item] = [one for one in detection.findings if one.code == CODE]
    [of] = [one for one in diagnoses if one.finding == item.key]
    return {one.code: one.verdict for one in of.causes}


def test_a_store_that_does_its_work() -> None:
    scene = tell(automq())
    assert not found(scene)
    assert not gaps(scene)


def test_requests_that_go_on_failing() -> None:
    scene = tell(automq(), failed=float)
    [item] = found(scene)
    assert (item.resource.kind, item.state) == ("cluster", "firing")
    assert "60 requests failed or were throttled" in item.summary
    assert verdicts(scene) == {"tier.store_failing": "confirmed"}
    _, _, drafts, _ = diagnose.look(scene.seen(), {})
    assert drafts[0].title == f"The object store under {item.resource.id} fails"


@pytest.mark.parametrize(
    "failed",
    [
        lambda i: 40.0 * (i > LAST - 10),
        lambda i: float(min(i, LAST - 20)),
        lambda i: float(i // 25),
    ],
    ids=["a burst", "over by now", "now and then"],
)
def test_a_request_that_is_tried_again_is_usual(failed: Callable[[int], float]) -> None:
    assert not found(tell(automq(), failed=failed))


def test_writes_that_became_slow() -> None:
    scene = tell(automq(), took=lambda i: 0.02 if i < LAST - HOLD else 0.09)
    [item] = found(scene)
    assert "writes take 4.5 times as long as before" in item.summary
    assert verdicts(scene) == {"tier.store_failing": "likely"}


@pytest.mark.parametrize(
    "took",
    [
        lambda i: 0.02 if i < LAST - 30 else 0.09,
        lambda i: 0.02 if i < LAST - HOLD else 0.05,
        lambda i: 0.09 if i % 7 else 0.02,
        lambda _i: 0.5,
    ],
    ids=["for half the hold", "not so much", "now and then quick", "always so"],
)
def test_writes_that_are_as_ever(took: Callable[[int], float]) -> None:
    assert not found(tell(automq(), took=took))


def test_slow_for_one_broker_of_three_is_its_own_way_to_the_store() -> None:
    scene = tell(automq(), took=lambda i: 0.02 if i < LAST - HOLD else 0.09)
    for broker in (2, 3):
        tell(scene, broker=broker)
    assert verdicts(scene) == {"tier.store_failing": "possible"}


def test_without_metrics_it_is_not_known() -> None:
    assert gaps(automq()) == ["no metrics source is known; the measure store.requests would tell"]


def test_a_cluster_with_disks_has_no_such_store() -> None:
    assert not gaps(parts.shop())


def redpanda(mode: str) -> Scene:
    scene = parts.shop()
    scene.topics["orders"].configs["redpanda.storage.mode"] = snapshot.ConfigValue(
        value=mode, source="dynamic_topic"
    )
    parts.measured(scene, "store.errors", lambda _b, i: float(i))
    return scene


def test_the_store_of_a_tiered_cluster_is_another_matter() -> None:
    assert found(redpanda("cloud"))
    assert not found(redpanda("tiered"))
    assert not gaps(redpanda("tiered"))


def test_a_one_shot_look() -> None:
    scene = parts.glance(automq())
    [item] = found(tell(scene, failed=float))
    assert item.state == "pending"
