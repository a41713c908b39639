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
        ["connector", "type", "state", ">tasks", ">failed", "cause of the failure"],
        [
            [
                one["name"],
                one["type"],
                one["state"],
                str(one["tasks"]),
                str(one["failed"]),
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
    cluster: options.Cluster = "",
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Show one connector with the traces of its tasks; secrets are masked.

    Example: headgate connectors show orders-to-warehouse
    """
    from headgate.cli import client

    asked = client.Client(server, token)
    held = asked.get("clusters", asked.cluster(cluster), "connectors", name)
    if form is options.Output.json:
        output.json_text(held)
        return
    typer.echo(f"{held['name']}: {held['state']} on {held['worker']}")
    for task in held.get("task_list", held["tasks"] if isinstance(held["tasks"], list) else []):
        typer.echo(f"  task {task['number']}: {task['state']} on {task['worker']}")
        for line in str(task.get("trace", "")).splitlines():
            typer.echo(f"    {line}")
