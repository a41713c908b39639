"""Rights as Kafka's ACLs grant them, so that what is refused can name what would allow it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Right:
    """One operation on one resource."""

    operation: str
    """``Describe``, ``DescribeConfigs``, ``Read``, ``Alter``, ..."""
    resource_type: str
    """``Topic``, ``Group``, ``Cluster``, ``TransactionalId``, ``DelegationToken``, ``User``."""
    name: str
    """``*`` for all; ``kafka-cluster`` for the cluster."""

    def __str__(self) -> str:
        kind = self.resource_type
        return f"{self.operation} on {kind}" + ("" if kind == "Cluster" else f" {self.name}")


CLUSTER = "kafka-cluster"


def on_cluster(operation: str) -> Right:
    """The right on the cluster itself."""
    return Right(operation=operation, resource_type="Cluster", name=CLUSTER)


def on_topic(operation: str, name: str = "*") -> Right:
    """The right on one topic, or on all."""
    return Right(operation=operation, resource_type="Topic", name=name)


def on_group(operation: str, name: str = "*") -> Right:
    """The right on one group, or on all."""
    return Right(operation=operation, resource_type="Group", name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One ACL that Headgate asks its owner for."""

    right: Right
    shows: str
    """What can be seen with it and not without."""
    optional: bool = False
    """Whether Headgate does its work without it."""

    def command(self, principal: str) -> str:
        """The options of ``kafka-acls.sh --add`` that grant it."""
        option = {
            "Cluster": "--cluster",
            "Topic": f"--topic '{self.right.name}'",
            "Group": f"--group '{self.right.name}'",
            "TransactionalId": f"--transactional-id '{self.right.name}'",
        }[self.right.resource_type]
        return f"--add --allow-principal {principal} --operation {self.right.operation} {option}"


READING = (
    Grant(
        right=on_cluster("Describe"),
        shows="the controller quorum, log dirs and disk use, reassignments, ACLs and SCRAM users, "
        "and that the list of groups is whole",
    ),
    Grant(
        right=on_cluster("DescribeConfigs"),
        shows="the brokers' settings and client quotas",
    ),
    Grant(
        right=on_topic("Describe"),
        shows="topics, partitions, offsets and lag; Kafka leaves out topics silently without it",
    ),
    Grant(right=on_topic("DescribeConfigs"), shows="the topics' settings"),
    Grant(
        right=on_group("Describe"),
        shows="members and committed offsets of groups",
    ),
    Grant(
        right=Right(operation="Describe", resource_type="TransactionalId", name="*"),
        shows="transactions; Kafka leaves them out silently without it",
    ),
    Grant(
        right=on_topic("Read"),
        shows="who holds a transaction open on a partition, and single records "
        "(only if read_records is on)",
        optional=True,
    ),
)
"""The smallest set of ACLs with which everything that Headgate observes can be read."""
