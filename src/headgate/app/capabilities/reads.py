"""What can be seen of a cluster: a row for each kind of fact, judged by whether it was read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headgate.domain import capability, flavours, snapshot
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of fact and the part of a snapshot that holds it."""

    code: str
    title: str
    part: str


ROWS = (
    Row(code="read.brokers", title="Brokers and racks", part="brokers"),
    Row(code="read.partitions", title="Topics and partitions", part="partitions"),
    Row(code="read.offsets", title="Log starts and ends", part="offsets"),
    Row(code="read.topic_configs", title="Topic settings", part="configs"),
    Row(code="read.groups", title="Groups and members", part="groups"),
    Row(code="read.commits", title="Committed offsets", part="commits"),
    Row(code="read.quorum", title="Controller quorum", part="quorum"),
    Row(code="read.features", title="Features and versions", part="features"),
    Row(code="read.broker_configs", title="Broker settings", part="broker_configs"),
    Row(code="read.log_dirs", title="Log dirs and disk use", part="log_dirs"),
    Row(code="read.positions", title="Stable offsets and timestamps", part="positions"),
    Row(code="read.eligible", title="Eligible leaders", part="eligible"),
    Row(code="read.reassignments", title="Reassignments", part="reassignments"),
    Row(code="read.transactions", title="Transactions and producers", part="transactions"),
    Row(code="read.quotas", title="Client quotas", part="quotas"),
    Row(code="read.acls", title="ACLs", part="acls"),
    Row(code="read.scram_users", title="SCRAM users", part="scram_users"),
    Row(code="read.endpoints", title="Certificates of listeners", part="endpoints"),
)

AROUND = (
    ("connect", "read.connect", "Kafka Connect", "connect = [...]"),
    ("registry", "read.registry", "Schema registry", "registry = ..."),
    ("metrics", "read.metrics", "Metrics", "metrics = [...]"),
)
"""What stands beside the brokers: kind of part, code, title, the setting that names it."""

LEVELS = (
    ("group.version", "use.consumer_protocol", "New consumer protocol (KIP-848)"),
    ("share.version", "use.share_groups", "Share groups (KIP-932)"),
    ("streams.version", "use.streams_groups", "Streams groups (KIP-1071)"),
    ("eligible.leader.replicas.version", "use.elr", "Eligible leader replicas (KIP-966)"),
    ("transaction.version", "use.transactions_v2", "Transactions, second protocol (KIP-890)"),
)
"""Feature, code, title: in force from level 1 on (transaction.version: 2)."""

LACKS: Mapping[capability.Flavour, Mapping[str, str]] = {
    "warpstream": {
        "read.quorum": "WarpStream's agents have no controller quorum",
        "read.log_dirs": "WarpStream's agents keep no log dirs",
        "read.reassignments": "WarpStream's partitions have no replicas to move",
        "read.eligible": "WarpStream's partitions have no leaders to elect",
    },
    "event_hubs": {
        "read.quorum": "Event Hubs shows no controller quorum",
        "read.log_dirs": "Event Hubs shows no log dirs",
        "read.reassignments": "Event Hubs has no replicas to move",
        "read.acls": "Event Hubs grants rights in Azure, not by ACLs",
        "read.scram_users": "Event Hubs has no SCRAM users",
        "read.quotas": "Event Hubs sets limits in Azure, not by quotas",
    },
    "confluent": {},
}
"""What a flavour cannot show by its own documentation; a part that was read says otherwise.

https://docs.warpstream.com/warpstream/reference/protocol-and-feature-support,
https://learn.microsoft.com/azure/event-hubs/azure-event-hubs-apache-kafka-overview
"""


def rows(
    seen: snapshot.Snapshot, facts: flavours.Facts, kind: capability.Flavour
) -> Iterator[capability.Capability]:
    """Every row with its verdict."""
    parts = seen.parts()
    lacks = LACKS.get(kind, {})
    for row in ROWS:
        part = parts.get(row.part)
        if part is None:
            yield _unknown(row.code, row.title, "it was not asked for")
        else:
            yield judge(row.code, row.title, part, lacks.get(row.code, ""))
    for prefix, code, title, setting in AROUND:
        yield _around(parts, prefix, code, title, setting)
    for name, code, title in LEVELS:
        yield _level(facts, name, code, title)


def judge(
    code: str, title: str, part: snapshot.Part[object], lacks: str = ""
) -> capability.Capability:
    """The verdict that a part of a snapshot gives."""
    value = part.value
    if not isinstance(value, Unknown):
        needs = next((one.needs for one in part.missing if one.needs), "")
        return capability.Capability(
            code=code, title=title, verdict="possible", why=_missing(part), needs=needs
        )
    if value.kind == "not_allowed":
        return capability.Capability(
            code=code, title=title, verdict="not_allowed", why=value.reason, needs=value.needs
        )
    if value.kind == "not_possible" or lacks:
        why = lacks or value.reason
        return capability.Capability(code=code, title=title, verdict="not_possible", why=why)
    return _unknown(code, title, value.reason)


def _missing(part: snapshot.Part[object]) -> str:
    if not part.missing:
        return ""
    first = part.missing[0]
    more = f", and {len(part.missing) - 1} more" if len(part.missing) > 1 else ""
    return f"without {first.what}: {first.reason}{more}"


def _around(
    parts: Mapping[str, snapshot.Part[object]], prefix: str, code: str, title: str, setting: str
) -> capability.Capability:
    mine = {name: part for name, part in parts.items() if name.startswith(f"{prefix}:")}
    if not mine:
        why = f"no address is configured ({setting})"
        return capability.Capability(code=code, title=title, verdict="not_possible", why=why)
    judged = [(name, judge(code, title, part)) for name, part in mine.items()]
    bad = [(name, one) for name, one in judged if one.verdict != "possible" or one.why]
    if not bad:
        return judged[0][1]
    name, worst = bad[0]
    verdict = worst.verdict if len(bad) == len(judged) else "possible"
    why = f"{name.partition(':')[2]}: {worst.why}"
    return capability.Capability(
        code=code, title=title, verdict=verdict, why=why, needs=worst.needs
    )


def _level(facts: flavours.Facts, name: str, code: str, title: str) -> capability.Capability:
    if not facts.features_read:
        return _unknown(code, title, "the cluster's features could not be read")
    level = facts.features.get(name)
    least = 2 if name == "transaction.version" else 1
    if name not in facts.features:
        why = f"its brokers do not know {name}"
    elif level is None or level < least:
        why = f"{name} is {'not set' if level is None else level}; it takes {least}"
    else:
        return capability.Capability(
            code=code, title=title, verdict="possible", why=f"{name} is {level}"
        )
    return capability.Capability(code=code, title=title, verdict="not_possible", why=why)


def _unknown(code: str, title: str, why: str) -> capability.Capability:
    return capability.Capability(code=code, title=title, verdict="unknown", why=why)
