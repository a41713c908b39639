"""``headgate restore-points``."""

from typing import Annotated, Any

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Point = Annotated[str, typer.Argument(help="A restore point, or now for the newest look.")]
Part = Annotated[
    str,
    typer.Option(
        "--part",
        help="Only offsets, topic_configs, broker_configs, acls, quotas, scram_users or "
        "connectors.",
    ),
]
Filter = Annotated[str, typer.Option("--filter", help="A part of a resource's or value's name.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")]


@app.callback()
def restore_points() -> None:
    """Offsets, settings, ACLs, quotas and connectors as they were."""


@app.command("list")
def list_(
    *,
    cluster: options.Cluster = "",
    limit: Limit = 50,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """List the restore points of a cluster, newest first.

    Example: headgate restore-points list
    """
    from headgate.cli import cells, client

    asked = client.Client(server, token)
    held = asked.get("clusters", asked.cluster(cluster), "restore-points", limit=limit)
    if form is options.Output.json:
        output.json_text(held)
        return
    output.table(
        ["restore point", "taken", "why", ">offsets", "holds"],
        [
            [
                one["id"],
                cells.ago(one["at"]),
                f"before {one['change']}" if one["change"] else "at its interval",
                cells.text(_values(one, "offsets")),
                "everything" if one["complete"] else f"not {_lacking(one)}",
            ]
            for one in held["items"]
        ],
        empty="There is none yet: the first is taken after the first look.",
    )


@app.command()
def show(
    point: Point,
    *,
    cluster: options.Cluster = "",
    part: Part = "",
    filter: Filter = "",
    limit: Limit = 50,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Show what a restore point holds, and what of it cannot be restored.

    Example: headgate restore-points show rp-bpc5aarb9 --part offsets
    """
    from headgate.cli import cells, client

    asked = client.Client(server, token)
    held = asked.get(
        "clusters",
        asked.cluster(cluster),
        "restore-points",
        point,
        part=part,
        filter=filter,
        limit=limit,
    )
    if form is options.Output.json:
        output.json_text(held)
        return
    for one in held["parts"]:
        typer.echo(f"{one['name']:<15} {_told(one)}")
    output.table(
        ["part", "resource", "what", "value"],
        [
            [row["part"], row["resource"], row["what"], str(row["value"])]
            for row in held["values"]["items"]
        ],
        empty="It holds nothing of this.",
    )
    if held["values"]["next_cursor"]:
        typer.echo(f"and more, {cells.text(held['total'])} in all: narrow it with --filter")


@app.command()
def compare(
    first: Point,
    second: Annotated[str, typer.Argument(help="Another restore point, or now.")] = "now",
    *,
    cluster: options.Cluster = "",
    part: Part = "",
    filter: Filter = "",
    limit: Limit = 100,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Compare two restore points, or one with now.

    Example: headgate restore-points compare rp-bpc5aarb9 now --part topic_configs
    """
    from headgate.cli import cells, client

    asked = client.Client(server, token)
    query: dict[str, object] = {"with": second, "part": part, "filter": filter, "limit": limit}
    name = asked.cluster(cluster)
    held = asked.get("clusters", name, "restore-points", first, "compare", **query)
    if form is options.Output.json:
        output.json_text(held)
        return
    output.table(
        ["", "resource", "what", "before", "after"],
        [
            [_sign(row), row["resource"], row["what"], _value(row["before"]), _value(row["after"])]
            for row in held["items"]
        ],
        empty="They are the same, as far as both were read.",
    )
    if held["next_cursor"]:
        typer.echo(f"and more, {cells.text(held['total'])} in all: narrow it with --filter")
    for one in held["not_compared"]:
        typer.echo(f"  not compared  {one['part']}: {one['why']}")


def _values(point: Any, part: str) -> Any:
    found = next(one for one in point["parts"] if one["name"] == part)
    return {"unknown": found["reason"]} if found["reason"] else found["values"]


def _lacking(point: Any) -> str:
    return ", ".join(one["name"] for one in point["parts"] if one["reason"] or one["lacking"])


def _told(part: Any) -> str:
    if part["reason"]:
        return f"not known: {part['reason']}"
    said = f"{part['values']:,} values of {part['resources']:,} resources"
    if part["hidden"]:
        said += f"; {part['hidden']:,} are secrets, which cannot be restored"
    if part["lacking"]:
        said += f"; {part['lacking']:,} resources could not be read: {part['missing'][0]}"
    return said


def _sign(row: Any) -> str:
    return "+" if row["before"] is None else "-" if row["after"] is None else "~"


def _value(value: Any) -> str:
    return "" if value is None else str(value)
