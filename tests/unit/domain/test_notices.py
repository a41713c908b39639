"""When a channel is told what of an incident."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headgate.domain import diagnosis, incident, notices
from headgate.domain.resource import Resource

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AT_ONCE = timedelta()
ROUTE = notices.Route(channel="ops", least="warning", wait=AT_ONCE)
GROUP = Resource("group", "billing")


def cause(code: str, verdict: Any = "likely") -> diagnosis.Cause:
    return diagnosis.Cause(code=code, resource=GROUP, verdict=verdict, summary=f"It is {code}.")


def of(**fields: Any) -> incident.Incident:
    draft: dict[str, Any] = {
        "key": "group@group:billing",
        "title": "billing is stuck",
        "severity": "critical",
        "resource": GROUP,
        "findings": (),
        "causes": (cause("record.poison"),),
    }
    for name in ("severity", "causes", "deadline"):
        if name in fields:
            draft[name] = fields.pop(name)
    given: dict[str, Any] = {
        "id": "inc-1",
        "cluster": "orders",
        "state": "open",
        "opened_at": NOW,
        "updated_at": NOW,
        "draft": incident.Draft(**draft),
        **fields,
    }
    return incident.Incident(**given)


def nobody() -> notices.Thread:
    return notices.Thread(incident="inc-1", channel="ops")


def told(item: incident.Incident, *, at: datetime = NOW) -> notices.Thread:
    what = notices.due(item, nobody(), ROUTE, at)
    assert isinstance(what, notices.Notice)
    return dataclasses.replace(nobody(), told=what.told, sent_at=at, reference="r")


def kind(
    item: incident.Incident, thread: notices.Thread, at: datetime, route: Any = ROUTE
) -> object:
    what = notices.due(item, thread, route, at)
    return what.kind if isinstance(what, notices.Notice) else what


def test_an_incident_is_paged_once() -> None:
    assert kind(of(), nobody(), NOW) == "open"
    assert kind(of(), told(of()), NOW + timedelta(hours=5)) is None


PATIENT = notices.Route(channel="ops", least="warning")


def test_nobody_is_called_at_once_for_what_may_be_over_in_a_moment() -> None:
    due = NOW + notices.WAIT
    assert kind(of(), nobody(), NOW, PATIENT) == due
    assert kind(of(), nobody(), due, PATIENT) == "open"
    for state in ("resolved", "merged"):
        assert kind(of(state=state), nobody(), due, PATIENT) is None


def test_what_comes_back_waits_as_long() -> None:
    told_over = dataclasses.replace(told(of()).told, over=True)  # type: ignore[type-var]  # told
    thread = dataclasses.replace(nobody(), told=told_over, sent_at=NOW)
    back = NOW + timedelta(minutes=5)
    line = incident.Happening(at=back, what="It came back", kind="reopened", ref="")
    item = of(returned=1, timeline=(line,))
    assert kind(item, thread, back, PATIENT) == back + notices.WAIT
    assert kind(item, thread, back + notices.WAIT, PATIENT) == "return"


def test_a_clock_that_was_set_back_delays_no_call() -> None:
    assert kind(of(), nobody(), NOW - timedelta(hours=1), PATIENT) == "open"


@pytest.mark.parametrize(
    ("fields", "news"),
    [
        ({"causes": (cause("consumer.slow"),)}, "The cause: It is consumer.slow."),
        ({"severity": "warning"}, "It is warning now; it was critical."),
        ({"trend": "worsening"}, "It is worsening."),
        ({"changes": ("chg-1",)}, "A change answers it; it may wait for an approval."),
        ({"deadline": NOW + timedelta(hours=1)}, "The deadline is 2026-03-01 13:00 UTC."),
    ],
)
def test_what_is_news_is_an_update_in_the_thread(fields: dict[str, Any], news: str) -> None:
    what = notices.due(of(**fields), told(of()), ROUTE, NOW + timedelta(minutes=2))
    assert isinstance(what, notices.Notice)
    assert (what.kind, what.news) == ("update", (news,))


def test_updates_wait_for_each_other_but_what_grows_worse_does_not() -> None:
    soon = NOW + timedelta(seconds=10)
    assert kind(of(trend="worsening"), told(of()), soon) == NOW + notices.SETTLE
    before = told(of(severity="warning"))
    assert kind(of(severity="critical"), before, soon) == "update"


def test_a_deadline_that_drifts_is_no_news() -> None:
    before = told(of(deadline=NOW + timedelta(hours=2)))
    after = of(deadline=NOW + timedelta(hours=2, minutes=-10))
    assert kind(after, before, NOW + timedelta(minutes=5)) is None


def test_an_acknowledgement_is_told_at_once() -> None:
    after = of(acknowledged_by="user:mira", acknowledged_at=NOW)
    assert kind(after, told(of()), NOW + timedelta(seconds=1)) == "acknowledge"


def test_what_is_over_is_resolved_and_what_comes_back_returns_in_the_thread() -> None:
    over = of(state="resolved", resolved_at=NOW + timedelta(minutes=90))
    before = told(of())
    what = notices.due(over, before, ROUTE, NOW + timedelta(minutes=90))
    assert isinstance(what, notices.Notice)
    assert (what.kind, what.news) == ("resolve", ("Resolved after 1 h 30 min.",))
    after = dataclasses.replace(before, told=what.told)
    assert kind(over, after, NOW + timedelta(minutes=91)) is None
    assert kind(of(returned=1), after, NOW + timedelta(minutes=92)) == "return"


def test_what_nobody_heard_of_is_not_taken_back() -> None:
    assert kind(of(state="resolved", resolved_at=NOW), nobody(), NOW) is None


def test_a_silenced_incident_says_nothing_until_the_silence_ends_but_resolves() -> None:
    end = NOW + timedelta(hours=1)
    silent = of(silenced_until=end, trend="worsening")
    assert kind(silent, nobody(), NOW) == end
    assert kind(silent, told(of()), NOW + timedelta(minutes=5)) == end
    assert kind(silent, nobody(), end) == "open"
    over = of(state="resolved", silenced_until=end, resolved_at=NOW)
    assert kind(over, told(of()), NOW) == "resolve"


def test_a_channel_hears_only_of_what_it_wants() -> None:
    grave = notices.Route(channel="ops", least="critical", wait=AT_ONCE)
    assert kind(of(severity="warning"), nobody(), NOW, grave) is None
    other = notices.Route(channel="ops", least="info", clusters=("pay*",), wait=AT_ONCE)
    assert kind(of(), nobody(), NOW, other) is None


NIGHT = notices.Quiet(
    begin=22 * 60, end=7 * 60, zone="Europe/Vienna", severities=frozenset({"warning"})
)


def test_quiet_hours_hold_back_by_severity_in_their_own_zone() -> None:
    route = notices.Route(channel="ops", least="warning", quiet=(NIGHT,), wait=AT_ONCE)
    night = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)  # 23:30 in Vienna
    end = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
    assert kind(of(severity="warning"), nobody(), night, route) == end
    assert kind(of(severity="critical"), nobody(), night, route) == "open"
    assert kind(of(severity="warning"), nobody(), end, route) == "open"


def test_quiet_hours_end_at_the_local_hour_when_the_clocks_change() -> None:
    eve = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)  # the night of the change in Vienna
    assert NIGHT.until("warning", eve) == datetime(2026, 3, 29, 5, 0, tzinfo=UTC)


def test_a_channel_that_failed_is_asked_again_later() -> None:
    later = NOW + timedelta(minutes=5)
    failed = dataclasses.replace(told(of()), failures=2, retry_at=later)
    assert kind(of(trend="worsening"), failed, NOW + timedelta(minutes=2)) == later
    unheard = dataclasses.replace(nobody(), failures=1, retry_at=later)
    assert kind(of(), unheard, NOW) == later
    assert kind(of(), unheard, later) == "open"
