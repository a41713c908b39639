"""Which right each of Kafka's calls needs, so that a refusal names the ACL that would allow it.

Kafka answers an authorisation error with the kind of the resource only (topic, group, cluster);
the operation follows from the call. Sources: https://kafka.apache.org/documentation/#operations_in_kafka
and the checks in Kafka 4.3's ``KafkaApis`` and ``ControllerApis``. Read, Write, Alter and Delete
each include Describe, and AlterConfigs includes DescribeConfigs.
"""

from collections.abc import Mapping

from headgate.domain import rights

KINDS: Mapping[int, str] = {
    29: "Topic",
    30: "Group",
    31: "Cluster",
    53: "TransactionalId",
}
"""Error code of a refusal -> the kind of resource that it concerns."""

_OPERATIONS: Mapping[tuple[str, str], str] = {
    # ---- reading ----
    ("Metadata", "Topic"): "Describe",
    ("DescribeTopicPartitions", "Topic"): "Describe",
    ("ListOffsets", "Topic"): "Describe",
    ("DescribeConfigs", "Topic"): "DescribeConfigs",
    ("DescribeConfigs", "Group"): "DescribeConfigs",
    ("DescribeConfigs", "Cluster"): "DescribeConfigs",
    ("ListConfigResources", "Cluster"): "DescribeConfigs",
    ("DescribeLogDirs", "Cluster"): "Describe",
    ("DescribeQuorum", "Cluster"): "Describe",
    ("DescribeCluster", "Cluster"): "Describe",
    ("ListPartitionReassignments", "Cluster"): "Describe",
    ("DescribeAcls", "Cluster"): "Describe",
    ("DescribeClientQuotas", "Cluster"): "DescribeConfigs",
    ("DescribeUserScramCredentials", "Cluster"): "Describe",
    ("FindCoordinator", "Group"): "Describe",
    ("FindCoordinator", "TransactionalId"): "Describe",
    ("FindCoordinator", "Cluster"): "ClusterAction",
    ("ListGroups", "Cluster"): "Describe",
    ("DescribeGroups", "Group"): "Describe",
    ("ConsumerGroupDescribe", "Group"): "Describe",
    ("ConsumerGroupDescribe", "Topic"): "Describe",
    ("ShareGroupDescribe", "Group"): "Describe",
    ("ShareGroupDescribe", "Topic"): "Describe",
    ("StreamsGroupDescribe", "Group"): "Describe",
    ("StreamsGroupDescribe", "Topic"): "Describe",
    ("DescribeShareGroupOffsets", "Group"): "Describe",
    ("DescribeShareGroupOffsets", "Topic"): "Describe",
    ("OffsetFetch", "Group"): "Describe",
    ("OffsetFetch", "Topic"): "Describe",
    ("DescribeTransactions", "TransactionalId"): "Describe",
    ("ListTransactions", "TransactionalId"): "Describe",
    ("DescribeProducers", "Topic"): "Read",
    ("Fetch", "Topic"): "Read",
    # ---- changing ----
    ("Produce", "Topic"): "Write",
    ("OffsetCommit", "Group"): "Read",
    ("OffsetCommit", "Topic"): "Read",
    ("OffsetDelete", "Group"): "Delete",
    ("OffsetDelete", "Topic"): "Read",
    ("DeleteGroups", "Group"): "Delete",
    ("LeaveGroup", "Group"): "Read",
    ("ConsumerGroupHeartbeat", "Group"): "Read",
    ("ConsumerGroupHeartbeat", "Topic"): "Describe",
    ("CreateTopics", "Topic"): "Create",
    ("CreateTopics", "Cluster"): "Create",
    ("DeleteTopics", "Topic"): "Delete",
    ("DeleteRecords", "Topic"): "Delete",
    ("CreatePartitions", "Topic"): "Alter",
    ("IncrementalAlterConfigs", "Topic"): "AlterConfigs",
    ("IncrementalAlterConfigs", "Group"): "AlterConfigs",
    ("IncrementalAlterConfigs", "Cluster"): "AlterConfigs",
    ("AlterClientQuotas", "Cluster"): "AlterConfigs",
    ("AlterUserScramCredentials", "Cluster"): "Alter",
    ("AlterPartitionReassignments", "Cluster"): "Alter",
    ("ElectLeaders", "Cluster"): "Alter",
    ("CreateAcls", "Cluster"): "Alter",
    ("DeleteAcls", "Cluster"): "Alter",
    ("WriteTxnMarkers", "Cluster"): "Alter",
    ("UpdateFeatures", "Cluster"): "Alter",
}
"""Call and kind of resource -> the operation that must be allowed on it."""


def needed(api: str, code: int, name: str = "*") -> rights.Right | None:
    """The right whose lack makes ``api`` answer with ``code``; None: not a refusal, or not known.

    ``name`` is the topic, group or transactional id concerned.
    """
    kind = KINDS.get(code, "")
    operation = _OPERATIONS.get((api, kind))
    if operation is None:
        return None
    held = rights.CLUSTER if kind == "Cluster" else name
    return rights.Right(operation=operation, resource_type=kind, name=held)


def needs(api: str, code: int, name: str = "*") -> str:
    """The same in words, as ``Missing.needs`` and ``Failure.needs`` hold it; empty: not known."""
    right = needed(api, code, name)
    return "" if right is None else str(right)
