"""What can be done to a cluster: a row for each action of the catalogue, judged by rights.

Kafka tells nobody beforehand what they may change. Where ACLs can be read and the configuration
names Headgate's user, the ACLs answer; where the cluster has no authorizer, everybody may. Else
the row says so, with the ACL that would allow it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from headgate.domain import access, capability, flavours, rights, snapshot
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One action for the matrix."""

    code: str
    title: str


_CLUSTER = rights.CLUSTER


def _right(operation: str, kind: str) -> rights.Right:
    return rights.Right(
        operation=operation, resource_type=kind, name=_CLUSTER if kind == "Cluster" else "*"
    )


NEEDS: Mapping[str, tuple[rights.Right, ...]] = {
    "topic.create": (_right("Create", "Topic"),),
    "topic.alter_config": (_right("AlterConfigs", "Topic"),),
    "topic.extend_retention": (_right("AlterConfigs", "Topic"),),
    "topic.shorten_retention": (_right("AlterConfigs", "Topic"),),
    "topic.alter_durability": (_right("AlterConfigs", "Topic"),),
    "topic.add_partitions": (_right("Alter", "Topic"),),
    "topic.change_rf": (_right("Alter", "Cluster"),),
    "topic.delete": (_right("Delete", "Topic"),),
    "group.reset_offsets": (_right("Read", "Group"), _right("Read", "Topic")),
    "group.restore_offsets": (_right("Read", "Group"), _right("Read", "Topic")),
    "group.quarantine_record": (
        _right("Read", "Group"),
        _right("Read", "Topic"),
        _right("Write", "Topic"),
    ),
    "group.remove_member": (_right("Read", "Group"),),
    "group.delete": (_right("Delete", "Group"),),
    "leader.elect_preferred": (_right("Alter", "Cluster"),),
    "leader.move": (_right("Alter", "Cluster"),),
    "reassignment.start": (_right("Alter", "Cluster"),),
    "reassignment.cancel": (_right("Alter", "Cluster"),),
    "reassignment.set_throttle": (_right("AlterConfigs", "Cluster"),),
    "throttle.clear": (_right("AlterConfigs", "Cluster"),),
    "broker.alter_config": (_right("AlterConfigs", "Cluster"),),
    "quota.set": (_right("AlterConfigs", "Cluster"),),
    "quota.remove": (_right("AlterConfigs", "Cluster"),),
    "acl.create": (_right("Alter", "Cluster"),),
    "acl.delete": (_right("Alter", "Cluster"),),
    "scram.upsert": (_right("Alter", "Cluster"),),
    "scram.delete": (_right("Alter", "Cluster"),),
    "txn.abort_hanging": (_right("Alter", "Cluster"),),
}
"""Action -> rights on all resources of the kind; actions on Connect need none of Kafka's.

The operations are those of https://kafka.apache.org/documentation/#operations_in_kafka.
"""

IMPLIED = {"DESCRIBE": ("READ", "WRITE", "DELETE", "ALTER"), "DESCRIBE_CONFIGS": ("ALTER_CONFIGS",)}

LACKS: Mapping[capability.Flavour, Mapping[str, str]] = {
    "warpstream": dict.fromkeys(
        ("leader.elect_preferred", "leader.move", "reassignment.start", "topic.change_rf"),
        "WarpStream's partitions have neither leaders nor replicas",
    ),
    "event_hubs": {
        **dict.fromkeys(
            ("leader.elect_preferred", "leader.move", "reassignment.start", "topic.change_rf"),
            "Event Hubs places partitions itself",
        ),
        **dict.fromkeys(("acl.create", "acl.delete"), "Event Hubs grants rights in Azure"),
        **dict.fromkeys(("quota.set", "quota.remove"), "Event Hubs sets limits in Azure"),
    },
    "automq": {
        "topic.change_rf": "AutoMQ keeps one replica, object storage holds the copies",
    },
}
"""What a flavour cannot do by its own documentation."""


def rows(
    catalogue: Mapping[str, str],
    seen: snapshot.Snapshot,
    facts: flavours.Facts,
    kind: capability.Flavour,
    principal: str,
) -> Iterator[capability.Capability]:
    """Every action of the catalogue (code -> title) with its verdict.

    ``principal`` is Headgate's own, such as ``User:headgate``; empty where it is not known.
    """
    for code, title in sorted(catalogue.items()):
        yield _row(Act(code=code, title=title), seen, facts, kind, principal)


def _row(
    act: Act,
    seen: snapshot.Snapshot,
    facts: flavours.Facts,
    kind: capability.Flavour,
    principal: str,
) -> capability.Capability:
    needed = NEEDS.get(act.code, ())
    lacks = LACKS.get(kind, {}).get(act.code, "")
    verdict: capability.Verdict
    if lacks:
        verdict, why = "not_possible", lacks
    elif act.code.startswith("connector."):
        verdict, why = _by_connect(seen)
    elif needed:
        verdict, why = _by_rights(needed, seen, facts, principal)
    else:
        verdict, why = "possible", ""
    return capability.Capability(
        code=f"act.{act.code}",
        title=act.title,
        verdict=verdict,
        why=why,
        needs=" and ".join(map(str, needed)) if verdict in ("unknown", "not_allowed") else "",
    )


def _by_connect(seen: snapshot.Snapshot) -> tuple[capability.Verdict, str]:
    if not seen.connects:
        return "not_possible", "no address is configured (connect = [...])"
    silent = [part.value for part in seen.connects.values() if isinstance(part.value, Unknown)]
    if len(silent) == len(seen.connects):
        return "unknown", f"Connect could not be read: {silent[0].reason}"
    return "possible", ""


def _by_rights(
    needed: Sequence[rights.Right],
    seen: snapshot.Snapshot,
    facts: flavours.Facts,
    principal: str,
) -> tuple[capability.Verdict, str]:
    if facts.settings_read and facts.settings.get("authorizer.class.name", "?") == "":
        return "possible", "the cluster has no authorizer"
    if principal and principal in facts.settings.get("super.users", "").split(";"):
        return "possible", f"{principal} is a super user"
    acls = seen.acls.value
    if isinstance(acls, Unknown):
        return "unknown", f"ACLs could not be read: {acls.reason}"
    if not principal:
        return "unknown", "Headgate's own user is not named in its client settings"
    if all(allowed(acls, principal, one) for one in needed):
        return "possible", f"ACLs allow {principal}"
    if "super.users" not in facts.settings:
        why = f"no ACL allows {principal} on all; whether it is a super user could not be read"
        return "unknown", why
    return "not_allowed", f"no ACL allows {principal} on all"


def allowed(acls: tuple[access.Acl, ...], principal: str, wanted: rights.Right) -> bool:
    """Whether ACLs give a principal the right on every resource of the kind.

    A rule for one name or prefix does not count: the matrix speaks of all.
    """
    operation = _kafka_word(wanted.operation)
    wide = (operation, "ALL", *IMPLIED.get(operation, ()))
    mine = [
        one
        for one in acls
        if one.principal in (principal, "User:*")
        and one.resource_type.replace("_", "").lower() == wanted.resource_type.lower()
        and one.host == "*"
    ]
    if any(one.permission == "DENY" and one.operation in (operation, "ALL") for one in mine):
        return False
    return any(
        one.permission == "ALLOW" and one.operation in wide and one.resource_name in ("*", _CLUSTER)
        for one in mine
    )


def _kafka_word(operation: str) -> str:
    """``AlterConfigs`` as Kafka's ACLs have it: ``ALTER_CONFIGS``."""
    return "".join(f"_{x}" if x.isupper() else x.upper() for x in operation).lstrip("_")
