"""The shop that the lab plays: its topics, its applications, and the sink into its warehouse.

Small enough to idle on a fraction of one core, and with the flaws that real clusters have: a topic
with one replica, one whose min.insync.replicas equals its replicas, handlers that take time.
`start` creates what is missing and may be called again.
"""

import dataclasses
from collections.abc import Sequence

from headgate.lab import lab as lab_
from headgate.lab.workloads import cluster, control, interface, running, sink

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS


TOPICS: Sequence[cluster.Topic] = (
    cluster.Topic(
        name="orders",
        partitions=6,
        config={"min.insync.replicas": "2", "retention.ms": str(6 * _HOUR_MS)},
    ),
    cluster.Topic(
        name="payments",
        partitions=6,
        config={"min.insync.replicas": "2", "retention.ms": str(2 * _HOUR_MS)},
    ),
    cluster.Topic(
        name="clicks",
        partitions=3,
        config={"min.insync.replicas": "2", "retention.ms": str(45 * _MINUTE_MS)},
    ),
    cluster.Topic(
        name="shipments",
        partitions=3,
        config={"min.insync.replicas": "2", "retention.ms": str(24 * _HOUR_MS)},
    ),
    cluster.Topic(
        name=sink.TOPIC,
        partitions=3,
        config={"min.insync.replicas": "2", "retention.ms": str(6 * _HOUR_MS)},
    ),
    cluster.Topic(
        name="ledger.events",
        partitions=2,
        config={"min.insync.replicas": "3", "retention.ms": str(24 * _HOUR_MS)},
    ),
    cluster.Topic(
        name="audit.legacy",
        partitions=1,
        replicas=1,
        config={"min.insync.replicas": "1", "retention.ms": str(24 * _HOUR_MS)},
    ),
)

PRODUCERS: Sequence[interface.Producer] = (
    interface.Producer(name="storefront", topic="orders", record="order", rate_per_s=12),
    interface.Producer(name="payment-gateway", topic="payments", record="payment", rate_per_s=10),
    interface.Producer(name="web-tracker", topic="clicks", record="click", rate_per_s=20, keys=500),
    interface.Producer(name="warehouse", topic="shipments", record="shipment", rate_per_s=4),
    interface.Producer(name="order-enricher", topic=sink.TOPIC, record="enriched", rate_per_s=4),
    interface.Producer(
        name="audit-writer", topic="audit.legacy", record="audit", rate_per_s=0.5, keys=0
    ),
)

CONSUMERS: Sequence[interface.Consumer] = (
    interface.Consumer(name="billing", group="billing", topics=("orders",), members=2, work_ms=30),
    interface.Consumer(
        name="shipping",
        group="shipping",
        topics=("payments",),
        protocol="consumer",
        members=2,
        work_ms=20,
    ),
    interface.Consumer(
        name="fraud",
        group="fraud",
        topics=("payments",),
        members=3,
        work_ms=150,
        skips_undecodable=True,
    ),
    interface.Consumer(
        name="analytics",
        group="analytics",
        topics=("clicks", "orders"),
        protocol="consumer",
        members=1,
        work_ms=1,
        skips_undecodable=True,
    ),
    interface.Consumer(
        name="parcel-tracking",
        group="parcel-tracking",
        topics=("shipments",),
        members=1,
        static=True,
        work_ms=5,
    ),
)


def workloads() -> tuple[interface.Workload, ...]:
    """Return the applications of the shop."""
    return (*PRODUCERS, *CONSUMERS)


def topics(brokers: int) -> tuple[cluster.Topic, ...]:
    """Return the shop's topics as a cluster of so many brokers can hold them."""
    return tuple(
        each
        if each.replicas <= brokers
        else dataclasses.replace(
            each, replicas=brokers, config={**each.config, "min.insync.replicas": "1"}
        )
        for each in TOPICS
    )


def start(lab: lab_.Lab, *, with_sink: bool = True) -> None:
    """Create the shop's topics and warehouse, and start its applications.

    Raises WorkloadError when Kafka, Connect or the database does not take them.
    """
    cluster.create_topics(lab.bootstrap, topics(len(lab.brokers)))
    start_workloads(lab, workloads())
    if with_sink:
        sink.create_table(lab)
        sink.create_connector(lab)


def start_workloads(lab: lab_.Lab, wanted: Sequence[interface.Workload]) -> None:
    """Store the settings of these workloads and make sure that their supervisor runs."""
    folder = lab.folder / control.FOLDER
    for each in wanted:
        control.write(folder, each)
    running.supervise(lab)


def stop(lab: lab_.Lab) -> None:
    """Stop the shop's applications and its sink, and delete its topics; the lab stays up."""
    running.dismiss(lab)
    folder = lab.folder / control.FOLDER
    for name in control.read_all(folder):
        control.remove(folder, name)
    if lab.connect_urls:
        sink.delete_connector(lab)
    for each in TOPICS:
        cluster.delete_topic(lab.bootstrap, each.name)
