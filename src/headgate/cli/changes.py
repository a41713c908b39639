"""``headgate changes``."""

from typing import Annotated, Any

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Id = Annotated[str, typer.Argument(help="The change's id.", metavar="CHANGE")]
Comment = Annotated[str, typer.Option("--comment", help="Kept with the decision.")]
FINAL = (
    "succeeded",
    "rolled_back",
    "failed",
    "rejected",
    "refused",
    "cancelled",
    "expired",
)


@app.command("list")
def list_(
    *,
    cluster: options.Cluster = "",
    limit: options.Limit = 50,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """List changes, newest first.

    Example: headgate changes list
    """
    from headgate.cli import cells, client

    held = client.Client(server, token).get("changes", cluster=cluster, limit=limit)
    if form is options.Output.json:
        output.json_text(held)
        return
    output.table(
        ["change", "state", "lane", "action", "since", "what"],
        [
            [
                one["id"],
                one["state"],
                one["decision"]["lane"],
                one["action"],
                cells.ago(one["state_since"]),
                one["plan"]["summary"],
            ]
            for one in held["items"]
        ],
        empty="There is no change yet.",
    )


@app.command()
def show(
    change: Id,
    *,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Show one change: what changes exactly, why this lane, the undo, the journal.

    Example: headgate changes show chg-847gzca6c
    """
    from headgate.cli import client

    _print(client.Client(server, token).get("changes", change), form)


@app.command()
def why(
    change: Id,
    *,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Say why a change has its lane: the facts, and the policies that judged them.

    Example: headgate changes why chg-847gzca6c
    """
    from headgate.cli import cells, client

    held = client.Client(server, token).get("changes", change)
    if form is options.Output.json:
        output.json_text({"decision": held["decision"], "facts": held["plan"]["facts"]})
        return
    typer.echo(f"lane {held['decision']['lane']}")
    for reason in held["decision"]["reasons"]:
        policy = f", policy {reason['policy']}" if reason["policy"] else ""
        typer.echo(f"  {reason['text']} ({reason['code']}{policy})")
    typer.echo("facts")
    for name, value in held["plan"]["facts"].items():
        typer.echo(f"  {name:<20} {cells.text(value)}")


@app.command()
def propose(
    action: Annotated[str, typer.Argument(help="An action, such as topic.alter_config.")],
    parameters: Annotated[
        list[str] | None,
        typer.Argument(help="Its parameters; VALUE may be JSON.", metavar="NAME=VALUE"),
    ] = None,
    *,
    why_: Annotated[str, typer.Option("--why", help="What it is for; approvers read it.")] = "",
    incident: Annotated[str, typer.Option("--incident", help="The incident it answers.")] = "",
    cluster: options.Cluster = "",
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Propose a change: prints its preview and its lane. It runs alone only in lane auto.

    Exit code 1 when it is refused.

    Example: headgate changes propose topic.add_partitions topic=orders total=12 --why "sale"
    """
    from headgate.cli import client

    given = _parameters(parameters or [])
    asked = client.Client(server, token)
    held = asked.post(
        "changes",
        body={
            "action": action,
            "cluster": asked.cluster(cluster),
            "parameters": given,
            "rationale": why_,
            "incident": incident,
        },
    )
    _print(held, form)
    if held["state"] == "refused":
        raise typer.Exit(1)


@app.command()
def approve(
    change: Id,
    *,
    digest: Annotated[
        str, typer.Option("--digest", help="Of the preview you saw; asked for when left out.")
    ] = "",
    comment: Comment = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Until the change has ended.")] = False,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Approve exactly the preview that is shown.

    Example: headgate changes approve chg-847gzca6c --wait
    """
    from headgate.cli import client

    asked = client.Client(server, token)
    if not digest:
        held = asked.get("changes", change)
        digest = held["digest"]
        if not yes:
            _print(held, options.Output.table, err=True)
            typer.confirm(f"Approve: {held['plan']['summary']}?", abort=True, err=True)
    held = asked.post("changes", change, "approve", body={"digest": digest, "comment": comment})
    if wait:
        held = client.wait(
            lambda: asked.get("changes", change), lambda one: one["state"] in FINAL, 3600.0
        )
    _print(held, form)
    if wait and held["state"] != "succeeded":
        raise typer.Exit(1)


@app.command()
def reject(
    change: Id,
    *,
    comment: Comment = "",
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Reject a change.

    Example: headgate changes reject chg-847gzca6c --comment "not today"
    """
    _decide(change, "reject", comment, form, server, token)


@app.command("conclude-review")
def conclude_review(
    change: Id,
    comment: Annotated[str, typer.Option("--comment", help="What the review concluded.")],
    *,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Write down how an architecture review ended; the change then waits for approval.

    Example: headgate changes conclude-review chg-rn42erd3k --comment "keys are random, see RFC 12"
    """
    _decide(change, "conclude-review", comment, form, server, token)


@app.command()
def cancel(
    change: Id,
    *,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Withdraw a change that has not begun to run.

    Example: headgate changes cancel chg-rn42erd3k
    """
    from headgate.cli import client

    _print(client.Client(server, token).post("changes", change, "cancel", body={}), form)


def _decide(
    change: str, verb: str, comment: str, form: options.Output, server: str, token: str
) -> None:
    from headgate.cli import client

    asked = client.Client(server, token)
    digest = asked.get("changes", change)["digest"]
    _print(asked.post("changes", change, verb, body={"digest": digest, "comment": comment}), form)


def _parameters(given: list[str]) -> dict[str, object]:
    import json

    from headgate.app import errors

    made: dict[str, object] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise errors.Invalid(
                f"{one!r} is not NAME=VALUE", next_step="Write topic=orders total=12"
            )
        try:
            made[name] = json.loads(value)
        except ValueError:
            made[name] = value
    return made


def _print(held: Any, form: options.Output, *, err: bool = False) -> None:
    if form is options.Output.json:
        output.json_text(held)
        return
    plan, decision = held["plan"], held["decision"]
    lines = [f"{held['id']}  {plan['summary']}  [{held['state']}, lane {decision['lane']}]"]
    for line in plan["differences"]:
        arrow = " -> ".join(part for part in (line["before"], line["after"]) if part)
        final = "  (cannot be undone)" if line["irreversible"] else ""
        lines.append(f"  {line['sign']} {line['what']}{': ' if arrow else ''}{arrow}{final}")
    lines += [f"  lane      {reason['text']} ({reason['code']})" for reason in decision["reasons"]]
    for step in plan["steps"]:
        undo = step["undo"]
        said = "none needed" if undo is None else undo.get("sentence") or undo.get("reason", "")
        lines.append(f"  undo      {step['do']['sentence']}: {said}")
    lines += [f"  verify    {check['sentence']}" for check in plan["checks"]]
    lines += [f"  {one['verdict']:<9} by {one['by']} {one['comment']}" for one in held["approvals"]]
    lines += [f"  {one['at'][11:19]}  {one['text']}" for one in held.get("journal", [])]
    lines.append(f"  digest    {held['digest']}")
    if held["outcome"]:
        lines.append(f"  outcome   {held['outcome']}")
    for text in lines:
        typer.echo(text, err=err)
