"""``headgate lab``: a real Kafka on this machine, to break and to heal."""

import contextlib
import importlib
import importlib.util
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headgate.cli import options, output

if TYPE_CHECKING:
    from headgate.lab import errors, lab, parts

app = typer.Typer(
    help="A real Kafka on this machine, to break and to heal.\n\nExample: headgate lab up",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Folder = Annotated[
    Path | None,
    typer.Option(
        "--folder",
        envvar="HEADGATE_LAB_FOLDER",
        help="The lab's folder; one per user unless named.",
        show_default=False,
    ),
]


@app.command()
def up(
    *,
    brokers: Annotated[int, typer.Option(min=1, max=9, help="Kafka nodes.")] = 3,
    connect: Annotated[
        bool | None,
        typer.Option(
            "--connect/--no-connect",
            help="Kafka Connect and PostgreSQL, too; yes unless --secure.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=4, help="Connect workers.")] = 1,
    registry: Annotated[
        bool, typer.Option("--registry", help="A schema registry, too (Java 21 or later).")
    ] = False,
    secure: Annotated[
        bool,
        typer.Option("--secure", help="With TLS, logins and ACLs, for trying how to connect."),
    ] = False,
    balance_leaders: Annotated[
        bool,
        typer.Option(
            "--balance-leaders", help="Let Kafka move leaders back by itself after a restart."
        ),
    ] = False,
    folder: Folder = None,
    form: options.Form = options.Output.table,
) -> None:
    """Start a lab and leave it running.

    Example: headgate lab up --brokers 1 --no-connect

    Example: headgate lab up --brokers 1 --secure
    """
    with told():
        from headgate.cli import steps
        from headgate.lab import lab, settings

        connect = not secure if connect is None else connect
        wanted = settings.Options(
            folder=folder,
            brokers=brokers,
            connect_workers=workers if connect else 0,
            postgres=connect,
            registry=registry,
            secure=secure,
            auto_leader_rebalance=balance_leaders,
        )
        for number in (signal.SIGTERM, signal.SIGHUP):  # end as after Ctrl-C: nothing stays
            signal.signal(number, signal.default_int_handler)
        with steps.shown() as report:
            started = lab.Lab.up(wanted, report)
        _show(started, form)


@app.command()
def down(*, folder: Folder = None) -> None:
    """Stop everything of the lab and remove its folder; also after a crash.

    Example: headgate lab down
    """
    with told():
        from headgate.lab import ending, settings, state

        found = (folder or settings.default_folder()).resolve()
        if not state.exists(found):
            typer.echo(f"no lab in {found}: nothing to stop", err=True)
            return
        ending.take_down(found)
        typer.echo(f"stopped and removed {found}", err=True)


@app.command()
def status(*, folder: Folder = None, form: options.Form = options.Output.table) -> None:
    """Show what runs, where it listens, and which of it is paused or dead.

    Example: headgate lab status -o json
    """
    with told():
        from headgate.lab import lab

        _show(lab.Lab.attach(folder), form)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """A failure of the lab stands on standard error in words, and the process ends with its code.

    1 when the answer is no (already up, not up, no such component), 3 when something cannot be
    reached or started.
    """
    from headgate.lab import errors

    try:
        yield
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        raise typer.Exit(130) from None
    except errors.LabError as error:
        _say(error)
        no = (errors.AlreadyUp, errors.NotUp, errors.NoSuchComponent)
        raise typer.Exit(1 if isinstance(error, no) else 3) from error


def _say(error: "errors.LabError") -> None:
    typer.echo(f"error   {error.what}", err=True)
    if error.where:
        typer.echo(f"  where {error.where}", err=True)
    if error.next_step:
        typer.echo(f"  next  {error.next_step}", err=True)


def _show(found: "lab.Lab", form: options.Output) -> None:
    everything = found.status()
    if form is options.Output.json:
        output.json_text(_document(found, everything))
        return
    output.table(
        ("name", "state", ">pid", "address", "metrics", ">memory"),
        [
            (
                each.name,
                each.life.value,
                str(each.pid),
                each.url or (f"127.0.0.1:{each.port}" if each.port else "-"),
                each.metrics_url or "-",
                f"{each.rss_bytes / 2**20:.0f} MiB" if each.rss_bytes else "-",
            )
            for each in everything
        ],
        empty="the lab has no components",
    )
    typer.echo("")
    typer.echo(f"bootstrap  {found.bootstrap}")
    if postgres := found.postgres:
        typer.echo(f"postgres   {postgres.dsn}")
    if clients := found.clients:
        folder = next(iter(clients.values())).parent
        typer.echo(f"clients    {folder}/NAME.properties: {', '.join(clients)}")
    typer.echo(f"folder     {found.folder} (logs in {found.folder / 'logs'})")
    if sys.stdout.isatty():
        typer.echo("stop it    headgate lab down")


def _document(found: "lab.Lab", everything: "tuple[parts.Part, ...]") -> dict[str, object]:
    postgres = found.postgres
    return {
        "schema": "headgate.lab/1",
        "folder": str(found.folder),
        "bootstrap": found.bootstrap,
        "connect": list(found.connect_urls),
        "registry": found.registry_url,
        "metrics": list(found.metrics_urls),
        "postgres": postgres.dsn if postgres else None,
        "clients": {name: str(file) for name, file in found.clients.items()},
        "components": [
            {
                "name": each.name,
                "kind": each.kind.value,
                "state": each.life.value,
                "pid": each.pid,
                "port": each.port or None,
                "url": each.url or None,
                "metrics": each.metrics_url or None,
                "rss_bytes": each.rss_bytes,
                "log": str(each.log),
            }
            for each in everything
        ],
    }


if importlib.util.find_spec("headgate.cli.lab_faults") is not None:
    importlib.import_module("headgate.cli.lab_faults").register(app)
