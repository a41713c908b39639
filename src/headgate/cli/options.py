"""Options that many commands share, so that they are named and explained alike."""

import enum
from pathlib import Path
from typing import Annotated

import typer


class Output(enum.StrEnum):
    """The form of what is printed."""

    table = "table"
    json = "json"


class Report(enum.StrEnum):
    """The form of a report."""

    table = "table"
    json = "json"
    markdown = "markdown"


Form = Annotated[
    Output, typer.Option("--output", "-o", help="Tables for people, JSON for programs.")
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="HEADGATE_CONFIG",
        help="The configuration file; headgate.toml here where it exists.",
        show_default=False,
    ),
]
Server = Annotated[
    str,
    typer.Option(
        "--server", envvar="HEADGATE_URL", help="Where the server answers.", metavar="URL"
    ),
]
Token = Annotated[
    str,
    typer.Option(
        "--token",
        envvar="HEADGATE_TOKEN",
        help="An API token (headgate token add).",
        metavar="SECRET",
        show_default=False,
    ),
]
Cluster = Annotated[
    str,
    typer.Option(
        "--cluster", "-c", help="The cluster's name; needed where there is more than one."
    ),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most.")]

DEFAULT_SERVER = "http://127.0.0.1:8420"
"""Where ``headgate serve`` listens unless it is told otherwise."""
