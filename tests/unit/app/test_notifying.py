"""A channel is told of what the store holds, once each, across failures and restarts."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.domain import test_notices as incidents

from headgate.app import hub, interface, notifying
from headgate.domain import notices
from headgate.ports import channel
from headgate.store import database

NOW = incidents.NOW


class Ticks:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Place:
    """A channel that keeps what it is sent, or refuses it."""

    name = "ops"
    where = "the ops channel"

    def __init__(self) -> None:
        self.sent: list[tuple[channel.Letter, str]] = []
        self.refuses = ""
        self.came = threading.Event()

    def send(self, letter: channel.Letter, reference: str) -> str:
        if self.refuses:
            raise channel.ChannelError(self.refuses, where=self.where)
        self.sent.append((letter, reference))
        self.came.set()
        return reference or f"thread-{letter.incident}"

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[database.Database]:
    opened = database.open_store(f"sqlite:///{tmp_path / 'a.db'}")
    yield opened
    opened.close()


def teller(
    store: database.Database, place: Place, ticks: Ticks, *, wait: timedelta = incidents.AT_ONCE
) -> notifying.Teller:
    return notifying.Teller(
        place,
        notices.Route(channel="ops", least="warning", wait=wait),
        store=store,
        ticks=ticks,
        environment=lambda _name: "production",
        link="https://headgate.example.com/",
    )


def put(store: database.Database, **fields: object) -> None:
    with store.begin() as work:
        work.incidents.put(incidents.of(**fields))


def kinds(place: Place) -> list[str]:
    return [letter.kind for letter, _reference in place.sent]


def test_one_page_one_thread_and_nothing_twice_after_a_restart(store: database.Database) -> None:
    place, ticks = Place(), Ticks()
    put(store)
    assert teller(store, place, ticks).tell() == 1
    assert teller(store, place, ticks).tell() == 0, "a restart pages nobody again"
    ticks.at = NOW + timedelta(minutes=3)
    put(store, state="resolved", resolved_at=ticks.at)
    assert teller(store, place, ticks).tell() == 1
    assert kinds(place) == ["open", "resolve"]
    assert [reference for _letter, reference in place.sent] == ["", "thread-inc-1"]
    first = place.sent[0][0]
    assert first.link == "https://headgate.example.com/incidents/inc-1"
    assert first.lines[0] == "Why: It is record.poison. (likely)"
    with store.read() as work:
        told = work.audit.page(target="inc-1").items
    assert [one.event.what for one in told] == ["notice.sent", "notice.sent"]


def test_what_a_channel_refuses_is_kept_and_tried_again(store: database.Database) -> None:
    place, ticks = Place(), Ticks()
    put(store)
    place.refuses = "the service answered 503"
    told = teller(store, place, ticks)
    assert told.tell() == 0
    with store.read() as work:
        (thread,) = work.notices.of("inc-1")
    assert (thread.failures, thread.reason) == (1, "the service answered 503")
    place.refuses = ""
    assert told.tell() == 0, "not before it is due"
    ticks.at = NOW + timedelta(seconds=notifying.RETRY_S[0])
    assert told.tell() == 1
    with store.read() as work:
        (thread,) = work.notices.of("inc-1")
    assert (thread.failures, thread.reason) == (0, "")


def test_what_came_back_goes_on_in_its_thread(store: database.Database) -> None:
    place, ticks = Place(), Ticks()
    put(store)
    told = teller(store, place, ticks)
    told.tell()
    put(store, state="resolved", resolved_at=NOW)
    told.tell()
    put(store, returned=1)
    told.tell()
    assert kinds(place) == ["open", "resolve", "return"]
    assert place.sent[-1][1] == "thread-inc-1"


def test_a_running_channel_hears_at_once(store: database.Database) -> None:
    place, ticks, heard, stop = Place(), Ticks(), hub.Hub(), threading.Event()
    told = teller(store, place, ticks)
    thread = threading.Thread(target=told.run, args=(stop, heard))
    thread.start()
    try:
        put(store)
        heard.publish(interface.Notice(kind="incident", cluster="orders", ref="inc-1"))
        # the first pass may have seen it already; either way it is told within moments
        assert place.came.wait(20)
    finally:
        stop.set()
        heard.close()
        thread.join(20)
    assert not thread.is_alive()
    assert kinds(place) == ["open"]
    assert place.sent[0][0].at == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_a_running_channel_is_told_with_the_first_sweep_after_the_wait(
    store: database.Database,
) -> None:
    place, ticks, heard, stop = Place(), Ticks(), hub.Hub(), threading.Event()
    told = teller(store, place, ticks, wait=notices.WAIT)
    put(store)
    assert told.tell() == 0
    thread = threading.Thread(target=told.run, args=(stop, heard))
    thread.start()
    try:
        ticks.at = NOW + notices.WAIT
        while not place.came.wait(0.05):
            heard.publish(interface.Notice(kind="sweep", cluster="orders"))
    finally:
        stop.set()
        heard.close()
        thread.join(20)
    assert kinds(place) == ["open"]


def storm(store: database.Database, count: int, **fields: object) -> None:
    with store.begin() as work:
        for n in range(count):
            cluster = "orders" if n % 4 else "payments"
            named = {"id": f"inc-{n:03d}", "cluster": cluster, "severity": "warning"}
            work.incidents.put(incidents.of(**{**named, **fields}))


def test_a_storm_is_ten_notices_and_one_in_sum_that_says_where_the_rest_is(
    store: database.Database,
) -> None:
    place, ticks = Place(), Ticks()
    storm(store, 100)
    assert teller(store, place, ticks).tell() == 11
    assert teller(store, place, ticks).tell() == 0, "a restart tells nothing twice"
    told, reference = place.sent[-1]
    assert (told.incident, told.kind, reference) == ("storm-ops", "open", "")
    assert told.title == "90 more incidents are open: 90 warning"
    assert (told.cluster, told.severity) == ("orders, payments", "warning")
    assert told.link == "https://headgate.example.com/incidents"
    assert told.lines[0] == "More than 10 opened within 10 min, so these are told in sum."
    with store.read() as work:
        (thread,) = work.notices.of("inc-050")
        events = [one.event for one in work.audit.page(target="inc-050").items]
    assert (thread.held_at, thread.told) == (NOW, None)
    assert [one.what for one in events] == ["notice.held"]
    assert "told of it in sum only (more than 10 incidents in 10 min)" in events[0].text


def test_a_storm_is_resolved_in_its_thread_and_what_was_over_is_kept(
    store: database.Database,
) -> None:
    place, ticks = Place(), Ticks()
    storm(store, 30)
    teller(store, place, ticks).tell()
    ticks.at = NOW + timedelta(minutes=4)
    storm(store, 30, state="resolved", resolved_at=ticks.at)
    teller(store, place, ticks).tell()
    assert kinds(place)[-1] == "resolve"
    assert place.sent[-1][0].incident != "storm-ops", "half of the limit is not free yet"
    ticks.at = NOW + timedelta(minutes=10)
    assert teller(store, place, ticks).tell() == 1
    last, reference = place.sent[-1]
    assert (last.incident, last.kind, reference) == ("storm-ops", "resolve", "thread-storm-ops")
    assert (last.title, last.cluster) == ("Many incidents opened at once", "orders, payments")
    assert last.opened_at == NOW
    assert len(place.sent) == 10 + 1 + 10 + 1
    with store.read() as work:
        (thread,) = work.notices.of("inc-020")
        assert thread.held_at == NOW, "its page goes on saying so"
        assert work.notices.open() == [], "nothing stays behind that nobody clears away"


def test_a_storm_that_a_channel_never_heard_of_leaves_no_failure(store: database.Database) -> None:
    place, ticks = Place(), Ticks()
    place.refuses = "the service answered 503"
    storm(store, 30)
    assert teller(store, place, ticks).tell() == 0
    with store.read() as work:
        assert work.notices.of("storm-ops")[0].failures == 1
    storm(store, 30, state="resolved", resolved_at=NOW)
    ticks.at = NOW + timedelta(minutes=1)
    assert teller(store, place, ticks).tell() == 0
    with store.read() as work:
        (thread,) = work.notices.of("storm-ops")
    assert (thread.failures, thread.reason) == (0, "")
