"""What the contract tests stand on.

A bench arranges what a test needs in whichever of the two is there; the test asks only the port.
"""

import json
from typing import Any, Protocol
from urllib.parse import quote
from uuid import uuid4

import httpx2

from headgate.domain import registry as registry_
from headgate.ports import registry
from headgate.registry import fake, rest

JSON_SCHEMA = '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}'
"""Apicurio discovers what a text is by its content, so this one says it."""


def record(name: str, *fields: str) -> str:
    """An Avro record with fields that all have a default."""
    return json.dumps(
        {
            "type": "record",
            "name": name,
            "fields": [{"name": one, "type": "string", "default": ""} for one in fields],
        },
        separators=(",", ":"),  # a registry may write it so in any case
    )


class Bench(Protocol):
    """Makes subjects in the state that a test wants."""

    port: registry.SchemaRegistry

    def name(self, hint: str) -> str:
        """A subject name that nobody else uses."""

    def register(
        self,
        subject: str,
        text: str,
        *,
        type: str = "AVRO",
        uses: tuple[str, str, int] | None = None,
    ) -> None:
        """The text is the subject's newest version; ``uses`` is (name, subject, version)."""

    def delete(self, subject: str, version: int | None = None) -> None:
        """The version, or the whole subject, is deleted softly."""

    def set_compatibility(self, rule: str, subject: str) -> None:
        """The subject has a rule of its own."""

    def set_mode(self, mode: str, subject: str) -> None:
        """The subject has a mode of its own."""


class FakeBench:
    """Over ``fake.FakeRegistry``."""

    def __init__(self) -> None:
        self.fake = fake.FakeRegistry("schemas")
        self.port: registry.SchemaRegistry = self.fake

    def name(self, hint: str) -> str:
        return hint

    def register(
        self,
        subject: str,
        text: str,
        *,
        type: str = "AVRO",
        uses: tuple[str, str, int] | None = None,
    ) -> None:
        references: tuple[registry_.Reference, ...] = ()
        if uses is not None:
            name, other, version = uses
            references = (registry_.Reference(name=name, subject=other, version=version),)
        self.fake.register(subject, text, type=type, references=references)

    def delete(self, subject: str, version: int | None = None) -> None:
        self.fake.delete(subject, version)

    def set_compatibility(self, rule: str, subject: str) -> None:
        self.fake.set_compatibility(rule, subject)

    def set_mode(self, mode: str, subject: str) -> None:
        self.fake.set_mode(mode, subject)

    def close(self) -> None:
        self.port.close()


class RealBench:
    """Over a real registry, which other tests use at the same time."""

    def __init__(self, url: str) -> None:
        self._http = httpx2.Client(base_url=url, trust_env=False, timeout=20)
        self.rest = rest.RestRegistry("schemas", url)
        self.port: registry.SchemaRegistry = self.rest

    def name(self, hint: str) -> str:
        return f"{hint} {uuid4().hex[:8]}"

    def register(
        self,
        subject: str,
        text: str,
        *,
        type: str = "AVRO",
        uses: tuple[str, str, int] | None = None,
    ) -> None:
        body: dict[str, Any] = {"schema": text, "schemaType": type}
        if uses is not None:
            body["references"] = [dict(zip(("name", "subject", "version"), uses, strict=True))]
        self._send("POST", f"/subjects/{quote(subject, safe='')}/versions", body)

    def delete(self, subject: str, version: int | None = None) -> None:
        path = f"/subjects/{quote(subject, safe='')}"
        self._send("DELETE", path if version is None else f"{path}/versions/{version}")

    def set_compatibility(self, rule: str, subject: str) -> None:
        self._send("PUT", f"/config/{quote(subject, safe='')}", {"compatibility": rule})

    def set_mode(self, mode: str, subject: str) -> None:
        self._send("PUT", f"/mode/{quote(subject, safe='')}", {"mode": mode})

    def close(self) -> None:
        self._http.close()
        self.rest.close()

    def _send(self, method: str, path: str, body: object = None) -> None:
        answer = self._http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
