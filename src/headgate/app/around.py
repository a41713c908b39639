"""What stands around one cluster, as its configuration names it: Connect and the schema registry.

Addresses of one Connect cluster's workers stand in one entry with commas between them, as in
``bootstrap``; each entry is a Connect cluster.
"""

from collections.abc import Sequence
from pathlib import Path

from headgate.app import errors, secret, settings
from headgate.connect import rest as connect_rest
from headgate.observe import readings
from headgate.ports import connect, kafka, registry
from headgate.registry import rest as registry_rest

REGISTRY = "registry"
"""What Headgate calls a cluster's schema registry."""


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


def rows(
    cluster: kafka.Kafka, schemas: Sequence[registry.SchemaRegistry]
) -> tuple[readings.Reading, ...]:
    """All that is read beside the sweep."""
    return (*readings.of_kafka(cluster), *(readings.of_registry(one) for one in schemas))
