"""A schema registry in memory, for tests and demonstrations of everything that stands on the port.

It keeps the manners of a real one that matter to callers: a version never changes, what is deleted
softly is still listed, a schema has one id wherever it is used.
"""

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

from headgate.domain import registry as registry_
from headgate.domain.unknown import Unknown
from headgate.ports import errors
from headgate.registry import shapes


@dataclass(slots=True, kw_only=True)
class _Held:
    versions: dict[int, registry_.Version] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    rule: str = ""
    mode: str = ""


class FakeRegistry:
    """Implements ``ports.registry.SchemaRegistry`` over a dictionary; safe for several threads."""

    def __init__(
        self,
        name: str = "registry",
        url: str = "http://127.0.0.1:8081",
        *,
        compatibility: str = "BACKWARD",
    ) -> None:
        """It is empty."""
        self._name = name
        self._url = url
        self._rule = compatibility
        self._mode = "READWRITE"
        self._held: dict[str, _Held] = {}
        self._ids: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()
        self._talking = threading.Event()
        self._talking.set()
        self._down: errors.PortError | None = None

    @property
    def name(self) -> str:
        """The name Headgate knows it by."""
        return self._name

    @property
    def url(self) -> str:
        """Its address, without credentials."""
        return self._url

    # what the port promises

    def registry(self, *, deadline_s: float) -> registry_.Registry:
        """All subjects with their versions."""
        self._wait(deadline_s)
        with self._lock:
            self._answer()
            return registry_.Registry(
                name=self._name,
                url=self._url,
                compatibility=self._rule,
                mode=self._mode,
                subjects={name: self._look(name) for name in sorted(self._held)},
            )

    def subject(self, name: str, *, deadline_s: float) -> registry_.Subject:
        """One subject, read now.

        Raises:
            errors.Refused: there is no such subject.
        """
        self._wait(deadline_s)
        with self._lock:
            self._answer()
            self._find(name)
            return self._look(name)

    def schema(self, subject: str, version: int, *, deadline_s: float) -> str:
        """The text of one version.

        Raises:
            errors.Refused: there is no such version.
        """
        self._wait(deadline_s)
        with self._lock:
            self._answer()
            found = self._find(subject).texts.get(version)
            if found is None:
                raise self._absent(f"version {version} of {subject}")
            return found

    def close(self) -> None:
        """Nothing is left open."""

    # what tests arrange

    def register(
        self,
        subject: str,
        text: str,
        *,
        type: str = "AVRO",
        references: tuple[registry_.Reference, ...] = (),
    ) -> int:
        """The text is the subject's newest version; its number."""
        with self._lock:
            held = self._held.setdefault(subject, _Held())
            number = max(held.versions, default=0) + 1
            held.texts[number] = text
            held.versions[number] = registry_.Version(
                number=number,
                schema_id=self._ids.setdefault((type, text), len(self._ids) + 1),
                type=type,
                fingerprint=shapes.fingerprint(text),
                references=references,
            )
            return number

    def delete(self, subject: str, version: int | None = None) -> None:
        """The version, or every version, is deleted softly."""
        with self._lock:
            held = self._find(subject)
            for number in held.versions if version is None else (version,):
                one = held.versions[number]
                held.versions[number] = registry_.Version(
                    number=one.number,
                    schema_id=one.schema_id,
                    type=one.type,
                    fingerprint=one.fingerprint,
                    references=one.references,
                    deleted=True,
                )

    def set_compatibility(self, rule: str, subject: str = "") -> None:
        """The rule of a subject, or the registry's own, is that."""
        with self._lock:
            if subject:
                self._find(subject).rule = rule
            else:
                self._rule = rule

    def set_mode(self, mode: str, subject: str = "") -> None:
        """The mode of a subject, or the registry's own, is that."""
        with self._lock:
            if subject:
                self._find(subject).mode = mode
            else:
                self._mode = mode

    def go_down(self, error: errors.PortError | None = None) -> None:
        """Every call raises that error (nothing listens, where none is given) until ``come_up``."""
        with self._lock:
            self._down = error or errors.Unreachable(
                f"nothing listens at {self._url}",
                where=self._url,
                next_step="Check the address and that a schema registry runs there",
            )

    def go_silent(self) -> None:
        """Every call waits until its deadline and times out, until ``come_up``."""
        self._talking.clear()

    def come_up(self) -> None:
        """Calls are answered again, those that wait included."""
        self._talking.set()
        with self._lock:
            self._down = None

    # inside; except for the first, the lock is held

    def _wait(self, deadline_s: float) -> None:
        if deadline_s <= 0 or not self._talking.wait(deadline_s):
            raise errors.TimedOut(
                f"{self._url} gave no answer before the deadline",
                where=self._url,
                next_step="Check that the registry is not frozen or overloaded",
            )

    def _answer(self) -> None:
        if self._down is not None:
            error = self._down
            raise type(error)(error.what, where=error.where, next_step=error.next_step)

    def _find(self, subject: str) -> _Held:
        held = self._held.get(subject)
        if held is None:
            raise self._absent(f"subject {subject}")
        return held

    def _absent(self, what: str) -> errors.Refused:
        return errors.Refused(
            f"the registry has no {what}",
            where=self._url,
            next_step="A list shows the names there are",
        )

    def _look(self, name: str) -> registry_.Subject:
        held = self._held[name]
        versions = tuple(one for _, one in sorted(held.versions.items()))
        own: bool | Unknown = bool(held.rule)
        return registry_.Subject(
            name=name,
            versions=versions,
            compatibility=held.rule or self._rule,
            own_compatibility=own,
            mode=held.mode or self._mode,
            breaks=self._breaks(held),
            deleted=all(one.deleted for one in versions),
            read_at=datetime.now(UTC),
        )

    def _breaks(self, held: _Held) -> registry_.Breaks | None:
        """By the one rule that it knows: a new Avro field without a default breaks BACKWARD."""
        alive = [one for _, one in sorted(held.versions.items()) if not one.deleted]
        if (held.rule or self._rule) not in ("BACKWARD", "BACKWARD_TRANSITIVE") or len(alive) < 2:
            return None
        newest, before = alive[-1], alive[-2]
        if newest.type != "AVRO":
            return None
        new, old = (json.loads(held.texts[one.number]) for one in (newest, before))
        known = {one["name"] for one in old.get("fields", ())}
        broken = [
            one["name"]
            for one in new.get("fields", ())
            if one["name"] not in known and "default" not in one
        ]
        if not broken:
            return None
        return registry_.Breaks(
            version=newest.number,
            against=before.number,
            said=(f"field {broken[0]} is new and has no default",),
        )
