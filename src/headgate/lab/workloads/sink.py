"""The shop's warehouse: a table in PostgreSQL and the JDBC sink connector that fills it.

Debezium's sink, upserting by `order_id`. The table exists beforehand with two constraints, as a
warehouse's does, so that the database can refuse a record.
"""

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import psycopg
from psycopg import sql

from headgate.lab import lab as lab_
from headgate.lab import parts
from headgate.lab.workloads import interface

TOPIC = "orders.enriched"
CONNECTOR = "orders-to-warehouse"
GROUP = f"connect-{CONNECTOR}"
"""The consumer group in which Connect keeps the sink's commits."""
TABLE = "warehouse_orders"
_DEADLINE_S = 10.0
_REBALANCES_S = 0.5
_CONFIGURE_S = 40.0
"""A worker that has just started loads the plugin first, which takes long on a busy machine."""

_CREATE_TABLE = f"""
CREATE TABLE IF NOT EXISTS {TABLE} (
    order_id     text PRIMARY KEY,
    customer     text NOT NULL,
    country      text NOT NULL CHECK (length(country) = 2),
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    placed_at_ms bigint NOT NULL
)
"""


class NotFound(interface.WorkloadError):
    """Kafka Connect does not know the connector."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task of a connector, as Connect reports it."""

    state: str
    worker: str
    trace: str
    """Empty unless it failed."""

    @property
    def deepest_cause(self) -> str:
        """The last `Caused by` of the trace; the trace's first line when there is none."""
        lines = self.trace.splitlines() or [""]
        causes = [line for line in lines if line.startswith("Caused by: ")]
        return causes[-1].removeprefix("Caused by: ") if causes else lines[0]


def database(lab: lab_.Lab) -> parts.Postgres:
    """Return where the warehouse is; raises WorkloadError when the lab has no PostgreSQL."""
    if lab.postgres is None:
        raise interface.WorkloadError(
            "The lab has no PostgreSQL.", next_step="Start it with: headgate lab up."
        )
    return lab.postgres


def run_sql(dsn: str, statement: str | sql.Composed, *parameters: object) -> list[tuple[Any, ...]]:
    """Run one statement in a transaction of its own and return its rows."""
    try:
        with psycopg.connect(dsn, connect_timeout=5) as connection:
            cursor = connection.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []
    except psycopg.Error as error:
        raise interface.WorkloadError(f"The database refused: {error}.") from error


def create_table(lab: lab_.Lab) -> None:
    """Make sure that the warehouse's table exists."""
    run_sql(database(lab).dsn, _CREATE_TABLE)


def rows(lab: lab_.Lab) -> int:
    """Return the number of orders in the warehouse."""
    return int(run_sql(database(lab).dsn, f"SELECT count(*) FROM {TABLE}")[0][0])  # noqa: S608 - a constant


def configuration(lab: lab_.Lab) -> dict[str, str]:
    """Return the connector's configuration."""
    warehouse = database(lab)
    return {
        "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector",
        "tasks.max": "1",
        "topics": TOPIC,
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "true",
        "connection.url": f"{warehouse.jdbc_url}?connectTimeout=5&socketTimeout=10",
        "connection.username": warehouse.user,
        "connection.password": warehouse.password,
        "collection.name.format": TABLE,
        "insert.mode": "upsert",
        "primary.key.mode": "record_value",
        "primary.key.fields": "order_id",
        "schema.evolution": "none",
        "errors.tolerance": "none",
        "flush.max.retries": "0",
        "consumer.override.auto.offset.reset": "earliest",
        "consumer.override.session.timeout.ms": "10000",  # a killed worker's ghost goes sooner
    }


def create_connector(lab: lab_.Lab, *, within_s: float = 30.0) -> None:
    """Create the connector, or bring its configuration back, and wait until its task runs."""
    put_configuration(lab, configuration(lab))
    wait_task(lab, lambda task: task.state == "RUNNING", within_s=within_s, what="a running task")


def put_configuration(lab: lab_.Lab, config: Mapping[str, str]) -> None:
    """Set the connector's configuration; raises WorkloadError when Connect refuses it."""
    path = f"/connectors/{CONNECTOR}/config"
    call(lab, "PUT", path, dict(config), within_s=_CONFIGURE_S)


