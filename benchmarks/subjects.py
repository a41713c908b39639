"""What a registry of 5,000 subjects costs to read: the first time, and when nothing changed.

A server in this process stands for the registry, so seconds hold its work, too; calls do not.
"""

import time

from tests.unit.registry import server

from benchmarks import table
from headgate.domain.unknown import Unknown
from headgate.registry import rest

SUBJECTS = 5_000
DEADLINE_S = 8.0
"""Of one reading, as in a sweep with the usual interval."""


def run() -> list[table.Row]:
    """Calls and seconds of the first and the second reading."""
    registry = server.Server()
    registry.fill(SUBJECTS)
    port = rest.RestRegistry("main", registry.url)
    try:
        began = time.perf_counter()
        readings = 1
        while any(
            isinstance(one.versions, Unknown)
            for one in port.registry(deadline_s=DEADLINE_S).subjects.values()
        ):
            readings += 1
        first_s = time.perf_counter() - began
        first = sum(registry.kinds().values())
        began = time.perf_counter()
        port.registry(deadline_s=DEADLINE_S)
        second_s = time.perf_counter() - began
        second = sum(registry.kinds().values())
    finally:
        port.close()
        registry.close()
    naive = "asking everything again"
    return [
        table.Row(what=f"first readings of {SUBJECTS} subjects", value=readings, unit="readings"),
        table.Row(what="calls of the first readings", value=first, unit="calls"),
        table.Row(
            what="calls of a reading when nothing changed",
            value=second,
            unit="calls",
            goal=20,
            baseline=first,
            against=naive,
        ),
        table.Row(
            what="seconds of a reading when nothing changed",
            value=second_s,
            unit="s",
            goal=1.0,
            baseline=first_s,
            against=naive,
        ),
    ]
