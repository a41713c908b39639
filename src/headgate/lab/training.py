"""Makes, once per Java and Kafka version, what speeds up every later start.

A throw-away node is formatted by Kafka's StorageTool, which yields the `bootstrap.checkpoint`,
and then run once, so that Java writes down the classes it loaded. A lab without the archive
works, and starts slower.
"""

import dataclasses
import os
import subprocess
import tempfile
from collections.abc import Collection
from pathlib import Path

from headgate.lab import (
    broker,
    connect,
    errors,
    jvm,
    parts,
    ports,
    processes,
    progress,
    ready,
    state,
)

_FORMAT_WITHIN_S = 60.0
_WRITE_WITHIN_S = 60.0
_HEAP_MB = 384


def prepare(programs: Collection[jvm.Program], report: progress.Report) -> None:
    """Make what is missing; raises StartFailed when a node cannot even be formatted."""
    wanted = [each for each in programs if not jvm.archive(each).is_file()]
    if not wanted and jvm.checkpoint().is_file():
        return
    step = progress.Step(what="Preparing Kafka for quick starts (once)")
    report(step)
    jvm.folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="headgate-training-") as name:
        folder = Path(name)
        main, node = broker.training(folder)
        _format(folder, main[-1])
        try:
            _run(folder, main, node, wanted)
        finally:
            processes.kill(processes.members(folder))
    report(dataclasses.replace(step, finished=True))


def _format(folder: Path, config: str) -> None:
    log = folder / "format.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [
                *jvm.bare_command(_HEAP_MB),
                "-cp",
                jvm.class_path(),
                "kafka.tools.StorageTool",
                "format",
                "--cluster-id",
                broker.new_id(),
                "--config",
                config,
            ],
            stdout=output,
            stderr=output,
            timeout=_FORMAT_WITHIN_S,
            check=False,
        )
    made = folder / "metadata" / "bootstrap.checkpoint"
    if done.returncode != 0 or not made.is_file():
        raise errors.StartFailed(
            f"Kafka's StorageTool could not format a node:\n{ready.tail(log)}",
            where=str(folder),
            next_step="Check free disk space and that the Java above runs.",
        )
    part = jvm.checkpoint().with_suffix(f".{os.getpid()}")
    part.write_bytes(made.read_bytes())
    part.replace(jvm.checkpoint())


def _run(
    folder: Path, main: tuple[str, ...], node: broker.Node, wanted: Collection[jvm.Program]
) -> None:
    """Run a node, and a worker on it where wanted, and let them write down their classes."""
    kafka = _launch(folder, "broker", main, node.port, wanted)
    broker.wait_ready([kafka], broker.READY_WITHIN_S)
    if "connect" in wanted:
        arguments, port = connect.training(folder, f"{ports.HOST}:{node.port}")
        worker = _launch(folder, "connect", arguments, port, wanted)
        connect.wait_ready(worker)
        _end(worker, "connect")
    _end(kafka, "broker")


def _launch(
    folder: Path,
    program: jvm.Program,
    main: tuple[str, ...],
    port: int,
    wanted: Collection[jvm.Program],
) -> state.Record:
    if program in wanted:
        command = jvm.training_command(_part(program), heap_mb=_HEAP_MB)
    else:
        command = jvm.plain_command(program, heap_mb=_HEAP_MB)
    argv = (*command, *main)
    log = folder / f"{program}.log"
    return state.Record(
        name=f"{program}-1",
        kind=parts.Kind(program),
        argv=argv,
        log=log,
        port=port,
        url=f"http://{ports.HOST}:{port}",
        process=processes.launch(folder, argv, env={}, log=log),
    )


def _end(record: state.Record, program: jvm.Program) -> None:
    if jvm.archive(program).is_file():
        return
    processes.terminate(record.process, _WRITE_WITHIN_S)
    _part(program).touch()  # a Java that writes none is not asked at every start
    _part(program).replace(jvm.archive(program))


def _part(program: jvm.Program) -> Path:
    archive = jvm.archive(program)
    return archive.with_name(f"{archive.name}.{os.getpid()}")
