"""The schema registry, and dead letters that an application writes."""

import json
import time
from typing import Any

import confluent_kafka
import httpx2

from headgate.lab.workloads import cluster
from incidents import scenario
from incidents.scenarios import shop, sinks

_CALL_S = 10.0
_TRIES = 4


class Subject(scenario.Scenario):
    """A subject with a version, under a rule."""

    needs = sinks.PIPES
    within_s = 75.0

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The registry's answer; it refuses (409) what others change at the same moment."""
        for _ in range(_TRIES):
            answer = httpx2.request(
                method, f"{self.stand.lab.registry_url}{path}", json=body, timeout=_CALL_S
            )
            if answer.status_code != 409:
                break
            time.sleep(0.5)
        answer.raise_for_status()
        return answer.json()

    def register(self, *fields: tuple[str, object]) -> int:
        """A version with these fields; returns its id."""
        schema = {
            "type": "record",
            "name": f"Order_{self.draw.tag}",
            "fields": [{"name": name, "type": kind} for name, kind in fields],
        }
        path = f"/subjects/{self.subject}/versions"
        return int(self.ask("POST", path, {"schema": json.dumps(schema)})["id"])

    def rule(self, level: str) -> None:
        """The subject's own rule."""
        self.ask("PUT", f"/config/{self.subject}", {"compatibility": level})

    def settle(self) -> None:
        """A topic and its subject; the rule is as everywhere."""
        self.ask("PUT", "/config", {"compatibility": "BACKWARD"})
        self.topic = self.stand.topic(self.draw.name(*shop.TOPICS), 1)
        self.subject = f"{self.topic}-value"
        self.stand.own(self.subject)
        self.register(("order_id", "string"), ("amount", "long"))
        self.rule("BACKWARD")
        self.stand.later(lambda: self.ask("DELETE", f"/subjects/{self.subject}"))


class RuleOff(Subject):
    """Nobody checks any more."""

    name = "schema-rule-off"
    breaks = "Somebody sets a subject's compatibility to NONE to get a schema in."

    def prepare(self) -> None:
        """Checked so far."""
        self.settle()

    def roots(self) -> tuple[scenario.Root, ...]:
        """A hazard."""
        return (
            scenario.Root(
                findings=("schema.compat_none",),
                causes=("config.set_explicitly", "config.changed"),
                on=self.subject,
            ),
        )

    def inject(self) -> None:
        """The rule."""
        self.rule("NONE")

    def confirm(self) -> str:
        """The registry's own word."""
        found = self.ask("GET", f"/config/{self.subject}")
        if "NONE" not in found.values():
            raise scenario.NotConfirmed(f"the rule is {found}")
        return f"the registry answers {found} for {self.subject}"


class BreakingVersion(Subject):
    """A version that readers of the one before cannot read."""

    name = "schema-breaking-version"
    breaks = "A version that breaks the rule is forced in while the rule is off for a moment."

    def prepare(self) -> None:
        """One version."""
        self.settle()

    def roots(self) -> tuple[scenario.Root, ...]:
        """The version; that the rule was off for a moment is no wrong word."""
        return (
            scenario.Root(
                findings=("schema.incompatible",),
                causes=("schema.breaking_change",),
                on=self.subject,
                also=("schema.compat_none",),
            ),
        )

    def inject(self) -> None:
        """Off, in, on."""
        self.rule("NONE")
        if self.draw.either("how", "a new field", "another type") == "a new field":
            self.register(("order_id", "string"), ("amount", "long"), ("tax_region", "string"))
        else:
            self.register(("order_id", "string"), ("amount", "string"))
        self.rule("BACKWARD")

    def confirm(self) -> str:
        """The registry itself says that the second does not follow from the first."""
        last = self.ask("GET", f"/subjects/{self.subject}/versions/latest")
        path = f"/compatibility/subjects/{self.subject}/versions/1"
        told = self.ask("POST", path, {"schema": last["schema"]})
        if told.get("is_compatible") is not False:
            raise scenario.NotConfirmed(f"the registry answers {told}")
        return f"version {last['version']} is there; the registry answers {told}"


class RegistryDown(Subject):
    """Nobody serves schemas."""

    name = "registry-down"
    breaks = "The schema registry is killed, or hangs."
    needs = scenario.Needs(brokers=1, connect=2, registry=True, alone=True)

    def prepare(self) -> None:
        """It answers."""
        self.settle()

    def roots(self) -> tuple[scenario.Root, ...]:
        """Its process."""
        return (
            scenario.Root(findings=("registry.unreachable",), causes=("registry.process_down",)),
        )

    def inject(self) -> None:
        """SIGKILL, or SIGSTOP."""
        self.how_gone = self.draw.either("how", "killed", "frozen")
        if self.how_gone == "killed":
            self.stand.lab.kill("registry")
        else:
            self.stand.lab.pause("registry")

    def confirm(self) -> str:
        """No answer."""
        try:
            httpx2.get(f"{self.stand.lab.registry_url}/subjects", timeout=4)
        except httpx2.HTTPError as error:
            return f"the registry is {self.how_gone}: {type(error).__name__}"
        raise scenario.NotConfirmed("the registry answers")

    def heal(self) -> None:
        """It is back; it kept its schemas in memory only."""
        self.stand.lab.start("registry")


class RuleBroken(shop.Read):
    """An application refuses records for what they say."""

    name = "dead-letters-business-rule"
    breaks = "A reader puts records that break a rule of the business into its dead-letter topic."
    needs = sinks.PIPES
    within_s = 60.0

    def prepare(self) -> None:
        """A reader with a dead-letter topic, as Spring makes them."""
        self.work(members=1)
        self.letters = self.stand.topic(f"{self.topic}.DLT", 1)

    def roots(self) -> tuple[scenario.Root, ...]:
        """They can be read well, and are refused."""
        return (
            scenario.Root(
                findings=("dlq.growing",), causes=("record.business_rule",), on=self.letters
            ),
        )

    def inject(self) -> None:
        """Dead letters with the headers that say why."""
        fault, words = self.draw.either(
            "rule",
            ("com.shop.orders.LimitExceededException", "The amount is above the limit of 5000"),
            ("com.shop.billing.InvalidVatException", "The VAT number does not belong to GB"),
        )
        made = confluent_kafka.Producer({"bootstrap.servers": self.stand.bootstrap, "log_level": 0})
        self.count = self.draw.whole("records", 20, 60)
        for number in range(self.count):
            headers: list[tuple[str, str | bytes | None]] = [
                ("kafka_dlt-exception-fqcn", fault.encode()),
                ("kafka_dlt-exception-message", words.encode()),
                ("kafka_dlt-original-topic", self.topic.encode()),
                ("kafka_dlt-original-consumer-group", self.group.encode()),
            ]
            made.produce(self.letters, key=f"c-{number}", value=b'{"amount":9000}', headers=headers)
            made.poll(0)
            time.sleep(0.05)
        made.flush(10)

    def confirm(self) -> str:
        """The log end, by Kafka's own client."""
        found = self.until(
            lambda: sum(cluster.ends(self.stand.bootstrap, self.letters).values()),
            lambda end: end >= self.count,
            "the dead letters are there",
        )
        return f"{found} records are in {self.letters}"


MEMBERS: tuple[type[scenario.Scenario], ...] = (RuleOff, BreakingVersion, RegistryDown, RuleBroken)
