"""Kafka's error codes as failures of one item: name, reason in words, and what may follow.

The table holds the codes that Headgate's own calls can meet; the name of any other code comes
from kafka-python where the wire is in use. Codes and names are Kafka's own
(https://kafka.apache.org/protocol.html#protocol_error_codes).
"""

import re
from typing import NamedTuple

from headgate.kafka import rights
from headgate.ports import errors, kafka


class Meaning(NamedTuple):
    """What one code says."""

    name: str
    reason: str
    retriable: bool = False
    not_allowed: bool = False


MEANINGS: dict[int, Meaning] = {
    -1: Meaning("UNKNOWN_SERVER_ERROR", "the broker met an error it does not explain"),
    1: Meaning("OFFSET_OUT_OF_RANGE", "the log does not hold that offset"),
    2: Meaning("CORRUPT_MESSAGE", "the record fails its checksum"),
    3: Meaning("UNKNOWN_TOPIC_OR_PARTITION", "there is no such topic or partition"),
    5: Meaning("LEADER_NOT_AVAILABLE", "the partition has no leader now", True),
    6: Meaning("NOT_LEADER_OR_FOLLOWER", "another broker leads the partition now", True),
    7: Meaning("REQUEST_TIMED_OUT", "the broker could not finish in time"),
    9: Meaning("REPLICA_NOT_AVAILABLE", "the replica is not available", True),
    10: Meaning("MESSAGE_TOO_LARGE", "the record is larger than the topic accepts"),
    14: Meaning("COORDINATOR_LOAD_IN_PROGRESS", "the group's coordinator is still loading", True),
    15: Meaning("COORDINATOR_NOT_AVAILABLE", "the group has no coordinator now", True),
    16: Meaning("NOT_COORDINATOR", "another broker coordinates the group now", True),
    17: Meaning("INVALID_TOPIC_EXCEPTION", "the topic's name is not allowed"),
    19: Meaning("NOT_ENOUGH_REPLICAS", "fewer replicas are in sync than min.insync.replicas", True),
    20: Meaning(
        "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
        "the record was written, but fewer replicas than min.insync.replicas hold it",
    ),
    22: Meaning("ILLEGAL_GENERATION", "the group has moved on to another generation"),
    24: Meaning("INVALID_GROUP_ID", "the group id is not allowed"),
    25: Meaning("UNKNOWN_MEMBER_ID", "the group has members, and this is not one of them"),
    27: Meaning("REBALANCE_IN_PROGRESS", "the group is rebalancing", True),
    29: Meaning("TOPIC_AUTHORIZATION_FAILED", "the topic may not be used so", not_allowed=True),
    30: Meaning("GROUP_AUTHORIZATION_FAILED", "the group may not be used so", not_allowed=True),
    31: Meaning("CLUSTER_AUTHORIZATION_FAILED", "the cluster may not be used so", not_allowed=True),
    33: Meaning("UNSUPPORTED_SASL_MECHANISM", "the listener does not offer that mechanism"),
    34: Meaning("ILLEGAL_SASL_STATE", "the login is not at that step"),
    35: Meaning("UNSUPPORTED_VERSION", "the broker does not know this call"),
    36: Meaning("TOPIC_ALREADY_EXISTS", "there is a topic of that name"),
    37: Meaning("INVALID_PARTITIONS", "the number of partitions is not possible"),
    38: Meaning(
        "INVALID_REPLICATION_FACTOR", "there are not enough brokers for that many replicas"
    ),
    40: Meaning("INVALID_CONFIG", "the setting or its value is not possible"),
    41: Meaning("NOT_CONTROLLER", "another node is the controller now", True),
    42: Meaning("INVALID_REQUEST", "the broker calls the request invalid"),
    44: Meaning("POLICY_VIOLATION", "a policy of the cluster forbids it"),
    53: Meaning(
        "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
        "the transactional id may not be used so",
        not_allowed=True,
    ),
    54: Meaning("SECURITY_DISABLED", "the cluster has no authorizer"),
    56: Meaning("KAFKA_STORAGE_ERROR", "the broker cannot use the disk under it", True),
    58: Meaning("SASL_AUTHENTICATION_FAILED", "the login was refused", not_allowed=True),
    60: Meaning("REASSIGNMENT_IN_PROGRESS", "a reassignment of the partition is running"),
    68: Meaning("NON_EMPTY_GROUP", "the group has members"),
    69: Meaning("GROUP_ID_NOT_FOUND", "there is no such group"),
    72: Meaning("LISTENER_NOT_FOUND", "the leader has no listener of that name", True),
    74: Meaning("FENCED_LEADER_EPOCH", "the leader has changed", True),
    75: Meaning("UNKNOWN_LEADER_EPOCH", "the broker does not know that leader yet", True),
    78: Meaning("OFFSET_NOT_AVAILABLE", "the leader cannot tell its offset yet", True),
    80: Meaning("PREFERRED_LEADER_NOT_AVAILABLE", "the preferred replica is not in sync", True),
    82: Meaning("FENCED_INSTANCE_ID", "a newer member took over the group.instance.id"),
    83: Meaning("ELIGIBLE_LEADERS_NOT_AVAILABLE", "no eligible replica is there to lead", True),
    84: Meaning("ELECTION_NOT_NEEDED", "the preferred replica leads already"),
    86: Meaning("GROUP_SUBSCRIBED_TO_TOPIC", "the group is reading that topic"),
    87: Meaning("INVALID_RECORD", "the broker refuses the record"),
    88: Meaning("UNSTABLE_OFFSET_COMMIT", "a transaction still holds the offset", True),
    89: Meaning("THROTTLING_QUOTA_EXCEEDED", "the quota for such changes is used up", True),
    100: Meaning("UNKNOWN_TOPIC_ID", "the topic was deleted or made anew", True),
    110: Meaning("FENCED_MEMBER_EPOCH", "the member's epoch is old"),
    111: Meaning("UNRELEASED_INSTANCE_ID", "another member still holds the group.instance.id"),
    112: Meaning("UNSUPPORTED_ASSIGNOR", "the coordinator does not know the assignor"),
    113: Meaning("STALE_MEMBER_EPOCH", "the member's epoch is old", True),
}

