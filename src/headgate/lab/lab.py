"""The handle on a lab: what is up, where it listens, and the verbs that break and mend it.

`Lab.up` starts one, `Lab.attach` finds one that another process started. All that a handle knows
is in the state file of the lab's folder, so that any terminal can act on it.
"""

import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from headgate.lab import (
    ending,
    errors,
    parts,
    ports,
    processes,
    progress,
    security,
    settings,
    starting,
    state,
)

_STANDS_WITHIN_S = 5.0


class Lab:
    """A running lab. Components are called `broker-1`, `connect-1`, `postgres`, `registry`."""

    def __init__(self, folder: Path) -> None:
        """Hold the folder; use `up` or `attach` instead."""
        self.folder = folder

    @classmethod
    def up(cls, options: settings.Options, report: progress.Report = progress.silent) -> "Lab":
        """Start a lab and return when every component answers.

        Raises AlreadyUp, JavaMissing, JarsUnavailable, JarSpoiled, StartFailed; then nothing of
        it is left.
        """
        folder = (options.folder or settings.default_folder()).resolve()
        starting.bring_up(folder, options, report)
        return cls(folder)

    @classmethod
    def attach(cls, folder: Path | None = None) -> "Lab":
        """Return the handle on the lab that is up in the folder; raises NotUp."""
        found = (folder or settings.default_folder()).resolve()
        known = state.read(found)
        if not starting.is_up(known):
            raise errors.NotUp(
                "The lab has crashed: none of its processes is left.",
                where=str(found),
                next_step="Start it anew: headgate lab up. Or clear it away: headgate lab down.",
            )
        if not known.ready:
            raise errors.NotUp(
                f"The lab is still being started by process {known.starter.pid}.",
                where=str(found),
                next_step="Wait until `headgate lab up` returns.",
            )
        return cls(found)

    def down(self) -> None:
        """Stop every process of the lab and remove its folder; raises LabError if one stays."""
        ending.take_down(self.folder)

    def add_connect(self, workers: int = 1, report: progress.Report = progress.silent) -> None:
        """Start Connect and PostgreSQL in a lab that was started without them.

        Raises LabError when they are there already, and what `up` raises.
        """
        if self.connect_urls or self.postgres:
            raise errors.LabError("Connect is there already.", where=str(self.folder))
        if self.clients:
            raise errors.LabError("A secured lab has no Connect.", where=str(self.folder))
        starting.add_connect(self.folder, settings.Options(connect_workers=workers), report)

    def status(self) -> tuple[parts.Part, ...]:
        """Return what every component and workload process is now, in order of start."""
        return tuple(_part(each) for each in state.read(self.folder).records)

    @property
    def bootstrap(self) -> str:
        """Kafka's bootstrap servers, with commas."""
        return self.bootstrap_without("")

    def bootstrap_without(self, name: str) -> str:
        """Kafka's bootstrap servers but for the named one; empty: there is no other."""
        found = self._records(parts.Kind.BROKER)
        return ",".join(f"{ports.HOST}:{each.port}" for each in found if each.name != name)

    @property
    def brokers(self) -> tuple[parts.Part, ...]:
        """The brokers, by id."""
        return tuple(_part(each) for each in self._records(parts.Kind.BROKER))

    @property
    def connect_url(self) -> str | None:
        """The first Connect worker's REST address; None: the lab was started without."""
        return next(iter(self.connect_urls), None)

    @property
    def connect_urls(self) -> tuple[str, ...]:
        """The REST addresses of all Connect workers."""
        return tuple(each.url for each in self._records(parts.Kind.CONNECT))

    @property
    def metrics_urls(self) -> tuple[str, ...]:
        """The Prometheus endpoints of the brokers and workers."""
        known = state.read(self.folder)
        return tuple(each.metrics_url for each in known.records if each.metrics_url)

    @property
    def registry_url(self) -> str | None:
        """The schema registry's Confluent-compatible address; None: not asked for."""
        return next((each.url for each in self._records(parts.Kind.REGISTRY)), None)

    @property
    def clients(self) -> Mapping[str, Path]:
        """The client properties file of each way to connect; empty: the lab is not secured."""
        folder = security.home(self.folder).folder / "clients"
        return {file.stem: file for file in sorted(folder.glob("*.properties"))}

    @property
    def postgres(self) -> parts.Postgres | None:
        """Where PostgreSQL is and who may log in; None: the lab was started without."""
        return state.read(self.folder).postgres

    def part(self, name: str) -> parts.Part:
        """Return one component or workload process; raises NoSuchComponent."""
        return _part(self._record(name))

    def pause(self, name: str) -> None:
        """Freeze the component with all its processes (SIGSTOP): ports accept, nothing answers.

        Return when it stands still: a process of many threads takes its moment on a busy machine.
        """
        self._signal(name, signal.SIGSTOP)
        end = time.monotonic() + _STANDS_WITHIN_S
        while self.part(name).life is parts.Life.RUNNING and time.monotonic() < end:
            time.sleep(0.02)

    def resume(self, name: str) -> None:
        """Let a frozen component run on (SIGCONT)."""
        self._signal(name, signal.SIGCONT)

    def kill(self, name: str) -> None:
        """End the component at once (SIGKILL), as a crash would; its data stay."""
        if not processes.kill([self._record(name).process]):
            raise errors.LabError(f"{name} could not be killed.", where=str(self.folder))

    def terminate(self, name: str, timeout_s: float = 30.0) -> None:
        """Stop the component in order (SIGTERM) and return when it is gone; its data stay."""
        record = self._record(name)
        if not processes.terminate(record.process, timeout_s):
            raise errors.LabError(
                f"{name} did not end within {timeout_s:.0f} s.",
                where=str(record.log),
                next_step="Kill it instead.",
            )

    def start(self, name: str, timeout_s: float = 60.0) -> None:
        """Start a component that is down, on its old port and data; return when it answers.

        One that is frozen is resumed; for one that runs, only its answer is waited for. Raises
        StartFailed.
        """
        record = self._record(name)
        match processes.life(record.process):
            case parts.Life.DEAD:
                record = starting.relaunch(self.folder, record)
            case parts.Life.PAUSED:
                processes.send(record.process, signal.SIGCONT)
            case parts.Life.RUNNING:
                pass
        starting.wait_ready(record, timeout_s)

    def spawn(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        log: str | None = None,
    ) -> parts.Part:
        """Start another process under this name; `down` stops it, and the verbs work on it.

        `env` is added to this process's environment. `log` is the file's name in the lab's
        `logs` folder (default: `NAME.log`). A name whose process is dead can be used again.
        The process belongs to the lab and not to the caller: it outlives the caller.
        Raises LabError when the name is taken.
        """
        for each in state.read(self.folder).records:
            if each.name == name and (
                each.kind is not parts.Kind.WORKLOAD or processes.find(each.process)
            ):
                raise errors.LabError(
                    f"{name} is there already.",
                    where=str(self.folder),
                    next_step="Choose another name, or kill that one first.",
                )
        record = state.Record(
            name=name,
            kind=parts.Kind.WORKLOAD,
            argv=tuple(argv),
            env=dict(env or {}),
            log=self.folder / "logs" / (log or f"{name}.log"),
        )
        return _part(starting.launch(self.folder, record))

    def _record(self, name: str) -> state.Record:
        return state.read(self.folder).record(name)

    def _records(self, kind: parts.Kind) -> list[state.Record]:
        return [each for each in state.read(self.folder).records if each.kind is kind]

    def _signal(self, name: str, number: signal.Signals) -> None:
        if not processes.send(self._record(name).process, number):
            raise errors.LabError(
                f"{name} is not running.",
                where=str(self.folder),
                next_step="Start it first; `headgate lab status` shows what is up.",
            )


def _part(record: state.Record) -> parts.Part:
    return parts.Part(
        name=record.name,
        kind=record.kind,
        life=processes.life(record.process),
        pid=record.process.pid if record.process else 0,
        log=record.log,
        port=record.port,
        url=record.url,
        metrics_url=record.metrics_url,
        rss_bytes=processes.memory_bytes(record.process),
    )
