"""What tells one flavour of Kafka from another: signs in what every client may read.

Sources, each a vendor's own documentation or code: Confluent Cloud's cluster ids (``lkc-``) and
hosts (``confluent.cloud``), Confluent Server's settings (``confluent.``); Amazon MSK's broker hosts
(``b-1.NAME.HASH.c2.kafka.REGION.amazonaws.com``, ``kafka-serverless``) and its canary topic;
Redpanda's cluster ids (``redpanda.`` and a UUID) and topic settings (``redpanda.``); AutoMQ's
``AutoMQConfig`` (``elasticstream.enable``, ``automq.``, ``s3.data.buckets``) and its feature
``automq.version``; WarpStream's virtual cluster ids (``vci_``) and hosts; Strimzi's
headless services (``NAME-kafka-brokers.NAMESPACE.svc``) and listener names; Azure Event Hubs'
hosts (``servicebus.windows.net`` and its sovereign clouds). A name that somebody may choose freely
(a topic) weighs less than one that only the product gives itself; rack names such as ``use1-az1``
tell a cloud and no flavour, so they are no sign.

Everything that asks what kind of cluster it is asks here: the capability matrix, and detectors that
must know where records lie. Topics without disks: Redpanda's ``redpanda.storage.mode`` and Kafka's
``diskless.enable`` (KIP-1150).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from headgate.domain import capability, snapshot
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a snapshot tells about the kind of cluster; empty where it was not read."""

    cluster_id: str
    hosts: tuple[str, ...]
    features: Mapping[str, int | None]
    """Name -> level in force."""
    settings: Mapping[str, str]
    """Names of broker settings -> value of the first broker that has one."""
    topics: tuple[str, ...]
    """Topics with a leading underscore or a dot in them; others tell nothing."""
    topic_settings: Mapping[str, str]
    """Settings of topics that tell something -> a value, one that is not off where there is."""
    brokers_read: bool
    features_read: bool
    settings_read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One rule: where it looks, and what it says."""

    flavour: capability.Flavour
    look: Callable[[Facts], str]
    """What it found, as a clause; empty: nothing."""


def _cluster_id(pattern: str) -> Callable[[Facts], str]:
    wanted = re.compile(pattern)
    return lambda facts: (
        f"the cluster id is {facts.cluster_id}" if wanted.search(facts.cluster_id) else ""
    )


def _host(pattern: str) -> Callable[[Facts], str]:
    wanted = re.compile(pattern)

    def look(facts: Facts) -> str:
        return next((f"a broker is called {one}" for one in facts.hosts if wanted.search(one)), "")

    return look


def _setting(*prefixes: str) -> Callable[[Facts], str]:
    def look(facts: Facts) -> str:
        return next(
            (f"the brokers have the setting {x}" for x in facts.settings if x.startswith(prefixes)),
            "",
        )

    return look


def _listener(pattern: str) -> Callable[[Facts], str]:
    wanted = re.compile(pattern)

    def look(facts: Facts) -> str:
        value = facts.settings.get("listeners", "")
        found = wanted.search(value)
        return f"a listener is called {found[0]}" if found else ""

    return look


def _feature(name: str) -> Callable[[Facts], str]:
    return lambda facts: f"the cluster has the feature {name}" if name in facts.features else ""


def _topic(*names: str) -> Callable[[Facts], str]:
    def look(facts: Facts) -> str:
        return next((f"there is a topic {x}" for x in facts.topics if x in names), "")

    return look


def _topic_setting(prefix: str) -> Callable[[Facts], str]:
    def look(facts: Facts) -> str:
        found = (x for x in facts.topic_settings if x.startswith(prefix))
        return next((f"topics have the setting {x}" for x in found), "")

    return look


SIGNS: tuple[Sign, ...] = (
    Sign(flavour="event_hubs", look=_host(r"\.servicebus\.(windows\.net|\w+\.\w+)$")),
    Sign(flavour="warpstream", look=_cluster_id(r"^vci_")),
    Sign(flavour="warpstream", look=_host(r"\.warpstream\.com$")),
    Sign(flavour="redpanda", look=_cluster_id(r"^redpanda\.")),
    Sign(flavour="redpanda", look=_topic_setting("redpanda.")),
    Sign(flavour="redpanda", look=_host(r"\.redpanda\.com$|\.redpanda(\.[\w-]+)?\.svc")),
    Sign(flavour="automq", look=_feature("automq.version")),
    Sign(flavour="automq", look=_setting("automq.", "elasticstream.", "s3.data.buckets")),
    Sign(flavour="msk", look=_host(r"\.kafka(-serverless)?\.[\w-]+\.amazonaws\.com(\.cn)?$")),
    Sign(flavour="msk", look=_topic("__amazon_msk_canary", "__amazon_msk_canary_state")),
    Sign(flavour="confluent", look=_cluster_id(r"^lkc-")),
    Sign(flavour="confluent", look=_host(r"\.confluent\.cloud$")),
    Sign(flavour="confluent", look=_setting("confluent.")),
    Sign(flavour="confluent", look=_topic("_confluent-command", "_confluent-metrics")),
    Sign(flavour="strimzi", look=_host(r"-kafka-brokers\.[\w-]+\.svc(\.|$)")),
    Sign(flavour="strimzi", look=_listener(r"(REPLICATION-9091|CONTROLPLANE-9090)")),
    Sign(flavour="strimzi", look=_topic("__strimzi_canary", "strimzi.cruisecontrol.metrics")),
)
"""In the order of trust: the first that finds something has the last word."""

DISKLESS: tuple[capability.Flavour, ...] = ("automq", "warpstream")
"""Flavours that keep all records in an object store of the owner's."""
_MODE, _CLOUD = "redpanda.storage.mode", "cloud"


