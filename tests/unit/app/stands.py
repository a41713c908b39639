"""A Headgate whose time stands still until a test turns it, on a cluster in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from headgate import actions
from headgate.app import (
    auth,
    context,
    deciding,
    hub,
    interface,
    owners,
    people,
    runtime,
    service,
    settings,
    watching,
)
from headgate.boundary import cedar
from headgate.changes import proposal
from headgate.connect import fake as connect_fake
from headgate.domain import change, incident, person
from headgate.kafka import fake as kafka_fake
from headgate.ports import store
from headgate.store import database

CLUSTER = "shop"
PASSWORD = "horse-battery-staple"
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def actor(name: str, role: person.Role, teams: Iterable[str] = ()) -> person.Actor:
    """A person with one role and what it includes."""
    from headgate.app import permissions

    return person.Actor(
        name=name, kind="user", roles=permissions.included([role]), teams=frozenset(teams)
    )


VERA = actor("vera", "viewer")
MIRA = actor("mira", "operator")
JONAS = actor("jonas", "approver")
ADA = actor("ada", "admin")


class TurnedClock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.at = START
        self._set_by = timedelta()

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - self._set_by - START).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.turn(seconds)

    def turn(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def set_by(self, seconds: float) -> None:
        """Somebody sets the clock; no time passes."""
        self.turn(seconds)
        self._set_by += timedelta(seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class Stand:
    """One Headgate; nothing runs by itself."""

    clock: TurnedClock
    store: store.Store
    kafka: kafka_fake.Fake
    connect: connect_fake.FakeConnect
    runtime: runtime.Runtime
    heard: list[interface.Notice]

    @property
    def use(self) -> service.Service:
        return self.runtime.headgate

    @property
    def people(self) -> people.People:
        return people.People(self.store, self.clock)

    def pass_time(self, sweeps: int = 1, *, every_s: float = 5.0) -> None:
        """So many looks are made and thought about, and the engine goes on in between."""
        watched = self.runtime.running.watched(CLUSTER)
        for _ in range(sweeps):
            self.runtime.look_once(watched)
            while self.runtime.carry_on():
                pass
            self.clock.turn(every_s)

    def incidents(self) -> Sequence[incident.Incident]:
        return self.use.incidents(VERA).items

    def changes(self) -> Sequence[change.Change]:
        return self.use.changes(VERA).items


def build(folder: Path, *, register: str = "", **given: object) -> Stand:
    """A Headgate on an empty cluster with one Connect cluster; ``given`` are engine settings."""
    kept = database.open_store(f"sqlite:///{folder / 'headgate.db'}")
    time = TurnedClock()
    about = settings.Cluster(
        name=CLUSTER, bootstrap="kafka.example:9092", environment="lab", read_records=True
    )
    fakes = kafka_fake.Fake(CLUSTER), connect_fake.FakeConnect("connect")
    file: Path | None = None
    if register:
        file = folder / "owners.toml"
        file.write_text(register, encoding="utf-8")
    heard: list[interface.Notice] = []

    class Listening(hub.Hub):
        def publish(self, notice: interface.Notice) -> None:
            heard.append(notice)
            super().publish(notice)

    notices = Listening(beat_s=0.05)
    running = context.Context(
        settings=settings.Settings(
            cluster=[about], engine=settings.Engine.model_validate({"lease_s": 300, **given})
        ),
        store=kept,
        clock=time,
        auth=auth.Auth(kept, time, session_hours=1),
        hub=notices,
        desk=proposal.Desk(
            catalogue=actions.CATALOGUE,
            boundary=cedar.CedarBoundary(),
            terms=deciding.terms(60, 24),
        ),
        clusters={
            CLUSTER: watching.Watched(
                about,
                cluster=fakes[0],
                connects=[fakes[1]],
                database=kept,
                ticks=time,
                publish=notices.publish,
            )
        },
        owners=owners.load(file),
    )
    return Stand(
        clock=time,
        store=kept,
        kafka=fakes[0],
        connect=fakes[1],
        runtime=runtime.Runtime(running, service.Service(running)),
        heard=heard,
    )
