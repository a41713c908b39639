"""Brings a lab up: what is needed, in which order, and what is done at the same time.

Brokers first; PostgreSQL makes its folder meanwhile; Connect and the registry need the brokers'
processor time more than a head start, so they begin when the brokers are ready.
"""

import concurrent.futures
import contextlib
import dataclasses
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from headgate.lab import (
    broker,
    connect,
    ending,
    errors,
    jars,
    java,
    jvm,
    parts,
    ports,
    postgres,
    processes,
    progress,
    registry,
    security,
    settings,
    state,
    tokens,
    training,
    watchdog,
)


def bring_up(folder: Path, options: settings.Options, report: progress.Report) -> None:
    """Start everything the options ask for; on any failure take all of it down again.

    Raises AlreadyUp, JavaMissing, JarsUnavailable, JarSpoiled, StartFailed.
    """
    starter = processes.identify(os.getpid())
    _claim(folder, starter)
    try:
        if options.dies_with_starter:
            launch(folder, watchdog.record(folder, starter))
        _install(options, report)
        _start(folder, options, report)
        state.change(folder, lambda known: dataclasses.replace(known, ready=True))
    except errors.StartFailed as error:
        kept = _keep_logs(folder)
        ending.take_down(folder)
        raise errors.StartFailed(error.what, where=str(kept), next_step=error.next_step) from error
    except BaseException:
        with _undisturbed():
            ending.take_down(folder)
        raise


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let a second Ctrl-C not interrupt the clearing away that the first one asked for."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def add_connect(folder: Path, options: settings.Options, report: progress.Report) -> None:
    """Start Connect workers and PostgreSQL in a lab that is up without them."""
    _install(options, report)
    known = state.read(folder)
    nodes = [each for each in known.records if each.kind is parts.Kind.BROKER]
    bootstrap = ",".join(f"{ports.HOST}:{each.port}" for each in nodes)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        database = pool.submit(_start_postgres, folder)
        _start_workers(folder, bootstrap, dataclasses.replace(options, brokers=len(nodes)))
        database.result()


def launch(folder: Path, record: state.Record) -> state.Record:
    """Start the part's process and keep it in the state; return the record with its identity."""
    process = processes.launch(
        folder, record.argv, env=record.env, log=record.log, user=record.user
    )
    started = dataclasses.replace(record, process=process)
    state.change(folder, lambda known: known.with_record(started))
    return started


def relaunch(folder: Path, record: state.Record) -> state.Record:
    """Start a part that is down on its old port and data; return it with its new identity."""
    if record.kind is parts.Kind.POSTGRES:
        postgres.forget(record)
    return launch(folder, record)


def wait_ready(record: state.Record, timeout_s: float) -> None:
    """Return when the part answers; raises StartFailed."""
    match record.kind:
        case parts.Kind.BROKER:
            broker.wait_ready([record], timeout_s)
        case parts.Kind.CONNECT:
            connect.wait_ready(record, timeout_s)
        case parts.Kind.POSTGRES:
            postgres.wait_ready(record, timeout_s)
        case parts.Kind.REGISTRY:
            registry.wait_ready(record, timeout_s)
        case parts.Kind.WATCHDOG | parts.Kind.WORKLOAD:
            return


def is_up(known: state.State) -> bool:
    """Return whether this is a lab that lives, or one that its starter still works on."""
    if not known.ready:
        return processes.find(known.starter) is not None
    others = (parts.Kind.WORKLOAD, parts.Kind.WATCHDOG)
    core = [each for each in known.records if each.kind not in others]
    return any(processes.find(each.process) for each in core)


