"""``headgate clusters``."""

from typing import Annotated, Any

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
    """Show one cluster: what it is, its brokers, and what cannot be seen or done there.

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
    _kind(held["capabilities"])
    output.table(
        [
            ">id",
            "state",
            "rack",
            "version",
            ">leads",
            ">replicas",
            ">out of sync",
            ">disk used",
            ">of",
            "address",
        ],
        [
            [
                str(one["id"]),
                one["state"],
                one["rack"],
                cells.brief(one["version"]),
                cells.text(one["leaders"]),
                cells.text(one["replicas"]),
                cells.text(one["out_of_sync"]),
                cells.size(one["used_bytes"]),
                cells.size(one["total_bytes"]),
                one["address"],
            ]
            for one in brokers["items"]
        ],
        empty="No broker is known.",
    )
    for text in held["unknown"]:
        typer.echo(f"  not seen  {text}")
    _lacking(held["capabilities"])


def _kind(matrix: Any) -> None:
    if "unknown" in matrix:
        return
    version = matrix["version"]
    shown = version if isinstance(version, str) else "of a version that is not known"
    typer.echo(f"  Kafka {shown}, {matrix['flavour'].replace('_', ' ')}: {matrix['flavour_why']}")
    storage = matrix["architecture"].replace("_", " ")
    typer.echo(f"  storage {storage}: {matrix['architecture_why']}")


def _lacking(matrix: Any) -> None:
    """What is not possible, not allowed or not known, as one table."""
    rows = [
        [one["title"], one["verdict"].replace("_", " "), one["why"], one["needs"]]
        for one in matrix.get("capabilities", ())
        if one["verdict"] != "possible"
    ]
    if rows:
        typer.echo("")
        output.table(["capability", "verdict", "why", "ACL that it takes"], rows, empty="")
