"""Faults of Kafka Connect's workers: crashed, hung."""

import dataclasses
from typing import ClassVar

from headgate.lab import lab as lab_
from headgate.lab import parts
from headgate.lab.faults import interface
from headgate.lab.faults.interface import option


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkerDown(interface.Fault):
    """A Connect worker's process dies."""

    name: ClassVar[str] = "worker-down"
    does: ClassVar[str] = "Kills a Kafka Connect worker (SIGKILL)."
    seen: ClassVar[str] = (
        "At once: its REST port refuses and its sinks stop committing. With a second worker, that "
        "one reports the tasks as running on the dead worker until they are reassigned."
    )
    heals: ClassVar[str] = "The worker is started and takes its connectors up again."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("connect.unreachable", "connect.worker_lost"), causes=("connect.worker_dead",)
    )

    worker: int = option(1, "number of the worker")

    @property
    def target(self) -> str:
        """The worker's name in the lab."""
        return f"connect-{self.worker}"

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Kill the worker."""
        _must_run(lab, self.target)
        lab.kill(self.target)
        return interface.Broken(did=(f"{self.target} was killed.",))

    def present(self, lab: lab_.Lab, saved: interface.Saved) -> bool:  # noqa: ARG002 - nothing saved
        """Whether the process is still not running."""
        return lab.part(self.target).life is not parts.Life.RUNNING

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:  # noqa: ARG002 - nothing saved
        """Start the worker."""
        return _start(lab, self.target)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkerHung(interface.Fault):
    """A Connect worker's process stands still while its machine still accepts connections."""

    name: ClassVar[str] = "worker-hung"
    does: ClassVar[str] = "Freezes a Kafka Connect worker (SIGSTOP)."
    seen: ClassVar[str] = (
        "At once: its REST port accepts and nothing answers; its sinks stop committing, and their "
        "group loses its member after the session timeout."
    )
    heals: ClassVar[str] = "The worker runs on and joins its group again."
    expects: ClassVar[interface.Expected] = interface.Expected(
        findings=("connect.unreachable",), causes=("connect.worker_dead",)
    )

    worker: int = option(1, "number of the worker")

    @property
    def target(self) -> str:
        """The worker's name in the lab."""
        return f"connect-{self.worker}"

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Freeze the worker."""
        _must_run(lab, self.target)
        lab.pause(self.target)
        return interface.Broken(did=(f"{self.target} is frozen.",))

    def present(self, lab: lab_.Lab, saved: interface.Saved) -> bool:  # noqa: ARG002 - nothing saved
        """Whether the process is still not running."""
        return lab.part(self.target).life is not parts.Life.RUNNING

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:  # noqa: ARG002 - nothing saved
        """Let the worker run on."""
        return _start(lab, self.target)


def _must_run(lab: lab_.Lab, name: str) -> None:
    if lab.part(name).life is not parts.Life.RUNNING:
        raise interface.FaultError(
            f"{name} does not run.", next_step="See what is broken: headgate lab faults."
        )


def _start(lab: lab_.Lab, name: str) -> interface.Sentences:
    before = lab.part(name).life
    if before is parts.Life.RUNNING:
        return (f"{name} runs already.",)
    lab.start(name)
    return (f"{name} {'runs on' if before is parts.Life.PAUSED else 'was started'}.",)


MEMBERS: tuple[type[interface.Fault], ...] = (WorkerDown, WorkerHung)
