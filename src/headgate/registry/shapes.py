"""The JSON that a schema registry sends, as far as Headgate reads it.

Confluent's interface (v7). Apicurio serves the same under ``/apis/ccompat/v7`` and differs in
places; ``rest`` says where.
"""

import hashlib

import pydantic

from headgate.domain import registry


class Config(pydantic.BaseModel):
    """``GET /config`` and ``GET /config/SUBJECT``."""

    compatibilityLevel: str


class Mode(pydantic.BaseModel):
    """``GET /mode`` and ``GET /mode/SUBJECT``."""

    mode: str


class Reference(pydantic.BaseModel):
    """One reference of a version."""

    name: str
    subject: str
    version: int


class Version(pydantic.BaseModel):
    """``GET /subjects/SUBJECT/versions/NUMBER``."""

    version: int
    id: int
    schema_: str = pydantic.Field(alias="schema")
    type: str = pydantic.Field(default="AVRO", alias="schemaType")
    """Left out by registries where it is AVRO."""
    references: list[Reference] = []


class Use(pydantic.BaseModel):
    """One item of ``GET /schemas/ids/ID/versions``."""

    subject: str
    version: int


class Problem(pydantic.BaseModel):
    """What a registry says when it refuses."""

    error_code: int | str
    message: str | None = None


NAMES = pydantic.TypeAdapter(list[str])
NUMBERS = pydantic.TypeAdapter(list[int])
USES = pydantic.TypeAdapter(list[Use])
CONFIG = pydantic.TypeAdapter(Config)
MODE = pydantic.TypeAdapter(Mode)
VERSION = pydantic.TypeAdapter(Version)


def fingerprint(text: str) -> str:
    """The text's SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def version(read: Version, *, deleted: bool) -> registry.Version:
    """The version as a value."""
    return registry.Version(
        number=read.version,
        schema_id=read.id,
        type=read.type,
        fingerprint=fingerprint(read.schema_),
        references=tuple(
            registry.Reference(name=one.name, subject=one.subject, version=one.version)
            for one in read.references
        ),
        deleted=deleted,
    )
