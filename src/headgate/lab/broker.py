"""One Kafka node of the lab: broker and controller in one process (KRaft, combined).

Its log folders are formatted here, without a Java process: a `meta.properties` each, and the one
`bootstrap.checkpoint` that Kafka's own StorageTool made once for this version of the jars.
"""

import base64
import dataclasses
import logging
import shutil
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from headgate.lab import jvm, parts, ports, ready, security, settings, state

READY_WITHIN_S = 60.0
_MAIN = "kafka.Kafka"

_QUICK: Mapping[str, str | int] = {
    # Waits that are long in production and only slow a lab down.
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1_000,
    "group.consumer.min.session.timeout.ms": 6_000,
    "group.consumer.session.timeout.ms": 6_000,
    "group.consumer.min.heartbeat.interval.ms": 1_000,
    "group.consumer.heartbeat.interval.ms": 1_000,
    "replica.lag.time.max.ms": 5_000,
    "broker.session.timeout.ms": 9_000,
    "offsets.retention.check.interval.ms": 5_000,
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1_000,
    "log.initial.task.delay.ms": 1_000,
    "log.retention.check.interval.ms": 2_000,
    "log.segment.bytes": 1_048_576,
    # Little work in the background: three nodes share a laptop.
    "num.network.threads": 2,
    "num.io.threads": 2,
    "num.recovery.threads.per.data.dir": 1,
    "log.cleaner.dedupe.buffer.size": 16_777_216,
    "log.cleaner.threads": 1,
    "background.threads": 2,
    "auto.create.topics.enable": "false",
    "controlled.shutdown.enable": "true",
}
_INTERNAL_PARTITIONS = 4
_POLL_S = 0.05


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Where one node is."""

    id: int
    port: int
    controller_port: int
    metrics_port: int
    doors: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """The ports of a secured lab's other listeners, by listener."""

    @property
    def name(self) -> str:
        """The component's name."""
        return f"broker-{self.id}"


def new_id() -> str:
    """Return an id as Kafka makes them: 16 random bytes in URL-safe base64, no leading dash."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def prepare(
    folder: Path, node: Node, nodes: Sequence[Node], cluster_id: str, options: settings.Options
) -> state.Record:
    """Write the node's configuration, format its folders, and return how to start it."""
    home = folder / node.name
    config = home / "server.properties"
    log_dir, metadata_dir = home / "data", home / "metadata"
    for each in (log_dir, metadata_dir):
        each.mkdir(parents=True)
        (each / "meta.properties").write_text(
            f"version=1\ncluster.id={cluster_id}\nnode.id={node.id}\ndirectory.id={new_id()}\n",
            encoding="utf-8",
        )
    shutil.copyfile(jvm.checkpoint(), metadata_dir / "bootstrap.checkpoint")
    config.write_text(properties(node, nodes, home, options), encoding="utf-8")
    java = jvm.command("broker", heap_mb=options.heap_mb, metrics_port=node.metrics_port)
    more = security.java_options(security.home(folder)) if options.secure else ()
    return state.Record(
        name=node.name,
        kind=parts.Kind.BROKER,
        argv=(java[0], *more, *java[1:], _MAIN, str(config)),
        log=folder / "logs" / f"{node.name}.log",
        port=node.port,
        metrics_url=f"http://{ports.HOST}:{node.metrics_port}/metrics",
    )


def properties(node: Node, nodes: Sequence[Node], home: Path, options: settings.Options) -> str:
    """Return the node's `server.properties`."""
    copies = min(3, len(nodes))
    voters = ",".join(f"{each.id}@{ports.HOST}:{each.controller_port}" for each in nodes)
    values: dict[str, str | int] = {
        "process.roles": "broker,controller",
        "node.id": node.id,
        "broker.rack": f"rack-{node.id}",
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        "listeners": (
            f"PLAINTEXT://{ports.HOST}:{node.port},CONTROLLER://{ports.HOST}:{node.controller_port}"
        ),
        "advertised.listeners": f"PLAINTEXT://{ports.HOST}:{node.port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(home / "data"),
        "metadata.log.dir": str(home / "metadata"),
        "default.replication.factor": copies,
        "num.partitions": 1,
        "auto.leader.rebalance.enable": str(options.auto_leader_rebalance).lower(),
        **_QUICK,
    }
    for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic"):
        values[f"{topic}.num.partitions"] = _INTERNAL_PARTITIONS
        values[f"{topic}.replication.factor"] = copies
    for topic in ("transaction.state.log", "share.coordinator.state.topic"):
        values[f"{topic}.min.isr"] = 2 if copies == 3 else 1
    if options.secure:
        doors = {"PLAINTEXT": node.port, **node.doors}
        secured = security.broker_properties(
            security.home(home.parent), doors, node.controller_port
        )
        values.update(secured)
    return "".join(f"{key}={value}\n" for key, value in values.items())


class Census:
    """Asks Kafka how many brokers take part; the client is kept between questions."""

    def __init__(self, bootstrap: str) -> None:
        """Make a client; nothing is asked yet."""
        from confluent_kafka.admin import AdminClient

        silent = logging.getLogger("headgate.lab.census")
        silent.disabled = True  # refused connections are what a start looks like
        self._client = AdminClient(
            {
                "bootstrap.servers": bootstrap,
                "reconnect.backoff.ms": 20,
                "reconnect.backoff.max.ms": 100,
                "socket.timeout.ms": 2_000,
                "log_level": 0,
            },
            logger=silent,
        )

    def ids(self) -> frozenset[int]:
        """Return the ids of the brokers that take part now; none when nobody answers."""
        from confluent_kafka import KafkaException

        try:
            return frozenset(self._client.list_topics(timeout=1.0).brokers)
        except KafkaException:
            return frozenset()


def wait_ready(records: Sequence[state.Record], timeout_s: float) -> None:
    """Return when all these brokers take part in the cluster; raises StartFailed."""
    census = Census(",".join(f"{ports.HOST}:{each.port}" for each in records))
    wanted = frozenset(parts.number(each.name) for each in records)
    deadline = time.monotonic() + timeout_s
    while not wanted <= census.ids():
        for record in records:
            ready.check(record, late=time.monotonic() > deadline)
        time.sleep(_POLL_S)


def training(folder: Path) -> tuple[tuple[str, ...], Node]:
    """Write the configuration of a throw-away node; return main class and configuration."""
    port, controller_port, metrics_port = ports.pick(3)
    node = Node(id=1, port=port, controller_port=controller_port, metrics_port=metrics_port)
    config = folder / "server.properties"
    config.write_text(properties(node, [node], folder, settings.Options(brokers=1)), "utf-8")
    return (_MAIN, str(config)), node
