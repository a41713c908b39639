"""Shows what a long start is doing: bars on standard error, and only for a person who watches."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from headgate.cli import output

if TYPE_CHECKING:
    from headgate.lab import progress


@contextlib.contextmanager
def shown() -> "Iterator[Callable[[progress.Step], None]]":
    """Yield what the lab reports its steps to; nothing is shown where nobody watches."""
    if not output.progress_wanted():
        yield lambda _step: None
        return
    from rich import console
    from rich import progress as bars

    with bars.Progress(
        bars.SpinnerColumn(finished_text="✓"),
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TextColumn("{task.fields[size]}"),
        bars.TimeElapsedColumn(),
        console=console.Console(stderr=True),
    ) as drawn:
        known: dict[str, bars.TaskID] = {}

        def report(step: "progress.Step") -> None:
            if step.what not in known:
                known[step.what] = drawn.add_task(step.what, total=None, size="")
            total = step.total or None
            done = step.done
            if step.finished:
                total = done = step.total or 1
            drawn.update(known[step.what], total=total, completed=done, size=_size(step))

        yield report


def _size(step: "progress.Step") -> str:
    if not step.total:
        return ""
    if step.unit == "B":
        return f"{step.done / 2**20:.0f} of {step.total / 2**20:.0f} MiB"
    return f"{step.done} of {step.total}"
