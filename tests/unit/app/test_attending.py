"""Acknowledging and silencing an incident: who may, what is kept, and what it does not do."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.app import stands

from headgate.app import errors
from headgate.domain import incident, person

REGISTER = '[[owner]]\nname = "data"\nresources = ["connector:warehouse"]\n'
TRACE = "org.apache.kafka.connect.errors.DataException: not a record"


@pytest.fixture
def stand(tmp_path: Path) -> stands.Stand:
    """A connector with a failed task, and the incident that it is."""
    made = stands.build(tmp_path, register=REGISTER)
    made.kafka.add_topic("orders", partitions=3)
    made.connect.put("warehouse", topics=("orders",))
    made.connect.fail_task("warehouse", trace=TRACE)
    made.pass_time(2)
    return made


def only(stand: stands.Stand) -> incident.Incident:
    (item,) = stand.incidents()
    return item


def audited(stand: stands.Stand) -> list[str]:
    return [one.event.what for one in stand.use.audit(stands.VERA).items]


def test_who_looks_after_it_is_kept_told_and_audited_once(stand: stands.Stand) -> None:
    item = only(stand)
    assert item.draft.owner == "data"
    stand.heard.clear()
    stand.use.acknowledge(stands.MIRA, item.id)
    stand.use.acknowledge(stands.MIRA, item.id)
    kept = only(stand)
    assert (kept.acknowledged_by, kept.acknowledged_at) == ("mira", stand.clock.at)
    assert [line.kind for line in kept.timeline].count("acknowledged") == 1
    assert audited(stand).count("incident.acknowledged") == 1
    assert [(one.kind, one.ref) for one in stand.heard] == [("incident", item.id)]
    stand.use.acknowledge(stands.JONAS, item.id)
    assert only(stand).acknowledged_by == "jonas"


def test_it_lasts_over_looks(stand: stands.Stand) -> None:
    item = only(stand)
    stand.use.acknowledge(stands.MIRA, item.id)
    stand.use.silence(stands.MIRA, item.id, for_s=7200, why="the vendor is on it")
    stand.pass_time(3)
    kept = only(stand)
    assert kept.acknowledged_by == "mira"
    assert kept.is_silent(stand.clock.at)
    assert not kept.is_silent(stand.clock.at + timedelta(hours=2))
    assert "until 2026-03-01 14:00 UTC: the vendor is on it" in kept.timeline[-1].what


def test_a_silence_is_ended(stand: stands.Stand) -> None:
    item = only(stand)
    assert stand.use.unsilence(stands.MIRA, item.id) == item
    stand.use.silence(stands.MIRA, item.id, for_s=60, why="known")
    stand.use.unsilence(stands.MIRA, item.id)
    assert only(stand).silenced_until is None
    assert audited(stand)[:2] == ["incident.unsilenced", "incident.silenced"]


@pytest.mark.parametrize("who", [stands.VERA, stands.actor("kim", "viewer", ["data"])])
def test_it_takes_an_operator(stand: stands.Stand, who: person.Actor) -> None:
    item = only(stand)
    refused = pytest.raises(errors.NotPermitted, match="takes the role operator")
    with refused:
        stand.use.acknowledge(who, item.id)
    with refused:
        stand.use.silence(who, item.id, for_s=60, why="x")
    with refused:
        stand.use.unsilence(who, item.id)
    assert only(stand) == item


@pytest.mark.parametrize(
    ("for_s", "why"),
    [(0, "x"), (-1, "x"), (float("nan"), "x"), (31 * 86_400, "x"), (60, "  "), (60, "x" * 501)],
)
def test_a_silence_without_end_or_reason_is_refused(
    stand: stands.Stand, for_s: float, why: str
) -> None:
    with pytest.raises(errors.Invalid):
        stand.use.silence(stands.MIRA, only(stand).id, for_s=for_s, why=why)
    assert only(stand).silenced_until is None


def test_what_is_not_there_or_over_is_told(stand: stands.Stand) -> None:
    with pytest.raises(errors.NotFound):
        stand.use.acknowledge(stands.MIRA, "inc-none")
    item = only(stand)
    stand.connect.put("warehouse", topics=("orders",))
    stand.pass_time(3)
    stand.clock.turn(700)
    stand.pass_time(2)
    assert only(stand).state == "closed"
    with pytest.raises(errors.Conflict, match="closed"):
        stand.use.acknowledge(stands.MIRA, item.id)
