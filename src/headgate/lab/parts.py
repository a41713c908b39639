"""The parts of a lab: one process each, what they are, and how they are now."""

import dataclasses
import enum
from pathlib import Path


class Kind(enum.Enum):
    """What a part is."""

    BROKER = "broker"
    CONNECT = "connect"
    POSTGRES = "postgres"
    REGISTRY = "registry"
    WATCHDOG = "watchdog"
    """Takes the lab down when its starter is gone."""
    WORKLOAD = "workload"
    """Anything that was started by `spawn`."""


class Life(enum.Enum):
    """How a part's process is now."""

    RUNNING = "running"
    PAUSED = "paused"
    """Frozen by SIGSTOP."""
    DEAD = "dead"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One component or workload process."""

    name: str
    kind: Kind
    life: Life
    pid: int
    """The last known process; it is gone when `life` is DEAD."""
    log: Path
    port: int = 0
    """Where clients connect on 127.0.0.1; 0: nowhere."""
    url: str = ""
    """The HTTP address, for parts that have one."""
    metrics_url: str = ""
    """The Prometheus endpoint, for parts that have one."""
    rss_bytes: int = 0
    """Memory held now; 0 when dead."""

    @property
    def id(self) -> int:
        """The number in the name: 2 for `broker-2`; 0 when there is none."""
        return number(self.name)

    @property
    def alive(self) -> bool:
        """Whether the process exists and is not frozen."""
        return self.life is Life.RUNNING


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """Where the lab's PostgreSQL listens and who may log in."""

    host: str
    port: int
    user: str
    """Owns the database; what the sink connector logs in with."""
    password: str
    database: str
    admin_password: str
    """Of the superuser `postgres`, for faults that change what `user` may do."""

    @property
    def dsn(self) -> str:
        """A libpq address for `user`."""
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{self.database}"

    @property
    def admin_dsn(self) -> str:
        """A libpq address for the superuser."""
        return (
            f"postgresql://postgres:{self.admin_password}@{self.host}:{self.port}/{self.database}"
        )

    @property
    def jdbc_url(self) -> str:
        """The address as JDBC wants it, without user and password."""
        return f"jdbc:postgresql://{self.host}:{self.port}/{self.database}"


def number(name: str) -> int:
    """Return the number at the end of a component's name: 2 for `broker-2`; 0 without one."""
    tail = name.rpartition("-")[2]
    return int(tail) if tail.isdigit() else 0
