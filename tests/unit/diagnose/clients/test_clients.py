"""What clients meet: the right cause comes first, and its look-alikes are ruled out by a fact."""

import pytest
from tests.unit.detect.clients.meeting import (
    PAGE,
    causes,
    changed,
    counter,
    error,
    first,
    held,
    known,
    measure,
    open_,
    shop,
    title,
    transaction,
    verdict,
)
from tests.unit.detect.cluster import parts
from tests.unit.observations import START, Scene

from headgate import diagnose
from headgate.domain import measures
from headgate.domain.differences import topics
from headgate.domain.resource import Resource

TOPIC = Resource("topic", "orders")
CLIENT = Resource("client", "orders-api")


# produce


def refused(kind: str) -> Scene:
    scene = shop()
    measure(
        scene,
        lambda i: (
            error("Produce", kind, 3 * max(0, i - 30)),
            counter("broker.failed_produce", 3 * max(0, i - 30), topic="orders"),
        ),
    )
    return scene


def oversize() -> Scene:
    scene = shop()
    measure(scene, lambda i: (counter("broker.bytes_rejected", max(0, i - 30), topic="orders"),))
    return scene


def test_too_few_replicas_are_named_where_a_partition_lacks_them() -> None:
    scene = refused("NOT_ENOUGH_REPLICAS")
    topic = scene.topics["orders"]
    topic.isr[0], topic.isr_sizes[0] = (1,), lambda i: 1 if i > 29 else 3
    assert first(scene, "produce.failing") == ("min_isr.too_strict", "confirmed")
    assert verdict(scene, "produce.failing", "client.outdated") == "ruled_out"


def test_an_old_client_is_told_by_the_brokers_answer() -> None:
    scene = refused("UNSUPPORTED_VERSION")
    assert first(scene, "produce.failing") == ("client.outdated", "confirmed")
    assert verdict(scene, "produce.failing", "min_isr.too_strict") == "ruled_out"
    assert title(scene) == "Writes to orders are refused: a client is too old for the brokers"


def test_a_topic_that_was_made_anew_is_why_brokers_do_not_know_it() -> None:
    scene = refused("UNKNOWN_TOPIC_ID")
    assert first(scene, "produce.failing") == ("unknown", "possible")
    scene.timeline = (changed(topics.RECREATED, TOPIC, 200),)
    assert first(scene, "produce.failing") == ("topic.recreated", "likely")
    other = refused("REQUEST_TIMED_OUT")
    other.timeline = scene.timeline
    assert first(other, "produce.failing") == ("unknown", "possible")


def test_writers_and_readers_of_one_topic_that_was_made_anew_are_one_incident() -> None:
    scene = shop()
    measure(scene, lambda i: (error("Produce", "UNKNOWN_TOPIC_ID", 3 * max(0, i - 62)),))
    scene.group("billing", "billing-0")
    for p in range(3):
        scene.topics["orders"].ends[p] = lambda i: START + 10 * i if i < 62 else 10 * (i - 62)
        scene.topics["orders"].starts[p] = lambda i: START if i < 62 else 0
        scene.read("billing", "orders", p, scene.topics["orders"].ends[p], "billing-0")
    scene.timeline = (changed(topics.RECREATED, TOPIC, 40),)
    _detection, _diagnoses, drafts, _hazards = diagnose.look(scene.seen(), {})
    [draft] = drafts
    assert draft.resource == TOPIC
    assert {one.code for one in draft.findings} == {"produce.failing", "lag.rewound"}
    assert draft.causes[0].code == "topic.recreated"


def test_an_error_that_nothing_explains_stays_unknown() -> None:
    assert first(refused("INVALID_RECORD"), "produce.failing") == ("unknown", "possible")


@pytest.mark.parametrize(
    ("used", "cause", "verdict"), [(0.3, "disk.failed", "likely"), (0.93, "disk.full", "confirmed")]
)
def test_a_broker_that_cannot_write_has_lost_its_disk(
    used: float, cause: str, verdict: str
) -> None:
    scene = shop()
    measure(scene, lambda i: (error("Produce", "KAFKA_STORAGE_ERROR", 3 * max(0, i - 30)),))
    listing = parts.table(scene)
    scene.others["log_dirs"] = lambda _i: parts.log_dirs(listing, used={1: used})
    assert first(scene, "produce.failing") == (cause, verdict)


def test_a_large_record_is_the_producers_doing() -> None:
    scene = oversize()
    assert first(scene, "produce.too_large") == ("message.oversize", "likely")
    assert verdict(scene, "produce.too_large", "config.changed") == "ruled_out"
    assert title(scene) == "Records for orders are refused: they are too large"


def test_a_limit_that_was_lowered_before_comes_first() -> None:
    scene = oversize()
    scene.timeline = (changed("max.message.bytes was changed", TOPIC, 250, "1048588", "10240"),)
    assert first(scene, "produce.too_large") == ("config.changed", "confirmed")
    [oversized] = [one for one in causes(scene, "produce.too_large") if "oversize" in one.code]
    assert oversized.verdict == "possible"


