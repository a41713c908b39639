"""Server time of each page and API answer at 100,000 partitions, against a page that shows nothing.

One process, no network: the time is what the server needs to make the answer. A new look comes
before every fifth call, with what the watch makes of each look, so the first page after it counts.
"""

import dataclasses
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import argon2
from fastapi import testclient

from benchmarks import observed, table
from headgate import actions
from headgate.api import site as api
from headgate.app import (
    auth,
    context,
    deciding,
    hub,
    owners,
    runtime,
    service,
    settings,
    watching,
)
from headgate.app.tables import ready
from headgate.boundary import cedar
from headgate.changes import proposal
from headgate.console import site
from headgate.domain import finding, observation
from headgate.kafka import fake
from headgate.ports import clock, store
from headgate.store import database

CLUSTER = "large"
PASSWORD = "horse-battery-staple"  # noqa: S105 - of a database that lives for a minute
RUNS = 15
GOAL_MS = 100.0
ROOT = f"/clusters/{CLUSTER}"
API = f"/api/v1{ROOT}"
PAGES = {
    "inbox": "/",
    "clusters": "/clusters",
    "cluster": ROOT,
    "topics": f"{ROOT}?tab=topics",
    "topics by rate, page 50": f"{ROOT}?tab=topics&sort=rate&down=1&offset=4900",
    "topics filtered": f"{ROOT}?tab=topics&filter=4242",
    "groups by lag": f"{ROOT}?tab=groups",
    "groups by time to loss": f"{ROOT}?tab=groups&sort=loss",
    "topic of 10 partitions": f"{ROOT}/topics/topic-00042",
    "topic of 1,000 partitions": f"{ROOT}/topics/{observed.WIDE}?sort=rate&down=1",
    "group of 50 partitions": f"{ROOT}/groups/group-0042",
    "hazards": f"{ROOT}?tab=hazards",
    "search": "/search?q=4242",
    "chart of the cluster": f"/chart?cluster={CLUSTER}&subject=cluster&name={CLUSTER}&what=rate",
    "chart of a wide topic": f"/chart?cluster={CLUSTER}&subject=topic&name={observed.WIDE}"
    "&what=rate",
    "chart of a group": f"/chart?cluster={CLUSTER}&subject=group&name=group-0042&what=lag",
    "API: topics": f"{API}/topics?limit=200",
    "API: groups": f"{API}/groups?limit=200",
    "API: topic of 1,000 partitions": f"{API}/topics/{observed.WIDE}",
    "API: group": f"{API}/groups/group-0042",
    "API: brokers": f"{API}/brokers",
    "API: cluster": API,
    # "API: search": "/api/v1/search?q=4242",
}


def run() -> list[table.Row]:
    """The 95th percentile of each page, and of all calls together."""
    with tempfile.TemporaryDirectory() as folder:
        watched, browser = _serve(Path(folder))
        first = observed.make()
        browser.get("/more")  # templates and modules are loaded
        base = _timed(browser, "/more", watched, first)
        rows, everything = [], []
        for name, path in PAGES.items():
            took = _timed(browser, path, watched, first)
            everything += took
            rows.append(_row(name, took, base))
        rows.append(_row("all pages together", everything, base))
    return rows


def _row(name: str, took: list[float], base: list[float]) -> table.Row:
    return table.Row(
        what=f"{name}, 95 % within (median {statistics.median(took):.0f} ms)",
        value=_p95(took),
        unit="ms",
        goal=GOAL_MS,
        baseline=_p95(base),
        against="the page More, which shows no cluster",
    )


def _p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20, method="inclusive")[-1]


def _timed(
    browser: testclient.TestClient,
    path: str,
    watched: watching.Watched,
    first: observation.Observation,
) -> list[float]:
    """Milliseconds of each call; every fifth is the first after a new look."""
    took = []
    for number in range(RUNS):
        if number % 5 == 0:
            _show(watched, dataclasses.replace(first))
        begun = time.perf_counter()
        answer = browser.get(path)
        took.append(1000 * (time.perf_counter() - begun))
        if answer.status_code != 200:
            raise SystemExit(f"{path} answered {answer.status_code}: {answer.text[:500]}")
    return took


def _show(watched: watching.Watched, seen: observation.Observation) -> None:
    """This is the newest look."""
    found = finding.Detection(cluster=CLUSTER, at=seen.snapshot.at)
    ready.make(seen)  # as the watch does with each look
    watched._latest = (seen, found)


def _serve(folder: Path) -> tuple[watching.Watched, testclient.TestClient]:
    kept = database.open_store(f"sqlite:///{folder / 'headgate.db'}")
    ticks = clock.SystemClock()
    about = settings.Cluster(name=CLUSTER, bootstrap="127.0.0.1:9092", environment="production")
    notices = hub.Hub()
    watched = watching.Watched(
        about,
        cluster=fake.Fake(CLUSTER),
        connects=[],
        database=kept,
        ticks=ticks,
        publish=notices.publish,
    )
    running = context.Context(
        settings=settings.Settings(cluster=[about]),
        store=kept,
        clock=ticks,
        auth=auth.Auth(kept, ticks, session_hours=1),
        hub=notices,
        desk=proposal.Desk(
            catalogue=actions.CATALOGUE,
            boundary=cedar.CedarBoundary(),
            terms=deciding.terms(60, 24),
        ),
        clusters={CLUSTER: watched},
        owners=owners.load(None),
    )
    held = runtime.Runtime(running, service.Service(running))
    with kept.begin() as work:
        work.people.put_user(
            store.User(
                name="vera",
                password_hash=argon2.PasswordHasher(
                    time_cost=1, memory_cost=64, parallelism=1
                ).hash(PASSWORD),
                roles=frozenset({"viewer"}),
                created_at=datetime.now(UTC),
            )
        )
    served = api.application(held, console=site.application(held.headgate))
    browser = testclient.TestClient(
        served, base_url="http://headgate.example", follow_redirects=False
    )
    browser.post("/login", data={"name": "vera", "password": PASSWORD, "next": "/"})
    return watched, browser
