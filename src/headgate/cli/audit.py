"""``headgate audit``."""

from pathlib import Path
from typing import Annotated

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    *,
    target: Annotated[str, typer.Option("--target", help="A change, resource or user.")] = "",
    limit: options.Limit = 50,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """List audit records, newest first.

    Example: headgate audit list --target chg-847gzca6c
    """
    from headgate.cli import cells, client

    held = client.Client(server, token).get("audit", target=target, limit=limit)
    if form is options.Output.json:
        output.json_text(held)
        return
    output.table(
        [">no", "when", "who", "what", "target", "text"],
        [
            [
                str(one["number"]),
                cells.ago(one["event"]["at"]),
                one["event"]["actor"],
                one["event"]["what"],
                one["event"]["target"],
                one["event"]["text"],
            ]
            for one in held["items"]
        ],
        empty="There is no record.",
    )


@app.command()
def verify(
    *,
    file: Annotated[
        Path | None, typer.Option("--file", help="An exported audit; needs no server.")
    ] = None,
    head: Annotated[
        str, typer.Option("--head", help="A hash kept elsewhere that the chain must hold.")
    ] = "",
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Check that the audit is whole; exit code 1 when it is not.

    Example: headgate audit verify --file audit.jsonl
    """
    from headgate.api import wire
    from headgate.cli import client

    if file is not None:
        held = wire.encode(_offline(file, head))
    else:
        held = client.Client(server, token).get("audit", "verify")
    if form is options.Output.json:
        output.json_text(held)
    else:
        typer.echo(held["text"])
        typer.echo(f"  records  {held['records']}")
        typer.echo(f"  head     {held['head']}")
    if not held["intact"]:
        raise typer.Exit(1)


def _offline(file: Path, head: str) -> object:
    from headgate.app import errors
    from headgate.audit import verify as chains

    try:
        with file.open(encoding="utf-8") as lines:
            return chains.records(chains.exported(lines), head=head)
    except OSError as error:
        raise errors.Invalid(
            f"The file cannot be read: {error.strerror}", where=str(file)
        ) from error
    except chains.Unreadable as error:
        raise errors.Invalid(
            error.what, where=f"{file}, {error.where}", next_step=error.next_step
        ) from error


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write it; one JSON object a line.")],
    *,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Write every audit record to a file that can be verified offline.

    Example: headgate audit export audit.jsonl
    """
    from headgate.cli import client

    answer = client.Client(server, token).lines("audit", "export")
    file.write_bytes(answer.content)
    typer.echo(f"{file}: {len(answer.content.splitlines())} records")