def _claim(folder: Path, starter: state.Identity) -> None:
    """Make the folder this lab's own; clears away a crashed one."""
    if state.exists(folder):
        known = None
        with contextlib.suppress(errors.NotUp), state.held(folder):
            known = state.read(folder)
        if known is not None and is_up(known):
            still = "" if known.ready else f" (process {known.starter.pid} is still starting it)"
            raise errors.AlreadyUp(
                f"A lab is already up here{still}.",
                where=str(folder),
                next_step=(
                    "See it with `headgate lab status`, end it with `headgate lab down`, "
                    "or give another --folder."
                ),
            )
        ending.take_down(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise errors.LabError(
            "The folder is not empty and holds no lab; `down` would remove what is in it.",
            where=str(folder),
            next_step="Name another folder with --folder, or empty this one yourself.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    with state.held(folder):
        if (folder / state.FILE).exists():  # another start was quicker
            raise errors.AlreadyUp("A lab was just started here.", where=str(folder))
        state.write(folder, state.State(starter=starter))


def _keep_logs(folder: Path) -> Path:
    """Put the logs of a failed start where they outlive it; only the last failure is kept."""
    kept = settings.cache_folder() / "failed-start"
    shutil.rmtree(kept, ignore_errors=True)
    with contextlib.suppress(OSError):
        shutil.copytree(folder / "logs", kept)
    return kept


def _install(options: settings.Options, report: progress.Report) -> None:
    """Fetch and prepare what is missing in the cache, one lab at a time."""
    java.find(java.KAFKA_NEEDS)
    wanted = [jars.KAFKA, jars.EXPORTER]
    programs: list[jvm.Program] = ["broker"]
    if options.connect_workers:
        wanted.append(jars.SINK)
        programs.append("connect")
    if options.registry:
        java.find(java.REGISTRY_NEEDS)
        wanted.append(jars.REGISTRY)
    cache = settings.cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with state.locked(cache / "lock"):
        jars.fetch(wanted, report)
        training.prepare(programs, report)


def _start(folder: Path, options: settings.Options, report: progress.Report) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        running: list[concurrent.futures.Future[None]] = []
        if options.postgres:
            running.append(pool.submit(_start_postgres, folder))
        bootstrap = _start_brokers(folder, options, report)
        if options.registry:
            running.append(pool.submit(_start_registry, folder, options))
        names = [
            *(["Connect"] if options.connect_workers else []),
            *(["PostgreSQL"] if options.postgres else []),
            *(["the schema registry"] if options.registry else []),
        ]
        step = progress.Step(what=f"Starting {' and '.join(names)}")
        if names:
            report(step)
        _start_workers(folder, bootstrap, options)
        for future in running:
            future.result()
        if names:
            report(dataclasses.replace(step, finished=True))


def _start_workers(folder: Path, bootstrap: str, options: settings.Options) -> None:
    workers = [
        launch(folder, connect.prepare(folder, number, bootstrap, options))
        for number in range(1, options.connect_workers + 1)
    ]
    for worker in workers:
        connect.wait_ready(worker)


def _nodes(options: settings.Options) -> list[broker.Node]:
    doors = security.DOORS if options.secure else ()
    each = 3 + len(doors)
    numbers = ports.pick(each * options.brokers)
    return [
        broker.Node(
            id=index + 1,
            port=numbers[each * index],
            controller_port=numbers[each * index + 1],
            metrics_port=numbers[each * index + 2],
            doors=dict(zip(doors, numbers[each * index + 3 :], strict=False)),
        )
        for index in range(options.brokers)
    ]


def _start_brokers(folder: Path, options: settings.Options, report: progress.Report) -> str:
    nodes = _nodes(options)
    if options.secure:
        _secure(folder, nodes)
    cluster_id = broker.new_id()
    step = progress.Step(what="Starting brokers", total=len(nodes))
    report(step)
    records = [
        launch(folder, broker.prepare(folder, node, nodes, cluster_id, options)) for node in nodes
    ]
    broker.wait_ready(records, broker.READY_WITHIN_S)
    if options.secure:
        security.admit(security.home(folder))
    report(dataclasses.replace(step, done=len(nodes), finished=True))
    return ",".join(f"{ports.HOST}:{node.port}" for node in nodes)


def _secure(folder: Path, nodes: list[broker.Node]) -> None:
    """Make keys, certificates and client files, and start the server that gives tokens."""
    home = security.prepare(folder)
    tokens.make_keys(home.token_key, home.token_keys)
    record = tokens.prepare(folder, home)
    security.write_clients(
        home, [{"PLAINTEXT": node.port, **node.doors} for node in nodes], record.url
    )
    launch(folder, record)


def _start_postgres(folder: Path) -> None:
    home = postgres.make_home(folder)
    state.change(
        folder, lambda known: dataclasses.replace(known, outside=(*known.outside, *home.outside))
    )
    record, access = postgres.prepare(folder, home)
    started = launch(folder, record)
    postgres.wait_ready(started)
    postgres.create_user(access)
    state.change(folder, lambda known: dataclasses.replace(known, postgres=access))


def _start_registry(folder: Path, options: settings.Options) -> None:
    registry.wait_ready(launch(folder, registry.prepare(folder, options.heap_mb)))
