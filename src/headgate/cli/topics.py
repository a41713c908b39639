"""``headgate topics``."""

from typing import Annotated, Any

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
        [
            "topic",
            ">partitions",
            ">replicas",
            ">lacking",
            ">offline",
            ">records in",
            ">size",
            "read by",
        ],
        [
            [
                one["name"],
                cells.text(one["partitions"]),
                cells.text(one["replication"]),
                cells.text(one["under_replicated"]),
                cells.text(one["offline"]),
                cells.rate(one["records_in_per_s"]),
                cells.size(one["size_bytes"]),
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
    """Show one topic: its partitions, its own settings and who reads it.

    Example: headgate topics show orders
    """
    from headgate.cli import cells, client

    asked = client.Client(server, token)
    held = asked.whole("partition_list", "clusters", asked.cluster(cluster), "topics", name)
    if form is options.Output.json:
        output.json_text(held)
        return
    shown = held.get("partition_list", [])
    if isinstance(shown, dict):
        typer.echo(cells.text(shown))
        return
    output.table(
        [">partition", ">leader", "replicas", "in sync", ">start", ">end", ">size", ">records in"],
        [
            [
                str(one["number"]),
                "none" if one["leader"] < 0 else str(one["leader"]),
                cells.text(one["replicas"]),
                cells.text(one["isr"]),
                cells.text(one["start"]),
                cells.text(one["end"]),
                cells.size(one["size_bytes"]),
                cells.rate(one["records_in_per_s"]),
            ]
            for one in shown
        ],
        empty="It has no partition.",
    )
    _settings(held["settings"])
    _readers(held["readers"])


def _settings(held: Any) -> None:
    from headgate.cli import cells

    typer.echo("")
    if "unknown" in held:
        typer.echo(f"Its settings are {cells.text(held)}")
        return
    own = {name: one for name, one in held.items() if not one["default"]}
    output.table(
        ["its own setting", "value"],
        [
            [name, "not shown by Kafka" if one["value"] is None else one["value"]]
            for name, one in sorted(own.items())
        ],
        empty="It sets nothing of its own.",
    )


def _readers(held: Any) -> None:
    from headgate.cli import cells

    typer.echo("")
    if isinstance(held, dict):
        typer.echo(f"Who reads it is {cells.text(held)}")
        return
    output.table(
        ["read by", "state", ">lag here", ">behind"],
        [
            [
                one["group"],
                one["state"],
                cells.text(one["lag"]),
                cells.duration(one["behind_s"]),
            ]
            for one in held
        ],
        empty="No group commits on it.",
    )
