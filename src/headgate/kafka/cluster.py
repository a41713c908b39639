"""One real cluster behind the port."""

from collections.abc import Mapping, Sequence

from headgate.domain import endpoints, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import (
    address,
    brokers,
    certificates,
    commits,
    groups,
    leaving,
    offsets,
    properties,
    records,
    tls,
    whole,
)
from headgate.kafka import topics as _topics
from headgate.kafka.coordinators import Coordinators
from headgate.kafka.inspecting import Inspecting, until
from headgate.kafka.nodes import Nodes
from headgate.kafka.wire import SETUP_S, Wire
from headgate.ports import inspection, kafka


def connect(
    name: str,
    bootstrap: str,
    client: Mapping[str, str] | None = None,
    *,
    setup_s: float = SETUP_S,
) -> "Cluster":
    """A cluster that connects with the first call; nothing is sent before.

    ``bootstrap`` is HOST:PORT, several separated by commas; ``client`` holds ordinary Kafka client
    properties; ``setup_s`` bounds the wait for one connection.

    Raises:
        errors.PortError: the addresses or properties cannot be used.
    """
    return Cluster(name, address.parse(bootstrap), properties.parse(client or {}), setup_s=setup_s)


class Cluster(Inspecting):
    """Implements ``ports.kafka.Kafka`` over the wire. Safe to use from several threads."""

    def __init__(
        self,
        name: str,
        bootstrap: tuple[address.Address, ...],
        client: properties.Properties,
        *,
        setup_s: float = SETUP_S,
    ) -> None:
        self._name = name
        self._properties = client
        self._bootstrap = bootstrap
        self._wire = Wire(client, setup_s=setup_s)
        nodes = Nodes(name, bootstrap, self._wire)
        super().__init__(nodes, Coordinators(nodes))
        self._replicas: frozenset[int] = frozenset()

    @property
    def name(self) -> str:
        """The name Headgate knows the cluster by."""
        return self._name

    def brokers(self, *, deadline_s: float) -> snapshot.Brokers:
        """The brokers that the cluster lists, those it listed before, and each one's port state."""
        return brokers.read(self._nodes, self._replicas, deadline=until(deadline_s))

    def version(self, *, deadline_s: float) -> str | Unknown:
        """The Kafka version as far as the protocol reveals it."""
        return brokers.version(self._nodes, deadline=until(deadline_s))

    def partitions(
        self, *, deadline_s: float
    ) -> tuple[snapshot.Partitions, tuple[snapshot.Missing, ...]]:
        """Every topic's partitions, internal ones included, with what could not be read."""
        deadline = until(deadline_s)
        found, missing = _topics.partitions(self._nodes, deadline=deadline)
        self._replicas = frozenset(int(broker) for broker in set(found.replicas.tolist()))
        hidden = self._whole.topics(deadline=deadline)
        if not found.topics:
            whole.refuse(hidden, self._name)
        return found, (*missing, *hidden)

    def configs(
        self, topics: Sequence[str], *, deadline_s: float
    ) -> Mapping[str, Mapping[str, snapshot.ConfigValue] | kafka.Failure]:
        """The effective settings of each topic with their sources."""
        return _topics.configs(self._nodes, topics, deadline=until(deadline_s))

    def endpoints(self, *, deadline_s: float) -> inspection.Read[endpoints.Endpoints]:
        """The certificate that each broker's listener serves; none where it has no TLS."""
        if not self._properties.tls:
            return (), ()
        known = tuple(node.address for node in self._nodes.known() if node.listed)
        contexts = tls.Contexts(self._properties.values, verify_host=self._properties.verify_host)
        return certificates.read(known or self._bootstrap, contexts, deadline=until(deadline_s))

    def offsets(self, partitions: snapshot.Partitions, *, deadline_s: float) -> kafka.OffsetRead:
        """Earliest and latest offset of every partition that has a leader."""
        return offsets.read(self._nodes, partitions, deadline=until(deadline_s))

    def groups(self, *, deadline_s: float) -> tuple[snapshot.Groups, tuple[snapshot.Missing, ...]]:
        """Every group of every protocol, with members where they could be described."""
        deadline = until(deadline_s)
        found, missing = groups.read(self._nodes, self._coordinators, deadline=deadline)
        hidden = self._whole.groups(deadline=deadline)
        if not found:
            whole.refuse(hidden, self._name)
        return found, (*missing, *hidden)

    def group(self, group_id: str, *, deadline_s: float) -> snapshot.Group | kafka.Failure:
        """One group, read now."""
        return groups.one(self._coordinators, group_id, deadline=until(deadline_s))

    def commits(
        self, group_ids: Sequence[str], *, deadline_s: float
    ) -> Mapping[str, Mapping[TopicPartition, int] | kafka.Failure]:
        """Committed offsets per group; partitions without a commit are left out."""
        return commits.read(self._coordinators, group_ids, deadline=until(deadline_s))

    def read(
        self, partition: TopicPartition, offset: int, count: int, *, deadline_s: float
    ) -> tuple[kafka.Record, ...]:
        """Up to ``count`` records from ``offset`` on, read without a group."""
        return records.read(
            self._nodes,
            self._properties,
            partition,
            offset,
            count,
            deadline=until(deadline_s),
        )

    def commit(
        self, group_id: str, offsets: Mapping[TopicPartition, int], *, deadline_s: float
    ) -> Mapping[TopicPartition, kafka.Failure | None]:
        """Sets committed offsets of a group without members."""
        return commits.write(self._coordinators, group_id, offsets, deadline=until(deadline_s))

    def remove_members(
        self, group_id: str, member_ids: Sequence[str], *, deadline_s: float
    ) -> Mapping[str, kafka.Failure | None]:
        """Makes members leave the group, in either protocol."""
        return leaving.remove_members(
            self._coordinators, group_id, member_ids, deadline=until(deadline_s)
        )

    def produce(self, record: kafka.Record, *, deadline_s: float) -> int | kafka.Failure:
        """Writes one record with acks=all; its offset."""
        return records.produce(self._nodes, record, deadline=until(deadline_s))

    def create_topic(self, spec: kafka.TopicSpec, *, deadline_s: float) -> kafka.Failure | None:
        """Creates a topic."""
        return _topics.create(self._nodes, spec, deadline=until(deadline_s))

    def alter_config(
        self, topic: str, values: Mapping[str, str | None], *, deadline_s: float
    ) -> kafka.Failure | None:
        """Sets the topic's own settings; a None value removes one."""
        return _topics.alter(self._nodes, topic, values, deadline=until(deadline_s))

    def add_partitions(self, topic: str, total: int, *, deadline_s: float) -> kafka.Failure | None:
        """Grows a topic to ``total`` partitions."""
        return _topics.add_partitions(self._nodes, topic, total, deadline=until(deadline_s))

    def elect_preferred(
        self, partitions: Sequence[TopicPartition], *, deadline_s: float
    ) -> Mapping[TopicPartition, kafka.Failure | None]:
        """Makes the preferred replica lead."""
        return _topics.elect_preferred(self._nodes, partitions, deadline=until(deadline_s))

    def close(self) -> None:
        """Connections are closed and threads stopped."""
        self._wire.close()
