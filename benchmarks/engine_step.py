"""Steps a second of the engine on SQLite, against a loop of as many bare commits.

One step is an intent, an apply that does nothing, and a result, both durable: two commits with
``synchronous=FULL``. The bare loop commits one row of the same size as often, on a database of the
same settings on the same disk.
"""

import sqlite3
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, cast

from benchmarks import table
from headgate.actions import interface
from headgate.changes import digest, engine
from headgate.domain import change, facts, person, resource, vocabulary
from headgate.domain.unknown import Unknown
from headgate.ports import clock
from headgate.store import database

ROUNDS = 5
CHANGES = 5
STEPS = 30

_CLOCK = clock.SystemClock()


class _Nothing:
    """An operation that does nothing and is never done already."""

    kind: ClassVar[str] = "nothing"

    def observe(self, _arguments: change.Arguments, _world: interface.World) -> interface.NotDone:
        return interface.NotDone("not done")

    def apply(self, _arguments: change.Arguments, _world: interface.World) -> interface.Applied:
        return interface.Applied("done")


class _NoBoundary:
    """Is never asked: the changes are approved already."""

    version = "v1"

    def decide(self, **_asked: object) -> change.Decision:
        raise AssertionError("nothing is planned here")


def run() -> list[table.Row]:
    """One row: the median of several rounds, each beside its own bare loop."""
    engine_rates, bare_rates = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="headgate-bench-") as folder:
            bare_rates.append(_bare_rate(Path(folder)))
            engine_rates.append(_engine_rate(Path(folder)))
    return [
        table.Row(
            what="engine step on SQLite",
            value=statistics.median(engine_rates),
            unit="steps/s",
            goal=400,
            at_least=True,
            baseline=statistics.median(bare_rates),
            against="two bare commits a step",
        )
    ]


def _engine_rate(folder: Path) -> float:
    store = database.open_store(f"sqlite:///{folder / 'engine.db'}")
    try:
        with store.begin() as work:
            for number in range(CHANGES):
                work.changes.insert(_change(number))
        runner = engine.Engine(
            store=store,
            catalogue=interface.Catalogue(operations={"nothing": cast(Any, _Nothing())}),
            worlds={"bench": _world()},
            boundary=_NoBoundary(),
            clock=_CLOCK,
        )
        begun = time.perf_counter()
        while runner.run_once():
            pass
        took_s = time.perf_counter() - begun
        with store.read() as work:
            done = work.changes.page(states=("succeeded",)).items
        assert len(done) == CHANGES, "every change came to its end"
        return CHANGES * STEPS / took_s
    finally:
        store.close()


def _bare_rate(folder: Path) -> float:
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, text TEXT)")
    steps = CHANGES * STEPS
    text = "x" * 600  # about what one intent and its audit record hold
    begun = time.perf_counter()
    for number in range(2 * steps):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO rows VALUES (?, ?)", (number, text))
        connection.execute("COMMIT")
    took_s = time.perf_counter() - begun
    connection.close()
    return steps / took_s


def _change(number: int) -> change.Change:
    nothing = change.Operation(kind="nothing", arguments={"n": 1}, sentence="do nothing")
    plan = change.Plan(
        summary="do nothing",
        target=resource.Resource("group", f"g{number}"),
        differences=(),
        steps=tuple(change.Step(do=nothing, undo=None) for _ in range(STEPS)),
        facts=facts.Facts(
            reversibility="reversible",
            undo_saved=True,
            environment="lab",
            evidence_at=None,
            evidence_age_s=0.0,
            evidence_limit_s=15.0,
            complete=True,
        ),
    )
    now = _CLOCK.now()
    lane: vocabulary.Lane = "auto"
    item = change.Change(
        id=f"c{number}",
        cluster="bench",
        action="group.reset_offsets",
        parameters={},
        rationale="",
        requester=person.HEADGATE,
        proposed_at=now,
        expires_at=now + timedelta(hours=1),
        state="approved",
        state_since=now,
        plan=plan,
        decision=change.Decision(lane=lane, reasons=(), policy_version="v1"),
        digest="",
    )
    return replace(item, digest=digest.of(item))


def _world() -> interface.World:
    nothing = Unknown("the benchmark observes nothing")
    return interface.World(
        cluster="bench",
        environment="lab",
        kafka=cast(Any, None),
        connects={},
        clock=_CLOCK,
        interval_s=5.0,
        read_records=False,
        observed=lambda: nothing,
        detected=lambda: nothing,
        owner=lambda _: person.NOBODY,
        runs=lambda *_: 0,
        budget_left=lambda _: 5,
        kill_switch=lambda: False,
    )
