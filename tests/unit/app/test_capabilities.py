"""The capability matrix: each flavour by what its protocol shows, each verdict by its reason."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit import observations

from headgate import actions
from headgate.app.capabilities import acts, matrix, reads
from headgate.domain import access, capability, flavours, quorum, rights, snapshot, vocabulary
from headgate.domain.unknown import Unknown

CATALOGUE = {code: one.title for code, one in actions.CATALOGUE.actions.items()}
KRAFT = {"metadata.version": 30, "group.version": 1, "share.version": 0, "transaction.version": 2}


def part(value: object, *missing: snapshot.Missing) -> snapshot.Part[Any]:
    return snapshot.Part(
        value=value, source="kafka", how="test", at=observations.AT, missing=missing
    )


def seen(
    *,
    cluster_id: str = "wYzBcB0lRwSmRk0V8aF2dA",
    hosts: tuple[str, ...] = ("10.0.0.1", "10.0.0.2"),
    features: Mapping[str, int] | Unknown = KRAFT,
    settings: Mapping[str, str] | Unknown | None = None,
    topics: tuple[str, ...] = ("orders",),
    topic_settings: Mapping[str, str] | None = None,
    **parts: snapshot.Part[Any],
) -> snapshot.Snapshot:
    """A snapshot as a cluster of some kind would give it."""
    scene = observations.Scene()
    for name in topics:
        made = scene.topic(name)
        for key, value in (topic_settings or {}).items():
            made.configs[key] = snapshot.ConfigValue(value=value, source="dynamic_topic")
    known = scene.seen().snapshot
    given = {"log.dirs": "/data", "authorizer.class.name": ""} if settings is None else settings
    brokers = tuple(
        snapshot.Broker(
            id=i, host=h, port=9092, rack=None, listed=True, fenced=False, port_state="answers"
        )
        for i, h in enumerate(hosts)
    )
    levels: object = features
    if not isinstance(features, Unknown):
        levels = quorum.Features(
            features=tuple(
                quorum.Feature(name=n, finalized=v, supported=(0, v)) for n, v in features.items()
            )
        )
    configs: object = given
    if not isinstance(given, Unknown):
        one = {n: snapshot.ConfigValue(value=v, source="static_broker") for n, v in given.items()}
        configs = {0: one}
    read: dict[str, Any] = dict(parts)
    return dataclasses.replace(
        known,
        brokers=part(snapshot.Brokers(cluster_id=cluster_id, brokers=brokers, controller=0)),
        features=part(levels),
        broker_configs=part(configs),
        **read,
    )


MSK = "b-1.shop.x1y2z3.c2.kafka.eu-central-1.amazonaws.com"
STRIMZI = "shop-kafka-0.shop-kafka-brokers.streaming.svc.cluster.local"
TIERED = {"log.dirs": "/d", "remote.log.storage.system.enable": "true"}
LOCAL = {"log.dirs": "/d", "remote.log.storage.system.enable": "false"}
AUTOMQ = {"elasticstream.enable": "true", "s3.data.buckets": "0@s3://data"}


@pytest.mark.parametrize(
    ("given", "flavour", "why", "architecture"),
    [
        ({"settings": LOCAL}, "apache", "metadata.version", "shared_nothing"),
        ({"settings": TIERED}, "apache", "metadata.version", "tiered"),
        ({"features": {}, "settings": {"broker.id": "1"}}, "apache", "own", "shared_nothing"),
        ({"hosts": (MSK,)}, "msk", "a broker is called b-1.shop", "shared_nothing"),
        ({"hosts": (MSK,), "settings": TIERED}, "msk", "b-1", "tiered"),
        (
            {"hosts": ("boot-a1.c2.kafka-serverless.us-east-1.amazonaws.com",)},
            "msk",
            "kafka-serverless",
            "shared_nothing",
        ),
        ({"topics": ("__amazon_msk_canary",)}, "msk", "canary", "shared_nothing"),
        ({"cluster_id": "lkc-ab12x"}, "confluent", "the cluster id is lkc", "shared_nothing"),
        (
            {"settings": {"confluent.tier.feature": "true"}},
            "confluent",
            "confluent.tier",
            "tiered",
        ),
        (
            {"cluster_id": "redpanda.0a5b0f4e-4d2e-4f6c-9d7a-1b2c3d4e5f60", "features": {}},
            "redpanda",
            "redpanda.0a5b",
            "shared_nothing",
        ),
        (
            {"topic_settings": {"redpanda.remote.write": "true"}, "features": {}},
            "redpanda",
            "redpanda.remote.write",
            "tiered",
        ),
        (
            {"topic_settings": {"redpanda.storage.mode": "cloud"}},
            "redpanda",
            "storage.mode",
            "shared_storage",
        ),
        ({"settings": AUTOMQ}, "automq", "elasticstream.enable", "shared_storage"),
        ({"features": {**KRAFT, "automq.version": 3}}, "automq", "feature", "shared_storage"),
        ({"cluster_id": "vci_1d4930d7_8e6d"}, "warpstream", "vci_", "shared_storage"),
        ({"hosts": (STRIMZI,)}, "strimzi", "shop-kafka-brokers", "shared_nothing"),
        (
            {"settings": {"listeners": "CONTROLPLANE-9090://0.0.0.0:9090"}},
            "strimzi",
            "listener",
            "shared_nothing",
        ),
        ({"hosts": ("shop.servicebus.windows.net",)}, "event_hubs", "service", "shared_storage"),
        (
            {"features": Unknown("silent"), "settings": Unknown("silent")},
            "unknown",
            "could not be read",
            "unknown",
        ),
    ],
)
def test_a_flavour_is_known_by_its_signs(
    given: dict[str, Any], flavour: str, why: str, architecture: str
) -> None:
    made = matrix.of(seen(**given), CATALOGUE)
    assert (made.flavour, made.architecture) == (flavour, architecture)
    assert why in made.flavour_why
    assert made.architecture_why


def test_names_that_anybody_may_choose_are_no_sign() -> None:
    made = seen(hosts=("kafka-amazonaws.com.example", "confluent.cloud.example"))
    assert matrix.of(made, {}).flavour == "apache"


def test_the_configuration_has_the_last_word() -> None:
    told = matrix.Told(flavour="msk", architecture="tiered")
    made = matrix.of(seen(), CATALOGUE, told)
    assert (made.flavour, made.architecture) == ("msk", "tiered")
    assert made.flavour_why == "the configuration says so"


def test_an_unread_setting_never_makes_it_shared_nothing() -> None:
    made = matrix.of(seen(settings=Unknown("refused")), CATALOGUE)
    assert (made.flavour, made.architecture) == ("apache", "unknown")
    assert "could not be read" in made.flavour_why


def row(made: capability.Matrix, code: str) -> capability.Capability:
    return next(one for one in made.capabilities if one.code == code)


def test_a_read_is_judged_by_what_came_back() -> None:
    needs = "Describe on Cluster"
    made = matrix.of(
        seen(
            log_dirs=part(Unknown("the cluster may not be used so", "not_allowed", needs)),
            quorum=part(Unknown("the broker does not know this call", "not_possible")),
            quotas=part(Unknown("no answer in 5 s")),
            reassignments=part(
                (), snapshot.Missing(what="orders-1", reason="hidden", needs="Describe on Topic o")
            ),
        ),
        CATALOGUE,
    )
    assert row(made, "read.brokers").verdict == "possible"
    assert row(made, "read.log_dirs").verdict == "not_allowed"
    assert row(made, "read.log_dirs").needs == needs
    assert row(made, "read.quorum").verdict == "not_possible"
    assert row(made, "read.quotas").verdict == "unknown"
    assert row(made, "read.quotas").why == "no answer in 5 s"
    assert row(made, "read.acls").why == "it was not asked for"
    partly = row(made, "read.reassignments")
    assert (partly.verdict, partly.needs) == ("possible", "Describe on Topic o")
    assert "without orders-1: hidden" in partly.why
    assert row(made, "read.connect").verdict == "not_possible"
    assert row(made, "use.consumer_protocol").verdict == "possible"
    assert row(made, "use.share_groups").why == "share.version is 0; it takes 1"
    assert row(made, "use.streams_groups").why == "its brokers do not know streams.version"


def test_what_a_flavour_lacks_is_said_unless_it_was_read() -> None:
    warp: dict[str, Any] = {"cluster_id": "vci_1"}
    made = matrix.of(seen(**warp, log_dirs=part(Unknown("no answer"))), CATALOGUE)
    assert row(made, "read.log_dirs").verdict == "not_possible"
    assert "WarpStream" in row(made, "read.log_dirs").why
    assert row(made, "act.leader.elect_preferred").verdict == "not_possible"
    read = matrix.of(seen(**warp, reassignments=part(())), CATALOGUE)
    assert row(read, "read.reassignments").verdict == "possible"


def test_without_an_authorizer_everything_may_be_done() -> None:
    made = matrix.of(seen(), CATALOGUE)
    for one in made.capabilities:
        if one.code.startswith("act.") and "connector" not in one.code:
            assert one.verdict == "possible", one


ME = "User:headgate"
GUARDED = {"authorizer.class.name": "StandardAuthorizer", "super.users": "User:admin"}


def acl(operation: str, kind: str, **given: str) -> access.Acl:
    fields: dict[str, str] = {
        "principal": ME,
        "host": "*",
        "permission": "ALLOW",
        "resource_name": "kafka-cluster" if kind == "CLUSTER" else "*",
        "pattern": "LITERAL",
        **given,
    }
    return access.Acl(operation=operation, resource_type=kind, **fields)


@pytest.mark.parametrize(
    ("acls", "settings", "principal", "verdict"),
    [
        ((acl("ALTER_CONFIGS", "TOPIC"),), GUARDED, ME, "possible"),
        ((acl("ALL", "TOPIC"),), GUARDED, ME, "possible"),
        ((acl("ALL", "TOPIC", principal="User:*"),), GUARDED, ME, "possible"),
        ((acl("ALTER_CONFIGS", "TOPIC", resource_name="orders"),), GUARDED, ME, "not_allowed"),
        ((acl("DESCRIBE", "TOPIC"),), GUARDED, ME, "not_allowed"),
        (
            (acl("ALL", "TOPIC"), acl("ALTER_CONFIGS", "TOPIC", permission="DENY")),
            GUARDED,
            ME,
            "not_allowed",
        ),
        ((), {**GUARDED, "super.users": f"User:admin;{ME}"}, ME, "possible"),
        ((), {"authorizer.class.name": "X"}, ME, "unknown"),
        ((), GUARDED, "", "unknown"),
        (Unknown("silent"), GUARDED, ME, "unknown"),
    ],
)
def test_an_act_is_judged_by_acls(
    acls: tuple[access.Acl, ...] | Unknown,
    settings: Mapping[str, str],
    principal: str,
    verdict: str,
) -> None:
    made = matrix.of(
        seen(settings=settings, acls=part(acls)), CATALOGUE, matrix.Told(principal=principal)
    )
    found = row(made, "act.topic.alter_config")
    assert found.verdict == verdict
    assert bool(found.needs) == (verdict != "possible")
    if found.needs:
        assert found.needs == "AlterConfigs on Topic *"


def test_a_right_that_includes_another_counts_for_it() -> None:
    describe = rights.on_topic("Describe")
    assert acts.allowed((acl("WRITE", "TOPIC"),), ME, describe)
    assert not acts.allowed((acl("WRITE", "GROUP"),), ME, describe)


def test_every_action_has_its_rights_and_every_right_its_action() -> None:
    known = vocabulary.actions()
    assert set(acts.NEEDS) <= set(known)
    aimless = {
        code
        for code in CATALOGUE
        if code not in acts.NEEDS and not code.startswith(("connector.", "incident."))
    }
    assert not aimless


def test_a_cluster_of_which_nothing_was_read_makes_a_matrix_of_unknowns() -> None:
    scene = observations.Scene()
    for name in ("brokers", "partitions", "offsets", "configs", "groups", "commits"):
        scene.unknown[name] = "nothing answers"
    made = matrix.of(scene.seen().snapshot, CATALOGUE)
    assert (made.flavour, made.architecture) == ("unknown", "unknown")
    for one in made.capabilities:
        assert one.verdict != "possible" or one.code.startswith("act.incident"), one
    assert {x.part for x in reads.ROWS} >= set(snapshot.SELDOM)


@pytest.mark.parametrize(
    ("client", "principal"),
    [
        ({"sasl.username": "headgate", "sasl.mechanism": "SCRAM-SHA-512"}, ME),
        ({"sasl.jaas.config": 'x.PlainLoginModule required username="headgate" password="p";'}, ME),
        ({"sasl.username": "env:NAME"}, ""),
        ({"sasl.username": "x", "sasl.mechanism": "OAUTHBEARER"}, ""),
        ({}, ""),
    ],
)
def test_the_own_principal_is_taken_from_the_client_settings(
    client: Mapping[str, str], principal: str
) -> None:
    assert matrix.principal(client) == principal


def test_the_signs_are_in_the_order_of_trust() -> None:
    both = seen(cluster_id="lkc-1", hosts=(STRIMZI,))
    assert flavours.of(flavours.facts_of(both))[0] == "confluent"
