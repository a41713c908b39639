"""``headgate groups``."""

from typing import Annotated

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    *,
    cluster: options.Cluster = "",
    filter_: Annotated[str, typer.Option("--filter", help="A part of the name.")] = "",
    limit: options.Limit = 100,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """List consumer groups with their lag in records and in time.

    Example: headgate groups list --filter billing
    """
    from headgate.cli import cells, client

    asked = client.Client(server, token)
    held = asked.get("clusters", asked.cluster(cluster), "groups", filter=filter_, limit=limit)
    if form is options.Output.json:
        output.json_text(held)
        return
    output.table(
        ["group", "state", "protocol", ">members", ">lag", ">behind", ">reads", "topics"],
        [
            [
                one["id"],
                one["state"],
                one["kind"],
                cells.text(one["members"]),
                cells.text(one["lag"]),
                cells.duration(one["behind_s"]),
                cells.rate(one["consumed_per_s"]),
                cells.text(one["topics"]),
            ]
            for one in held["items"]
        ],
        empty="No group matches.",
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The group.")],
    *,
    cluster: options.Cluster = "",
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Show one group, partition by partition.

    Example: headgate groups show billing
    """
    from headgate.cli import cells, client

    asked = client.Client(server, token)
    held = asked.whole("positions", "clusters", asked.cluster(cluster), "groups", name)
    if form is options.Output.json:
        output.json_text(held)
        return
    typer.echo(f"{held['id']}: {held['state']}, {held['kind']} protocol")
    positions = held["positions"]
    if isinstance(positions, dict):
        typer.echo(cells.text(positions))
        return
    output.table(
        [
            "partition",
            ">lag",
            ">behind",
            ">in",
            ">read",
            ">deleted in",
            ">committed",
            ">log end",
            "member",
        ],
        [
            [
                one["partition"],
                cells.text(one["lag"]),
                cells.duration(one["behind_s"]),
                cells.rate(one["in_per_s"]),
                cells.rate(one["out_per_s"]),
                cells.duration(one["loss_s"]),
                cells.text(one["commit"]),
                cells.text(one["end"]),
                one["member"] or "nobody owns it",
            ]
            for one in positions
        ],
        empty="It has committed nothing and owns nothing.",
    )
