"""``headgate connectors``."""

from typing import Annotated

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    *,
    cluster: options.Cluster = "",
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """List connectors with the state of their tasks.

    Example: headgate connectors list
    """
    from headgate.cli import client

    asked = client.Client(server, token)
    held = asked.get("clusters", asked.cluster(cluster), "connectors")
    if form is options.Output.json:
        output.json_text(held)
        return
    output.table(
        ["connector", "type", "state", ">tasks", ">failed", ">lost", "cause of the failure"],
        [
            [
                one["name"],
                one["type"],
                one["state"],
                str(one["tasks"]),
                str(one["failed"]),
                str(one["lost"]),
                one["cause"],
            ]
            for one in held["items"]
        ],
        empty="No connector was seen. Name the Connect workers in headgate.toml.",
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The connector.")],
    *,
    connect: Annotated[
        str, typer.Option("--connect", help="Its Connect cluster, where several have the name.")
    ] = "",
    cluster: options.Cluster = "",
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Show one connector: tasks with traces, offsets, topics and settings; secrets are masked.

    Example: headgate connectors show orders-to-warehouse
    """
    from headgate.cli import cells, client

    asked = client.Client(server, token)
    held = asked.get("clusters", asked.cluster(cluster), "connectors", name, connect=connect)
    if form is options.Output.json:
        output.json_text(held)
        return
    version = f", version {held['version']}" if held["version"] else ""
    typer.echo(f"{held['name']}: {held['state']} on {held['worker']} of {held['connect']}{version}")
    for one in held["incidents"]:
        typer.echo(f"  {one['severity']}: {one['title']} ({one['id']})")
    for task in held["tasks"]:
        lost = f", but it {task['worker_state']}" if task["lost"] else ""
        typer.echo(f"  task {task['number']}: {task['state']} on {task['worker']}{lost}")
        for line in str(task["trace"]).splitlines():
            typer.echo(f"    {line}")
    typer.echo(f"topics used: {cells.text(held['topics_used']) or 'none'}")
    offsets = held["offsets"]
    if isinstance(offsets, dict):
        typer.echo(f"offsets: {cells.text(offsets)}")
    else:
        output.table(
            ["partition", ">offset"],
            [[one["partition"], one["offset"]] for one in offsets],
            empty="offsets: none yet",
        )
    output.table(
        ["setting", "value"],
        [[key, value] for key, value in sorted(held["config"].items())],
        empty="It has no settings.",
    )
