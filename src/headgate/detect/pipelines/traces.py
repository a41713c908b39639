"""Reads the stack trace of a failed Connect task: the chain of causes, and the class of failure.

The deepest cause that a rule knows decides; wrappers such as "Exiting WorkerSinkTask due to
unrecoverable exception" say nothing.
"""

import functools
import re
from dataclasses import dataclass

from headgate.detect.pipelines import trace_rules
from headgate.domain import vocabulary

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


@functools.lru_cache(maxsize=512)
def read(trace: str) -> Reading:
    """The class of the failure that a trace shows; ``unknown`` where no rule knows it."""
    chain = links(trace)
    for link in reversed(chain):
        for rule in trace_rules.RULES:
            if rule.fits(link.type, link.message):
                return Reading(failure=rule.failure, cause=link, rule=rule.means, chain=chain)
    deepest = chain[-1] if chain else Link(type="no trace", message="")
    return Reading(failure="unknown", cause=deepest, rule="", chain=chain)


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
    return tuple(Link(type=name, message=" ".join(text).strip()) for name, text in found)


def _short(name: str) -> str:
    """The class without its package; Java's own ConnectException is told from Connect's."""
    if name == "java.net.ConnectException":
        return "java.net.ConnectException"
    return name.rpartition(".")[2].rpartition("$")[2]