def test_another_topics_limit_explains_nothing() -> None:
    scene = oversize()
    other = Resource("topic", "clicks")
    scene.timeline = (changed("max.message.bytes was changed", other, 250, "1048588", "10240"),)
    assert first(scene, "produce.too_large") == ("message.oversize", "likely")


def test_a_wrong_clock_is_told_by_the_brokers_answer() -> None:
    scene = refused("INVALID_TIMESTAMP")
    assert first(scene, "produce.bad_timestamp") == ("clock.skew", "likely")
    assert verdict(scene, "produce.bad_timestamp", "config.changed") == "ruled_out"


# transactions


def stuck(*listed: object, complete: bool = True) -> Scene:
    scene = shop()
    scene.others["positions"] = held(lambda _: 1010)
    scene.others["transactions"] = lambda _: known(
        *listed,  # type: ignore[arg-type]  # transactions
        producers=(open_(),),
        complete=complete,
    )
    return scene


def test_an_open_transaction_ends_at_its_time_out() -> None:
    scene = stuck(transaction())
    top = causes(scene, "txn.lso_stuck")[0]
    assert (top.code, top.verdict, str(top.resource)) == (
        "txn.open",
        "confirmed",
        "transaction:pay",
    )
    assert "times out in 13 min" in top.summary
    assert [one.action for one in top.next] == ["incident.watch", "txn.fence_producer"]
    assert verdict(scene, "txn.lso_stuck", "txn.hanging") == "ruled_out"
    assert title(scene) == "Readers of orders-0 wait for the transaction pay"


def test_what_no_coordinator_knows_hangs() -> None:
    scene = stuck(transaction(state="Empty", epoch=-1, partitions=()))
    top = causes(scene, "txn.lso_stuck")[0]
    assert (top.code, top.verdict, str(top.resource)) == (
        "txn.hanging",
        "confirmed",
        "partition:orders-0",
    )
    assert top.next[0].parameters["start_offset"] == 1010
    assert verdict(scene, "txn.lso_stuck", "txn.open") == "ruled_out"


def test_an_ongoing_transaction_without_the_partition_hangs_there() -> None:
    assert first(stuck(transaction(partitions=(2,))), "txn.lso_stuck") == (
        "txn.hanging",
        "confirmed",
    )


def test_where_a_coordinator_is_silent_both_are_possible() -> None:
    found = causes(stuck(complete=False), "txn.lso_stuck")
    assert {(one.code, one.verdict) for one in found} == {
        ("txn.open", "possible"),
        ("txn.hanging", "possible"),
    }


def test_before_the_leader_was_asked_both_are_possible() -> None:
    scene = shop()
    scene.others["positions"] = held(lambda _: 1010)
    scene.others["transactions"] = lambda _: known(transaction())
    assert {one.verdict for one in causes(scene, "txn.lso_stuck")} == {"possible"}


def taken_over(age_s: float) -> Scene:
    scene = shop()

    def at(i: int) -> object:
        state = "Empty" if i % 8 == 0 else "Ongoing"
        epoch = -1 if state == "Empty" else 2 + i // 8
        return known(
            transaction(state=state, epoch=epoch, age_s=age_s, timeout_s=30, at=scene.time(i))
        )

    scene.others["transactions"] = at
    return scene


def test_two_producers_with_one_id() -> None:
    scene = taken_over(3)
    assert first(scene, "producer.fenced") == ("producer.duplicate_txn_id", "likely")
    assert verdict(scene, "producer.fenced", "producer.state_expired") == "ruled_out"
    assert title(scene).startswith("Two producers share the transactional id pay")


def test_transactions_that_run_out_of_time() -> None:
    scene = taken_over(29)
    assert first(scene, "producer.fenced") == ("producer.state_expired", "confirmed")


# rights


def failures(rate: int, accepted: int) -> Scene:
    scene = shop()
    measure(
        scene,
        lambda i: (
            counter("broker.failed_authentications", rate * i, listener="SASL_PLAINTEXT"),
            counter("broker.successful_authentications", accepted * i, listener="SASL_PLAINTEXT"),
        ),
    )
    return scene


def test_a_wrong_credential_while_others_log_in() -> None:
    scene = failures(5, 2)
    assert first(scene, "auth.failures") == ("auth.bad_credential", "likely")
    for code in ("auth.server_side", "auth.scan", "cert.not_rotated"):
        assert verdict(scene, "auth.failures", code) == "ruled_out"


def test_where_nobody_logs_in_it_may_be_the_client_or_the_server_side() -> None:
    scene = failures(60, 0)
    assert verdict(scene, "auth.failures", "auth.bad_credential") == "likely"
    assert verdict(scene, "auth.failures", "auth.server_side") == "likely"


def test_more_attempts_than_clients_make_are_a_scan() -> None:
    assert first(failures(600, 5), "auth.failures") == ("auth.scan", "likely")


