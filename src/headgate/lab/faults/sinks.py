"""Faults of the sink connector: its database, its records, its credentials, its configuration.

Healing undoes the fault and no more: a task that failed stays FAILED until somebody restarts it,
which is the work of whoever operates the connector.
"""

import dataclasses
import json
import random
import secrets
import signal
import time
from typing import ClassVar

import psutil
from psycopg import sql

from headgate.lab import lab as lab_
from headgate.lab import parts
from headgate.lab.faults import applications, halts, interface, traffic
from headgate.lab.faults.interface import option
from headgate.lab.workloads import cluster, records, sink

_DATABASE = "postgres"
_BETWEEN_S = 5.0
"""A session that stays within a transaction for so long is ended there."""
_FAILED_WITHIN_S = 30.0
_STAYS = f"The task of {sink.CONNECTOR} stays FAILED until it is restarted."


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SinkDatabaseDown(halts.Halt):
    """The sink's database is down and stays down."""

    name: ClassVar[str] = "sink-database-down"
    does: ClassVar[str] = "Stops the PostgreSQL that the sink connector writes to."
    seen: ClassVar[str] = (
        "With the next record, within 5 s: the task is FAILED with a refused connection as its "
        "deepest cause; its restart fails again as long as the database is down."
    )
    heals: ClassVar[str] = "PostgreSQL is started; the task stays FAILED until it is restarted."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("connect.task_failed",), causes=("downstream.outage",)
    )

    @property
    def target(self) -> str:
        """The database's name in the lab."""
        return _DATABASE

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Stop the database."""
        _stop_database(lab)
        return interface.Broken(did=("PostgreSQL was stopped.",))

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:  # noqa: ARG002 - nothing saved
        """Start the database."""
        lab.start(_DATABASE)
        return ("PostgreSQL was started.", _STAYS)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SinkDatabaseRestart(interface.Fault):
    """The sink's database is away for some seconds, as in a restart or a failover."""

    name: ClassVar[str] = "sink-database-restart"
    does: ClassVar[str] = "Stops the sink's PostgreSQL for some seconds and starts it again."
    seen: ClassVar[str] = (
        "The task is FAILED with a lost or refused connection as its deepest cause, and stays so "
        "after the database is back: one restart repairs it."
    )
    heals: ClassVar[str] = "Nothing: the database is back when the command returns."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("connect.task_failed",), causes=("connect.transient",)
    )

    seconds: float = option(5.0, "how long the database is away, at least")

    @property
    def target(self) -> str:
        """The database's name in the lab."""
        return _DATABASE

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Stop the database, wait until the task has failed and the time is over, start it."""
        began_s = time.monotonic()
        _stop_database(lab)
        try:
            sink.wait_task(
                lab,
                lambda task: task.state == "FAILED",
                within_s=_FAILED_WITHIN_S,
                what="a failed task",
            )
            time.sleep(max(0.0, self.seconds - (time.monotonic() - began_s)))
        finally:
            lab.start(_DATABASE)
        away_s = time.monotonic() - began_s
        return interface.Broken(
            did=(f"PostgreSQL was away for {away_s:.0f} s and is back.", _STAYS), over=True
        )

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:  # noqa: ARG002 - over
        """Make sure that the database runs."""
        lab.start(_DATABASE)
        return ("PostgreSQL runs.",)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SinkRefusesRecord(interface.Fault):
    """One order breaks a constraint of the warehouse's table; no retry will ever take it."""

    name: ClassVar[str] = "sink-refuses-record"
    does: ClassVar[str] = "Writes an order with a negative amount, which the table does not allow."
    seen: ClassVar[str] = (
        "Within 5 s: the task is FAILED with the violated constraint (SQLSTATE 23514) as its "
        "deepest cause, and fails at the same offset after each restart."
    )
    heals: ClassVar[str] = "The connector is stopped, set past the record, and resumed."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("connect.task_failed",), causes=("record.poison",)
    )

    partition: int = option(0, "partition of the topic")

    @property
    def target(self) -> str:
        """The partition."""
        return f"{sink.TOPIC}-{self.partition}"

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Write the order, as the service that writes the topic."""
        service = applications.writer(lab, sink.TOPIC)
        chance = random.Random()  # noqa: S311 - made-up shop data
        key = records.choose_key(chance, keys=service.keys, hot_share=0.0)
        now_ms = time.time_ns() // 1_000_000
        draw = records.Draw(number=0, key=key, at_ms=now_ms, chance=chance)
        good = records.make(service.record, draw, source=service.name, keyed=True)
        body = json.loads(good.value)
        body["payload"]["amount_cents"] *= -1
        bad = dataclasses.replace(good, value=json.dumps(body, separators=(",", ":")).encode())
        offset = traffic.write_one(lab, service, bad, self.partition)
        return interface.Broken(
            did=(f"An order with a negative amount is at {self.target} offset {offset}.",),
            saved={"offset": str(offset)},
        )

    def present(self, lab: lab_.Lab, saved: interface.Saved) -> bool:
        """Whether the sink still stands at the record or before it."""
        now = cluster.committed(lab.bootstrap, sink.GROUP)
        return now.get((sink.TOPIC, self.partition), 0) <= int(saved["offset"])

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:
        """Set the sink past the record, unless it is past it."""
        offset = int(saved["offset"])
        if not self.present(lab, saved):
            return (f"{sink.CONNECTOR} has passed the record already.",)
        sink.stop(lab)
        try:
            sink.set_offset(lab, self.partition, offset + 1)
        finally:
            sink.resume(lab)
        return (f"{sink.CONNECTOR} was stopped, set to {offset + 1}, and resumed.",)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SinkBadCredentials(interface.Fault):
    """Somebody changed the database password and forgot the connector."""

    name: ClassVar[str] = "sink-bad-credentials"
    does: ClassVar[str] = "Changes the password of the sink's database user in PostgreSQL."
    seen: ClassVar[str] = (
        "Within 10 s: the task is FAILED with a refused password (SQLSTATE 28P01) as its deepest "
        "cause, and fails again after each restart."
    )
    heals: ClassVar[str] = "The password is as before; the task stays FAILED until restarted."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("connect.task_failed",), causes=("connect.credentials",)
    )

    @property
    def target(self) -> str:
        """The connector."""
        return sink.CONNECTOR

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Change the password and end the user's sessions, as a rotation does."""
        warehouse = sink.database(lab)
        _set_password(warehouse, secrets.token_urlsafe(12))
        ended = _end_sessions(warehouse)
        return interface.Broken(
            did=(
                f"The password of database user {warehouse.user} was changed, "
                f"and its {ended} sessions were ended.",
            )
        )

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:  # noqa: ARG002 - nothing saved
        """Put the password back."""
        warehouse = sink.database(lab)
        _set_password(warehouse, warehouse.password)
        return (f"The password of {warehouse.user} is as before.", _STAYS)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SinkMisconfigured(interface.Fault):
    """Somebody changed the connector's configuration to something that cannot work."""

    name: ClassVar[str] = "sink-misconfigured"
    does: ClassVar[str] = "Changes one setting of the sink connector to a wrong value."
    seen: ClassVar[str] = (
        "Within 5 s: the task is FAILED with a configuration error as its deepest cause, and fails "
        "alike after each restart."
    )
    heals: ClassVar[str] = "The setting is as before; Connect restarts the task by itself."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("connect.task_failed",), causes=("connect.misconfigured",)
    )

    setting: str = option("collection.name.format", "name of the setting")
    value: str = option("warehouse_order", "its wrong value")

    @property
    def target(self) -> str:
        """The connector."""
        return sink.CONNECTOR

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Change the setting."""
        config = sink.read_configuration(lab)
        before = config.get(self.setting, "")
        if before == self.value:
            raise interface.BadParameter(f"{self.setting} is {self.value!r} already.")
        sink.put_configuration(lab, {**config, self.setting: self.value})
        return interface.Broken(
            did=(f"{self.setting} of {sink.CONNECTOR} is {self.value!r} (before: {before!r}).",),
            saved={"before": before},
        )

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:
        """Put the setting back, and leave the others as they are now."""
        config = sink.read_configuration(lab)
        if saved["before"]:
            config[self.setting] = saved["before"]
        else:
            config.pop(self.setting, None)
        sink.put_configuration(lab, config)
        return (f"{self.setting} of {sink.CONNECTOR} is as before.",)


def _stop_database(lab: lab_.Lab) -> None:
    """Stop PostgreSQL as an administrator does who does not wait for clients (fast shutdown)."""
    part = lab.part(_DATABASE)
    if part.life is not parts.Life.RUNNING:
        raise interface.FaultError(
            "PostgreSQL does not run.", next_step="See what is broken: headgate lab faults."
        )
    server = psutil.Process(part.pid)
    server.send_signal(signal.SIGINT)
    try:
        server.wait(timeout=20)
    except psutil.TimeoutExpired:
        lab.kill(_DATABASE)


def _end_sessions(warehouse: parts.Postgres) -> int:
    """End the user's sessions, each between two transactions; return how many.

    One that is ended within a transaction fails the task with that, and not with the password.
    """
    ended, last_s = 0, time.monotonic() + _BETWEEN_S
    while True:
        patient = time.monotonic() < last_s
        ended += len(
            sink.run_sql(
                warehouse.admin_dsn,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = %s AND (state = 'idle' OR NOT %s)",
                warehouse.user,
                patient,
            )
        )
        left = sink.run_sql(
            warehouse.admin_dsn,
            "SELECT pid FROM pg_stat_activity WHERE usename = %s",
            warehouse.user,
        )
        if not left or not patient:
            return ended
        time.sleep(0.02)


def _set_password(warehouse: parts.Postgres, password: str) -> None:
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(
        sql.Identifier(warehouse.user), sql.Literal(password)
    )
    sink.run_sql(warehouse.admin_dsn, statement)


MEMBERS: tuple[type[interface.Fault], ...] = (
    SinkDatabaseDown,
    SinkDatabaseRestart,
    SinkRefusesRecord,
    SinkBadCredentials,
    SinkMisconfigured,
)
