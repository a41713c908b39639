"""Rights and log-ins, on a lab with TLS, log-ins and Kafka's own authorizer."""

import abc
import secrets
import threading
import time
from collections import Counter
from typing import Any, ClassVar

import confluent_kafka
from confluent_kafka import admin as typed
from confluent_kafka import cimpl

from headgate.lab import security
from incidents import scenario
from incidents.scenarios import shop

SECURED = scenario.Needs(brokers=1, secure=True, alone=True)
_CALL_S = 10.0
KNOWN_S = 2.0
"""Until every broker knows a new user or rule; who comes sooner is refused, and rightly."""
SEEN_S = 30.0
"""A rule that is to be missed must have been there for longer than between two looks at rules."""
admin: Any = typed
"""Its types lack most of what it has."""


class Writer:
    """A client that writes one record again and again, and counts what came of it."""

    def __init__(self, settings: dict[str, Any], topic: str, rate_per_s: float) -> None:
        """It begins at once."""
        self.came: Counter[str] = Counter()
        self._topic, self._pause_s = topic, 1 / rate_per_s
        self._over = threading.Event()
        self._kafka = confluent_kafka.Producer(
            {**settings, "linger.ms": 5, "message.timeout.ms": 4_000, "error_cb": self._failed}
        )
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """It writes no more."""
        self._over.set()
        self._thread.join(15)

    def _run(self) -> None:
        while not self._over.wait(self._pause_s):
            try:
                self._kafka.produce(self._topic, value=b'{"ok":true}', on_delivery=self._landed)
            except confluent_kafka.KafkaException as error:
                self.came[error.args[0].name()] += 1
            except BufferError:
                self.came["full"] += 1
            self._kafka.poll(0)
        self._kafka.purge()
        self._kafka.flush(2)

    def _landed(self, error: confluent_kafka.KafkaError | None, _: object) -> None:
        self.came["landed" if error is None else error.name()] += 1

    def _failed(self, error: confluent_kafka.KafkaError) -> None:
        self.came[error.name()] += 1


class Secured(scenario.Scenario, abc.ABC):
    """One application with a log-in and the rights that it needs."""

    needs = SECURED
    within_s = 60.0
    spoils: ClassVar[bool] = True  # brokers count what they refused; the next run begins with none

    def settle(self) -> None:
        """It works."""
        self.home = security.home(self.stand.lab.folder)
        self.desk = security.admin_client(self.home)
        self.topic = self.draw.name(*shop.TOPICS)
        new = cimpl.NewTopic(self.topic, self.draw.whole("partitions", 1, 3), 1)
        self.desk.create_topics([new], request_timeout=_CALL_S)[self.topic].result()
        self.stand.later(self._forget)
        self.user = security.READER  # it is there since the lab was started
        self.stand.own(self.topic)
        self.password = self.home.password(self.user)
        self.rule = self.allow(f"User:{self.user}", self.topic, admin.AclOperation.WRITE)
        time.sleep(KNOWN_S)
        self.writer = self.client(self.user, self.password)
        self.until(
            lambda: self.writer.came["landed"], lambda count: count > 10, "it writes", within_s=30
        )

    def _forget(self) -> None:
        for future in self.desk.delete_topics([self.topic], request_timeout=_CALL_S).values():
            future.result()

    def put_user(self, name: str, password: str) -> None:
        """The user logs in with this password from now on."""
        info = admin.ScramCredentialInfo(admin.ScramMechanism.SCRAM_SHA_256, 4096)
        change = admin.UserScramCredentialUpsertion(name, info, password.encode())
        for future in self.desk.alter_user_scram_credentials([change]).values():
            future.result(_CALL_S)

    def allow(
        self, principal: str, name: str, operation: Any, *, kind: Any = admin.ResourceType.TOPIC
    ) -> Any:
        """The principal may do this with the topic, or what else is meant."""
        rule = admin.AclBinding(
            kind,
            name,
            admin.ResourcePatternType.LITERAL,
            principal,
            "*",
            operation,
            admin.AclPermissionType.ALLOW,
        )
        for future in self.desk.create_acls([rule], request_timeout=_CALL_S).values():
            future.result()
        self.stand.later(lambda: self.forbid(rule))
        return rule

    def forbid(self, rule: Any) -> int:
        """The rule is gone; returns how many there were."""
        asked = admin.AclBindingFilter(
            rule.restype,
            rule.name,
            rule.resource_pattern_type,
            rule.principal,
            rule.host,
            rule.operation,
            rule.permission_type,
        )
        done = self.desk.delete_acls([asked], request_timeout=_CALL_S)
        return sum(len(future.result()) for future in done.values())

    def settings(self, user: str, password: str) -> dict[str, Any]:
        """How librdkafka logs in as this user."""
        return {
            **security.admin_settings(self.home),
            "sasl.mechanism": "SCRAM-SHA-256",
            "sasl.username": user,
            "sasl.password": password,
            "client.id": user,
            "reconnect.backoff.ms": 200,
            "reconnect.backoff.max.ms": 1_000,
        }

    def client(self, user: str, password: str) -> Writer:
        """The application runs, until the stand is closed."""
        made = Writer(self.settings(user, password), self.topic, self.draw.real("rate", 8, 20))
        self.stand.later(made.end)
        return made

    def refused(self, writer: Writer, *names: str) -> str:
        """The client's own word of why it cannot write."""
        before = writer.came["landed"]
        found = self.until(
            lambda: sum(writer.came[name] for name in names),
            lambda count: count >= 5,
            f"the client is told {' or '.join(names)}; it says {dict(writer.came)}",
        )
        time.sleep(2)
        if writer.came["landed"] > before + 5:
            raise scenario.NotConfirmed("its records still land")
        told = ", ".join(name for name in names if writer.came[name])
        return f"the client itself was told {told} {found} times; its records no longer land"