def test_a_scan_that_has_just_begun_is_not_averaged_away_by_the_quiet_before_it() -> None:
    scene = shop()
    measure(
        scene,
        lambda i: (
            counter("broker.failed_authentications", 400 * max(0, i - 38)),
            counter("broker.successful_authentications", 5 * i),
        ),
    )
    assert first(scene, "auth.failures") == ("auth.scan", "likely")


def test_a_scan_that_is_slower_for_a_while_is_a_scan_still() -> None:
    scene = shop()
    measure(
        scene,
        lambda i: (
            counter("broker.failed_authentications", 400 * i if i < 60 else 24_000 + 50 * (i - 60)),
            counter("broker.successful_authentications", 5 * i),
        ),
    )
    assert first(scene, "auth.failures") == ("auth.scan", "likely")


def denied(short: bool = False) -> Scene:
    scene = shop(short=short)
    start = 0 if short else 30
    measure(
        scene,
        lambda i: (error("Metadata", "TOPIC_AUTHORIZATION_FAILED", 4 * max(0, i - start)),),
    )
    scene.others["acls"] = lambda _: ()
    return scene


def test_a_rule_that_went_before_comes_first() -> None:
    scene = denied()
    bob = Resource("principal", "User:bob")
    scene.timeline = (changed("has an ACL less", bob, 205, "ALLOW WRITE on TOPIC orders"),)
    top = causes(scene, "acl.denied")[0]
    assert (top.code, top.verdict, str(top.resource)) == (
        "acl.removed",
        "confirmed",
        "principal:User:bob",
    )
    assert title(scene) == (
        "Requests are denied: User:bob lost a right: ALLOW WRITE on TOPIC orders"
    )


def test_where_no_rule_went_it_was_never_granted() -> None:
    scene = denied()
    assert first(scene, "acl.denied") == ("acl.never_granted", "likely")
    assert verdict(scene, "acl.denied", "acl.removed") == "ruled_out"


def test_a_short_look_cannot_tell_whether_a_rule_went_before() -> None:
    scene = denied(short=True)
    assert verdict(scene, "acl.denied", "acl.removed") == "possible"
    assert "is not known" in causes(scene, "acl.denied")[1].not_looked_at[0]


# buffers


def waiting(*told: measures.Measure) -> Scene:
    scene = shop()
    own = measures.Measure(name="producer.waiting_threads", resource=CLIENT, value=3)
    scene.measured[PAGE] = lambda _: (own, *told)
    return scene


def of_client(name: str, value: float) -> measures.Measure:
    return measures.Measure(name=name, resource=CLIENT, value=value)


def phase(part: str, value: float) -> measures.Measure:
    return counter("broker.request_time_p99", value, request="Produce", part=part)


FAST = (phase("queue", 2), phase("local", 5), phase("total", 9))


def test_a_quota_shows_in_the_throttle_time() -> None:
    scene = waiting(
        of_client("producer.throttle", 140), of_client("producer.request_latency", 12), *FAST
    )
    assert first(scene, "producer.buffer_exhausted") == ("quota.throttled", "confirmed")
    for code in ("leader.overloaded", "disk.slow", "network.slow_path"):
        assert verdict(scene, "producer.buffer_exhausted", code) == "ruled_out"


def test_a_busy_leader_lets_requests_queue() -> None:
    scene = waiting(
        of_client("producer.throttle", 0),
        of_client("producer.request_latency", 900),
        phase("queue", 800),
        phase("local", 5),
        phase("total", 820),
    )
    top = causes(scene, "producer.buffer_exhausted")[0]
    assert (top.code, str(top.resource)) == ("leader.overloaded", "broker:1")


def test_a_slow_disk_shows_in_the_local_phase() -> None:
    scene = waiting(
        of_client("producer.throttle", 0),
        of_client("producer.request_latency", 1900),
        phase("queue", 5),
        phase("local", 1800),
        phase("total", 1820),
    )
    assert first(scene, "producer.buffer_exhausted") == ("disk.slow", "likely")


def test_a_slow_way_leaves_the_brokers_phases_short() -> None:
    scene = waiting(
        of_client("producer.throttle", 0), of_client("producer.request_latency", 2000), *FAST
    )
    assert first(scene, "producer.buffer_exhausted") == ("network.slow_path", "likely")
    assert verdict(scene, "producer.buffer_exhausted", "quota.throttled") == "ruled_out"


def test_without_the_brokers_numbers_none_is_more_than_possible() -> None:
    assert {one.verdict for one in causes(waiting(), "producer.buffer_exhausted")} == {"possible"}


def test_what_a_broker_counts_of_its_clients_is_not_what_is_wrong_with_it() -> None:
    scene = shop()
    measure(
        scene,
        lambda i: (
            counter("broker.failed_authentications", 9 * i),
            error("Metadata", "TOPIC_AUTHORIZATION_FAILED", 4 * i),
        ),
    )
    keys = {draft.key for draft in diagnose.look(scene.seen(), {})[2]}
    assert keys == {"auth@broker:1", "acl@broker:1"}
