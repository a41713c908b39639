"""Log-ins that fail and requests that are denied; what Headgate itself is denied is no incident."""

from tests.unit.detect.clients.meeting import counter, error, found, gaps, measure, shop


def test_many_failed_log_ins_are_one_finding() -> None:
    scene = shop()
    measure(
        scene,
        lambda i: tuple(
            counter("broker.failed_authentications", 5 * i, broker, listener="SASL_SSL")
            for broker in (1, 2)
        ),
    )
    [item] = found(scene, "auth.failures")
    assert (str(item.resource), item.state) == ("broker:1", "firing")
    assert "2 brokers" in item.summary


def test_a_mistyped_password_is_silent() -> None:
    scene = shop()
    measure(scene, lambda i: (counter("broker.failed_authentications", 3 * (i > 60)),))
    assert not found(scene, "auth.failures")


def test_failures_of_long_ago_are_silent() -> None:
    scene = shop()
    measure(scene, lambda _: (counter("broker.failed_authentications", 500),))
    assert not found(scene, "auth.failures")


def test_denied_requests_are_one_finding_over_all_brokers() -> None:
    scene = shop(short=True)
    measure(
        scene,
        lambda i: (
            error("Metadata", "TOPIC_AUTHORIZATION_FAILED", 2 * i),
            error("Metadata", "TOPIC_AUTHORIZATION_FAILED", i, 2),
        ),
    )
    [item] = found(scene, "acl.denied")
    assert (str(item.resource), item.state) == ("broker:1", "pending")
    assert "topic" in item.summary


def test_what_an_operator_is_denied_is_silent() -> None:
    scene = shop()
    measure(scene, lambda i: (error("DescribeAcls", "CLUSTER_AUTHORIZATION_FAILED", 3 * i),))
    assert not found(scene, "acl.denied")


def test_a_few_denials_are_silent() -> None:
    scene = shop()
    measure(scene, lambda i: (error("Fetch", "TOPIC_AUTHORIZATION_FAILED", i // 20),))
    assert not found(scene, "acl.denied")


def test_without_metrics_they_are_not_seen() -> None:
    assert "broker.failed_authentications" in gaps(shop(), "auth.failures")[0]
    assert "broker.errors" in gaps(shop(), "acl.denied")[0]
