"""``headgate demo``: real Kafka, Headgate and a story that plays itself."""

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from headgate.demo import scenery

app = typer.Typer(rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def demo(
    *,
    hands_free: Annotated[
        bool, typer.Option("--hands-free", help="The story approves by itself, as jonas.")
    ] = False,
    no_story: Annotated[
        bool, typer.Option("--no-story", help="Only set the stage; break things by hand.")
    ] = False,
    port: Annotated[
        int,
        typer.Option("--port", min=0, max=65535, help="The console's port; 0: any free one."),
    ] = 8420,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Where the lab keeps its files; removed at the end."),
    ] = None,
) -> None:
    """Start a real Kafka, Headgate and its console, and play a story of three acts on them.

    Something breaks; Headgate finds out why, and repairs it or asks. Ctrl-C stops everything and
    leaves nothing running.

    Example: headgate demo --hands-free
    """
    from headgate.cli import steps
    from headgate.demo import scenery, story
    from headgate.lab import settings

    stop = threading.Event()

    def leave(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            return
        stop.set()
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):  # a shell has its background jobs ignore SIGINT
        signal.signal(number, leave)
    options = settings.Options(folder=folder, dies_with_starter=True)
    stage: scenery.Scenery | None = None
    try:
        with steps.shown() as report:
            stage = scenery.build(options, report, port=_port(port))
        _greet(stage)
        if no_story:
            stop.wait()
        else:
            _play(stage, hands_free=hands_free, stop=stop)
            stop.wait()
    except (KeyboardInterrupt, story.Over):
        _tell("\nstopping")
    finally:
        stop.set()
        if stage is not None:
            stage.lab.down()
            _tell("stopped; nothing is left running")


def _port(wanted: int) -> int:
    """The wanted port where it is free, else 0 for any."""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
        return int(probe.getsockname()[1])


def _tell(text: str) -> None:
    print(text, flush=True)


def _greet(stage: "scenery.Scenery") -> None:
    from headgate.demo import scenery

    _tell("")
    _tell(f"Console     {stage.address}")
    for person in scenery.CAST:
        _tell(f"            {person.name:<6} {person.means}")
    _tell(f"Password    {stage.password} (of all of them)")
    _tell(f"Lab         {stage.lab.folder}")
    _tell("")


def _play(stage: "scenery.Scenery", *, hands_free: bool, stop: threading.Event) -> None:
    import time

    from headgate.demo import api, scenery, story

    begun = time.monotonic()

    def say(line: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - begun), 60)
        _tell(f"{minutes}:{seconds:02d}  {line}" if line else "")

    story.play(
        story.Stage(
            lab=stage.lab,
            cluster=scenery.CLUSTER,
            address=stage.address,
            operator=api.Api(stage.address, stage.tokens["mira"]),
            approver=api.Api(stage.address, stage.tokens["jonas"]),
            say=say,
            stop=stop,
            hands_free=hands_free,
        )
    )
