"""The suite's one table, for a terminal."""

from collections.abc import Iterable, Sequence

from rich import box, console, text
from rich import table as rich_table

from incidents import results


def show(
    rows: Sequence[results.Row],
    measured: Sequence[results.Measure],
    background: Sequence[str],
    *,
    to: console.Console,
) -> None:
    """Prints a row for each run, then the totals against their goals."""
    to.print(_runs(sorted(rows, key=lambda row: (row.kind, row.scenario, row.variant))))
    for row in rows:
        for line in problems(row):
            to.print(f"  [bold]{row.scenario}/{row.variant}[/bold] ", end="")
            to.print(line, markup=False, highlight=False)
    for line in background:
        to.print(f"  nobody broke this: {line}", markup=False, highlight=False)
    to.print(_totals(measured))


def problems(row: results.Row) -> list[str]:
    """What was not as expected, one line each."""
    if row.failure:
        return [f"does not count: {row.failure}"]
    found = []
    for root in row.roots:
        if root.found_s is None or root.cause_s is None:
            expected = f"{' or '.join(root.findings)} <- {' or '.join(root.causes)}"
            found.append(f"expected {expected}; got {root.got}")
    return found + [f"wrong: {line}" for line in row.wrong]


def line(row: results.Row) -> text.Text:
    """One run in one line, for the log of a run under way."""
    mark = "  - " if row.failure else (" ok " if row.passed else "MISS")
    style = "yellow" if row.failure else ("green" if row.passed else "red")
    told = text.Text(f"{mark} ", style=style)
    told.append(f"{row.scenario}/{row.variant}", style="bold")
    times = [
        f"found {_s(root.found_s)} s, cause {_s(root.cause_s)} s, {_s(root.sweeps)} sweeps"
        for root in row.roots
    ]
    told.append(
        f"  {'; '.join(times) or 'silent' if row.passed else '; '.join(times)}", style="dim"
    )
    if row.doctor:
        told.append(f"  doctor: {row.doctor}", style="dim")
    told.append(f"  ({row.took_s:.0f} s)", style="dim")
    return told


def _runs(rows: Sequence[results.Row]) -> rich_table.Table:
    made = rich_table.Table(box=box.SIMPLE, pad_edge=False, title_justify="left")
    made.add_column("run", overflow="fold")
    for name in ("det.", "1st", "2", "find s", "cause s", "sweeps", "wrong", "opened"):
        made.add_column(name, justify="right")
    for name in ("naive", "pages", "doctor", "how"):
        made.add_column(name)
    for row in rows:
        name = f"{row.scenario}/{row.variant}"
        if row.failure:
            made.add_row(name, *["-"] * 12, style="yellow")
            continue
        roots = row.roots
        made.add_row(
            name,
            _marks(root.found_s is not None for root in roots),
            _marks(root.cause_s is not None for root in roots),
            _marks(root.second for root in roots),
            " ".join(_s(root.found_s) for root in roots) or "-",
            " ".join(_s(root.cause_s) for root in roots) or "-",
            " ".join(_s(root.sweeps) for root in roots) or "-",
            str(len(row.wrong)),
            f"{row.opened}/{len(roots)}",
            _marks(root.naive for root in roots),
            f"{row.paging}:{len(row.pages)}",
            row.doctor or "-",
            row.how,
            style=None if row.passed else "red",
        )
    return made


def _totals(measured: Sequence[results.Measure]) -> rich_table.Table:
    made = rich_table.Table(box=box.SIMPLE, pad_edge=False)
    for name in ("measure", "value", "goal", "met"):
        made.add_column(name, overflow="fold")
    for one in measured:
        met = {True: "yes", False: "NO", None: "-"}[one.met]
        made.add_row(one.what, one.value, one.goal, met, style="red" if one.met is False else None)
    return made


def _marks(held: Iterable[bool]) -> str:
    return "".join("y" if one else "n" for one in held) or "-"


def _s(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"
