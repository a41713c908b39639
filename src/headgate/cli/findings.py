"""``headgate findings``."""

from typing import Annotated

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def findings() -> None:
    """What is abnormal now."""


@app.command("list")
def list_(
    *,
    cluster: options.Cluster = "",
    code: Annotated[str, typer.Option("--code", help="Only this finding code.")] = "",
    limit: options.Limit = 100,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """List what is abnormal now, and what could not be judged.

    Example: headgate findings list --code lag.stalled
    """
    from headgate.cli import cells, client

    held = client.Client(server, token).get("findings", cluster=cluster, code=code, limit=limit)
    if form is options.Output.json:
        output.json_text(held)
        return
    output.table(
        ["severity", "state", "finding", "on", "since", "what"],
        [
            [
                one["severity"],
                one["state"],
                one["code"],
                one["resource"],
                cells.ago(one["since"]),
                one["summary"],
            ]
            for one in held["items"]
        ],
        empty="Nothing abnormal was found.",
    )
    for one in held.get("not_seen", [])[:20]:
        typer.echo(f"  not judged  {one['code']} on {one['resource']}: {one['reason']}")
