"""What brokers and the network do to readers: told from what the readers do themselves."""

import dataclasses

import numpy as np
import pytest
from tests.unit.diagnose import scenes
from tests.unit.diagnose.consumers.looking import Cause, causes, client, counter, tells, told
from tests.unit.observations import Scene

from headgate import detect, diagnose
from headgate.detect import view
from headgate.diagnose import interface, runner
from headgate.domain import access, diagnosis, finding, measures, storage
from headgate.domain.resource import Resource

EACH_BYTES = 100


def limited(byte_rate: float) -> Scene:
    """billing reads 3.6 records a second of 100 bytes from three leaders; m1 has a quota."""
    scene = scenes.slow()
    scene.others["quotas"] = lambda _: (
        access.Quota(entity={"client-id": "m1"}, limits={"consumer_byte_rate": byte_rate}),
    )
    table = scene._partitions()
    names = table.names()
    ends = [scene.topics[n.topic].ends[n.partition](scene.samples - 1) for n in names]
    count = len(names)
    scene.others["log_dirs"] = lambda _: storage.LogDirs(
        partitions=table,
        dirs=(storage.LogDir(broker=1, path="/d", total_bytes=1, usable_bytes=1),),
        ordinal=np.arange(count, dtype=np.int32),
        place=np.zeros(count, dtype=np.int32),
        size_bytes=np.array(ends, dtype=np.int64) * EACH_BYTES,
        offset_lag=np.zeros(count, dtype=np.int64),
        future=np.zeros(count, dtype=np.bool_),
    )
    return scene


def growing(scene: Scene, *others: finding.Finding) -> list[Cause]:
    """The causes of billing's lag, with findings that other detectors would have made."""
    seen = view.View(scene.seen())
    detection = detect.run(seen.observation)
    detection = dataclasses.replace(detection, findings=(*detection.findings, *others))
    case = interface.Case(seen, detection, {})
    made = {each.finding: each for each in runner.run(case, diagnose.DIAGNOSTICIANS)}
    found: list[diagnosis.Cause] = list(made["lag.growing@group:billing"].causes)
    return told(found)


@pytest.mark.parametrize(
    ("byte_rate", "verdict"),
    [(60, "confirmed"), (600, "ruled_out"), (6_000_000, "ruled_out")],
)
def test_a_quota_is_told_by_the_pace_that_it_allows(byte_rate: float, verdict: str) -> None:
    found = growing(limited(byte_rate))
    assert dict(found)["quota.throttled"] == verdict
    assert (found[0][0] == "quota.throttled") is (verdict == "confirmed")


def broken(code: str, broker: str = "1") -> finding.Finding:
    return finding.Finding(
        code=code,
        state="firing",
        severity="warning",
        resource=Resource("broker", broker),
        since=scenes.slow().seen().snapshot.at,
        summary="it is so.",
    )


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("broker.slow_disk", "disk.slow"),
        ("broker.hot", "leader.overloaded"),
        ("broker.handlers_saturated", "client.request_flood"),
    ],
)
def test_trouble_of_a_leader_competes(code: str, cause: str) -> None:
    found = dict(growing(scenes.slow(), broken(code)))
    assert found[cause] != "ruled_out"
    other = dict(growing(scenes.slow(), broken(code, broker="9")))
    assert other.get(cause, "ruled_out") != "likely"


def test_a_leader_of_most_that_lags_comes_before_slow_handlers_that_only_wait() -> None:
    scene = tells(scenes.slow(), lambda _: (client("consumer.poll_idle", 0.95, "m1"),))
    scene.topics["orders"].leader = dict.fromkeys(range(6), 1)
    found = growing(scene, broken("broker.slow_disk"))
    assert found[0] == ("disk.slow", "likely")
    assert ("consumer.slow", "ruled_out") in found


def test_a_leader_of_all_that_lags_and_of_nothing_else_is_the_cause() -> None:
    """orders-0 to orders-2 lag and are led by broker 1; orders-3 to orders-5 are read at once."""
    scene = scenes.slow()
    scene.topics["orders"].leader = {p: 1 if p < 3 else 2 for p in range(6)}
    for p in range(3, 6):
        scene.read("billing", "orders", p, lambda i: scene.topics["orders"].ends[0](i) - 2, "m2")
    found = growing(scene, broken("broker.slow_disk"))
    assert found[0] == ("disk.slow", "confirmed")


@pytest.mark.parametrize(("served_ms", "verdict"), [(20, "likely"), (4_000, "ruled_out")])
def test_a_slow_way_is_told_by_both_of_its_ends(served_ms: float, verdict: str) -> None:
    scene = tells(
        scenes.slow(),
        lambda _: (
            client("consumer.fetch_latency", 4_000, "m1"),
            counter("broker.request_time_mean", served_ms, request="Fetch", part="total"),
        ),
    )
    assert dict(growing(scene))["network.slow_path"] == verdict


@pytest.mark.parametrize(("from_sample", "together"), [(70, True), (100, False)])
def test_groups_that_fell_behind_together_may_share_what_they_call(
    from_sample: int, together: bool
) -> None:
    """billing fell behind at sample 70; two others then, or two and a half minutes later."""
    scene = scenes.slow()
    for name in ("audit", "mail"):
        scene.group(name, f"{name}-0")
        for p in range(6):
            scene.read(
                name,
                "orders",
                p,
                lambda i: 998 + 10 * min(i, from_sample) + 3 * max(0, i - from_sample),
                f"{name}-0",
            )
    assert (dict(growing(scene))["downstream.outage"] == "likely") is together


@pytest.mark.parametrize("pause", [1, 8])
def test_a_group_whose_fetches_are_held_back_does_not_hang(pause: int) -> None:
    """Brokers tell of the throttle only while a fetch is answered, every ``pause`` samples."""
    scene = scenes.hung()
    scene.others["quotas"] = lambda _: (
        access.Quota(entity={"client-id": "billing-0"}, limits={"consumer_byte_rate": 60.0}),
    )
    assert told(causes(scene, "lag.stalled"))[0] == ("consumer.hung", "likely")

    def course(i: int) -> tuple[measures.Measure, ...]:
        held = 5_000.0 if (scene.samples - 2 - i) % pause == 0 else 0.0
        return (counter("broker.throttle", held, quota="fetch", client="billing-0"),)

    found = told(causes(tells(scene, course), "lag.stalled"))
    assert found[0] == ("quota.throttled", "confirmed")
    assert ("consumer.hung", "ruled_out") in found
