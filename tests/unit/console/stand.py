"""The console on the real use cases, with clusters in memory and a database of the test's own."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import argon2
import httpx2
from fastapi import testclient

from headgate import actions
from headgate.api import site as api
from headgate.app import (
    auth,
    context,
    deciding,
    hub,
    owners,
    runtime,
    service,
    settings,
    watching,
)
from headgate.app import declared as declared_
from headgate.boundary import cedar
from headgate.changes import proposal
from headgate.connect import fake as connect_fake
from headgate.console import samples, site
from headgate.domain import (
    change,
    incident,
    observation,
    person,
    registry,
    resource,
    restore,
    timeline,
    vocabulary,
)
from headgate.domain.resource import TopicPartition
from headgate.kafka import fake as kafka_fake
from headgate.ports import clock, store
from headgate.registry import fake as registry_fake
from headgate.store import database

CLUSTER = "shop"
PASSWORD = "horse-battery-staple"
ROLES: Mapping[str, person.Role] = {
    "vera": "viewer",
    "mira": "operator",
    "jonas": "approver",
    "ada": "admin",
}
TRACE = """org.apache.kafka.connect.errors.ConnectException: JDBC sink connector failure
\tat io.debezium.connector.jdbc.JdbcSinkConnectorTask.put(JdbcSinkConnectorTask.java:129)
Caused by: org.postgresql.util.PSQLException: Connection to 127.0.0.1:5432 refused"""


@dataclass(frozen=True, kw_only=True)
class Stand:
    """One Headgate with its fakes; nothing runs by itself."""

    kafka: kafka_fake.Fake
    connect: connect_fake.FakeConnect
    registry: registry_fake.FakeRegistry
    runtime: runtime.Runtime
    app: object

    @property
    def store(self) -> store.Store:
        return self.runtime.running.store

    @property
    def headgate(self) -> service.Service:
        return self.runtime.headgate

    def look(self) -> None:
        """One sweep is over."""
        self.runtime.running.watched(CLUSTER).look()

    def keep(self, *items: incident.Incident | change.Change) -> None:
        """Incidents and changes are as given, as if Headgate had made them."""
        with self.store.begin() as work:
            for item in items:
                if isinstance(item, incident.Incident):
                    work.incidents.put(item)
                else:
                    work.changes.insert(item)

    def remember(self) -> None:
        """Something of every kind became different lately, and restore points were kept."""
        seen = self.runtime.running.watched(CLUSTER).observed()
        assert isinstance(seen, observation.Observation)
        now = datetime.now(UTC)
        first = restore.point("rp-test", seen.snapshot, change="chg-test")
        offsets = first.point.parts[0]
        unread = replace(offsets, digest="", reason="the coordinator is loading")
        second = replace(
            first.point, id="rp-other", change="", parts=(unread, *first.point.parts[1:])
        )
        with self.store.begin() as work:
            work.timeline.post(
                CLUSTER, observation.Planned(at=now, what="billing <4.2>", resource=""), by="ci"
            )
            work.timeline.add(CLUSTER, tuple(_entries(now)))
            work.restore_points.put(first)
            work.restore_points.put(restore.Packed(point=second, bodies=first.bodies))

    def browser(self, name: str = "") -> testclient.TestClient:
        """A browser without scripts, logged in as ``name``; it does not follow redirects."""
        client = testclient.TestClient(
            self.app,  # type: ignore[arg-type]  # an ASGI application
            base_url="http://headgate.example",
            follow_redirects=False,
            raise_server_exceptions=False,
        )
        if name:
            answer = client.post("/login", data={"name": name, "password": PASSWORD, "next": "/"})
            assert answer.status_code == 303, answer.text
        return client


@functools.cache
def _hash() -> str:
    """The password's hash, as cheap as argon2 makes it: hashing is not what these tests are of."""
    return argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


def csrf(page: httpx2.Response) -> str:
    """The token of the page's forms."""
    return page.text.split('name="csrf" value="', 1)[1].split('"', 1)[0]


def cluster() -> kafka_fake.Fake:
    """Topics and groups in many states."""
    made = kafka_fake.Fake(CLUSTER)
    made.add_topic("orders", partitions=6, config={"retention.ms": "604800000"})
    made.add_topic("audit", replication_factor=1)
    made.add_topic("__consumer_offsets", internal=True)
    for number in range(6):
        made.fill("orders", number, 40 + 20 * number)
    made.fill("audit", 0, 3)
    for group in ("billing", "a group/with ümlaut & <b>"):
        made.join(group, topics=["orders"], client_id=f"{group}-1", host="/10.0.0.7")
        made.set_commit(group, {TopicPartition("orders", n): 30 for n in range(5)})
    made.add_group("silent")
    made.set_commit("done", {TopicPartition("audit", 0): 3})
    made.add_group("=cmd|'/c calc'!A1")
    return made


