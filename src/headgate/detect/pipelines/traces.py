"""Reads the stack trace of a failed Connect task: the chain of causes, and the class of failure.

The deepest cause that a rule knows decides; wrappers such as "Exiting WorkerSinkTask due to
unrecoverable exception" say nothing.
"""

import functools
import re
from dataclasses import dataclass
from typing import Literal

from headgate.detect.pipelines import trace_rules
from headgate.domain import vocabulary

Context = Literal["", "dead_letters", "schema_id", "schema", "registry", "access", "oversize"]
"""What a failure is about besides its class: the dead-letter topic, a schema id that is not known,
a schema that does not fit, the registry, a right on Kafka, the size of a record."""

_CONTEXTS: tuple[tuple[Context, re.Pattern[str]], ...] = (
    ("dead_letters", re.compile(r"dead letter queue", re.IGNORECASE)),
    (
        "schema_id",
        re.compile(r"Schema (with id )?\d* ?not found|error code: 4040[346]|ArtifactNotFound"),
    ),
    (
        "schema",
        re.compile(
            r"incompatible with an earlier schema|error code: 409\b|SchemaProjector"
            r"|AvroTypeException|AvroMissingField|Found \S+, expecting|RuleViolation"
            r"|Switch between schema-based and schema-less|is not a valid schema for"
        ),
    ),
    (
        "registry",
        re.compile(
            r"RestClientException|schema ?registry|(Error|Failed).{0,30}(retrieving|registering)"
            r"|Failed to (de)?serialize data for topic \S+ to (Avro|JSON|Protobuf)",
            re.IGNORECASE,
        ),
    ),
    (
        "access",
        re.compile(r"(Topic|Group|Cluster|TransactionalId)Authorization|Not authorized to access"),
    ),
    ("oversize", re.compile(r"RecordTooLarge|RecordBatchTooLarge|MESSAGE_TOO_LARGE")),
)
_SCHEMA_ID = re.compile(
    r"schema (?:with id )?(\d+) not found|schema for id (?:SchemaId\{[^}]*\bid=)?(\d+)",
    re.IGNORECASE,
)

_CONTENTS = re.compile(r"(?<=Failing row contains )\(.*|(?<=\)=)\([^)]*\)")
"""What PostgreSQL quotes of the record that it refuses: nobody needs it to see why."""

_LINK = re.compile(r"^(?:Caused by: )?((?:[\w$]+\.)+[\w$]+)(?:: ?(.*))?$")
_FRAME = re.compile(r"^\s+(at |\.\.\. \d+ |Suppressed: |Caused by: )")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One exception of the chain."""

    type: str
    """Its class without the package, but for ``java.net.ConnectException``."""
    message: str
    """Its message on one line; empty where it has none."""

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a trace says."""

    failure: vocabulary.TaskFailure
    cause: Link
    """The exception that decided, or the deepest one where none did."""
    rule: str
    """What the deciding rule stands for, in words; empty where none did."""
    chain: tuple[Link, ...]
    """From the outermost to the deepest."""
    context: Context = ""
    schema_id: int = 0
    """That the registry does not serve; 0: the trace names none."""


@functools.lru_cache(maxsize=512)
def read(trace: str) -> Reading:
    """The class of the failure that a trace shows; ``unknown`` where no rule knows it."""
    chain = links(trace)
    for link in reversed(chain):
        for rule in trace_rules.RULES:
            if rule.fits(link.type, link.message):
                return _reading(rule.failure, link, rule.means, chain)
    deepest = chain[-1] if chain else Link(type="no trace", message="")
    return _reading("unknown", deepest, "", chain)


def context(text: str) -> Context:
    """What words of exceptions are about."""
    return next((name for name, says in _CONTEXTS if says.search(text)), "")


def _reading(
    failure: vocabulary.TaskFailure, cause: Link, means: str, chain: tuple[Link, ...]
) -> Reading:
    text = "\n".join(str(link) for link in chain)
    said = context(text)
    found = _SCHEMA_ID.search(text) if said == "schema_id" else None
    return Reading(
        failure=failure,
        cause=cause,
        rule=means,
        chain=chain,
        context=said,
        schema_id=int(found[1] or found[2]) if found else 0,
    )


def links(trace: str) -> tuple[Link, ...]:
    """The exceptions of a Java stack trace, outermost first; messages joined to one line."""
    found: list[tuple[str, list[str]]] = []
    for line in trace.splitlines():
        if _FRAME.match(line):
            continue
        match = _LINK.match(line.strip()) if not line[:1].isspace() else None
        if match and (line.startswith("Caused by: ") or not found):
            found.append((_short(match[1]), [match[2] or ""]))
        elif found and line.strip():
            found[-1][1].append(line.strip())
    return tuple(
        Link(type=name, message=_CONTENTS.sub("(…)", " ".join(text).strip()))
        for name, text in found
    )


def _short(name: str) -> str:
    """The class without its package; Java's own ConnectException is told from Connect's."""
    if name == "java.net.ConnectException":
        return "java.net.ConnectException"
    return name.rpartition(".")[2].rpartition("$")[2]
