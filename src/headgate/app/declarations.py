"""The form of a file of declarations: what may stand in it, and what each entry needs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

import pydantic

from headgate.app import settings
from headgate.domain import access, resource, vocabulary

Mark = Literal["test", "paused", "expected-behind"]


class _Entry(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class Marked(_Entry):
    """What can be marked as being as it should be."""

    mark: Mark | None = None
    name: Annotated[str, pydantic.Field(min_length=1)]
    owner: str = ""
    why: str = ""
    until: datetime | None = None

    @pydantic.field_validator("until")
    @classmethod
    def _zone(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value

    @pydantic.model_validator(mode="after")
    def _reason(self) -> Self:
        if self.mark is not None and len(self.why) < 3:
            raise ValueError(f"mark {self.mark!r} needs a reason: why = '...'")
        if self.mark is None and (self.why or self.until is not None):
            raise ValueError("why and until belong to a mark, and there is none")
        return self


class Topic(Marked):
    """One ``[[topic]]``."""

    partitions: int | None = pydantic.Field(default=None, ge=1)
    replicas: int | None = pydantic.Field(default=None, ge=1, le=32767)
    configs: dict[str, str | bool | int | float] = {}
    mark: Literal["test", "paused"] | None = None


class Group(Marked):
    """One ``[[group]]``."""

    mark: Mark | None = None


_Operation = Literal[
    "ALL",
    "READ",
    "WRITE",
    "CREATE",
    "DELETE",
    "ALTER",
    "DESCRIBE",
    "CLUSTER_ACTION",
    "DESCRIBE_CONFIGS",
    "ALTER_CONFIGS",
    "IDEMPOTENT_WRITE",
    "CREATE_TOKENS",
    "DESCRIBE_TOKENS",
    "TWO_PHASE_COMMIT",
]
_ON = ("topic", "group", "transactional_id", "delegation_token")


class Acl(_Entry):
    """One ``[[acl]]``: the same right for each operation."""

    principal: Annotated[str, pydantic.Field(pattern=r"^[A-Za-z]+:.+$")]
    operations: Annotated[list[_Operation], pydantic.Field(min_length=1)]
    topic: str = ""
    group: str = ""
    transactional_id: str = ""
    delegation_token: str = ""
    cluster: bool = False
    pattern: Literal["literal", "prefixed"] = "literal"
    permission: Literal["allow", "deny"] = "allow"
    host: str = "*"

    @pydantic.model_validator(mode="after")
    def _one(self) -> Self:
        named = [name for name in _ON if getattr(self, name)] + ["cluster"] * self.cluster
        if len(named) != 1:
            raise ValueError(f"an ACL is about one of {', '.join(_ON)} or cluster = true")
        return self

    def rules(self) -> Iterator[access.Acl]:
        """One rule for each operation, in Kafka's words."""
        kind = next((name for name in _ON if getattr(self, name)), "cluster")
        name = "kafka-cluster" if kind == "cluster" else getattr(self, kind)
        for operation in self.operations:
            yield access.Acl(
                principal=self.principal,
                host=self.host,
                operation=operation,
                permission=self.permission.upper(),
                resource_type=kind.upper(),
                resource_name=name,
                pattern=self.pattern.upper(),
            )


class Owner(_Entry):
    """One ``[[owner]]``."""

    name: Annotated[str, pydantic.Field(min_length=1)]
    contact: str = ""
    resources: Annotated[list[str], pydantic.Field(min_length=1)]

    @pydantic.field_validator("resources")
    @classmethod
    def _patterns(cls, value: list[str]) -> list[str]:
        return [_pattern(one) for one in value]


class File(_Entry):
    """One file of the folder."""

    complete: list[Literal["topics", "acls"]] = []
    ignore: list[str] = []
    topic: list[Topic] = []
    group: list[Group] = []
    acl: list[Acl] = []
    owner: list[Owner] = []
    expected: list[settings.Expected] = []
    thresholds: dict[str, dict[str, int | float | str]] = {}
    thresholds_for: list[settings.ThresholdsFor] = []

    @pydantic.field_validator("ignore")
    @classmethod
    def _patterns(cls, value: list[str]) -> list[str]:
        return [_pattern(one) for one in value]

    @pydantic.field_validator("thresholds")
    @classmethod
    def _known(
        cls, value: dict[str, dict[str, int | float | str]]
    ) -> dict[str, dict[str, int | float | str]]:
        for code, given in value.items():
            if code not in vocabulary.findings():
                raise ValueError(f"{code!r} is no finding; `headgate findings codes` lists them")
            unknown = sorted(given.keys() - vocabulary.findings()[code].parameters.keys())
            if unknown:
                raise ValueError(f"{code} has no parameter {unknown[0]!r}")
        return value


def _pattern(text: str) -> str:
    kind, colon, rest = text.partition(":")
    if not colon or not rest or kind not in ("*", *resource.KINDS):
        raise ValueError(f"{text!r} is not KIND:PATTERN, such as 'topic:payments.*'")
    return text
