"""``headgate acls``."""

from typing import Annotated

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _root() -> None:
    """ACLs of a cluster."""


@app.command("list")
def list_(
    *,
    cluster: options.Cluster = "",
    filter_: Annotated[str, typer.Option("--filter", help="A part of the line.")] = "",
    limit: options.Limit = 100,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """List ACLs.

    Example: headgate acls list --filter User:billing
    """
    from headgate.cli import client

    asked = client.Client(server, token)
    held = asked.get("clusters", asked.cluster(cluster), "acls", filter=filter_, limit=limit)
    if form is options.Output.json:
        output.json_text(held)
        return
    output.table(
        ["who", "may", "operation", "on", "name", "pattern", "from"],
        [
            [
                one["principal"],
                "may" if one["permission"] == "ALLOW" else "may not",
                one["operation"].lower().replace("_", " "),
                one["resource_type"].lower().replace("_", " "),
                one["resource_name"],
                one["pattern"].lower(),
                one["host"],
            ]
            for one in held["items"]
        ],
        empty="No ACL is set.",
    )
    for one in held["missing"]:
        typer.echo(f"  not seen  {one['what']}: {one['reason']}")
