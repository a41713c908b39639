"""Connectors as rows."""

from dataclasses import dataclass, field

from headgate.domain import observation
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorRow:
    """One connector in one line."""

    connect: str
    name: str
    type: str
    state: str
    tasks: int
    failed: int
    worker: str
    topics: tuple[str, ...] = field(default_factory=tuple)
    cause: str = ""
    """Last cause in the trace of its first failed task; empty when none failed."""


def rows(seen: observation.Observation) -> tuple[ConnectorRow, ...]:
    """Every connector of every Connect cluster that answered."""
    made = []
    for name, part in seen.snapshot.connects.items():
        if isinstance(part.value, Unknown):
            continue
        for item in part.value.connectors.values():
            failed = [task for task in item.tasks if task.state == "FAILED"]
            trace = failed[0].trace if failed else item.trace
            made.append(
                ConnectorRow(
                    connect=name,
                    name=item.name,
                    type=item.type,
                    state=item.state,
                    tasks=len(item.tasks),
                    failed=len(failed),
                    worker=item.worker,
                    topics=item.topics,
                    cause=_last_cause(trace),
                )
            )
    return tuple(made)


def _last_cause(trace: str) -> str:
    causes = [line for line in trace.splitlines() if line.startswith("Caused by:")]
    if causes:
        return causes[-1].removeprefix("Caused by:").strip()
    return trace.splitlines()[0].strip() if trace else ""
