"""``headgate timeline``."""

from typing import Annotated

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    *,
    cluster: options.Cluster = "",
    resource: Annotated[
        str, typer.Option("--resource", help="Only this resource, such as topic:orders.")
    ] = "",
    kind: Annotated[str, typer.Option("--kind", help="Only this kind, such as config.")] = "",
    text: Annotated[str, typer.Option("--text", help="A part of what is said.")] = "",
    since: Annotated[
        str, typer.Option("--since", help="Only from this time on: 2026-01-31T14:00:00Z.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")] = 50,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """List what became different on a cluster and what was deployed, newest first.

    Example: headgate timeline list --resource topic:orders
    """
    from headgate.cli import cells, client

    asked = client.Client(server, token)
    held = asked.get(
        "clusters",
        asked.cluster(cluster),
        "timeline",
        resource=resource,
        kind=kind,
        text=text,
        since=since,
        limit=limit,
    )
    if form is options.Output.json:
        output.json_text(held)
        return
    output.table(
        ["when", "on", "what", "before", "after"],
        [
            [
                cells.ago(one["at"]) + (" (while Headgate was away)" if one["away"] else ""),
                one["resource"],
                one["what"] + (f" ({one['times']} times)" if one["times"] > 1 else ""),
                one["before"],
                one["after"] if one["kind"] != "deploy" else f"posted by {one['by']}",
            ]
            for one in held["items"]
        ],
        empty="Nothing became different since Headgate began to look.",
    )


@app.command()
def post(
    what: Annotated[str, typer.Argument(help="What was done: billing 4.2.")],
    *,
    cluster: options.Cluster = "",
    resource: Annotated[
        str, typer.Option("--resource", help="What it was done to, such as group:billing.")
    ] = "",
    at: Annotated[
        str, typer.Option("--at", help="When, such as 2026-01-31T14:00:00Z; now by default.")
    ] = "",
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Post a deploy or planned work, so that it explains what is seen next.

    Example: headgate timeline post "billing 4.2" --resource group:billing
    """
    from headgate.cli import client

    asked = client.Client(server, token)
    body: dict[str, object] = {
        "cluster": asked.cluster(cluster),
        "what": what,
        "resource": resource,
        "at": at or None,
    }
    held = asked.post("timeline", body=body)
    if form is options.Output.json:
        output.json_text(held)
        return
    typer.echo(f"On the timeline of {body['cluster']}: {what}")
