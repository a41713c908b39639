"""A real schema registry, on request: Apicurio with its Confluent-compatible interface."""

from pathlib import Path

from headgate.lab import jars, java, parts, ports, ready, state

READY_WITHIN_S = 90.0
_INTERFACE = "/apis/ccompat/v7"


def prepare(folder: Path, heap_mb: int) -> state.Record:
    """Return how to start the registry; raises JavaMissing, for it needs a later Java."""
    found = java.find(java.REGISTRY_NEEDS)
    port, management_port = ports.pick(2)
    return state.Record(
        name="registry",
        kind=parts.Kind.REGISTRY,
        argv=(
            str(found.program),
            f"-Xmx{heap_mb}m",
            "-Xms64m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            f"-Dquarkus.http.host={ports.HOST}",
            f"-Dquarkus.http.port={port}",
            # Otherwise it also listens on port 9000 of every interface, and a second one dies.
            f"-Dquarkus.management.host={ports.HOST}",
            f"-Dquarkus.management.port={management_port}",
            "-jar",
            str(jars.path(jars.REGISTRY) / "quarkus-run.jar"),
        ),
        log=folder / "logs" / "registry.log",
        port=port,
        url=f"http://{ports.HOST}:{port}{_INTERFACE}",
    )


def wait_ready(record: state.Record, timeout_s: float = READY_WITHIN_S) -> None:
    """Return when it answers: its port is open some time before its storage is."""
    ready.wait(record, lambda: ready.http_ok(f"{record.url}/subjects"), timeout_s)
