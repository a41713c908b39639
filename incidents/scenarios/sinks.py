"""A pipeline of a scenario's own: a writer, a topic, a sink connector, a table, a way to it."""

import abc
import contextlib
import dataclasses
import json
import random
import secrets
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import confluent_kafka
import psycopg
from psycopg import sql

from headgate.lab.faults import applications, traffic
from headgate.lab.workloads import cluster, interface, records, sink
from incidents import scenario

PIPES = scenario.Needs(brokers=1, connect=2, registry=True)
FEEDS = ("orders.enriched", "sales", "bookings", "claims")
SINKS = ("orders-to-warehouse", "ledger-export", "crm-feed", "bi-load")
LATER = ("connect.secret_inline", "connect.tolerance_silent")
"""Hazards that every connector here has on purpose."""
FAILED = ("connect.task_failed", "connect.connector_failed")


class Tunnel:
    """A port of its own before PostgreSQL, so that one connector alone can lose it."""

    def __init__(self, host: str, port: int) -> None:
        """It is open."""
        self._to = (host, port)
        self._alive: list[socket.socket] = []
        self.port = 0
        self.open()

    def open(self) -> None:
        """Connections are taken and passed on; on the same port as before."""
        self._door = socket.create_server(("127.0.0.1", self.port))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._serve, args=(self._door,), daemon=True).start()

    def close(self) -> None:
        """The port refuses, and what was connected is cut off."""
        for each in (self._door, *self._alive):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._alive.clear()

    def _serve(self, door: socket.socket) -> None:
        while True:
            try:
                near, _ = door.accept()
                far = socket.create_connection(self._to, timeout=5)
            except OSError:
                return
            far.settimeout(None)
            self._alive += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    try:
        while data := one.recv(65_536):
            other.sendall(data)
    except OSError:
        pass
    for each in (one, other):
        each.close()


