"""The command line: a thin client of a server, and the commands that need none."""

import sys

import typer

from headgate.cli import lazy

app = typer.Typer(
    cls=lazy.LazyGroup,
    name="headgate",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="An operations control plane for Kafka and everything that speaks its protocol.\n\n"
    "Example: headgate doctor localhost:9092",
)


@app.callback()
def _root() -> None:
    """Sub-commands follow."""


def main() -> None:
    """Runs the command that ``sys.argv`` names; the process ends with its exit code."""
    try:
        app()
    except Exception as error:  # noqa: BLE001 - the last stop: no traceback reaches a person
        from headgate.cli import trouble

        sys.exit(trouble.tell(error))