DENIED = ("TOPIC_AUTHORIZATION_FAILED",)
NO_LOGIN = ("_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED")


class AclRemoved(Secured):
    """A rule is taken away."""

    name = "acl-removed"
    breaks = "Somebody deletes the ACL by which an application writes."

    def prepare(self) -> None:
        """It works, for some time."""
        self.settle()
        time.sleep(SEEN_S)

    def roots(self) -> tuple[scenario.Root, ...]:
        """Who had it, has it no more."""
        return (
            scenario.Root(
                findings=("acl.denied", "produce.failing"),
                causes=("acl.removed",),
                also=("topic.input_stopped",),
            ),
        )

    def inject(self) -> None:
        """It is gone."""
        if self.forbid(self.rule) != 1:
            raise RuntimeError("there was no such rule")

    def confirm(self) -> str:
        """The application's own error."""
        return self.refused(self.writer, *DENIED)


class AclNeverGranted(Secured):
    """A new application that nobody gave a right."""

    name = "acl-never-granted"
    breaks = "A new application is deployed; nobody gave it the right to write."

    def prepare(self) -> None:
        """Others work."""
        self.settle()
        self.newcomer = self.draw.name("refunds-v2", "partner-feed")
        self.stand.own(self.newcomer)

    def roots(self) -> tuple[scenario.Root, ...]:
        """It never had it."""
        return (scenario.Root(findings=("acl.denied",), causes=("acl.never_granted",)),)

    def inject(self) -> None:
        """A log-in, and no rule."""
        password = secrets.token_urlsafe(10)
        self.put_user(self.newcomer, password)
        time.sleep(KNOWN_S)
        self.other = self.client(self.newcomer, password)

    def confirm(self) -> str:
        """The application's own error."""
        return self.refused(self.other, *DENIED)


