"""Makes, once per Java and Kafka version, what speeds up every later start.

A throw-away node is formatted by Kafka's StorageTool, which yields the `bootstrap.checkpoint`,
and then run once, so that Java writes down the classes it loaded. A lab without the archive
works, and starts slower.
"""

import dataclasses
import os
import subprocess
import tempfile
from pathlib import Path

from headgate.lab import broker, errors, jvm, parts, processes, progress, ready, state

_FORMAT_WITHIN_S = 60.0
_WRITE_WITHIN_S = 60.0
_HEAP_MB = 384


def prepare(report: progress.Report) -> None:
    """Make what is missing; raises StartFailed when a node cannot even be formatted."""
    archive = jvm.archive("broker")
    if jvm.checkpoint().is_file() and archive.is_file():
        return
    step = progress.Step(what="Preparing Kafka for quick starts (once)")
    report(step)
    jvm.folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="headgate-training-") as name:
        folder = Path(name)
        main, node = broker.training(folder)
        _format(folder, main[-1])
        if not archive.is_file():
            _run(folder, main, node)
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


def _run(folder: Path, main: tuple[str, ...], node: broker.Node) -> None:
    archive = jvm.archive("broker")
    part = archive.with_name(f"{archive.name}.{os.getpid()}")
    log = folder / "training.log"
    argv = (*jvm.training_command(part, heap_mb=_HEAP_MB), *main)
    process = processes.launch(folder, argv, env={}, log=log)
    record = state.Record(
        name=node.name, kind=parts.Kind.BROKER, argv=argv, log=log, port=node.port, process=process
    )
    try:
        broker.wait_ready([record], broker.READY_WITHIN_S)
        processes.terminate(process, _WRITE_WITHIN_S)
    finally:
        processes.kill([process])
        if part.is_file():
            part.replace(archive)
