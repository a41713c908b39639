"""``headgate serve``: the control plane in one process."""

import signal
import socket
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headgate.cli import options

if TYPE_CHECKING:
    from headgate.app import runtime, settings

app = typer.Typer(rich_markup_mode=None)

GRACE_S = 1
"""Seconds that open requests have to end once the server stops."""


@app.command()
def serve(
    *,
    config: options.Config = None,
    host: Annotated[
        str, typer.Option(help="The address to listen on.", show_default="as configured")
    ] = "",
    port: Annotated[
        int,
        typer.Option(
            min=-1, max=65535, help="The port; 0 takes a free one.", show_default="as configured"
        ),
    ] = -1,
) -> None:
    """Run the control plane: watch the clusters, run changes, answer the API and the console.

    It ends with Ctrl-C or SIGTERM; what was under way goes on at the next start.

    Example: headgate serve --config headgate.toml
    """
    from headgate.app import configuration, interpreter, logs, opening, wiring

    logs.configure()
    interpreter.settle()
    held = configuration.load(config)
    store = opening.open_configured(held)
    try:
        made = wiring.build(held, store)
        with made.sole():
            _run(made, held.settings.server, host, port)
    finally:
        store.close()


def _run(
    made: "runtime.Runtime",
    about: "settings.Server",
    host: str,
    port: int,
) -> None:
    import uvicorn

    from headgate.api import site
    from headgate.app import errors

    class Server(uvicorn.Server):
        """Lets live pages go as soon as it is told to stop, or it would wait for them."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            made.stopping()
            super().handle_exit(sig, frame)

    listener = _listen(host or about.host, about.port if port < 0 else port)
    plan = uvicorn.Config(
        site.application(made, console=_console(made, about)),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        lifespan="off",
    )
    # uvicorn raises the signal again at its end; by then everything has been stopped in order
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    server = Server(plan)
    made.start(lambda: setattr(server, "should_exit", True))
    try:
        _greet(made, listener)
        server.run(sockets=[listener])
    finally:
        made.stop()
    typer.echo("Headgate has stopped")
    if made.overtaken_by:
        raise errors.Unavailable(
            f"{made.overtaken_by} has taken the database while this process slept",
            where="[store] url",
            next_step="Let that one run, or stop it and start this one again",
        )


def _listen(host: str, port: int) -> socket.socket:
    from headgate.app import errors

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise errors.Unavailable(
            f"Headgate cannot listen on {host}:{port}: {error.strerror or error}",
            where="[server] host, port",
            next_step="Take another port with --port, or end what listens there",
        ) from error
    listener.listen(100)
    listener.set_inheritable(False)
    return listener


def _console(made: "runtime.Runtime", about: "settings.Server") -> Any:
    from headgate.console import site as console

    return console.application(
        made.headgate, hint=about.login_hint, secure_cookies=about.secure_cookies
    )


def _greet(made: "runtime.Runtime", listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    typer.echo(f"Headgate listens on http://{shown}:{port}")
    names = ", ".join(one.name for one in made.clusters)
    typer.echo(f"It watches {names}" if names else "No cluster is configured ([[cluster]])")
    if not made.has_people():
        typer.echo(
            "Nobody can log in yet. In another terminal: headgate user add NAME --role admin"
        )
