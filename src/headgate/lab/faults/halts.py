"""What faults share that halt a process of the lab: kill it, stop it in order, or freeze it."""

import dataclasses

from headgate.lab import lab as lab_
from headgate.lab import parts
from headgate.lab.faults import interface


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Halt(interface.Fault):
    """A process does not run: it is dead, stopped or frozen."""

    def present(self, lab: lab_.Lab, saved: interface.Saved) -> bool:  # noqa: ARG002 - nothing saved
        """Whether the process is still not running."""
        return lab.part(self.target).life is not parts.Life.RUNNING

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:  # noqa: ARG002 - nothing saved
        """Start the process, or let it run on."""
        return (f"{started(lab, self.target)}.",)


def must_run(lab: lab_.Lab, name: str) -> None:
    """Refuse to break what is broken; raises FaultError."""
    if lab.part(name).life is not parts.Life.RUNNING:
        raise interface.FaultError(
            f"{name} does not run.", next_step="See what is broken: headgate lab faults."
        )


def started(lab: lab_.Lab, name: str) -> str:
    """Start the process, or let it run on, and return what was done, as a clause."""
    before = lab.part(name).life
    if before is parts.Life.RUNNING:
        return f"{name} runs already"
    lab.start(name)
    return f"{name} {'runs on' if before is parts.Life.PAUSED else 'was started'}"
