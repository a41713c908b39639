"""Runs the benchmarks that are named, or all, and prints their rows as one table.

Exit code 1 when a goal is not met. Example: ``python -m benchmarks engine_step help_time``.
"""

import importlib
import sys

from benchmarks import table

ALL = (
    "help_time",
    "doctor_time",
    "pages",
    "exports",
    "subjects",
    "timeline_size",
    "engine_step",
    "history",
    "diagnosis",
    "sweep_large",
    "sweep_waits",
    "many_clusters",
    "own_process",
    "sweep_lab",
    "lab_start",
    "demo",
)
"""Modules here, each with ``run() -> list[table.Row]``; the quick ones first."""


def main(names: list[str]) -> int:
    """The exit code."""
    wrong = [name for name in names if name not in ALL]
    if wrong:
        print(f"no benchmark {wrong[0]!r}; there are: {', '.join(ALL)}", file=sys.stderr)
        return 2
    rows: list[table.Row] = []
    for name in names or ALL:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"benchmarks.{name}").run()
    print(table.render(rows))
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
