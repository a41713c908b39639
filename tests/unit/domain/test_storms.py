"""What a channel is told one by one, and what in sum, where many incidents open at once."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.unit.domain import test_notices as incidents

from headgate.domain import incident, notices, storms

NOW = incidents.NOW
ROUTE = notices.Route(channel="ops", least="info", wait=incidents.AT_ONCE)
WINDOW = ROUTE.window


def many(count: int, severity: str = "warning", *, begin: int = 0, **fields: Any) -> list[Any]:
    return [
        incidents.of(id=f"inc-{severity}-{begin + n:03d}", severity=severity, **fields)
        for n in range(count)
    ]


class Channel:
    """A channel that takes what a plan says, or refuses it, as the app's part does."""

    def __init__(self, route: notices.Route = ROUTE) -> None:
        self.route = route
        self.threads: dict[str, notices.Thread] = {}
        self.heard: list[tuple[str, str]] = []
        self.refuses = False

    @property
    def storm(self) -> notices.Thread:
        own = storms.thread_id("ops")
        return self.threads.get(own, notices.Thread(incident=own, channel="ops"))

    def plan(self, items: Sequence[incident.Incident], at: datetime) -> storms.Plan:
        """The plan from what is kept alone: as after a restart."""
        known = [
            (one, self.threads.get(one.id, notices.Thread(incident=one.id, channel="ops")))
            for one in items
        ]
        recent = [one for name, one in self.threads.items() if name != self.storm.incident]
        storm = self.storm
        if storm.told is not None and storm.told.over:
            storm = notices.Thread(incident=storm.incident, channel="ops")
        return storms.plan(known, recent, storm, self.route, at)

    def hear(self, items: Sequence[incident.Incident], at: datetime = NOW) -> storms.Plan:
        plan = self.plan(items, at)
        for thread in plan.missed:
            self.threads[thread.incident] = thread
        for item, thread in plan.held:
            self.threads[item.id] = dataclasses.replace(thread, held_at=thread.held_at or at)
        for page in plan.send:
            self._take(page.thread, page.what, page.item.draft.severity, at)
        if plan.summary is not None:
            self._take(self.storm, plan.summary, "warning", at)
        return plan

    def _take(
        self, thread: notices.Thread, what: notices.Notice, severity: Any, at: datetime
    ) -> None:
        if self.refuses:
            self.threads[thread.incident] = dataclasses.replace(
                thread, failures=thread.failures + 1, retry_at=at + timedelta(seconds=5)
            )
            return
        self.heard.append((thread.incident, what.kind))
        pages = what.kind in notices.PAGES
        self.threads[thread.incident] = notices.Thread(
            incident=thread.incident,
            channel="ops",
            told=what.told,
            sent_at=at,
            paged_at=at if pages else thread.paged_at,
            paged_as=severity if pages else thread.paged_as,
        )

    def kinds(self, name: str) -> list[str]:
        return [kind for heard, kind in self.heard if heard == name]


def number(plan: storms.Plan) -> int:
    assert plan.summary is not None
    return sum(one.number for one in plan.summary.told.held)


def test_a_hundred_at_once_are_ten_notices_and_one_in_sum() -> None:
    channel = Channel()
    plan = channel.hear(many(97) + many(3, "critical"))
    assert [page.item.draft.severity for page in plan.send] == ["critical"] * 3 + ["warning"] * 7
    assert plan.summary is not None
    assert plan.summary.kind == "open"
    assert plan.summary.told.severity == "warning"
    assert storms.in_words(plan.summary.told.held) == "90 warning"
    assert len(channel.heard) == 11
    assert plan.again == NOW + WINDOW


def test_as_many_as_the_limit_are_told_as_ever() -> None:
    plan = Channel().hear(many(10))
    assert (len(plan.send), plan.held, plan.summary, plan.again) == (10, (), None, None)


def test_without_a_limit_all_are_told() -> None:
    plan = Channel(dataclasses.replace(ROUTE, limit=0)).hear(many(100))
    assert (len(plan.send), plan.summary) == (100, None)


def test_a_restart_in_the_middle_tells_nothing_twice() -> None:
    channel, items = Channel(), many(100)
    whole = channel.plan(items, NOW)
    for page in whole.send[:4]:  # it stops after the fourth, before anything else is kept
        channel._take(page.thread, page.what, "warning", NOW)
    channel.hear(items)
    channel.hear(items, NOW + timedelta(seconds=1))
    assert len(channel.heard) == len(set(channel.heard)) == 11
    assert channel.kinds("storm-ops") == ["open"]


def test_critical_ones_are_told_though_the_limit_is_used_and_have_one_of_their_own() -> None:
    channel = Channel()
    items = many(100)
    channel.hear(items)
    items += many(2, "critical")
    plan = channel.hear(items, NOW + timedelta(minutes=1))
    assert [page.item.draft.severity for page in plan.send] == ["critical", "critical"]
    items += many(98, "critical", begin=2)
    plan = channel.hear(items, NOW + timedelta(minutes=2))
    assert len(plan.send) == 8
    assert plan.summary is not None, "that critical ones are held back is told at once"
    assert plan.summary.kind == "update"
    assert plan.summary.told.severity == "critical"
    assert storms.in_words(plan.summary.told.held) == "90 critical, 90 warning"


