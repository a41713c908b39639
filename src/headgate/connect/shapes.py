"""The JSON that Kafka Connect sends, as far as Headgate reads it.

Fields that newer versions add are ignored; a missing one that Headgate needs means that the other
side is not Kafka Connect.
"""

from typing import Literal

import pydantic


class Worker(pydantic.BaseModel):
    """``GET /``."""

    version: str
    kafka_cluster_id: str = ""


class State(pydantic.BaseModel):
    """The state of a connector, inside its status."""

    state: str
    worker_id: str = ""
    trace: str | None = None
    version: str | None = None
    """Of the plugin; Kafka 4.1 and later."""


class TaskState(State):
    """The state of one task, inside the status of its connector."""

    id: int


class Status(pydantic.BaseModel):
    """``GET /connectors/NAME/status``."""

    name: str
    connector: State
    tasks: list[TaskState] = []
    type: str | None = None


class Info(pydantic.BaseModel):
    """``GET /connectors/NAME``."""

    name: str
    config: dict[str, str | None] = {}
    type: str | None = None


class Expanded(pydantic.BaseModel):
    """One connector of ``GET /connectors?expand=status&expand=info``; a half may be missing while
    the connector is being made or deleted.
    """

    status: Status | None = None
    info: Info | None = None


class Setting(pydantic.BaseModel):
    """One setting of ``GET /connector-plugins/CLASS/config``."""

    name: str
    type: str = ""


class Plugin(pydantic.BaseModel):
    """One item of ``GET /connector-plugins?connectorsOnly=false``."""

    name: str = pydantic.Field(alias="class")
    type: str = ""
    version: str | None = None


class Offset(pydantic.BaseModel):
    """How far a connector has come in one of its partitions; a source's own words."""

    partition: dict[str, object] = {}
    offset: dict[str, object] | None = None


class Offsets(pydantic.BaseModel):
    """``GET /connectors/NAME/offsets``."""

    offsets: list[Offset]


class Topics(pydantic.BaseModel):
    """One connector in ``GET /connectors/NAME/topics``."""

    topics: list[str] = []


class Problem(pydantic.BaseModel):
    """What Connect says when it refuses."""

    error_code: int | str
    message: str | None = None


EXPANDED = pydantic.TypeAdapter(dict[str, Expanded])
SETTINGS = pydantic.TypeAdapter(list[Setting])
PLUGINS = pydantic.TypeAdapter(list[Plugin])
OFFSETS = pydantic.TypeAdapter(Offsets)
TOPICS = pydantic.TypeAdapter(dict[str, Topics])

Kind = Literal["sink", "source", "unknown"]


def problem(body: bytes) -> str:
    """Connect's message in an error answer; empty where the answer is not one of Connect's."""
    try:
        found = Problem.model_validate_json(body)
    except pydantic.ValidationError:
        return ""
    return found.message or f"error {found.error_code}"


def kind(word: str | None) -> Kind:
    """Connect's word for a connector's direction."""
    if word == "sink":
        return "sink"
    if word == "source":
        return "source"
    return "unknown"
