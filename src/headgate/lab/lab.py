"""The handle on a lab: what is up, where it listens, and the verbs that break and mend it.

`Lab.up` starts one, `Lab.attach` finds one that another process started. All that a handle knows
is in the state file of the lab's folder, so that any terminal can act on it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from headgate.lab import parts, progress, settings


class Lab:
    """A running lab. Components are called `broker-1`, `connect-1`, `postgres`, `registry`."""

    def __init__(self, folder: Path) -> None:
        """Hold the folder; use `up` or `attach` instead."""
        self.folder = folder

    @classmethod
    def up(cls, options: settings.Options, report: progress.Report = progress.silent) -> "Lab":
        """Start a lab and return when every component answers.

        Raises AlreadyUp, JavaMissing, JarsUnavailable, JarSpoiled, StartFailed.
        """
        raise NotImplementedError

    @classmethod
    def attach(cls, folder: Path | None = None) -> "Lab":
        """Return the handle on the lab that is up in the folder; raises NotUp."""
        raise NotImplementedError

    def down(self) -> None:
        """Stop every process of the lab and remove its folder."""
        raise NotImplementedError

    def status(self) -> tuple[parts.Part, ...]:
        """Return what every component and workload process is now, in order of start."""
        raise NotImplementedError

    @property
    def bootstrap(self) -> str:
        """Kafka's bootstrap servers, with commas."""
        raise NotImplementedError

    @property
    def brokers(self) -> tuple[parts.Part, ...]:
        """The brokers, by id."""
        raise NotImplementedError

    @property
    def connect_url(self) -> str | None:
        """The first Connect worker's REST address; None: the lab was started without."""
        raise NotImplementedError

    @property
    def connect_urls(self) -> tuple[str, ...]:
        """The REST addresses of all Connect workers."""
        raise NotImplementedError

    @property
    def metrics_urls(self) -> tuple[str, ...]:
        """The Prometheus endpoints of the brokers and workers."""
        raise NotImplementedError

    @property
    def registry_url(self) -> str | None:
        """The schema registry's Confluent-compatible address; None: not asked for."""
        raise NotImplementedError

    @property
    def postgres(self) -> parts.Postgres | None:
        """Where PostgreSQL is and who may log in; None: the lab was started without."""
        raise NotImplementedError

    def part(self, name: str) -> parts.Part:
        """Return one component or workload process; raises NoSuchComponent."""
        raise NotImplementedError

    def pause(self, name: str) -> None:
        """Freeze the component with all its processes (SIGSTOP): ports accept, nothing answers."""
        raise NotImplementedError

    def resume(self, name: str) -> None:
        """Let a frozen component run on (SIGCONT)."""
        raise NotImplementedError

    def kill(self, name: str) -> None:
        """End the component at once (SIGKILL), as a crash would; its data stay."""
        raise NotImplementedError

    def terminate(self, name: str, timeout_s: float = 30.0) -> None:
        """Stop the component in order (SIGTERM) and return when it is gone; its data stay."""
        raise NotImplementedError

    def start(self, name: str, timeout_s: float = 60.0) -> None:
        """Start a component that is down, on its old port and data; return when it answers."""
        raise NotImplementedError

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
        """
        raise NotImplementedError
