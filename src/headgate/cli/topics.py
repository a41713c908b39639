"""``headgate topics``."""

from typing import Annotated

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    *,
    cluster: options.Cluster = "",
    filter_: Annotated[str, typer.Option("--filter", help="A part of the name.")] = "",
    internal: Annotated[bool, typer.Option("--internal", help="Kafka's own topics too.")] = False,
    limit: options.Limit = 100,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """List topics with their replicas, rates and readers.

    Example: headgate topics list --filter order
    """
    from headgate.cli import cells, client

    asked = client.Client(server, token)
    held = asked.get(
        "clusters",
        asked.cluster(cluster),
        "topics",
        filter=filter_,
        internal=str(internal).lower(),
        limit=limit,
    )
    if form is options.Output.json:
        output.json_text(held)
        return
    output.table(
        ["topic", ">partitions", ">replicas", ">lacking", ">offline", ">records in", "read by"],
        [
            [
                one["name"],
                cells.text(one["partitions"]),
                cells.text(one["replication"]),
                cells.text(one["under_replicated"]),
                cells.text(one["offline"]),
                cells.rate(one["records_in_per_s"]),
                cells.text(one["groups"]),
            ]
            for one in held["items"]
        ],
        empty="No topic matches.",
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The topic.")],
    *,
    cluster: options.Cluster = "",
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Show one topic: its partitions and its own settings.

    Example: headgate topics show orders
    """
    from headgate.cli import cells, client

    asked = client.Client(server, token)
    held = asked.get("clusters", asked.cluster(cluster), "topics", name)
    if form is options.Output.json:
        output.json_text(held)
        return
    shown = held.get("partition_list", [])
    if isinstance(shown, dict):
        typer.echo(cells.text(shown))
        return
    output.table(
        [">partition", ">leader", "replicas", "in sync", ">start", ">end", ">records in"],
        [
            [
                str(one["number"]),
                "none" if one["leader"] < 0 else str(one["leader"]),
                cells.text(one["replicas"]),
                cells.text(one["isr"]),
                cells.text(one["start"]),
                cells.text(one["end"]),
                cells.rate(one["records_in_per_s"]),
            ]
            for one in shown
        ],
        empty="It has no partition.",
    )
