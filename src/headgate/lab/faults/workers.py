"""Faults of Kafka Connect's workers: crashed, hung."""

import dataclasses
from typing import ClassVar

from headgate.lab import lab as lab_
from headgate.lab.faults import halts, interface
from headgate.lab.faults.interface import option


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Halt(halts.Halt):
    """A worker's process does not run."""

    worker: int = option(1, "number of the worker")

    @property
    def target(self) -> str:
        """The worker's name in the lab."""
        return f"connect-{self.worker}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkerDown(_Halt):
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

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Kill the worker."""
        halts.must_run(lab, self.target)
        lab.kill(self.target)
        return interface.Broken(did=(f"{self.target} was killed.",))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkerHung(_Halt):
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

    def break_(self, lab: lab_.Lab) -> interface.Broken:
        """Freeze the worker."""
        halts.must_run(lab, self.target)
        lab.pause(self.target)
        return interface.Broken(did=(f"{self.target} is frozen.",))


MEMBERS: tuple[type[interface.Fault], ...] = (WorkerDown, WorkerHung)
