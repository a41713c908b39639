"""A schema registry: subjects with their versions, and how strict it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A schema that another one uses."""

    name: str
    subject: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a subject; versions never change, so each is read once."""

    number: int
    schema_id: int
    type: str
    """``AVRO``, ``JSON``, ``PROTOBUF``."""
    fingerprint: str
    """SHA-256 of the schema's text; the text itself is read when somebody asks for it."""
    references: tuple[Reference, ...] = ()
    deleted: bool = False
    """Soft-deleted: its id still resolves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaks:
    """The newest version does not fit an earlier one by the rule in force."""

    version: int
    against: int
    said: tuple[str, ...] = ()
    """What breaks, in the registry's words; some registries give none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One subject."""

    name: str
    versions: tuple[Version, ...] | Unknown
    """Ascending by number, soft-deleted ones included."""
    compatibility: str | Unknown
    """The rule in force: ``BACKWARD``, ``NONE``, ...; the registry's own where it has none."""
    own_compatibility: bool | Unknown = False
    """Whether the subject has a rule of its own. Some registries give the registry's rule for a
    subject without one; where both are alike they cannot be told apart."""
    mode: str | Unknown = field(default=Unknown("the mode was not read"))
    breaks: Breaks | Unknown | None = field(default=Unknown("it was not checked"))
    """By the registry's own check of the newest version against the one before; None: it fits."""
    deleted: bool = False
    """Soft-deleted as a whole."""
    read_at: datetime | None = None
    """When its versions, rule and mode were last asked for; None: not yet."""

    @property
    def latest(self) -> Version | None:
        """The highest version that is not deleted; None: there is none, or it is not known."""
        if isinstance(self.versions, Unknown):
            return None
        return next((one for one in reversed(self.versions) if not one.deleted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """One schema registry."""

    name: str
    url: str
    """Without credentials."""
    compatibility: str | Unknown
    """The rule for subjects that have none of their own."""
    mode: str | Unknown
    """``READWRITE``, ``READONLY``, ``IMPORT``."""
    subjects: Mapping[str, Subject]
