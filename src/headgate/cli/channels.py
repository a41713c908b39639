"""``headgate channels``."""

from typing import Annotated

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def channels() -> None:
    """Where people are told of incidents."""


@app.command("list")
def list_(
    *,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """List the channels, and whether each takes notices now.

    Example: headgate channels list
    """
    from headgate.cli import cells, client

    held = client.Client(server, token).get("channels")
    if form is options.Output.json:
        output.json_text(held)
        return
    output.table(
        ["channel", "where", "hears of", ">open threads", "last told", "state"],
        [
            [
                one["name"],
                one["where"],
                f"{one['severity']} and worse",
                str(one["threads"]),
                cells.ago(one["sent_at"]) if one["sent_at"] else "never",
                one["reason"] or _state(one["held"]),
            ]
            for one in held["items"]
        ],
        empty="No channel is configured: add [[notify]] to headgate.toml.",
    )


@app.command("test")
def send_test(
    name: Annotated[str, typer.Argument(help="A channel; headgate channels list names them.")],
    *,
    form: options.Form = options.Output.table,
    server: options.Server = options.DEFAULT_SERVER,
    token: options.Token = "",
) -> None:
    """Send a test notice to a channel, and resolve it.

    Example: headgate channels test ops
    """
    from headgate.cli import client

    held = client.Client(server, token).post("channels", name, "test", body={})
    if form is options.Output.json:
        output.json_text(held)
        return
    typer.echo(f"{held['sent_to']} took the test.")


def _state(held: int) -> str:
    return f"takes notices; {held} held back, told in sum" if held else "takes notices"
