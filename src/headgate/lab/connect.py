"""One Kafka Connect worker of the lab (distributed mode), with FileStream and a JDBC sink."""

from pathlib import Path

from headgate.lab import jars, jvm, parts, ports, ready, settings, state

READY_WITHIN_S = 90.0
_MAIN = "org.apache.kafka.connect.cli.ConnectDistributed"
_GROUP = "headgate-lab-connect"


def prepare(folder: Path, number: int, bootstrap: str, options: settings.Options) -> state.Record:
    """Write the worker's configuration and return how to start it."""
    name = f"connect-{number}"
    port, metrics_port = ports.pick(2)
    config = folder / name / "worker.properties"
    config.parent.mkdir(parents=True)
    config.write_text(properties(port, bootstrap, min(3, options.brokers)), encoding="utf-8")
    return state.Record(
        name=name,
        kind=parts.Kind.CONNECT,
        argv=(
            *jvm.command("connect", heap_mb=options.heap_mb, metrics_port=metrics_port),
            _MAIN,
            str(config),
        ),
        log=folder / "logs" / f"{name}.log",
        port=port,
        url=f"http://{ports.HOST}:{port}",
        metrics_url=f"http://{ports.HOST}:{metrics_port}/metrics",
    )


def training(folder: Path, bootstrap: str) -> tuple[tuple[str, ...], int]:
    """Write the configuration of a throw-away worker; return main class, configuration, port."""
    [port] = ports.pick(1)
    config = folder / "worker.properties"
    config.write_text(properties(port, bootstrap, 1), encoding="utf-8")
    return (_MAIN, str(config)), port


def properties(port: int, bootstrap: str, copies: int) -> str:
    """Return the worker's configuration."""
    values: dict[str, str | int] = {
        "bootstrap.servers": bootstrap,
        "group.id": _GROUP,
        "listeners": f"http://{ports.HOST}:{port}",
        "rest.advertised.host.name": ports.HOST,
        "rest.advertised.port": port,
        "plugin.path": str(jars.path(jars.SINK)),
        "plugin.discovery": "service_load",  # scanning every class takes seconds
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "connector.client.config.override.policy": "All",
        "offset.flush.interval.ms": 2_000,  # sinks commit this often; a minute looks like a hang
        "session.timeout.ms": 10_000,
        "heartbeat.interval.ms": 3_000,
        "scheduled.rebalance.max.delay.ms": 15_000,
        "offset.storage.partitions": 4,
        "status.storage.partitions": 2,
    }
    for use, name in (("config", "configs"), ("offset", "offsets"), ("status", "status")):
        values[f"{use}.storage.topic"] = f"{_GROUP}-{name}"
        values[f"{use}.storage.replication.factor"] = copies
    return "".join(f"{key}={value}\n" for key, value in values.items())


def wait_ready(record: state.Record, timeout_s: float = READY_WITHIN_S) -> None:
    """Return when the worker has joined and answers; raises StartFailed."""
    ready.wait(record, lambda: ready.http_ok(f"{record.url}/connectors"), timeout_s)
