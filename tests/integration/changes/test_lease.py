"""One server on a database, one engine on a cluster; what a fenced engine writes is refused."""

import os
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from tests.integration.changes.conftest import Opener
from tests.integration.changes.test_engine import engine_of, kept, put
from tests.unit.changes import fakes

from headgate.changes import lease, process
from headgate.ports import clock
from headgate.ports import store as ports
from headgate.store import database


def keeper_of(store: ports.Store, holder: str, turned: fakes.TurnedClock) -> lease.Keeper:
    return lease.Keeper(store=store, name="server", holder=holder, clock=turned, seconds=9.0)


def test_the_second_server_is_told_who_is_there(opener: Opener) -> None:
    turned = fakes.TurnedClock()
    with (
        lease.server(opener(), turned, holder="web-1-abc/4711/f00"),
        pytest.raises(ports.Busy) as caught,
        lease.server(opener(), turned, holder="web-2-abc/1/f00"),
    ):
        pass
    assert str(caught.value) == (
        "Another Headgate server holds this database: process 4711 on web-1"
        " since 2026-03-01 12:00:00 UTC. Stop it first, or name another database;"
        " if it is dead, its hold ends by itself at 12:00:15 UTC"
    )


def test_a_server_that_ended_leaves_the_database_free(opener: Opener) -> None:
    turned = fakes.TurnedClock()
    with lease.server(opener(), turned, holder="one"):
        pass
    with lease.server(opener(), turned, holder="two") as keeper:
        assert keeper.held() is not None


def test_a_server_that_died_is_followed_when_its_lease_ends(opener: Opener) -> None:
    turned = fakes.TurnedClock()
    assert keeper_of(opener(), "elsewhere-x/1/dead", turned).keep() is not None
    turned.turn(8.9)
    with pytest.raises(ports.Busy), lease.server(opener(), turned):
        pass
    turned.turn(0.2)
    with lease.server(opener(), turned) as keeper:
        assert keeper.held() is not None


def test_a_server_that_certainly_died_is_followed_at_once(opener: Opener) -> None:
    turned = fakes.TurnedClock()
    dead = process.holder().split("/")
    dead[1] = str(_ended_pid())
    assert keeper_of(opener(), "/".join(dead), turned).keep() is not None
    with lease.server(opener(), turned) as keeper:
        held = keeper.held()
    assert held is not None
    assert held.fence >= 2


def test_the_heartbeat_keeps_the_lease(opener: Opener) -> None:
    system = clock.SystemClock()
    with lease.server(opener(), system, seconds=0.6) as keeper:
        first = keeper.held()
        threading.Event().wait(1.5)
        now = keeper.held()
    assert first is not None
    assert now is not None, "it would have run out twice"
    assert now.fence == first.fence


def test_a_lease_is_renewed_after_a_third_of_it(store: database.Database) -> None:
    turned = fakes.TurnedClock()
    keeper = keeper_of(store, "one", turned)
    first = keeper.keep()
    turned.turn(2.9)
    assert keeper.keep() == first
    turned.turn(0.2)
    second = keeper.keep()
    assert first is not None
    assert second is not None
    assert second.expires_at > first.expires_at
    turned.turn(9.0)
    assert keeper.held() is None, "it does not trust a lease that has run out"


def test_a_process_that_lives_is_not_dead() -> None:
    assert not process.is_dead(process.holder())
    assert not process.is_dead("")
    assert not process.is_dead("anything")
    assert not process.is_dead(f"{process.holder().split('/')[0]}/{os.getppid()}/aa")
    pid = _ended_pid()
    assert not process.is_dead(f"another-host-12345678/{pid}/aa"), "nobody can tell from here"


def _ended_pid() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_only_one_engine_works_on_a_cluster(opener: Opener, setting: fakes.Setting) -> None:
    one, two = (engine_of(opener(), setting, holder) for holder in ("one", "two"))
    put(opener(), fakes.change_of(fakes.plan_of((fakes.set_step("a"),))))
    assert one.run_once()
    assert not two.run_once()


