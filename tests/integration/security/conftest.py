"""A secured lab of one broker with something to see: records, a group, an open transaction."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import confluent_kafka
import confluent_kafka.admin
import pytest

from headgate.domain import rights
from headgate.domain.resource import TopicPartition
from headgate.kafka import cluster
from headgate.lab import lab as lab_
from headgate.lab import security, settings
from headgate.ports import kafka

HIDDEN, READABLE, GROUP, TRANSACTION = "orders", "readable", "billing", "pay-1"
"""The reader may describe both topics and read records of the second only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured:
    """The lab with what tests change in it."""

    lab: lab_.Lab
    home: security.Home
    desk: Any
    """An admin client that may do all."""

    def client(self, name: str, **changed: str) -> dict[str, str]:
        """Client properties of one way to connect, some of them changed (``_`` for ``.``)."""
        more = {key.replace("_", "."): value for key, value in changed.items()}
        return security.client(self.home, name) | more

    def connect(self, client: dict[str, str]) -> cluster.Cluster:
        """A cluster that connects so."""
        return cluster.connect("secured", client["bootstrap.servers"], client)

    def add_user(self, name: str) -> dict[str, str]:
        """A user without any right; how it connects."""
        admin: Any = confluent_kafka.admin
        info = admin.ScramCredentialInfo(admin.ScramMechanism.SCRAM_SHA_256, 4096)
        change = admin.UserScramCredentialUpsertion(name, info, b"pass")
        for done in self.desk.alter_user_scram_credentials([change]).values():
            done.result(20)
        login = f'org.example.LoginModule required username="{name}" password="pass";'
        return self.client("scram-256") | {"sasl.jaas.config": login}

    def grant(self, user: str, *granted: rights.Right) -> None:
        """The user has these rights, too."""
        acls = [security.acl(f"User:{user}", right) for right in granted]
        for done in self.desk.create_acls(acls).values():
            done.result(20)

    def revoke(self, user: str, right: rights.Right) -> None:
        """The user has this right no more."""
        held = security.acl(f"User:{user}", right)
        assert self._delete(held.restype, held.name, held.principal, held.operation) == 1

    def revoke_all(self, user: str) -> None:
        """The user has no right of its own any more."""
        admin: Any = confluent_kafka.admin
        anything = admin.ResourceType.ANY, None, f"User:{user}", admin.AclOperation.ANY
        self._delete(*anything)

    def _delete(self, kind: Any, name: str | None, principal: str, operation: Any) -> int:
        admin: Any = confluent_kafka.admin
        any_ = admin.ResourcePatternType.ANY, admin.AclPermissionType.ANY
        chosen = admin.AclBindingFilter(kind, name, any_[0], principal, None, operation, any_[1])
        return sum(len(done.result(20)) for done in self.desk.delete_acls([chosen]).values())


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured") / "lab"
    lab = lab_.Lab.up(
        settings.Options(
            folder=folder,
            brokers=1,
            connect_workers=0,
            postgres=False,
            secure=True,
            dies_with_starter=True,
        )
    )
    home = security.home(lab.folder)
    made = Secured(lab=lab, home=home, desk=security.admin_client(home))
    _furnish(made)
    holder = _open_transaction(made)
    yield made
    del holder
    lab.down()


def _furnish(made: Secured) -> None:
    for user in (security.READER, security.ANONYMOUS):
        made.grant(user, rights.on_topic("Read", READABLE))
    admin = made.connect(made.client("admin"))
    try:
        for name in (HIDDEN, READABLE):
            spec = kafka.TopicSpec(name=name, partitions=1, replication_factor=1)
            assert admin.create_topic(spec, deadline_s=20) is None
            record = kafka.Record(
                topic=name,
                partition=0,
                offset=0,
                timestamp_ms=int(time.time() * 1000),
                timestamp_type="create",
                key=None,
                value=b"one",
            )
            assert admin.produce(record, deadline_s=20) == 0
        done = admin.commit(GROUP, {TopicPartition(HIDDEN, 0): 1}, deadline_s=30)
        assert set(done.values()) == {None}
    finally:
        admin.close()


def _open_transaction(made: Secured) -> Any:
    """A producer that keeps a transaction open; it is kept alive by whoever holds it."""
    admin = security.admin_settings(made.home)
    producer = confluent_kafka.Producer(
        admin | {"transactional.id": TRANSACTION, "transaction.timeout.ms": 600_000}
    )
    producer.init_transactions(60)
    producer.begin_transaction()
    producer.produce(HIDDEN, b"held", partition=0)
    producer.flush(30)
    return producer