def sink() -> connect_fake.FakeConnect:
    """One connector that runs and one whose task has failed."""
    made = connect_fake.FakeConnect("connect")
    made.put("orders-to-warehouse", topics=("orders",))
    made.put("clicks-to-lake", topics=("audit",))
    made.fail_task("orders-to-warehouse", trace=TRACE)
    made.put("lost/on a dead worker", worker="10.0.0.9:8083", offsets={"audit-0": "3"})
    made.set_worker("10.0.0.9:8083", "refuses")
    return made


def subjects() -> registry_fake.FakeRegistry:
    """Subjects in many states."""
    made = registry_fake.FakeRegistry()
    made.register("orders-value", '{"type":"record","name":"Order","fields":[]}')
    made.register("orders-value", '{"type":"record","name":"Order","fields":[1]}')
    made.delete("orders-value", 1)
    uses = registry.Reference(name="Order", subject="orders-value", version=2)
    made.register("audit-value", 'syntax = "proto3";', type="PROTOBUF", references=(uses,))
    made.register("odd/<b> 100%?#é", '"string"')
    made.set_compatibility("FULL", "odd/<b> 100%?#é")
    made.register("gone", '"int"')
    made.delete("gone")
    return made


def build(
    folder: Path,
    *,
    kafka: kafka_fake.Fake | None = None,
    hint: str = "",
    secure_cookies: bool = False,
    declared: declared_.Folder = declared_.NOTHING,
) -> Stand:
    """A Headgate that has not looked yet."""
    kept = database.open_store(f"sqlite:///{folder / 'headgate.db'}")
    time = clock.SystemClock()
    about = settings.Cluster(
        name=CLUSTER,
        bootstrap="kafka.example:9092",
        environment="production",
        interval_s=1,
        read_records=True,
    )
    made = settings.Settings(cluster=[about])
    fakes = kafka or cluster(), sink()
    schemas = subjects()
    notices = hub.Hub(beat_s=0.05)
    watched = watching.Watched(
        about,
        cluster=fakes[0],
        connects=[fakes[1]],
        registries=[schemas],
        database=kept,
        ticks=time,
        publish=notices.publish,
        declared=declared,
    )
    running = context.Context(
        settings=made,
        store=kept,
        clock=time,
        auth=auth.Auth(kept, time, session_hours=1),
        hub=notices,
        desk=proposal.Desk(
            catalogue=actions.CATALOGUE,
            boundary=cedar.CedarBoundary(),
            terms=deciding.terms(60, 24),
        ),
        clusters={CLUSTER: watched},
        owners=owners.load(None),
    )
    held = runtime.Runtime(running, service.Service(running))
    _hire(kept, time.now())
    console = site.application(held.headgate, hint=hint, secure_cookies=secure_cookies)
    return Stand(
        kafka=fakes[0],
        connect=fakes[1],
        registry=schemas,
        runtime=held,
        app=api.application(held, console=console),
    )


def _entries(now: datetime) -> Iterator[timeline.Entry]:
    names = ("topic:orders", "group:billing", "broker:1", "cluster:shop", "principal:User:a")
    for number, kind in enumerate(timeline.KINDS):
        yield timeline.Entry(
            at=now - timedelta(minutes=number),
            resource=resource.parse(names[number % len(names)]),
            kind=kind,
            what="was <changed>",
            before="<b>1</b>",
            after="" if number % 2 else "2",
            source="kafka",
            since=now - timedelta(hours=1) if number % 3 else None,
            away=number % 4 == 0,
            times=1 + number % 2,
            last_at=now if number % 2 else None,
        )


def _hire(kept: store.Store, now: datetime) -> None:
    with kept.begin() as work:
        for name, role in ROLES.items():
            work.people.put_user(
                store.User(
                    name=name,
                    password_hash=_hash(),
                    roles=frozenset({role}),
                    created_at=now,
                )
            )


def incidents() -> list[incident.Incident]:
    """The sample incident in every state, as of now."""

    now = datetime.now(UTC)
    return [
        replace(
            samples.incident_in(state),
            updated_at=now,
            resolved_at=now if state in ("resolved", "closed") else None,
        )
        for state in get_args(vocabulary.IncidentState)
    ]


def changes() -> list[change.Change]:
    """The sample change in every state, as of now."""

    now = datetime.now(UTC)
    return [
        replace(
            samples.in_state(state),
            state_since=now,
            proposed_at=now,
            expires_at=now + timedelta(hours=20),
        )
        for state in get_args(vocabulary.ChangeState)
    ]
