"""``headgate search``."""

from typing import Annotated

import typer

from headgate.cli import options, output

app = typer.Typer(rich_markup_mode=None)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="A part of a name, in any case.")],
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")] = 50,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Search the names of everything: topics, groups, connectors, incidents and more.

    Example: headgate search billing
    """
    from headgate.cli import client

    held = client.Client(server, token).get("search", q=text, limit=limit)
    if form is options.Output.json:
        output.json_text(held)
        return
    output.table(
        ["kind", "name", "cluster", "id"],
        [
            [
                one["kind"],
                one["name"],
                ", ".join(part for part in (one["cluster"], one["within"]) if part),
                one["ref"],
            ]
            for one in held["items"]
        ],
        empty="Nothing is named so.",
    )
    more = held["total"] - len(held["items"])
    if more > 0:
        typer.echo(f"{more} more: write more of the name")
