"""Sub-commands that are imported only when they are used, so that ``headgate --help`` is quick.

The root lists every command from a table of names and one-line helps; the module behind a name is
imported when that command is run, completed or asked for its own help.
"""

import importlib
import re
from dataclasses import dataclass
from typing import Any

import typer
from typer import core, main


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One sub-command that is not imported yet."""

    module: str
    """Where its ``app``, a ``typer.Typer``, is."""
    help: str
    extra: str = ""
    """The extra that brings the packages it needs, where it needs one."""


TABLE: dict[str, Entry] = {
    "demo": Entry(
        module="headgate.cli.demo",
        help="Real Kafka, Headgate and a story that plays itself.",
        extra="lab",
    ),
    "doctor": Entry(
        module="headgate.cli.doctor", help="Look at any cluster once and say what is wrong."
    ),
    "serve": Entry(module="headgate.cli.serve", help="Run the control plane and its console."),
    "clusters": Entry(module="headgate.cli.clusters", help="The clusters and their health."),
    "topics": Entry(module="headgate.cli.topics", help="Topics of a cluster."),
    "groups": Entry(module="headgate.cli.groups", help="Consumer groups of a cluster."),
    "connectors": Entry(module="headgate.cli.connectors", help="Connectors of a cluster."),
    "subjects": Entry(module="headgate.cli.subjects", help="Subjects of a schema registry."),
    "quotas": Entry(module="headgate.cli.quotas", help="Client quotas of a cluster."),
    "acls": Entry(module="headgate.cli.acls", help="Who may do what on a cluster."),
    "search": Entry(module="headgate.cli.search", help="Anything by a part of its name."),
    "findings": Entry(module="headgate.cli.findings", help="What is abnormal now."),
    "incidents": Entry(module="headgate.cli.incidents", help="What goes wrong and why."),
    "channels": Entry(module="headgate.cli.channels", help="Where people are told of incidents."),
    "changes": Entry(module="headgate.cli.changes", help="Propose, approve and follow changes."),
    "timeline": Entry(
        module="headgate.cli.timeline", help="What became different, and what was deployed."
    ),
    "restore-points": Entry(
        module="headgate.cli.restore_points", help="Offsets and settings as they were."
    ),
    "audit": Entry(module="headgate.cli.audit", help="Who did what; whether the record is whole."),
    "lab": Entry(module="headgate.cli.lab", help="A real Kafka to break and to heal.", extra="lab"),
    "user": Entry(module="headgate.cli.user", help="Local users."),
    "token": Entry(module="headgate.cli.token", help="API tokens."),
    "config": Entry(module="headgate.cli.config", help="What is configured, and what is wrong."),
    "version": Entry(module="headgate.cli.version", help="Which Headgate this is."),
}
"""Every command in the order of the help."""


_COMPLETION = ("install_completion", "show_completion")
_FITS = 58
"""Letters that stand beside the longest name on a terminal of 80."""


class LazyGroup(core.TyperGroup):
    """A group whose members stay unimported until one is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command by name, in the table's order."""
        del ctx
        return list(TABLE)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A stand-in that knows only its help; enough to list it."""
        del ctx
        entry = TABLE.get(cmd_name)
        return None if entry is None else core.TyperCommand(cmd_name, help=entry.help)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The real command, imported now."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name in TABLE else command, rest


def load(name: str) -> Any:
    """The command itself.

    Raises:
        typer.Exit: a package that it needs is not installed; that was said.
    """
    entry = TABLE[name]
    try:
        module = importlib.import_module(entry.module)
    except ImportError as error:
        missing = error.name or ""
        if missing.split(".")[0] == "headgate" and missing != entry.module:
            raise
        why = f"{missing} is not installed" if missing != entry.module else "it is not part of this"
        typer.echo(f"headgate {name} cannot run: {why}", err=True)
        typer.echo(
            f"  next  pip install 'headgate[{entry.extra}]'"
            if entry.extra
            else "  next  install Headgate anew",
            err=True,
        )
        raise typer.Exit(2) from error
    command = main.get_command(module.app)
    command.name = name
    # each room is a Typer of its own; only the root offers to complete
    command.params = [one for one in command.params if one.name not in _COMPLETION]
    _shorten(command)
    return command


def _shorten(command: Any) -> None:
    """Each member's line in the list ends where a thought ends, and not with dots."""
    for member in getattr(command, "commands", {}).values():
        said = (member.help or "").split("\n\n")[0].split(". ")[0].replace("\n", " ").rstrip(".")
        if len(said) > _FITS:
            said = re.split(r"[:;,]", said)[0]
        member.short_help = f"{said}."
        _shorten(member)