def of(facts: Facts) -> tuple[capability.Flavour, str]:
    """The flavour, and what told it."""
    for sign in SIGNS:
        found = sign.look(facts)
        if found:
            return sign.flavour, found
    unread = [
        what
        for what, read in (
            ("the brokers", facts.brokers_read),
            ("the brokers' settings", facts.settings_read),
        )
        if not read
    ]
    if "metadata.version" in facts.features:
        rest = f"; {' and '.join(unread)} could not be read" if unread else ""
        return "apache", f"it has metadata.version, and no sign of another flavour{rest}"
    if facts.settings_read and "broker.id" in facts.settings:
        return "apache", "its brokers have Kafka's own settings, and none of another flavour"
    if not facts.features_read:
        unread.append("the features")
    return "unknown", f"no sign was seen; {' and '.join(unread) or 'nothing'} could not be read"


def object_store(facts: Facts, kind: capability.Flavour) -> str:
    """What told that records lie in an object store alone; empty: nothing did."""
    if kind in DISKLESS:
        return f"{kind} keeps records in object storage"
    if facts.topic_settings.get(_MODE, "") == _CLOUD:
        return f"topics have {_MODE} = {_CLOUD}"
    return ""


def diskless(topic: Mapping[str, snapshot.ConfigValue]) -> bool:
    """Whether one topic's settings say that its records lie in an object store alone."""
    mode, switch = topic.get(_MODE), topic.get("diskless.enable")
    return (mode is not None and mode.value == _CLOUD) or (
        switch is not None and switch.value == "true"
    )


def architecture(facts: Facts, kind: capability.Flavour) -> tuple[capability.Architecture, str]:
    """Where records lie in the end, and what told it."""
    stored = object_store(facts, kind)
    if stored:
        return "shared_storage", stored
    switches = {
        "remote.log.storage.system.enable": "the brokers have remote.log.storage.system.enable",
        "confluent.tier.feature": "the brokers have confluent.tier.feature",
    }
    for name, text in switches.items():
        if facts.settings.get(name, "").lower() == "true":
            return "tiered", text
    for name in ("redpanda.remote.write", "remote.storage.enable"):
        if facts.topic_settings.get(name, "").lower() == "true":
            return "tiered", f"topics have {name} = true"
    if kind == "event_hubs":
        return "shared_storage", "Event Hubs keeps records in Azure's storage"
    if facts.settings_read and "remote.log.storage.system.enable" in facts.settings:
        return "shared_nothing", "remote.log.storage.system.enable is false"
    if kind == "unknown":
        return "unknown", "the flavour is not known"
    if facts.settings_read:
        return "shared_nothing", "the brokers have no setting of tiered storage"
    return "unknown", "the brokers' settings could not be read"


def facts_of(seen: snapshot.Snapshot) -> Facts:
    """What the snapshot tells."""
    known = seen.brokers.value
    features = seen.features.value
    settings = seen.broker_configs.value
    listed = seen.partitions.value
    configs = seen.configs.value
    return Facts(
        cluster_id="" if isinstance(known, Unknown) else known.cluster_id,
        hosts=() if isinstance(known, Unknown) else tuple(x.host for x in known.brokers),
        features={}
        if isinstance(features, Unknown)
        else {x.name: x.finalized for x in features.features},
        settings={} if isinstance(settings, Unknown) else dict(_flat(settings.values())),
        topics=()
        if isinstance(listed, Unknown)
        else tuple(x for x in listed.topics if x.startswith("_") or "." in x),
        topic_settings={} if isinstance(configs, Unknown) else dict(_telling(configs)),
        brokers_read=not isinstance(known, Unknown),
        features_read=not isinstance(features, Unknown),
        settings_read=not isinstance(settings, Unknown) and bool(settings),
    )


def _flat(brokers: Iterable[Mapping[str, snapshot.ConfigValue]]) -> Iterator[tuple[str, str]]:
    for one in reversed(list(brokers)):
        yield from ((name, value.value or "") for name, value in one.items())


TELLING = (
    "redpanda.remote.read",
    "redpanda.remote.write",
    _MODE,
    "remote.storage.enable",
)
"""Settings of topics that tell something; read by name, for there may be 10,000 topics."""


def _telling(configs: snapshot.Configs) -> Iterator[tuple[str, str]]:
    """Each with a value that is not off, where any topic has one."""
    for name in TELLING:
        values = {held.value or "" for one in configs.values() if (held := one.get(name))}
        if values:
            yield name, min(values, key=lambda value: (value in ("", "false"), value))
