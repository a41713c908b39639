"""``headgate doctor``: look at any cluster once and say what is wrong."""

import enum
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headgate.cli import options, output

if TYPE_CHECKING:
    from headgate.app import doctor as looking

app = typer.Typer(rich_markup_mode=None)


class Severity(enum.StrEnum):
    """From which severity on the exit code is 1."""

    info = "info"
    warning = "warning"
    critical = "critical"
    never = "never"


@app.command()
def doctor(
    bootstrap: Annotated[
        str, typer.Argument(help="One or more HOST:PORT, with commas.", metavar="BOOTSTRAP")
    ],
    *,
    connect: Annotated[
        list[str] | None,
        typer.Option("--connect", help="REST address of a Kafka Connect cluster; repeatable."),
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metrics",
            help="Metrics page (http://HOST:7071#broker=1) or Prometheus server "
            "(prometheus+http://HOST:9090); repeatable.",
        ),
    ] = None,
    registry: Annotated[
        str, typer.Option("--registry", help="Address of the schema registry.")
    ] = "",
    client_config: Annotated[
        Path | None,
        typer.Option("--client-config", help="A Kafka client properties file.", dir_okay=False),
    ] = None,
    watch: Annotated[
        float, typer.Option("--watch", min=1, max=3600, help="Seconds to look before judging.")
    ] = 10.0,
    read_records: Annotated[
        bool,
        typer.Option("--read-records", help="May read single records; contents are never shown."),
    ] = False,
    declared: Annotated[
        Path | None,
        typer.Option(
            "--declared",
            help="Folder of what should be: topics, ACLs, owners, marks, thresholds (TOML).",
            file_okay=False,
        ),
    ] = None,
    acls: Annotated[
        bool,
        typer.Option("--acls", help="Only print the ACLs that Headgate asks for; sends nothing."),
    ] = False,
    fail_on: Annotated[
        Severity, typer.Option("--fail-on", help="The severity from which the exit code is 1.")
    ] = Severity.critical,
    form: Annotated[
        options.Report, typer.Option("--output", "-o", help="table, json or markdown.")
    ] = options.Report.table,
) -> None:
    """Look at any cluster once: what goes wrong, why, and what could be done. Reads only.

    Example: headgate doctor localhost:9092

    Example: headgate doctor kafka:9093 --client-config client.properties -o json

    Example: headgate doctor kafka:9093 --client-config client.properties --acls
    """
    from headgate.app import doctor as looking
    from headgate.app import logs

    logs.configure(logging.WARNING)  # its report says what could not be read
    if acls:
        _print_acls(bootstrap, _properties(client_config) if client_config else {}, form)
        return
    asked = looking.Asked(
        bootstrap=bootstrap,
        client=_properties(client_config) if client_config else {},
        connects=tuple(connect or ()),
        metrics=tuple(metrics or ()),
        registry=registry,
        watch_s=watch,
        read_records=read_records,
        declared=declared,
    )
    report = _examine(asked)
    _print(report, form)
    if fail_on is not Severity.never and _at_least(report, fail_on.value):
        raise typer.Exit(1)


def _examine(asked: "looking.Asked") -> "looking.Report":
    from headgate.app import doctor as looking

    if not output.progress_wanted():
        return looking.examine(asked)
    from rich import console
    from rich import progress as bars

    with bars.Progress(
        bars.TextColumn("looking"),
        bars.BarColumn(),
        bars.TimeElapsedColumn(),
        console=console.Console(stderr=True),
        transient=True,
    ) as drawn:
        task = drawn.add_task("looking", total=1.0)
        return looking.examine(asked, lambda share: drawn.update(task, completed=share))


def _print(report: "looking.Report", form: options.Report) -> None:
    from headgate.app import report as forms
    from headgate.app import report_text as texts

    if form is options.Report.json:
        output.json_text(forms.as_json(report))
        return
    zone = _zone()
    lines = texts.as_text if form is options.Report.table else texts.as_markdown
    for line in lines(report, zone):
        typer.echo(line)


def _print_acls(bootstrap: str, client: dict[str, str], form: options.Report) -> None:
    from headgate.app import acls, translate

    with translate.translated():
        asked = acls.Request(bootstrap=bootstrap, principal=acls.principal(client))
    if form is options.Report.json:
        output.json_text(acls.as_json(asked))
        return
    lines = acls.as_text if form is options.Report.table else acls.as_markdown
    for line in lines(asked):
        typer.echo(line)


def _zone() -> str:
    """The zone of this machine by name where it has one, else UTC."""
    import os

    named = os.environ.get("TZ", "").removeprefix(":")
    if named:
        return named
    link = Path("/etc/localtime")
    parts = link.resolve().parts if link.is_symlink() else ()
    return "/".join(parts[parts.index("zoneinfo") + 1 :]) if "zoneinfo" in parts else "UTC"


def _at_least(report: "looking.Report", wanted: str) -> bool:
    from headgate.domain import vocabulary

    order = list(vocabulary.SEVERITIES)
    return report.worst is not None and order.index(report.worst) >= [str(x) for x in order].index(
        wanted
    )


def _properties(path: Path) -> dict[str, str]:
    """The settings in a client properties file; comments and empty lines do not count."""
    from headgate.app import errors

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise errors.Invalid(
            f"The client configuration cannot be read: {reason}",
            where=str(path),
            next_step="Name an ordinary Kafka client properties file",
        ) from error
    held: dict[str, str] = {}
    lines = iter(enumerate(text.splitlines(), start=1))
    for number, raw in lines:
        line = raw.strip()
        while line.endswith("\\"):
            line = line[:-1] + next(lines, (0, ""))[1].strip()
        if not line or line[0] in "#!":
            continue
        for place, letter in enumerate(line):
            if letter in "=:":
                held[line[:place].strip()] = line[place + 1 :].strip()
                break
        else:
            raise errors.Invalid(
                "A line is not NAME=VALUE",
                where=f"{path}:{number}",
                next_step="Write it as in any Kafka client properties file",
            )
    return held
