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