def read_configuration(lab: lab_.Lab) -> dict[str, str]:
    """Return the connector's configuration as Connect has it."""
    found = call(lab, "GET", f"/connectors/{CONNECTOR}/config")
    return {str(key): str(value) for key, value in found.items()}


def delete_connector(lab: lab_.Lab) -> None:
    """Delete the connector, if it is there; its commits stay with its group."""
    try:
        call(lab, "DELETE", f"/connectors/{CONNECTOR}")
    except NotFound:
        return


def restart(lab: lab_.Lab) -> None:
    """Restart what failed of the connector."""
    call(lab, "POST", f"/connectors/{CONNECTOR}/restart?includeTasks=true&onlyFailed=true")


def read_task(lab: lab_.Lab) -> Task | None:
    """Return the connector's only task; None while it has none."""
    found = call(lab, "GET", f"/connectors/{CONNECTOR}/status")
    for task in found.get("tasks", []):
        return Task(
            state=task["state"], worker=task.get("worker_id", ""), trace=task.get("trace", "")
        )
    return None


def wait_task(lab: lab_.Lab, wanted: Callable[[Task], bool], *, within_s: float, what: str) -> Task:
    """Return the task once it is as wanted; raises WorkloadUnchanged with its last state."""
    deadline_s = time.monotonic() + within_s
    last: Task | None = None
    while time.monotonic() < deadline_s:
        try:
            last = read_task(lab)
        except interface.WorkloadError:  # 404 or 409 while the worker takes the connector up
            last = None
        if last is not None and wanted(last):
            return last
        time.sleep(0.25)
    state = f"{last.state} {last.deepest_cause}" if last else "no task"
    raise interface.WorkloadUnchanged(
        f"{CONNECTOR} did not reach {what} within {within_s:g} s.", where=f"last seen: {state}"
    )


def stop(lab: lab_.Lab, *, within_s: float = 20.0) -> None:
    """Stop the connector and wait until it has no task, so that its offsets can be set."""
    call(lab, "PUT", f"/connectors/{CONNECTOR}/stop")
    deadline_s = time.monotonic() + within_s
    while True:
        found = call(lab, "GET", f"/connectors/{CONNECTOR}/status")
        if found.get("connector", {}).get("state") == "STOPPED" and not found.get("tasks"):
            return
        if time.monotonic() > deadline_s:
            raise interface.WorkloadUnchanged(f"{CONNECTOR} did not stop in {within_s:g} s.")
        time.sleep(0.25)


def resume(lab: lab_.Lab) -> None:
    """Let a stopped connector run again."""
    call(lab, "PUT", f"/connectors/{CONNECTOR}/resume")


def set_offset(lab: lab_.Lab, partition: int, offset: int) -> None:
    """Set where the stopped connector reads on in one partition of its topic."""
    position = {"kafka_topic": TOPIC, "kafka_partition": partition}
    body = {"offsets": [{"partition": position, "offset": {"kafka_offset": offset}}]}
    call(lab, "PATCH", f"/connectors/{CONNECTOR}/offsets", body)


def call(
    lab: lab_.Lab,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
    *,
    within_s: float = _DEADLINE_S,
) -> dict[str, Any]:
    """Ask Connect, trying its workers in turn; raises WorkloadError with what it answered.

    While the workers rebalance they answer 409: then they are asked again.
    """
    if not lab.connect_urls:
        raise interface.WorkloadError(
            "The lab has no Kafka Connect.", next_step="Start it with: headgate lab up."
        )
    last, end = "", time.monotonic() + within_s
    for url in lab.connect_urls:
        try:
            answer = httpx2.request(method, f"{url}{path}", json=body, timeout=within_s)
            while answer.status_code == httpx2.codes.CONFLICT and time.monotonic() < end:
                time.sleep(_REBALANCES_S)
                answer = httpx2.request(method, f"{url}{path}", json=body, timeout=within_s)
        except httpx2.HTTPError as error:
            last = f"{url}: {error}"
            continue
        if answer.status_code < 300:
            found = answer.json() if answer.content else {}
            return found if isinstance(found, dict) else {}
        kind = NotFound if answer.status_code == 404 else interface.WorkloadError
        raise kind(
            f"Kafka Connect answered {answer.status_code} to {method} {path}.",
            where=f"{url}: {answer.text[:300]}",
        )
    raise interface.WorkloadError("No Kafka Connect worker answers.", where=last)
