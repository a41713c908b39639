"""``headgate user``: local users, kept in the database directly."""

from typing import Annotated

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="The user's name.")]
Roles = Annotated[
    list[str] | None,
    typer.Option("--role", help="viewer, operator, approver or admin; repeatable."),
]
FromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@app.command()
def add(
    name: Name,
    *,
    role: Roles = None,
    password_stdin: FromInput = False,
    config: options.Config = None,
) -> None:
    """Add a user. Without a terminal or --password-stdin a password is made up and printed.

    Example: headgate user add mira --role operator
    """
    from headgate.cli import keeping

    password, made_up = keeping.password(password_stdin)
    with keeping.people(config) as held:
        held.put_user(name, password, role or ["viewer"], by=keeping.who())
    typer.echo(f"{name} may log in as {', '.join(role or ['viewer'])}")
    if made_up:
        typer.echo(f"password  {password}")


@app.command("set")
def set_(
    name: Name,
    *,
    role: Roles = None,
    new_password: Annotated[bool, typer.Option("--password", help="Set a new password.")] = False,
    password_stdin: FromInput = False,
    disable: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Lock the user out, or in again.")
    ] = None,
    config: options.Config = None,
) -> None:
    """Change a user's roles or password, or lock the user out.

    Example: headgate user set mira --role approver
    """
    from headgate.cli import keeping

    password, made_up = None, False
    if new_password or password_stdin:
        password, made_up = keeping.password(password_stdin)
    with keeping.people(config) as held:
        held.set_user(name, by=keeping.who(), password=password, roles=role, disabled=disable)
    typer.echo(f"{name} is changed")
    if made_up:
        typer.echo(f"password  {password}")


@app.command("list")
def list_(*, form: options.Form = options.Output.table, config: options.Config = None) -> None:
    """List the users.

    Example: headgate user list
    """
    from headgate.app import words
    from headgate.cli import keeping

    with keeping.people(config) as held:
        users = held.users()
    if form is options.Output.json:
        output.json_text(
            {
                "items": [
                    {
                        "name": one.name,
                        "roles": sorted(one.roles),
                        "teams": sorted(one.teams),
                        "disabled": one.disabled,
                        "created_at": words.instant(one.created_at),
                    }
                    for one in users
                ]
            }
        )
        return
    output.table(
        ["user", "roles", "locked out"],
        [
            [one.name, ", ".join(sorted(one.roles)), "yes" if one.disabled else "no"]
            for one in users
        ],
        empty="There is no user: headgate user add NAME --role admin",
    )