class BadCredential(Secured):
    """A client with a wrong password."""

    name = "bad-credential"
    breaks = "A user's password is changed, or was mistyped: its application cannot log in."

    def prepare(self) -> None:
        """It works; others log in now and then."""
        self.settle()
        self.over = threading.Event()
        self.stand.later(self.over.set)
        threading.Thread(target=self._others, name="others", daemon=True).start()

    def _others(self) -> None:
        while not self.over.wait(3):
            client = admin.AdminClient(security.admin_settings(self.home))
            try:
                client.list_topics(timeout=5)
            except confluent_kafka.KafkaException:
                continue

    def roots(self) -> tuple[scenario.Root, ...]:
        """The credential, not the server and no scan."""
        return (
            scenario.Root(
                findings=("auth.failures",),
                causes=("auth.bad_credential",),
                also=("topic.input_stopped",),
            ),
        )

    def inject(self) -> None:
        """Changed, and the application is deployed again; or mistyped."""
        self.writer.end()
        self.stand.later(lambda: self.put_user(self.user, self.password))
        if self.draw.either("how", "changed", "mistyped") == "changed":
            self.put_user(self.user, secrets.token_urlsafe(10))
            self.writer = self.client(self.user, self.password)
        else:
            self.writer = self.client(self.user, f"{self.password}x")

    def confirm(self) -> str:
        """The application's own error."""
        return self.refused(self.writer, *NO_LOGIN)


class Scan(Secured):
    """Somebody tries names and passwords."""

    name = "password-scan"
    breaks = "Somebody tries many names and passwords against the brokers."
    clients: ClassVar[int] = 24

    def prepare(self) -> None:
        """Others work."""
        self.settle()
        self.guessers: list[Writer] = []

    def roots(self) -> tuple[scenario.Root, ...]:
        """Far more attempts than one application makes."""
        return (scenario.Root(findings=("auth.failures",), causes=("auth.scan",)),)

    def inject(self) -> None:
        """Each guesses again and again."""
        plain = security.client(self.home, "plain-plaintext")["bootstrap.servers"]
        for number in range(self.clients):
            guess = {
                **self.settings(f"user-{secrets.token_hex(3)}", secrets.token_hex(4)),
                "bootstrap.servers": plain,
                "security.protocol": "SASL_PLAINTEXT",
                "sasl.mechanism": "PLAIN",
                "reconnect.backoff.ms": 10,
                "reconnect.backoff.max.ms": 50,
                "client.id": f"kcat-{number}",
            }
            made = Writer(guess, self.topic, 1)
            self.stand.later(made.end)
            self.guessers.append(made)

    def confirm(self) -> str:
        """The attempts' own errors."""
        found = self.until(
            lambda: sum(each.came[name] for each in self.guessers for name in NO_LOGIN),
            lambda count: count >= 60,
            "the attempts are refused",
        )
        return f"the guessers were refused {found} times"


class AclTooWide(Secured):
    """Everybody may do everything."""

    name = "acl-too-wide"
    breaks = "To end a denial quickly, somebody allows much more than is needed."

    def prepare(self) -> None:
        """It works."""
        self.settle()

    def roots(self) -> tuple[scenario.Root, ...]:
        """A hazard."""
        return (scenario.Root(findings=("acl.over_broad",), causes=("acl.too_wide",)),)

    def inject(self) -> None:
        """One user everything, or everybody to write."""
        if self.draw.either("how", "one user", "everybody") == "one user":
            self.wide = self.allow(f"User:{self.user}", "*", admin.AclOperation.ALL)
        else:
            self.wide = self.allow("User:*", self.topic, admin.AclOperation.WRITE)

    def confirm(self) -> str:
        """Kafka's own client lists the rule."""
        asked = admin.AclBindingFilter(
            admin.ResourceType.TOPIC,
            None,
            admin.ResourcePatternType.ANY,
            self.wide.principal,
            None,
            admin.AclOperation.ANY,
            admin.AclPermissionType.ALLOW,
        )
        found = [
            f"{one.principal} {one.operation.name} on {one.name}"
            for one in self.desk.describe_acls(asked, request_timeout=_CALL_S).result()
            if one == self.wide
        ]
        if not found:
            raise scenario.NotConfirmed("Kafka does not list the rule")
        return f"Kafka lists: {found[0]}"


MEMBERS: tuple[type[scenario.Scenario], ...] = (
    AclRemoved,
    AclNeverGranted,
    BadCredential,
    Scan,
    AclTooWide,
)
