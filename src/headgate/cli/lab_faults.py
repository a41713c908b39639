"""``headgate lab break``, ``heal``, ``faults`` and ``workload``: the lab's faults by hand."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headgate.cli import options, output

if TYPE_CHECKING:
    from headgate.lab import errors
    from headgate.lab import lab as lab_
    from headgate.lab.faults import book, catalogue
    from headgate.lab.workloads import interface as workloads

_SCHEMA = "headgate.lab.faults/1"
_WORKLOADS_SCHEMA = "headgate.lab.workloads/1"

Folder = Annotated[
    Path | None,
    typer.Option(
        "--folder",
        envvar="HEADGATE_LAB_FOLDER",
        help="The lab's folder; one per user unless named.",
        show_default=False,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="A parameter of the fault, as NAME=VALUE; may be repeated."),
]
Text = Annotated[
    str | None,
    typer.Option(help="Which one, where the fault takes it.", show_default=False),
]

workload = typer.Typer(
    help="The applications of the lab's shop: start, list and change them.\n\n"
    "Example: headgate lab workload set storefront rate_per_s 200",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """The commands stand under ``headgate lab``."""
    app.command(name="break")(break_)
    app.command()(heal)
    app.command()(faults)
    app.add_typer(workload, name="workload")


def break_(
    name: Annotated[str, typer.Argument(help="A fault; headgate lab faults lists them.")],
    *,
    settings: Set = None,
    group: Text = None,
    topic: Text = None,
    partition: Text = None,
    broker: Text = None,
    worker: Text = None,
    folder: Folder = None,
    form: options.Form = options.Output.table,
) -> None:
    """Break something on purpose, and say what was done and what will be seen.

    Example: headgate lab break slow-consumer --group shipping --set work_ms=900
    """
    with told():
        from headgate.lab import faults as family
        from headgate.lab.faults import catalogue, interface

        kind = catalogue.find(family.ALL, name)
        named = {
            "group": group,
            "topic": topic,
            "partition": partition,
            "broker": broker,
            "worker": worker,
        }
        given = {**_pairs(settings), **{key: text for key, text in named.items() if text}}
        fault = interface.build(kind, given)
        outcome = catalogue.break_(_attach(folder), fault)
        _show([outcome], form)


def heal(
    name: Annotated[str, typer.Argument(help="A fault, or `all`.")],
    *,
    target: Annotated[
        str | None, typer.Option(help="Only on this target; else on all of them.")
    ] = None,
    folder: Folder = None,
    form: options.Form = options.Output.table,
) -> None:
    """Undo a fault, and say what was done; what a fault caused may need a repair of its own.

    Example: headgate lab heal poison-record
    """
    with told():
        from headgate.lab import faults as family
        from headgate.lab.faults import catalogue

        place = _attach(folder)
        if name == "all":
            outcomes = catalogue.heal_all(place, family.ALL)
        else:
            outcomes = catalogue.heal(place, family.ALL, name, target)
        _show(outcomes, form)


def faults(*, folder: Folder = None, form: options.Form = options.Output.table) -> None:
    """List the faults, what they do, and which are injected now.

    Example: headgate lab faults -o json
    """
    with told():
        from headgate.lab import faults as family
        from headgate.lab.faults import interface

        active = _injected(folder)
        if form is options.Output.json:
            document = [
                {
                    "name": name,
                    "does": kind.does,
                    "seen": kind.seen,
                    "heals": kind.heals,
                    "parameters": [
                        {
                            "name": each.name,
                            "kind": each.kind,
                            "default": each.default,
                            "means": each.means,
                        }
                        for each in interface.parameters(kind)
                    ],
                    "injected": [
                        {"target": each.target, "since": each.since}
                        for each in active
                        if each.name == name
                    ],
                }
                for name, kind in family.ALL.items()
            ]
            output.json_text({"schema": _SCHEMA, "faults": document})
            return
        output.table(
            ("fault", "does", "parameters", "injected"),
            [
                (
                    name,
                    kind.does,
                    ", ".join(f"{each.name}={each.default}" for each in interface.parameters(kind)),
                    ", ".join(f"{each.target}" for each in active if each.name == name) or "-",
                )
                for name, kind in family.ALL.items()
            ],
            empty="there are no faults",
        )


@workload.command(name="start")
def start(*, folder: Folder = None) -> None:
    """Start the shop: topics, applications, the warehouse and its sink connector.

    Example: headgate lab workload start
    """
    with told():
        from headgate.lab.workloads import demo_set

        place = _attach(folder)
        demo_set.start(place, with_sink=bool(place.connect_urls and place.postgres))
        typer.echo(f"started {len(demo_set.workloads())} applications", err=True)


@workload.command(name="list")
def list_(*, folder: Folder = None, form: options.Form = options.Output.table) -> None:
    """List the applications, their settings and their processes.

    Example: headgate lab workload list
    """
    with told():
        from headgate.lab.workloads import control, running

        place = _attach(folder)
        found = control.read_all(place.folder / control.FOLDER)
        pids = {name: [each.pid for each in running.members(place, name)] for name in found}
        if form is options.Output.json:
            output.json_text(
                {
                    "schema": _WORKLOADS_SCHEMA,
                    "workloads": [
                        {"settings": _plain(each), "pids": pids[each.name]}
                        for each in found.values()
                    ],
                }
            )
            return
        output.table(
            ("application", "does", ">processes", "settings that can change"),
            [
                (
                    each.name,
                    _does(each),
                    f"{len(pids[each.name])}/{each.members if each.running else 0}",
                    _changeable(each),
                )
                for each in found.values()
            ],
            empty="no applications; start them: headgate lab workload start",
        )


@workload.command(name="set")
def set_(
    name: Annotated[str, typer.Argument(help="An application.")],
    setting: Annotated[str, typer.Argument(help="The setting, such as rate_per_s or members.")],
    value: Annotated[str, typer.Argument(help="Its value.")],
    *,
    folder: Folder = None,
) -> None:
    """Change a setting of a running application; it follows within half a second.

    Example: headgate lab workload set billing members 3
    """
    with told():
        from headgate.lab.workloads import control, interface

        settings = _attach(folder).folder / control.FOLDER
        changed = interface.change(control.read(settings, name), setting, value)
        control.write(settings, changed)
        typer.echo(f"{name}: {setting} is {value}", err=True)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """A failure stands on standard error in words, and the process ends with its code.

    1: it cannot be broken or healed as it is; 2: wrong usage; 3: Kafka, Connect or the database
    did not answer.
    """
    from headgate.lab import errors

    try:
        yield
    except KeyboardInterrupt:
        typer.echo("interrupted; see headgate lab faults", err=True)
        raise typer.Exit(130) from None
    except errors.LabError as error:
        _say(error)
        raise typer.Exit(_code(error)) from error


def _code(error: "errors.LabError") -> int:
    from headgate.lab import errors
    from headgate.lab.faults import interface
    from headgate.lab.workloads import interface as workloads

    match error:
        case (
            interface.NoSuchFault()
            | interface.BadParameter()
            | workloads.BadSettings()
            | workloads.NoSuchWorkload()
        ):
            return 2
        case interface.FaultError() | errors.NotUp() | errors.NoSuchComponent():
            return 1
        case _:
            return 3


def _say(error: "errors.LabError") -> None:
    typer.echo(f"error   {error.what}", err=True)
    if error.where:
        typer.echo(f"  where {error.where}", err=True)
    if error.next_step:
        typer.echo(f"  next  {error.next_step}", err=True)


def _attach(folder: Path | None) -> "lab_.Lab":
    from headgate.lab import lab as lab_

    return lab_.Lab.attach(folder)


def _injected(folder: Path | None) -> "tuple[book.Active, ...]":
    """What is injected in the lab that is up; nothing, and a line that says so, without one."""
    from headgate.lab import errors
    from headgate.lab import faults as family
    from headgate.lab.faults import catalogue

    try:
        return catalogue.injected(_attach(folder), family.ALL)
    except errors.NotUp:
        typer.echo("no lab is up: nothing can be injected (headgate lab up)", err=True)
        return ()


def _pairs(settings: list[str] | None) -> dict[str, str]:
    from headgate.lab.faults import interface

    pairs = {}
    for each in settings or []:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise interface.BadParameter(f"--set wants NAME=VALUE, not {each!r}.")
        pairs[name] = value
    return pairs


def _show(
    outcomes: "list[catalogue.Outcome] | tuple[catalogue.Outcome, ...]", form: object
) -> None:
    if form is options.Output.json:
        output.json_text(
            {
                "schema": _SCHEMA,
                "outcomes": [
                    {
                        "name": each.name,
                        "target": each.target,
                        "changed": each.changed,
                        "did": list(each.did),
                        "seen": each.seen,
                    }
                    for each in outcomes
                ],
            }
        )
        return
    for each in outcomes:
        for sentence in each.did:
            typer.echo(sentence)
        if each.seen:
            typer.echo(f"To be seen: {each.seen}")
        if each.changed and each.seen:
            typer.echo(f"Heal it: headgate lab heal {each.name}")
    if not outcomes:
        typer.echo("nothing is broken")


def _plain(each: "workloads.Workload") -> Mapping[str, object]:
    import dataclasses

    return {"program": each.program, **dataclasses.asdict(each)}


def _does(each: "workloads.Workload") -> str:
    from headgate.lab.workloads import interface

    if isinstance(each, interface.Producer):
        return f"writes {each.topic}"
    return f"reads {', '.join(each.topics)} as group {each.group} ({each.protocol})"


def _changeable(each: "workloads.Workload") -> str:
    from headgate.lab.workloads import interface

    names = interface.CHANGEABLE[each.program]
    return ", ".join(f"{name}={getattr(each, name)}" for name in names)
