"""``headgate incidents``."""

from typing import Annotated, Any

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Id = Annotated[str, typer.Argument(help="The incident's id.")]


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
    incident: Id,
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
    for line in _standing(held):
        typer.echo(line)
    for place, cause in enumerate(draft["causes"]):
        name = "not" if cause["verdict"] == "ruled_out" else "because" if place == 0 else "or"
        typer.echo(f"  {name:<9} {cause['summary']} ({cause['verdict']}: {cause['code']})")
    for text in draft["causes"][0]["not_looked_at"] if draft["causes"] else ():
        typer.echo(f"  unseen    {text}")
    for step in draft["causes"][0]["next"] if draft["causes"] else ():
        typer.echo(f"  next      {step['why']} ({step['action']})")
    if len(draft["findings"]) > 1:
        typer.echo(f"  folded    {cells.folded(draft['findings'])}")
    for one in draft["expected"]:
        typer.echo(f"  expected  {one['code']} on {one['resource']}: {one['excuse']}")
    for change in held["changes"]:
        typer.echo(f"  change    {change}  (headgate changes show {change})")
    typer.echo("")
    for line in held["timeline"]:
        typer.echo(f"  {line['at'][11:19]}  {line['what']}")


@app.command()
def ack(
    incident: Id,
    *,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Say that you look after an incident.

    Example: headgate incidents ack inc-bpc5aarb9
    """
    _post(incident, "acknowledge", {}, form, server, token)


@app.command()
def silence(
    incident: Id,
    *,
    for_: Annotated[str, typer.Option("--for", help="For how long: 30m, 2h, 1d.")],
    why: Annotated[str, typer.Option("--why", help="Why nobody is to be told.")],
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Let nobody be told of an incident for a while; it goes on all the same.

    Example: headgate incidents silence inc-bpc5aarb9 --for 2h --why "the vendor is on it"
    """
    from headgate.app import errors
    from headgate.domain import vocabulary

    try:
        for_s = vocabulary.seconds(for_)
    except ValueError as error:
        raise errors.Invalid(str(error), where="--for", next_step="Write it like 2h") from error
    _post(incident, "silence", {"for_s": for_s, "why": why}, form, server, token)


@app.command()
def unsilence(
    incident: Id,
    *,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Let people be told of an incident again.

    Example: headgate incidents unsilence inc-bpc5aarb9
    """
    _post(incident, "unsilence", {}, form, server, token)


def _post(
    incident: str,
    verb: str,
    body: dict[str, object],
    form: options.Output,
    server: str,
    token: str,
) -> None:
    from headgate.cli import client

    held = client.Client(server, token).post("incidents", incident, verb, body=body)
    if form is options.Output.json:
        output.json_text(held)
        return
    typer.echo(f"{held['draft']['title']}  [{held['draft']['severity']}, {held['state']}]")
    for line in _standing(held):
        typer.echo(line)


def _standing(held: Any) -> list[str]:
    """Where the incident goes, whose it is, when it hurts, and who is told."""
    from headgate.cli import cells

    draft, lines = held["draft"], []
    if held["trend"] != "steady":
        lines.append(f"  trend     {held['trend']}")
    if held["returned"]:
        lines.append(f"  returned  {cells.times(held['returned'])}")
    if draft["owner"]:
        lines.append(f"  owner     {draft['owner']}")
    if draft["deadline"]:
        what = draft["deadline_what"] or "data is lost"
        lines.append(f"  deadline  {what} {cells.ago(draft['deadline'])}")
    if held["acknowledged_by"]:
        when = cells.ago(held["acknowledged_at"])
        lines.append(f"  taken     by {held['acknowledged_by']} {when}")
    if held["silenced_until"]:
        why = f"{held['silenced_by']}: {held['silenced_why']}"
        lines.append(f"  silenced  until {cells.moment(held['silenced_until'])} by {why}")
    return lines