_EMPTY_WORDS = re.compile(r"^Request Request\(|^\w+ authorization failed\.$")
"""What brokers write beside a refusal that tells no more: an object's fields, or the code again."""

ELECTION_NOT_NEEDED = 84
GROUP_ID_NOT_FOUND = 69

NO_AUTHORIZER = "This cluster has no authorizer: it keeps no ACLs, and everybody may do everything"
LOST = "the answer was lost; only reading tells whether it happened"


def of_code(
    code: int, detail: str = "", *, name: str = "", api: str = "", on: str = "*"
) -> kafka.Failure:
    """The failure that a Kafka error code stands for; ``detail`` is the broker's own message.

    ``api`` is the call that answered so and ``on`` the resource's name: a refusal tells with them
    which ACL would allow it.
    """
    meaning = MEANINGS.get(code)
    if meaning is None:
        meaning = Meaning(name or f"ERROR_{code}", "the broker answered with an error")
    told = meaning.reason
    if detail and detail != meaning.name and not _EMPTY_WORDS.search(detail):
        told = f"{told}: {detail}"
    return kafka.Failure(
        code=code,
        name=meaning.name,
        reason=told,
        retriable=meaning.retriable,
        not_allowed=meaning.not_allowed,
        needs=rights.needs(api, code, on),
    )


def of_error(error: errors.PortError, *, writing: bool = False) -> kafka.Failure:
    """The failure of one item whose broker could not be asked, or whose answer was lost."""
    lost = isinstance(error, errors.OutcomeUnknown) or (
        writing and isinstance(error, errors.TimedOut)
    )
    return kafka.Failure(
        code=0,
        name="ANSWER_LOST" if lost else _word(error),
        reason=reason(error),
        retriable=isinstance(error, errors.Unreachable | errors.TimedOut) and not lost,
        not_allowed=isinstance(error, errors.NotAllowed),
        unknown_outcome=lost,
        needs=error.needs if isinstance(error, errors.NotAllowed) else "",
    )


def reason(error: errors.PortError) -> str:
    """Why an item was not read or written: what happened and where, without advice."""
    return f"{error.what} ({error.where})" if error.where else error.what


def _word(error: errors.PortError) -> str:
    match error:
        case errors.Unreachable():
            return "UNREACHABLE"
        case errors.TimedOut():
            return "TIMED_OUT"
        case errors.NotAllowed():
            return "NOT_ALLOWED"
        case errors.Misunderstood():
            return "MISUNDERSTOOD"
        case _:
            return "REFUSED"