def test_what_a_fenced_engine_writes_is_refused(opener: Opener, setting: fakes.Setting) -> None:
    """The old engine hangs in mid-step past its lease, the new one finishes, the old one wakes."""
    store = opener()
    put(store, fakes.change_of(fakes.plan_of((fakes.set_step("a"), fakes.set_step("b")))))
    one, two = (engine_of(opener(), setting, holder) for holder in ("one", "two"))
    assert one.run_once()  # running
    assert one.run_once()  # intent of a
    hung = setting.reality.answer

    def hang(_sentence: str) -> str:
        """While the old engine hangs in its call, its lease ends and the new one does it all."""
        setting.reality.answer = hung
        setting.clock.turn(11.0)
        for _ in range(30):
            if not two.run_once():
                setting.clock.turn(1.0)
        return ""

    setting.reality.answer = hang
    one.run_once()  # comes back with its own result, too late
    for _ in range(5):
        one.run_once()
    item = kept(store)
    assert item.state == "succeeded"
    assert setting.reality.values == {"a": 1, "b": 1}
    fences = [line.fence for line in item.journal]
    assert fences == sorted(fences), "nothing of the old engine came after the new one began"
    assert item.journal[-1].fence == 2


def test_an_engine_does_not_begin_what_its_lease_no_longer_covers(
    opener: Opener, setting: fakes.Setting
) -> None:
    """Its lease ran out between the intent and the call: it must not call."""
    store = opener()
    put(store, fakes.change_of(fakes.plan_of((fakes.set_step("a"),))))
    one = engine_of(opener(), setting, "one")
    assert one.run_once()
    assert one.run_once()
    assert kept(store).journal[-1].phase == "intent"
    with store.begin() as work:
        held = work.leases.get(lease.execute("orders"))
        assert held is not None
        work.leases.release(held)
        assert work.leases.acquire(held.name, "two", now=setting.clock.now(), seconds=10)
    setting.clock.turn(4.0)  # its heartbeat is due, and shows that another holds the lease
    assert not one.run_once()
    assert not setting.reality.applied


def test_a_journal_of_another_fence_is_not_continued_blindly(
    store: database.Database, setting: fakes.Setting
) -> None:
    """A new engine finds an open intent and looks first: it was done, so it is not done again."""
    plan = fakes.plan_of((fakes.set_step("a"),))
    put(store, fakes.change_of(plan))
    one = engine_of(store, setting, "one")
    one.run_once()
    one.run_once()
    setting.reality.values["a"] = 1  # the old engine's request arrived; then it died
    two = engine_of(store, setting, "two")
    setting.clock.turn(11.0)
    for _ in range(10):
        if not two.run_once():
            setting.clock.turn(1.0)
    item = kept(store)
    assert item.state == "succeeded"
    assert setting.reality.applied == {}
    found = [(line.outcome, line.fence) for line in item.journal if line.phase == "observed"]
    assert found == [("unknown", 2), ("done", 2)]


def test_a_lease_is_not_this_one_with_another_fence(store: database.Database) -> None:
    turned = fakes.TurnedClock()
    held = keeper_of(store, "one", turned).keep()
    assert held is not None
    with store.begin() as work:
        work.leases.check(held, now=turned.now())
        with pytest.raises(ports.Fenced):
            work.leases.check(replace(held, fence=held.fence + 1), now=turned.now())


def test_a_result_that_comes_after_the_take_over_is_not_written(
    opener: Opener, setting: fakes.Setting
) -> None:
    """The new engine holds the lease and has written nothing yet: only the lease tells."""
    store = opener()
    put(store, fakes.change_of(fakes.plan_of((fakes.set_step("a"),))))
    one = engine_of(opener(), setting, "one")
    one.run_once()
    one.run_once()

    def hang(_sentence: str) -> str:
        """While the old engine hangs in its call, another takes its lease over."""
        setting.clock.turn(11.0)
        with store.begin() as work:
            assert work.leases.acquire(
                lease.execute("orders"), "two", now=setting.clock.now(), seconds=60
            )
        return ""

    setting.reality.answer = hang
    assert not one.run_once()
    assert [line.phase for line in kept(store).journal] == ["intent"]
    assert not one.run_once()
