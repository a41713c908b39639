"""When findings of a cluster fire, when they are silent, and what they say they could not see."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.unit.detect.cluster import parts
from tests.unit.observations import AT, START, Scene, flat

from headgate import detect
from headgate.domain import connects, finding, measures, timeline
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown


def found(scene: Scene, code: str) -> list[finding.Finding]:
    return [item for item in detect.run(scene.seen()).findings if item.code == code]


def unseen(scene: Scene, code: str) -> list[str]:
    return [item.reason for item in detect.run(scene.seen()).not_seen if item.code == code]


# ---- silent on what is ordinary ----


def recreated() -> Scene:
    """A log that begins anew under the same leader is no loss."""
    scene = parts.shop()
    scene.topics["orders"].ends[0] = lambda i: START + 10 * i if i < 60 else 10 * (i - 60)
    return scene


def led_by_another() -> Scene:
    """An ordinary election: the end goes on."""
    scene = parts.shop()
    scene.topics["orders"].leaders[0] = lambda i: 1 if i < 60 else 2
    return scene


def rolling() -> Scene:
    """Each broker restarts once; each leaves its ISRs once, and comes back."""
    scene = parts.shop()
    for each, at in ((1, 30), (2, 60), (3, 90)):
        scene.broker(
            each,
            at=lambda i, at=at: scene.sample(  # type: ignore[misc]  # bound now
                i, port="refuses" if at <= i < at + 3 else "answers", fenced=at <= i < at + 2
            ),
        )
    for topic in scene.topics.values():
        for p in range(topic.partitions):
            topic.isr_sizes[p] = lambda i: 3 - (i % 30 in (0, 1, 2, 3) and 30 <= i < 94)
    return scene


def one_dip() -> Scene:
    scene = parts.shop()
    for p in range(6):
        scene.topics["orders"].isr_sizes[p] = lambda i: 3 - (i == 70)
    return scene


def steady_disks() -> Scene:
    """Retention deletes what arrives: used space swings around 70 %."""
    scene = parts.shop()
    listing = parts.table(scene)
    scene.others["log_dirs"] = lambda i: parts.log_dirs(listing, used=0.7 + 0.01 * (i % 2))
    return scene


def young_disks() -> Scene:
    """A new cluster fills from nothing; retention has not begun."""
    scene = parts.shop()
    listing = parts.table(scene)
    scene.others["log_dirs"] = lambda i: parts.log_dirs(listing, used=0.01 + 0.001 * i)
    return scene


def moving() -> Scene:
    """A reassignment under its throttle gets on: no leftover, not stuck, nothing missing."""
    scene = parts.shop()
    listing = parts.table(scene)
    orders = scene.topics["orders"]
    orders.configs["follower.replication.throttled.replicas"] = parts.setting("*", "dynamic_topic")
    scene.others["reassignments"] = lambda _i: (parts.move("orders", 0, adding=(3,)),)
    scene.others["broker_configs"] = lambda _i: parts.brokers_with(
        follower_replication_throttled_rate="10000000"
    )
    scene.others["log_dirs"] = lambda i: parts.log_dirs(
        listing, total=1_000 * parts.GB, size=lambda _t, b: 10**9 + (b == 3) * i * 5 * 10**7
    )
    orders.isr[0], orders.isr_sizes[0] = (1, 2), flat(2)
    return scene


def racks_by_turns() -> Scene:
    scene = parts.shop()
    for each in scene.brokers:
        scene.brokers[each] = dataclasses.replace(scene.brokers[each], rack="abc"[each - 1])
    return scene


def two_racks_for_three() -> Scene:
    """Three replicas over two racks: two must share one."""
    scene = parts.shop()
    for each in scene.brokers:
        scene.brokers[each] = dataclasses.replace(scene.brokers[each], rack="aab"[each - 1])
    return scene


def calm_metrics() -> Scene:
    scene = parts.shop()
    parts.measured(scene, "broker.handler_idle", lambda _b, _i: 0.95)
    parts.measured(scene, "broker.network_idle", lambda _b, _i: 0.95)
    parts.measured(scene, "broker.state", lambda _b, _i: 3.0)
    parts.measured(scene, "broker.cleaner_dead_threads", lambda _b, _i: 0.0)
    parts.measured(scene, "controller.queue_time_p99", lambda _b, _i: 3.0)
    parts.measured(scene, "controller.active", lambda b, _i: float(b == 1))
    parts.measured(scene, "process.gc_seconds", lambda _b, i: 0.001 * i)
    parts.measured(scene, "broker.log_flush_p99", lambda b, _i: 20.0 + 10 * b)
    parts.measured(scene, "broker.bytes_in", lambda _b, i: 5e6 * 5 * i)
    parts.measured(scene, "broker.isr_shrinks", lambda _b, i: float(i > 70))
    parts.measured(scene, "broker.isr_expands", lambda _b, i: float(i > 71))
    return scene


def healthy_quorum() -> Scene:
    scene = parts.shop()
    scene.others["quorum"] = lambda i: parts.voters({2: 0.5, 3: 12.0 if i % 10 == 0 else 0.3})
    return scene


def a_new_leader() -> Scene:
    """A controller that has just been elected knows of no voter yet."""
    scene = parts.shop()
    scene.others["quorum"] = lambda i: parts.voters(leader=2, mute=(1, 3) if i >= 139 else ())
    return scene


def starved_of_processors() -> Scene:
    """Its collections take long because it waits for a processor, not because there are many."""
    scene = calm_metrics()
    parts.measured(scene, "process.gc_seconds", lambda _b, i: 0.5 * i)
    parts.measured(scene, "process.cpu_seconds", lambda _b, i: 0.05 * i)
    return scene


def just_started() -> Scene:
    """A process that loads its code collects more than later."""
    scene = calm_metrics()
    began = scene.time(scene.samples - 1) - 200
    parts.measured(scene, "process.gc_seconds", lambda _b, i: 0.5 * i)
    parts.measured(scene, "process.started", lambda _b, _i: began)
    return scene


HEALTHY = (
    starved_of_processors,
    just_started,
    recreated,
    led_by_another,
    rolling,
    one_dip,
    steady_disks,
    young_disks,
    moving,
    racks_by_turns,
    two_racks_for_three,
    calm_metrics,
    healthy_quorum,
    a_new_leader,
)
FAMILY = (
    "broker.",
    "partition.",
    "isr.",
    "quorum.",
    "disk.",
    "log_dir.",
    "reassignment.",
    "throttle.",
    "placement.",
    "jvm.",
    "metadata.",
    "quota.",
    "tier.",
    "neighbour.",
    "version.",
    "client.old",
)


@pytest.mark.parametrize("scene", HEALTHY, ids=lambda each: each.__name__)
def test_what_is_ordinary_is_silent(scene: Callable[[], Scene]) -> None:
    said = [
        (item.code, str(item.resource))
        for item in detect.run(scene().seen()).findings
        if item.code.startswith(FAMILY) and item.code != "partition.hot"
    ]
    assert not said


# ---- one-shot looks ----


def test_a_single_dip_and_return_shows_in_a_one_shot_look_as_pending() -> None:
    scene = parts.glance(parts.shop())
    scene.topics["orders"].isr_sizes[0] = lambda i: 3 - (4 <= i < 7)
    [item] = found(scene, "isr.flapping")
    assert item.state == "pending"


def test_what_comes_and_goes_is_told_of_the_broker_that_stands_still_though_it_leads() -> None:
    """A leader that goes on finds its followers late: they leave, and not the leader."""
    scene = parts.shop()
    for p in range(len(scene.topics["orders"].replicas)):
        scene.topics["orders"].isr_sizes[p] = lambda i: 3 - (i % 12 in (3, 4))
    scene.broker(
        2, at=lambda i: scene.sample(i, port="accepts" if i % 12 in (1, 2, 3) else "answers")
    )
    [item] = found(scene, "isr.flapping")
    assert str(item.resource) == "broker:2"
    assert "come and go with broker 2" in item.summary


def test_a_throttle_that_is_left_shows_in_a_one_shot_look() -> None:
    scene = parts.glance(parts.shop())
    scene.others["reassignments"] = lambda _i: ()
    scene.others["broker_configs"] = lambda _i: parts.brokers_with(
        leader_replication_throttled_rate="1000000"
    )
    assert {str(f.resource) for f in found(scene, "throttle.leftover")} == {
        "broker:1",
        "broker:2",
        "broker:3",
    }


def test_a_throttle_that_was_set_a_moment_ago_is_not_left() -> None:
    """Who moves partitions sets it first."""
    scene = parts.glance(parts.shop())
    orders = scene.topics["orders"]
    orders.configs["leader.replication.throttled.replicas"] = parts.setting("*", "dynamic_topic")
    scene.others["reassignments"] = lambda _i: ()
    scene.others["broker_configs"] = lambda _i: {}
    assert found(scene, "throttle.leftover")
    scene.timeline = (
        timeline.Entry(
            at=AT - timedelta(seconds=3),
            resource=Resource("topic", "orders"),
            kind="config",
            what="leader.replication.throttled.replicas was set",
            source="kafka",
        ),
    )
    assert not found(scene, "throttle.leftover")


def test_a_tiny_throttle_shows_that_a_move_is_stuck_before_its_rate_is_measured() -> None:
    scene = parts.glance(parts.shop())
    orders = scene.topics["orders"]
    orders.configs["follower.replication.throttled.replicas"] = parts.setting("*", "dynamic_topic")
    scene.others["reassignments"] = lambda _i: (parts.move("orders", 0, adding=(3,)),)
    scene.others["broker_configs"] = lambda _i: parts.brokers_with(
        follower_replication_throttled_rate="50000"
    )
    [item] = found(scene, "reassignment.stuck")
    assert item.state == "pending"
    # the first answer of a leader is larger than the throttle allows in all of a short look
    listing = parts.table(scene)
    scene.others["log_dirs"] = lambda i: parts.log_dirs(
        listing, size=lambda _t, b: 0 if b == 3 and not i else 3_000_000
    )
    assert found(scene, "reassignment.stuck")


def test_without_sizes_a_move_is_not_judged_in_a_one_shot_look() -> None:
    scene = parts.glance(parts.shop())
    scene.others["reassignments"] = lambda _i: (parts.move("orders", 0, adding=(3,)),)
    scene.others["broker_configs"] = lambda _i: parts.brokers_with()
    assert not found(scene, "reassignment.stuck")
    assert "fewer than twice" in unseen(scene, "reassignment.stuck")[0]


def test_a_quorum_that_never_answered_shows_in_a_one_shot_look() -> None:
    scene = parts.glance(parts.shop())
    scene.others["quorum"] = lambda _i: Unknown("timed out after 2 s")
    [item] = found(scene, "quorum.no_leader")
    assert item.state == "pending"
    assert item.severity == "critical"


@pytest.mark.parametrize(("gone", "since"), [((2, 3), 103), ((2,), 104)])
def test_a_quorum_is_lost_since_most_of_its_voters_are_gone(
    gone: tuple[int, ...], since: int
) -> None:
    """But not before its last answer."""
    scene = parts.shop()
    scene.others["quorum"] = lambda i: parts.voters() if i < 104 else Unknown("timed out after 2 s")
    for each in gone:
        scene.broker(
            each,
            port="accepts",
            at=lambda i: scene.sample(i, port="answers" if i < 100 else "accepts"),
        )
    [item] = found(scene, "quorum.no_leader")
    assert item.since.timestamp() == pytest.approx(scene.time(since), abs=0.1)


def test_a_quorum_that_may_not_be_read_is_not_lost() -> None:
    scene = parts.glance(parts.shop())
    scene.others["quorum"] = lambda _i: Unknown("not allowed", kind="not_allowed")
    assert not found(scene, "quorum.no_leader")
    assert "not allowed" in unseen(scene, "quorum.no_leader")[0]


@pytest.mark.parametrize("port", ["refuses", "silent", "accepts"])
def test_without_a_controller_a_dead_port_is_a_broker_that_is_down(
    port: connects.PortState,
) -> None:
    """Nobody fences it, for ever (seen on 4.3)."""
    scene = parts.shop()
    scene.others["quorum"] = lambda _i: Unknown("timed out after 2 s")
    scene.broker(2, port=port)
    [item] = found(scene, "broker.down")
    assert str(item.resource) == "broker:2"
    assert "no controller" in item.summary


# ---- edges of single findings ----


@pytest.mark.parametrize(
    ("share", "severity"), [(0.84, None), (0.86, "warning"), (0.96, "critical")]
)
def test_a_disk_is_judged_by_its_share(share: float, severity: str | None) -> None:
    scene = parts.shop()
    listing = parts.table(scene)
    scene.others["log_dirs"] = lambda _i: parts.log_dirs(listing, used={2: share})
    assert [f.severity for f in found(scene, "disk.filling")] == ([severity] if severity else [])


def test_a_disk_that_fills_has_a_deadline_between_two_bounds() -> None:
    scene = parts.shop()
    listing = parts.table(scene)
    scene.others["log_dirs"] = lambda i: parts.log_dirs(listing, used={2: 0.6 + i * 0.001})
    [item] = found(scene, "disk.filling")
    # 0.1 % each 5 s: 26.1 % of room are gone in about 22 minutes
    assert item.deadline is not None
    left_s = item.deadline.timestamp() - scene.time(scene.samples - 1)
    assert 20 * 60 < left_s < 24 * 60
    assert item.severity == "critical"
    assert "between" in item.summary


def test_a_dir_that_its_broker_gave_up_before_it_was_listed_is_as_old_as_that() -> None:
    scene = parts.shop()
    listing, last = parts.table(scene), scene.samples - 1
    scene.others["log_dirs"] = lambda i: parts.log_dirs(
        listing, errors={2: "KAFKA_STORAGE_ERROR"} if i >= last else {}
    )
    [young] = found(scene, "log_dir.offline")
    assert young.state == "pending"
    parts.measured(scene, "broker.offline_log_dirs", lambda b, i: float(b == 2 and i >= last - 6))
    [item] = found(scene, "log_dir.offline")
    assert (item.state, item.resource.id) == ("firing", young.resource.id)


def test_a_dir_whose_size_is_not_told_is_not_judged() -> None:
    scene = parts.shop()
    listing = parts.table(scene)
    held = parts.log_dirs(listing)
    blind = dataclasses.replace(
        held,
        dirs=(dataclasses.replace(held.dirs[0], total_bytes=Unknown("too old")), *held.dirs[1:]),
    )
    scene.others["log_dirs"] = lambda _i: blind
    assert unseen(scene, "disk.filling") == ["too old"]


def test_thresholds_apply_by_resource() -> None:
    from headgate.domain import thresholds

    scene = parts.shop()
    listing = parts.table(scene)
    scene.others["log_dirs"] = lambda _i: parts.log_dirs(listing, used=0.8)
    scene.rules = (
        thresholds.Rule(resources="log_dir:2/*", code="disk.filling", values={"used": 0.75}),
    )
    assert [str(f.resource) for f in found(scene, "disk.filling")] == ["log_dir:2/%2Fdata%2F2"]


def test_a_voter_that_fetches_nothing_lags_whoever_leads() -> None:
    scene = parts.shop()
    scene.others["quorum"] = lambda i: parts.voters(leader=2, mute=(1,) if i > 60 else ())
    [item] = found(scene, "quorum.voter_lagging")
    assert str(item.resource) == "controller:1"
    assert item.state == "firing"


def test_two_active_controllers_are_one_too_many() -> None:
    scene = parts.shop()
    scene.others["quorum"] = lambda _i: parts.voters()
    parts.measured(scene, "controller.active", lambda b, _i: float(b < 3))
    [item] = found(scene, "quorum.no_leader")
    assert "two" in item.summary


def test_a_controller_that_died_does_not_claim_to_lead_beside_the_next_one() -> None:
    scene = parts.shop()
    scene.others["quorum"] = lambda _i: parts.voters(leader=2)
    last = scene.samples - 1

    def page(broker: int, leads: Callable[[int], bool]) -> None:
        scene.measured[f"http://127.0.0.1:940{broker}/metrics"] = lambda i: (
            parts.told(broker, "controller.active", float(leads(i))),
        )

    page(1, lambda _i: True)
    scene.unscraped["http://127.0.0.1:9401/metrics"] = lambda i: i >= last - 2
    page(2, lambda i: i >= last - 2)
    assert not found(scene, "quorum.no_leader")


def led_by_one_that_hangs(broker: int, *, silent_s: float) -> Scene:
    scene = parts.shop()
    low = scene.samples - 1 - round(silent_s / 5)
    scene.others["quorum"] = lambda i: parts.voters() if i < low else Unknown("no answer in 2 s")
    scene.broker(
        broker,
        port="accepts",
        at=lambda i: scene.sample(i, port="answers" if i < low else "accepts"),
    )
    return scene


def test_brokers_wait_for_a_leader_that_hangs_though_another_was_elected() -> None:
    scene = led_by_one_that_hangs(1, silent_s=35)
    assert not found(scene, "quorum.no_leader")
    assert unseen(scene, "quorum.no_leader") == [
        "brokers wait up to 30 s for broker 1, which may have led and hangs"
    ]
    assert found(led_by_one_that_hangs(1, silent_s=45), "quorum.no_leader")
    assert found(led_by_one_that_hangs(2, silent_s=35), "quorum.no_leader")


def test_in_a_short_look_any_voter_that_hangs_may_have_led() -> None:
    scene = parts.glance(parts.shop())
    scene.others["quorum"] = lambda _i: Unknown("no answer in 2 s")
    scene.others["broker_configs"] = lambda _i: parts.brokers_with(
        controller_quorum_voters="1@a:1,2@b:1,3@c:1"
    )
    scene.broker(2, port="accepts")
    assert not found(scene, "quorum.no_leader")
    scene.broker(3, port="accepts")
    assert found(scene, "quorum.no_leader")


def test_a_broker_with_too_many_replicas_is_named() -> None:
    scene = parts.shop()
    scene.thresholds = {"broker.partition_limit": {"limit": 5, "crit": 8}}
    assert {f.severity for f in found(scene, "broker.partition_limit")} == {"critical"}


def test_handlers_below_the_lower_limit_are_critical() -> None:
    scene = parts.shop()
    parts.measured(scene, "broker.handler_idle", lambda b, _i: 0.25 if b == 1 else 0.1)
    said = {str(f.resource): f.severity for f in found(scene, "broker.handlers_saturated")}
    assert said == {"broker:1": "warning", "broker:2": "critical", "broker:3": "critical"}


def test_a_source_that_fell_silent_tells_nothing() -> None:
    scene = parts.shop()
    address = "http://127.0.0.1:9404/metrics"
    scene.measured[address] = lambda i: (
        (parts.told(1, "broker.handler_idle", 0.1),) if i < 100 else ()
    )
    assert not found(scene, "broker.handlers_saturated")
    assert unseen(scene, "broker.handlers_saturated")


METERED = (
    "broker.handlers_saturated",
    "broker.network_saturated",
    "broker.cleaner_stopped",
    "broker.recovering",
    "broker.slow_disk",
    "jvm.pressure",
    "metadata.slow",
    "client.old_protocol",
)


@pytest.mark.parametrize("code", METERED)
def test_without_metrics_the_measure_that_would_tell_is_named(code: str) -> None:
    [reason] = unseen(parts.shop(), code)
    assert "no metrics source is known; the measure " in reason


def test_without_quotas_nobody_can_be_throttled() -> None:
    scene = parts.shop()
    scene.others["quotas"] = lambda _i: ()
    assert not unseen(scene, "quota.throttling")


def test_an_endpoint_without_a_name_is_told_by_what_only_one_broker_has() -> None:
    """Each lab broker is 127.0.0.1: leaders and replicas tell whose numbers they are."""
    scene = parts.shop()
    scene.topic("audit", 1, rf=1, min_isr=1)
    about = Resource("endpoint", "127.0.0.1:9404")
    scene.measured["http://127.0.0.1:9404/metrics"] = lambda _i: tuple(
        measures.Measure(name=name, resource=about, value=value)
        for name, value in (
            ("broker.leaders", 4.0),
            ("broker.partitions", 10.0),
            ("broker.handler_idle", 0.1),
        )
    )
    [item] = found(scene, "broker.handlers_saturated")
    assert str(item.resource) == "broker:1"


def test_replicas_that_a_move_adds_are_not_missing() -> None:
    scene = moving()
    assert not found(scene, "partition.under_replicated")
    del scene.others["reassignments"]
    assert found(scene, "partition.under_replicated")


def test_a_listed_bug_is_named_only_where_the_cluster_can_meet_it() -> None:
    from headgate.detect import view
    from headgate.detect.cluster import versions

    scene = parts.shop()
    seen = scene.seen()
    old = dataclasses.replace(seen, snapshot=dataclasses.replace(seen.snapshot, version="4.1"))
    assert not versions.Bugs().find(view.View(old)).findings  # its groups are classic
    scene.group("new", "n1", kind="consumer")
    seen = scene.seen()
    old = dataclasses.replace(seen, snapshot=dataclasses.replace(seen.snapshot, version="4.1"))
    [item] = versions.Bugs().find(view.View(old)).findings
    assert "KAFKA-19233" in item.summary
    new = dataclasses.replace(seen, snapshot=dataclasses.replace(seen.snapshot, version="4.3"))
    assert not versions.Bugs().find(view.View(new)).findings
    assert all(bug.source.startswith("https://") for bug in versions.bugs())


def test_another_controller_is_told_by_what_it_leaves() -> None:
    scene = parts.shop()
    scene.brokers[1] = dataclasses.replace(
        scene.brokers[1], host="prod-kafka-0.prod-kafka-brokers.shop.svc"
    )
    [item] = found(scene, "neighbour.active")
    assert "Strimzi" in item.summary


def test_a_lag_of_copies_that_only_rises_is_a_standstill() -> None:
    scene = parts.shop(samples=200)
    scene.topics["orders"].configs["remote.storage.enable"] = parts.setting("true")
    assert "remote_copy_errors" in unseen(scene, "tier.copy_stalled")[0]
    parts.measured(scene, "broker.remote_copy_lag", lambda _b, i: 1e6 * i, about=(1,))
    [item] = found(scene, "tier.copy_stalled")
    assert item.state == "firing"


@pytest.mark.parametrize(
    ("days", "severity"), [(31, None), (29, "warning"), (6, "critical"), (-1, "critical")]
)
def test_a_certificate_is_judged_by_the_days_left(days: int, severity: str | None) -> None:
    import datetime

    from tests.unit.observations import AT

    from headgate.domain import endpoints

    scene = parts.shop()
    ends = AT + datetime.timedelta(days=days)
    scene.others["endpoints"] = lambda _i: (
        endpoints.Endpoint(address="kafka-1:9093", not_after=ends, subject="kafka-1"),
    )
    items = found(scene, "cert.expiring")
    assert [item.severity for item in items] == ([severity] if severity else [])
    assert [item.deadline for item in items] == [ends] * len(items)


def test_an_ended_certificate_and_an_unread_one_are_two_things() -> None:
    from headgate.domain import endpoints

    scene = parts.shop()
    refused = Unknown("the handshake was refused before it could be read")
    scene.others["endpoints"] = lambda _i: (
        endpoints.Endpoint(address="kafka-1:9093", not_after=refused, expired=True),
        endpoints.Endpoint(address="kafka-2:9093", not_after=Unknown("no certificate")),
    )
    assert [str(f.resource) for f in found(scene, "cert.expiring")] == ["endpoint:kafka-1:9093"]
    assert unseen(scene, "cert.expiring") == ["no certificate"]


def test_an_unclean_election_before_a_one_shot_look_is_said_to_be_unseen() -> None:
    scene = parts.glance(parts.shop())
    parts.measured(scene, "controller.unclean_elections", lambda _b, _i: 2.0, about=(1,))
    [reason] = unseen(scene, "partition.truncated")
    assert "2 unclean elections happened since the controller started" in reason


def test_a_swing_in_a_one_shot_look_makes_no_broker_hot() -> None:
    scene = parts.glance(parts.shop())
    parts.measured(scene, "broker.bytes_in", lambda b, i: (6e6 if b == 1 else 4e6) * i)
    assert not found(scene, "broker.hot")


@pytest.mark.parametrize(("every", "told"), [(1, True), (2, True), (5, False)])
def test_too_few_readings_do_not_tell_load_from_a_burst(every: int, *, told: bool) -> None:
    scene = parts.glance(parts.shop())
    parts.measured(scene, "broker.bytes_in", lambda b, i: (60e6 if b == 1 else 4e6) * i)
    (address,) = scene.measured
    course = scene.measured[address]
    scene.measured[address] = lambda i: course(i) if i % every == 0 else ()
    assert bool(found(scene, "broker.hot")) == told


@pytest.mark.parametrize(
    ("port", "code"), [("refuses", "broker.down"), ("accepts", "broker.fenced")]
)
def test_a_broker_that_is_given_up_during_a_one_shot_look_is_found(port: str, code: str) -> None:
    """Its port was dead from the first look on; the controller took a session to fence it."""
    scene = parts.glance(parts.shop())
    scene.broker(2, fenced=True, port=port, at=lambda i: scene.sample(i, fenced=i > 7, port=port))  # type: ignore[arg-type]  # one of the two
    [item] = found(scene, code)
    assert str(item.resource) == "broker:2"