def test_what_was_held_back_and_grew_critical_is_told_at_once() -> None:
    channel, items = Channel(), many(20)
    worse = channel.hear(items).held[5][0]
    items.remove(worse)
    items.append(
        dataclasses.replace(worse, draft=dataclasses.replace(worse.draft, severity="critical"))
    )
    plan = channel.hear(items, NOW + timedelta(seconds=5))
    assert [page.item.id for page in plan.send] == [worse.id]


def test_a_warning_that_was_told_and_grew_critical_takes_no_critical_place() -> None:
    channel = Channel()
    channel.hear(many(10))
    worse = [
        dataclasses.replace(one, draft=dataclasses.replace(one.draft, severity="critical"))
        for one in many(10)
    ]
    channel.hear(worse, NOW + timedelta(seconds=5))
    plan = channel.hear(worse + many(1, "critical"), NOW + timedelta(seconds=10))
    assert [page.what.kind for page in plan.send] == ["open"]


def test_what_lives_after_the_window_is_told_within_the_limit_again_and_the_rest_is_not() -> None:
    channel, items = Channel(), many(25)
    channel.hear(items)
    later = NOW + WINDOW
    over = [dataclasses.replace(one, state="resolved", resolved_at=later) for one in items[:14]]
    plan = channel.hear(over + items[14:], later)
    opened = [page.item.id for page in plan.send if page.what.kind == "open"]
    assert opened == [one.id for one in items[14:24]]
    assert sum(page.what.kind == "resolve" for page in plan.send) == 10
    assert [thread.incident for thread in plan.missed] == [one.id for one in over[10:]]
    assert [item.id for item, _thread in plan.held] == [items[24].id]
    assert channel.hear(over + items[14:], later + timedelta(seconds=1)).missed == ()


def test_what_was_over_before_its_turn_opens_where_it_comes_back() -> None:
    channel, items = Channel(), many(11)
    channel.hear(items)
    later = NOW + timedelta(minutes=5)
    over = dataclasses.replace(items[10], state="resolved", resolved_at=later)
    channel.hear([*items[:10], over], later)
    back = dataclasses.replace(items[10], returned=1)
    channel.hear([*items[:10], back], NOW + WINDOW)
    assert channel.kinds(back.id) == ["open"]


def test_the_storm_is_over_when_nothing_is_held_back_and_half_of_the_limit_is_free() -> None:
    channel, items = Channel(), many(15)
    channel.hear(items)
    told = channel.hear(items, NOW + WINDOW)
    assert (len(told.send), told.held) == (5, ())
    assert told.summary is not None
    assert told.summary.kind == "resolve"
    assert channel.hear(items, NOW + 3 * WINDOW).summary is None
    again = channel.hear(items + many(30, begin=15), NOW + 3 * WINDOW)
    assert again.summary is not None
    assert again.summary.kind == "open", "the next storm is told anew"


def test_a_storm_does_not_end_and_begin_with_each_place_that_is_free() -> None:
    channel = Channel()
    items: list[Any] = []
    for n in range(11):  # the last one is held back
        items += many(1, begin=n)
        channel.hear(items, NOW + timedelta(seconds=50 * n))
    for n in range(11, 20):  # each time it has its turn before the next one comes
        free = NOW + WINDOW + timedelta(seconds=50 * (n - 11))
        assert channel.hear(items, free).held == ()
        items += many(1, begin=n)
        assert len(channel.hear(items, free + timedelta(seconds=10)).held) == 1
    assert channel.kinds("storm-ops") == ["open"]


def test_the_sum_is_told_again_only_where_it_moves_by_a_quarter() -> None:
    channel, items = Channel(), many(50)
    channel.hear(items)
    at = NOW + timedelta(minutes=2)
    assert channel.hear(items + many(9, begin=50), at).summary is None
    plan = channel.hear(items + many(10, begin=50), at)
    assert plan.summary is not None
    assert plan.summary.news == ("50 warning are held back now; it was 40 warning.",)
    soon = channel.hear(items + many(100, begin=50), at + timedelta(seconds=5))
    assert soon.summary is None
    assert soon.again == at + notices.SETTLE


def test_a_channel_that_refuses_keeps_the_places_of_the_most_urgent_for_a_while() -> None:
    channel, items = Channel(), many(30)
    channel.refuses = True
    first = [page.item.id for page in channel.hear(items).send]
    assert channel.hear(items, NOW + timedelta(seconds=1)).send == ()
    channel.refuses = False
    again = channel.hear(items, NOW + timedelta(seconds=5))
    assert [page.item.id for page in again.send] == first
    assert number(again) == 20
    for name in first:
        channel.threads[name] = notices.Thread(
            incident=name,
            channel="ops",
            failures=storms.PATIENCE + 1,
            retry_at=NOW + timedelta(days=1),
        )
    plan = channel.hear(items, NOW + timedelta(seconds=9))
    assert len(plan.send) == 10, "what is never taken holds no place for good"


def test_silence_and_quiet_hours_are_no_storm() -> None:
    silent = many(50, silenced_until=NOW + timedelta(hours=1))
    plan = Channel().hear(silent)
    assert (plan.send, plan.held, plan.summary) == ((), (), None)
