"""Who may do what, and how fast: ACLs, SCRAM users and client quotas."""

from typing import Any

from headgate.domain import access
from headgate.kafka import asking, failure, library
from headgate.kafka.nodes import Nodes
from headgate.ports import errors

ANY = 1
"""Kafka's number that matches every resource type, pattern, operation and permission."""
SECURITY_DISABLED = 54
DEFAULT = "<default>"
"""Stands for the entity that has no quota of its own."""

TYPES = {
    2: "TOPIC",
    3: "GROUP",
    4: "CLUSTER",
    5: "TRANSACTIONAL_ID",
    6: "DELEGATION_TOKEN",
    7: "USER",
}
OPERATIONS = {
    2: "ALL",
    3: "READ",
    4: "WRITE",
    5: "CREATE",
    6: "DELETE",
    7: "ALTER",
    8: "DESCRIBE",
    9: "CLUSTER_ACTION",
    10: "DESCRIBE_CONFIGS",
    11: "ALTER_CONFIGS",
    12: "IDEMPOTENT_WRITE",
    13: "CREATE_TOKENS",
    14: "DESCRIBE_TOKENS",
    15: "TWO_PHASE_COMMIT",
}
PERMISSIONS = {2: "DENY", 3: "ALLOW"}
PATTERNS = {3: "LITERAL", 4: "PREFIXED"}
MECHANISMS = {1: "SCRAM-SHA-256", 2: "SCRAM-SHA-512"}
"""Kafka's numbers and words (ResourceType, AclOperation, AclPermissionType, PatternType,
ScramMechanism)."""


def quotas(nodes: Nodes, *, deadline: float) -> tuple[access.Quota, ...]:
    """Every client quota, sorted by entity."""
    answer = asking.any_broker(
        nodes,
        lambda: library.admin.DescribeClientQuotasRequest(components=[], strict=False),
        "DescribeClientQuotas",
        deadline=deadline,
    )
    found = (
        access.Quota(
            entity={
                part.entity_type: DEFAULT if part.entity_name is None else part.entity_name
                for part in entry.entity
            },
            limits={value.key: value.value for value in entry.values},
        )
        for entry in answer.entries or ()
    )
    return tuple(sorted(found, key=lambda quota: quota.name))


def acls(nodes: Nodes, *, deadline: float) -> tuple[access.Acl, ...]:
    """Every ACL, sorted; empty where there is none.

    Raises:
        errors.Unsupported: the cluster has no authorizer, so there is nothing to have rules in.
    """

    def code(answer: Any) -> int:
        if answer.error_code == SECURITY_DISABLED:
            raise errors.Unsupported(failure.NO_AUTHORIZER, where=nodes.name)
        return asking.code_of(answer)

    answer = asking.any_broker(nodes, _every_acl, "DescribeAcls", deadline=deadline, code=code)
    return tuple(
        sorted(
            access.Acl(
                principal=acl.principal,
                host=acl.host,
                operation=_word(OPERATIONS, acl.operation),
                permission=_word(PERMISSIONS, acl.permission_type),
                resource_type=_word(TYPES, resource.resource_type),
                resource_name=resource.resource_name,
                pattern=_word(PATTERNS, resource.pattern_type),
            )
            for resource in answer.resources
            for acl in resource.acls
        )
    )


def scram_users(nodes: Nodes, *, deadline: float) -> tuple[access.ScramUser, ...]:
    """Every SCRAM user, sorted by name.

    An empty list asks for all, as null does; a broker that refuses null trips over it and never
    answers (Kafka 4.3: getErrorResponse walks over the users that were asked for).
    """
    answer = asking.any_broker(
        nodes,
        lambda: library.admin.DescribeUserScramCredentialsRequest(users=[]),
        "DescribeUserScramCredentials",
        deadline=deadline,
    )
    found = (
        access.ScramUser(
            name=user.user,
            mechanisms={
                _word(MECHANISMS, told.mechanism): told.iterations
                for told in sorted(user.credential_infos, key=lambda one: one.mechanism)
            },
        )
        for user in answer.results
        if not user.error_code  # removed between the two halves of the broker's own look-up
    )
    return tuple(sorted(found, key=lambda user: user.name))


def _every_acl() -> Any:
    return library.admin.DescribeAclsRequest(
        resource_type_filter=ANY,
        resource_name_filter=None,
        pattern_type_filter=ANY,
        principal_filter=None,
        host_filter=None,
        operation=ANY,
        permission_type=ANY,
    )


def _word(words: dict[int, str], number: int) -> str:
    """Kafka's word; a newer broker's number is shown as it is."""
    return words.get(number, f"UNKNOWN_{number}")
