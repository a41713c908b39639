"""The scenery of the demo: the lab with its shop, and a server that watches it."""

import secrets
import socket
import sys
import time
from collections.abc import Mapping
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path

import httpx2
import tomli_w

from headgate.app import opening, people
from headgate.lab import lab, progress, settings
from headgate.lab.workloads import demo_set
from headgate.ports import clock

CLUSTER = "shop"
SERVER = "headgate"
"""The server's name among the lab's processes."""
READY_S = 90.0
INTERVAL_S = 2.0
"""Seconds between two sweeps: a story is watched, so Headgate looks more often than by default."""

THRESHOLDS: Mapping[str, Mapping[str, object]] = {
    "lag.stalled": {"hold": "15s"},
    "lag.stopped": {"hold": "15s"},
    "lag.growing": {"window": "30s", "rise": 50},
    "lag.over_objective": {"objective": "60s", "hold": "20s"},
    "lag.draining": {"window": "30s"},
    "broker.down": {"hold": "10s", "crit": "2m"},
    "broker.fenced": {"hold": "10s"},
    "partition.offline": {"hold": "5s"},
    "partition.under_min_isr": {"hold": "5s"},
    "partition.at_min_isr": {"hold": "10s"},
    "partition.under_replicated": {"hold": "20s"},
    "leader.imbalance": {"hold": "20s"},
    "connect.running_idle": {"hold": "40s"},
    "partition.hot": {"window": "60s", "min": 300},
    "cluster.unreachable": {"hold": "10s"},
    "connect.unreachable": {"hold": "10s"},
}
"""Shorter holds than the vocabulary's, so that nobody waits: the same rules, sooner."""


class NotReady(Exception):
    """The server did not start."""

    def __init__(self, what: str, *, where: str, next_step: str) -> None:
        self.what = what
        self.where = where
        self.next_step = next_step
        super().__init__(what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One of the demo's users."""

    name: str
    role: str
    means: str


MIRA = Person(name="mira", role="operator", means="on call: may look and propose")
JONAS = Person(name="jonas", role="approver", means="owns billing: may approve")
ADA = Person(name="ada", role="admin", means="runs Headgate: users, tokens, kill switch")
CAST = (MIRA, JONAS, ADA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenery:
    """What stands when the curtain rises."""

    lab: lab.Lab
    address: str
    password: str
    """Of everybody in the cast; new in each demo."""
    tokens: dict[str, str]
    """By name."""


def build(
    options: settings.Options,
    report: progress.Report,
    *,
    port: int = 0,
) -> Scenery:
    """The lab is up, the shop works, the server answers.

    Raises what ``Lab.up`` raises, and NotReady; whatever was started is taken down then.
    """
    place = lab.Lab.up(options, report)
    try:
        address = f"http://127.0.0.1:{port or _free_port()}"
        password = people.new_password()
        config = _configure(place, address, password)
        # The shop opens while Headgate starts: neither needs the other to be there first.
        with futures.ThreadPoolExecutor(1) as aside:
            report(progress.Step(what="Opening the shop"))
            shop = aside.submit(demo_set.start, place)
            report(progress.Step(what="Starting Headgate"))
            tokens = _hire(config, password)
            _serve(place, config, address)
            report(progress.Step(what="Starting Headgate", finished=True))
            shop.result()
            report(progress.Step(what="Opening the shop", finished=True))
    except BaseException:
        place.down()
        raise
    return Scenery(lab=place, address=address, password=password, tokens=tokens)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _configure(place: lab.Lab, address: str, password: str) -> Path:
    """Writes the server's configuration into the lab's folder."""
    names = ", ".join(f"{person.name} ({person.role})" for person in CAST)
    config = place.folder / "headgate.toml"
    content = {
        "store": {"url": "sqlite:///headgate.db"},
        "server": {
            "host": "127.0.0.1",
            "port": int(address.rpartition(":")[2]),
            "login_hint": f"Demo: {names}. The password of all is {password}.",
        },
        "boundary": {"owners": "owners.toml"},
        "engine": {"retry_minutes": [0, 0.25, 0.5, 1, 2, 5]},
        "cluster": [
            {
                "name": CLUSTER,
                "bootstrap": place.bootstrap,
                "environment": "production",
                "connect": [place.connect_url] if place.connect_url else [],
                "metrics": [f"{one.metrics_url}#broker={one.id}" for one in place.brokers],
                "interval_s": INTERVAL_S,
                "deadline_s": 3.0,
                "read_records": True,
                "thresholds": THRESHOLDS,
            }
        ],
    }
    config.write_text(tomli_w.dumps(content), encoding="utf-8")
    owners = {
        "owner": [
            {
                "name": "payments team",
                "contact": "payments@shop.example",
                "resources": ["group:billing", "group:fraud", "topic:payments", "topic:orders"],
            },
            {
                "name": "logistics team",
                "contact": "logistics@shop.example",
                "resources": ["group:shipping", "group:parcel-tracking", "topic:shipments"],
            },
            {
                "name": "data team",
                "contact": "data@shop.example",
                "resources": ["connector:*", "group:analytics", "topic:clicks"],
            },
        ]
    }
    (place.folder / "owners.toml").write_text(tomli_w.dumps(owners), encoding="utf-8")
    return config


def _hire(config: Path, password: str) -> dict[str, str]:
    """The cast exists, each with a token for the story."""
    store = opening.open_store(config)
    try:
        desk = people.People(store, clock.SystemClock())
        tokens = {}
        for person in CAST:
            roles = ["admin", "approver"] if person is ADA else [person.role]
            desk.put_user(person.name, password, roles, by="demo", replaces=True)
            tokens[person.name] = desk.add_token(
                person.name, f"story-{secrets.token_hex(2)}", (), by="demo", days=1
            )[1]
    finally:
        store.close()
    return tokens


def _serve(place: lab.Lab, config: Path, address: str) -> None:
    part = place.spawn(
        SERVER,
        [sys.executable, "-c", "from headgate.cli import main; main()", "serve"],
        env={"HEADGATE_CONFIG": str(config)},
    )
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        if answers(address):
            return
        if not place.part(SERVER).alive:
            break
        time.sleep(0.1)
    raise NotReady(
        "The server did not start",
        where=str(part.log),
        next_step="Its log, as far as it got:\n" + _tail(part.log),
    )


def answers(address: str) -> bool:
    """Whether the server is ready."""
    try:
        return bool(httpx2.get(f"{address}/readyz", timeout=1.0).is_success)
    except httpx2.HTTPError:
        return False


def _tail(log: Path) -> str:
    try:
        return "\n".join(log.read_text(encoding="utf-8").splitlines()[-10:])
    except OSError:
        return "(there is none)"
