"""``headgate quotas``."""

from typing import Annotated, Any

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _root() -> None:
    """Client quotas of a cluster."""


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
    """List client quotas.

    Example: headgate quotas list --filter billing
    """
    from headgate.cli import cells, client

    asked = client.Client(server, token)
    held = asked.get("clusters", asked.cluster(cluster), "quotas", filter=filter_, limit=limit)
    if form is options.Output.json:
        output.json_text(held)
        return
    output.table(
        ["who", ">writes", ">reads", ">request time", ">changes"],
        [
            [
                ",".join(f"{kind}={name}" for kind, name in one["entity"].items()),
                _rate(one["limits"], "producer_byte_rate"),
                _rate(one["limits"], "consumer_byte_rate"),
                f"{one['limits']['request_percentage']:g} %"
                if "request_percentage" in one["limits"]
                else "no limit",
                cells.rate(one["limits"].get("controller_mutation_rate", "no limit")),
            ]
            for one in held["items"]
        ],
        empty="No client is limited.",
    )
    for one in held["missing"]:
        typer.echo(f"  not seen  {one['what']}: {one['reason']}")


def _rate(limits: Any, name: str) -> str:
    from headgate.app import words

    return f"{words.size(limits[name])}/s" if name in limits else "no limit"
