"""``headgate subjects``."""

from typing import Annotated

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    *,
    cluster: options.Cluster = "",
    filter_: Annotated[str, typer.Option("--filter", help="A part of the name.")] = "",
    deleted: Annotated[bool, typer.Option("--deleted", help="Soft-deleted ones too.")] = False,
    sort: Annotated[
        str, typer.Option("--sort", help="name, type, versions, schema_id, compatibility, mode.")
    ] = "name",
    limit: options.Limit = 100,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """List the subjects of a cluster's schema registry.

    Example: headgate subjects list --filter order
    """
    from headgate.cli import cells, client

    asked = client.Client(server, token)
    held = asked.get(
        "clusters",
        asked.cluster(cluster),
        "subjects",
        filter=filter_,
        deleted=str(deleted).lower(),
        sort=sort,
        limit=limit,
    )
    if form is options.Output.json:
        output.json_text(held)
        return
    for name, reason in held["not_read"].items():
        typer.echo(f"{name} was not read: {reason}", err=True)
    output.table(
        ["subject", "type", ">versions", ">schema id", "rule", "own", "mode"],
        [
            [
                one["name"] + (" (deleted)" if one["deleted"] else ""),
                cells.brief(one["type"]),
                cells.brief(one["versions"]),
                cells.brief(one["schema_id"]),
                cells.brief(one["compatibility"]),
                cells.brief(one["own_compatibility"]),
                cells.brief(one["mode"]),
            ]
            for one in held["items"]
        ],
        empty="No subject matches."
        if held["registries"]
        else "No schema registry was read. Name it in headgate.toml: registry = ...",
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The subject.")],
    *,
    version: Annotated[
        int, typer.Option("--version", min=0, help="Print the schema of this version.")
    ] = 0,
    cluster: options.Cluster = "",
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Show one subject with its versions, or with --version the schema itself.

    Example: headgate subjects show orders-value --version 3
    """
    from headgate.cli import cells, client

    asked = client.Client(server, token)
    held = asked.get(
        "clusters", asked.cluster(cluster), "subjects", name, version=str(version or "")
    )
    if form is options.Output.json:
        output.json_text(held)
        return
    if version:
        typer.echo(held["schema"]["text"])
        return
    own = held["own_compatibility"]
    whose = "its own or the registry's" if isinstance(own, dict) else "its own" if own else ""
    typer.echo(
        f"{held['name']}: rule {cells.text(held['compatibility'])}"
        f"{f' ({whose})' if whose else ' (inherited)'}, mode {cells.text(held['mode'])}"
        f"{', deleted' if held['deleted'] else ''}"
    )
    versions = held["versions"]
    if isinstance(versions, dict):
        typer.echo(f"versions {cells.text(versions)}")
        return
    output.table(
        [">version", ">schema id", "type", "deleted", "uses", "sha-256"],
        [
            [
                str(one["number"]),
                str(one["schema_id"]),
                one["type"],
                cells.text(one["deleted"]),
                ", ".join(f"{use['subject']} {use['version']}" for use in one["references"]),
                one["fingerprint"][:16],
            ]
            for one in versions
        ],
        empty="It has no version.",
    )
