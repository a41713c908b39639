"""One cluster and what stands around it, as configured: Kafka, Connect, registry, metrics.

Addresses of one Connect cluster's workers stand in one entry with commas between them, as in
``bootstrap``; each entry is a Connect cluster.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from headgate.app import errors, secret, settings, translate
from headgate.connect import rest as connect_rest
from headgate.kafka import cluster as wire_cluster
from headgate.metrics import source
from headgate.observe import collector, readings
from headgate.ports import clock, connect, kafka, metrics, registry
from headgate.registry import rest as registry_rest

REGISTRY = "registry"
"""What Headgate calls a cluster's schema registry."""


def cluster(one: settings.Cluster, folder: Path) -> kafka.Kafka:
    """The Kafka cluster itself; nothing was sent yet.

    Raises:
        errors.AppError: a client setting cannot be used.
    """
    where = f"cluster {one.name}"
    client = {
        name: str(folder / value)
        if name.endswith(".location")
        else secret.resolve(value, where=f"{where}, client {name}", folder=folder)
        for name, value in one.client.items()
    }
    with translate.translated():
        return wire_cluster.connect(one.name, one.bootstrap, client)


def collecting(one: settings.Cluster, folder: Path) -> tuple[collector.Collector, kafka.Kafka]:
    """What reads a cluster with everything around it, and the cluster; nothing was sent yet.

    Raises:
        errors.AppError: something in the configuration cannot be used.
    """
    port = cluster(one, folder)
    source = collector.Collector(
        port,
        connects(one, folder),
        clock=clock.SystemClock(),
        interval_s=one.interval_s,
        readings=rows(port, registries(one, folder), sources(one, folder, port)),
    )
    return source, port


def connects(one: settings.Cluster, folder: Path) -> list[connect.Connect]:
    """The cluster's Connect clusters; nothing was sent yet.

    Raises:
        errors.AppError: an address cannot be used.
    """
    made: list[connect.Connect] = []
    where = f"cluster {one.name}, connect"
    for place, given in enumerate(one.connect):
        urls = [
            url.strip()
            for part in given.split(",")
            for url in secret.resolve(part.strip(), where=where, folder=folder).split(",")
        ]
        name = "connect" if len(one.connect) == 1 else f"connect-{place + 1}"
        try:
            made.append(connect_rest.RestConnect(name, *urls))
        except ValueError as error:
            raise errors.Invalid(
                f"The Connect address cannot be used: {error}",
                where=where,
                next_step="Write it like http://127.0.0.1:8083",
            ) from error
    return made


def registries(one: settings.Cluster, folder: Path) -> list[registry.SchemaRegistry]:
    """The cluster's schema registry, where it has one; nothing was sent yet.

    Raises:
        errors.AppError: the address or a credential cannot be used.
    """
    if not one.registry:
        return []

    def resolved(setting: str, given: str) -> str:
        return secret.resolve(given, where=f"cluster {one.name}, {setting}", folder=folder)

    try:
        return [
            registry_rest.RestRegistry(
                REGISTRY,
                resolved("registry", one.registry),
                username=resolved("registry_username", one.registry_username),
                password=resolved("registry_password", one.registry_password),
                token=resolved("registry_token", one.registry_token),
                ca_file=str(folder / one.registry_ca_file) if one.registry_ca_file else "",
            )
        ]
    except (ValueError, OSError) as error:
        raise errors.Invalid(
            f"The schema registry cannot be used: {error}",
            where=f"cluster {one.name}, registry",
            next_step="Write it like http://127.0.0.1:8081; Apicurio's ends in /apis/ccompat/v7",
        ) from error


def sources(one: settings.Cluster, folder: Path, cluster: kafka.Kafka) -> list[metrics.Metrics]:
    """The cluster's sources of metrics; nothing was sent yet.

    ``cluster`` is asked which broker runs on which host, where nothing else tells whose numbers
    they are.

    Raises:
        errors.AppError: an address cannot be used.
    """
    where = f"cluster {one.name}, metrics"
    return [
        source_of(secret.resolve(given, where=where, folder=folder), cluster, where=where)
        for given in one.metrics
    ]


def source_of(given: str, cluster: kafka.Kafka, *, where: str) -> metrics.Metrics:
    """One source of metrics; nothing was sent yet.

    Raises:
        errors.Invalid: the address cannot be used.
    """

    def hosts(deadline_s: float) -> Mapping[int, str]:
        return {one.id: one.host for one in cluster.brokers(deadline_s=deadline_s).brokers}

    try:
        return source.connect(given, hosts)
    except ValueError as error:
        raise errors.Invalid(
            f"The address of metrics cannot be used: {error}",
            where=where,
            next_step="Write it like http://broker-1:7071/metrics or prometheus+http://prom:9090",
        ) from error


def rows(
    cluster: kafka.Kafka,
    schemas: Sequence[registry.SchemaRegistry],
    measured: Sequence[metrics.Metrics] = (),
) -> tuple[readings.Reading, ...]:
    """All that is read beside the sweep."""
    return (
        *readings.of_kafka(cluster),
        *(readings.of_registry(one) for one in schemas),
        *(readings.of_metrics(one) for one in measured),
    )