class Sink(scenario.Scenario, abc.ABC):
    """A JDBC sink at work; each scenario has its own connector, user, table and port."""

    needs = PIPES
    within_s = 40.0

    def work(
        self, config: Mapping[str, str] | None = None, *, declared: Sequence[str] = LATER
    ) -> None:
        """Records arrive in the table; these hazards are declared to be as they should be."""
        self.partitions = self.draw.whole("partitions", 1, 3)
        self.topic = self.stand.topic(self.draw.name(*FEEDS), self.partitions)
        self.rate = self.draw.real("rate", 4, 9)
        self.writer = self.stand.producer(
            self.draw.name("enricher", "flow"), self.topic, self.rate, record="enriched"
        )
        self.table = f"t_{self.draw.tag}"
        self.user = f"u_{self.draw.tag}"
        self.connector = self.draw.name(*SINKS)
        self.stand.own(self.connector)
        self.stand.declare(f"connector:{self.connector}", declared, "a laboratory's")
        self._database()
        place = sink.database(self.stand.lab)
        self.tunnel = Tunnel(place.host, place.port)
        self.stand.later(self.tunnel.close)
        self.config = {
            **sink.configuration(self.stand.lab),
            "topics": self.topic,
            "connection.url": f"jdbc:postgresql://127.0.0.1:{self.tunnel.port}/{place.database}"
            "?connectTimeout=5",
            "connection.username": self.user,
            "connection.password": self.password,
            "collection.name.format": self.table,
            **(config or {}),
        }
        self.stand.later(self._delete)
        self.put()
        self.until(self.task_states, lambda found: found == ["RUNNING"], "it runs", within_s=50)
        self.until(self.rows, lambda found: found > 3, "rows in the table", within_s=40)

    def _database(self) -> None:
        place = sink.database(self.stand.lab)
        self.password = secrets.token_urlsafe(12)
        with psycopg.connect(place.admin_dsn, autocommit=True, connect_timeout=5) as admin:
            role, table = sql.Identifier(self.user), sql.Identifier(self.table)
            admin.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(self.password))
            )
            admin.execute(
                sql.SQL(
                    "CREATE TABLE {} (order_id text PRIMARY KEY, customer text NOT NULL,"
                    " country text NOT NULL, amount_cents bigint NOT NULL"
                    " CHECK (amount_cents >= 0), placed_at_ms bigint NOT NULL)"
                ).format(table)
            )
            admin.execute(sql.SQL("ALTER TABLE {} OWNER TO {}").format(table, role))

    def _delete(self) -> None:
        """Connector and commits are gone; while workers change, Connect answers 409."""
        kafka = cluster.client(self.stand.bootstrap)
        end = time.monotonic() + 40
        while time.monotonic() < end:
            try:
                with contextlib.suppress(sink.NotFound):
                    path = f"/connectors/{self.connector}"
                    sink.call(self.stand.lab, "DELETE", path, within_s=15)
                gone = kafka.delete_consumer_groups([self.group], request_timeout=5)
                gone[self.group].result()
                return
            except interface.WorkloadError:
                time.sleep(0.5)
            except confluent_kafka.KafkaException as error:
                if error.args[0].code() == confluent_kafka.KafkaError.GROUP_ID_NOT_FOUND:
                    return
                time.sleep(0.5)

    @property
    def group(self) -> str:
        """The consumer group that keeps its commits."""
        return f"connect-{self.connector}"

    def put(self, **config: str) -> None:
        """The connector's settings are its own and these; written with ``_`` for ``.``."""
        self.config |= {name.replace("_", "."): value for name, value in config.items()}
        path = f"/connectors/{self.connector}/config"
        sink.call(self.stand.lab, "PUT", path, self.config, within_s=40)

    def tasks(self) -> list[dict[str, Any]]:
        """The tasks as Connect's REST interface tells of them."""
        try:
            found = sink.call(self.stand.lab, "GET", f"/connectors/{self.connector}/status")
        except interface.WorkloadError:  # it is being placed
            return []
        return list(found.get("tasks", []))

    def task_states(self) -> list[str]:
        """Their states."""
        return [str(each["state"]) for each in self.tasks()]

    def rows(self) -> int:
        """Rows in the downstream's table, by its own count."""
        place = sink.database(self.stand.lab)
        with psycopg.connect(place.admin_dsn, connect_timeout=5) as admin:
            count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(self.table))
            found = admin.execute(count).fetchone()
        return int(found[0]) if found else 0

    def restart(self) -> None:
        """What failed is restarted, by somebody."""
        path = f"/connectors/{self.connector}/restart?includeTasks=true&onlyFailed=true"
        sink.call(self.stand.lab, "POST", path)

    def failed(self) -> str:
        """The task has failed, and no more rows come.

        Raises:
            NotConfirmed: it has not.
        """
        self.until(self.task_states, lambda found: found == ["FAILED"], "it failed", within_s=30)

        def still() -> tuple[int, int]:
            rows = self.rows()
            time.sleep(2)
            return rows, self.rows()

        rows, _ = self.until(still, lambda two: two[0] == two[1], "rows arrive no more")
        self.until(self.task_states, lambda found: found == ["FAILED"], "it stays failed")
        lines = [one for each in self.tasks() for one in str(each.get("trace", "")).splitlines()]
        deepest = next((one for one in reversed(lines) if one.startswith("Caused by")), "")
        return f"Connect says FAILED ({deepest[:160]}); the table stays at {rows} rows"

    def bad(self, *, decodes: bool, partition: int = 0) -> int:
        """A record that the table refuses, or that does not decode; returns its offset."""
        service = applications.producer(self.stand.lab, self.writer)
        chance = random.Random(self.draw.tag)
        key = records.choose_key(chance, keys=service.keys, hot_share=0.0)
        now_ms = time.time_ns() // 1_000_000
        draw = records.Draw(number=0, key=key, at_ms=now_ms, chance=chance)
        record = records.undecodable(service.record, draw, source=service.name)
        if decodes:
            good = records.make(service.record, draw, source=service.name, keyed=True)
            body = json.loads(good.value)
            body["payload"]["amount_cents"] *= -1
            record = dataclasses.replace(good, value=json.dumps(body).encode())
        return traffic.write_one(self.stand.lab, service, record, partition)
