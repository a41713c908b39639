"""``headgate clusters``."""

from typing import Annotated

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    *,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """List the clusters, worst first.

    Example: headgate clusters list
    """
    from headgate.cli import cells, client

    held = client.Client(server, token).get("clusters")
    if form is options.Output.json:
        output.json_text(held)
        return
    rows = [
        [
            one["name"],
            one["environment"],
            one["health"],
            cells.text(one["brokers"]),
            cells.text(one["topics"]),
            cells.text(one["groups"]),
            cells.ago(one["read_at"]) if one["read_at"] else "not read yet",
        ]
        for one in held["items"]
    ]
    output.table(
        ["cluster", "environment", "health", ">brokers", ">topics", ">groups", "read"],
        rows,
        empty="No cluster is configured: add a [[cluster]] to headgate.toml.",
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The cluster's name.")],
    *,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Show one cluster: its brokers, and what of it could be read.

    Example: headgate clusters show orders
    """
    from headgate.cli import cells, client

    asked = client.Client(server, token)
    held = asked.get("clusters", name)
    brokers = asked.get("clusters", name, "brokers")
    if form is options.Output.json:
        output.json_text({**held, "broker_list": brokers["items"]})
        return
    typer.echo(f"{held['name']} ({held['environment']}): {held['health']}")
    output.table(
        [">id", "state", "rack", ">leads", ">replicas", ">out of sync", "address"],
        [
            [
                str(one["id"]),
                one["state"],
                one["rack"],
                cells.text(one["leaders"]),
                cells.text(one["replicas"]),
                cells.text(one["out_of_sync"]),
                one["address"],
            ]
            for one in brokers["items"]
        ],
        empty="No broker is known.",
    )
    for text in held["unknown"]:
        typer.echo(f"  not seen  {text}")
