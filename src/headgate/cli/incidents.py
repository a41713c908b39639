"""``headgate incidents``."""

from typing import Annotated

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    *,
    cluster: options.Cluster = "",
    all_: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    limit: options.Limit = 50,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """List incidents, newest first.

    Example: headgate incidents list --all
    """
    from headgate.cli import cells, client

    held = client.Client(server, token).get("incidents", cluster=cluster, limit=limit)
    live = ("open", "watching", "acting")
    items = [one for one in held["items"] if all_ or one["state"] in live]
    if form is options.Output.json:
        output.json_text({**held, "items": items})
        return
    output.table(
        ["incident", "severity", "state", "since", "what"],
        [
            [
                one["id"],
                one["draft"]["severity"],
                one["state"],
                cells.ago(one["opened_at"]),
                one["draft"]["title"],
            ]
            for one in items
        ],
        empty="No incident is open." if not all_ else "There was no incident yet.",
    )


@app.command()
def show(
    incident: Annotated[str, typer.Argument(help="The incident's id.")],
    *,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Show one incident: cause, evidence, what to do, timeline.

    Example: headgate incidents show inc-bpc5aarb9
    """
    from headgate.cli import cells, client

    held = client.Client(server, token).get("incidents", incident)
    if form is options.Output.json:
        output.json_text(held)
        return
    draft = held["draft"]
    typer.echo(f"{draft['title']}  [{draft['severity']}, {held['state']}]")
    typer.echo(f"  since     {cells.ago(held['opened_at'])}")
    if draft["deadline"]:
        typer.echo(f"  deadline  data is lost {cells.ago(draft['deadline'])}")
    for place, cause in enumerate(draft["causes"]):
        name = "not" if cause["verdict"] == "ruled_out" else "because" if place == 0 else "or"
        typer.echo(f"  {name:<9} {cause['summary']} ({cause['verdict']}: {cause['code']})")
    for text in draft["causes"][0]["not_looked_at"] if draft["causes"] else ():
        typer.echo(f"  unseen    {text}")
    for step in draft["causes"][0]["next"] if draft["causes"] else ():
        typer.echo(f"  next      {step['why']} ({step['action']})")
    for change in held["changes"]:
        typer.echo(f"  change    {change}  (headgate changes show {change})")
    typer.echo("")
    for line in held["timeline"]:
        typer.echo(f"  {line['at'][11:19]}  {line['what']}")
