"""``headgate token``: API tokens, kept in the database directly."""

from typing import Annotated

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def add(
    user: Annotated[str, typer.Argument(help="Whose token it is.")],
    *,
    label: Annotated[str, typer.Option("--label", help="What it is for.")] = "cli",
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help="Fewer roles than the user's; repeatable."),
    ] = None,
    days: Annotated[
        float | None,
        typer.Option("--days", min=0.01, help="Days until it ends; never if left out."),
    ] = None,
    form: options.Form = options.Output.table,
    config: options.Config = None,
) -> None:
    """Make a token; its secret is shown this once.

    Example: export HEADGATE_TOKEN=$(headgate token add mira --label laptop)
    """
    from headgate.cli import keeping

    with keeping.people(config) as held:
        made, secret = held.add_token(user, label, role or (), by=keeping.who(), days=days)
    if form is options.Output.json:
        output.json_text({"id": made.id, "user": made.user, "label": made.label, "secret": secret})
        return
    typer.echo(secret)


@app.command("list")
def list_(*, form: options.Form = options.Output.table, config: options.Config = None) -> None:
    """List tokens; never their secrets.

    Example: headgate token list
    """
    from headgate.app import words
    from headgate.cli import keeping

    with keeping.people(config) as held:
        tokens = held.tokens()
    if form is options.Output.json:
        output.json_text(
            {
                "items": [
                    {
                        "id": one.id,
                        "user": one.user,
                        "label": one.label,
                        "roles": sorted(one.roles),
                        "created_at": words.instant(one.created_at),
                        "expires_at": words.instant(one.expires_at) if one.expires_at else None,
                    }
                    for one in tokens
                ]
            }
        )
        return
    output.table(
        ["token", "user", "label", "roles", "ends"],
        [
            [
                one.id,
                one.user,
                one.label,
                ", ".join(sorted(one.roles)),
                words.instant(one.expires_at) if one.expires_at else "never",
            ]
            for one in tokens
        ],
        empty="There is no token: headgate token add USER",
    )


@app.command()
def delete(
    token: Annotated[str, typer.Argument(help="The token's id, not its secret.")],
    *,
    config: options.Config = None,
) -> None:
    """Make a token useless.

    Example: headgate token delete 3f2a9c
    """
    from headgate.cli import keeping

    with keeping.people(config) as held:
        held.delete_token(token, by=keeping.who())
    typer.echo(f"the token {token} works no more")
