"""What commands print: JSON for programs, tables for people, and nothing else on standard output.

rich is imported only where a table is drawn.
"""

import json
import sys
from collections.abc import Sequence

import typer


def json_text(value: object) -> None:
    """The value stands on standard output as JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """The rows stand on standard output as a table; a column headed ``>NAME`` is right-aligned.

    Without rows, ``empty`` is printed. On anything but a terminal the lines are as wide as needed,
    so that no pipe sees a broken name.
    """
    if not rows:
        typer.echo(empty)
        return
    from rich import box, console, text
    from rich import table as tables

    drawn = tables.Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for head in columns:
        right = head.startswith(">")
        drawn.add_column(
            head.removeprefix(">"),
            justify="right" if right else "left",
            overflow="fold",
            no_wrap=right,
        )
    for row in rows:
        drawn.add_row(*(text.Text(cell) for cell in row))
    if sys.stdout.isatty():
        console.Console(highlight=False).print(drawn)
    else:
        wide = max(sum(len(c) + 3 for c in row) for row in (columns, *rows)) + 40
        console.Console(highlight=False, width=max(wide, 80), no_color=True).print(drawn)


def progress_wanted() -> bool:
    """Whether a person watches standard error."""
    return sys.stderr.isatty()
