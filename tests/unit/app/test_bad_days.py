"""Days on which Headgate itself has trouble: nothing healthy is broken or healed by them."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.unit.app import stands

from headgate.domain import incident, resource

BILLING = resource.TopicPartition("orders", 0)
READER = resource.TopicPartition("orders", 1)


def prepared(folder: Path) -> stands.Stand:
    """Billing has stopped with 90 records to read; audit reads on, a commit each minute."""
    made = stands.build(folder)
    made.kafka.add_topic("orders", partitions=2)
    made.kafka.fill("orders", 0, 100)
    made.kafka.set_commit("billing", {BILLING: 10})
    made.kafka.join("audit", topics=("orders",), member_id="a1")
    made.kafka.set_commit("audit", {READER: 0})
    return made


def pass_time(stand: stands.Stand, sweeps: int, *, every_s: float = 12.0) -> None:
    """Looks, while records arrive and audit commits once a minute."""
    for _ in range(sweeps):
        end = stand.kafka.fill("orders", 1, 5)
        stand.kafka.fill("orders", 0, 1)
        if stand.clock.monotonic() % 60 < every_s:
            stand.kafka.set_commit("audit", {READER: end})
        stand.pass_time(1, every_s=every_s)


@pytest.fixture
def stand(tmp_path: Path) -> stands.Stand:
    """The incident of billing is open."""
    made = prepared(tmp_path)
    pass_time(made, 16)
    assert roots(made) == [("group:billing", "open")]
    return made


def roots(stand: stands.Stand) -> list[tuple[str, str]]:
    return sorted((str(one.draft.resource), one.state) for one in stand.incidents())


def of_billing(stand: stands.Stand) -> incident.Incident:
    (found,) = [one for one in stand.incidents() if one.draft.resource.id == "billing"]
    return found


def opened(stand: stands.Stand) -> Sequence[str]:
    events = stand.use.audit(stands.VERA, limit=1000).items
    return [one.event.text for one in events if one.event.what == "incident.opened"]


def test_a_cluster_that_is_away_for_an_hour_is_one_incident(stand: stands.Stand) -> None:
    before = of_billing(stand)
    stand.kafka.stop_cluster()
    for _ in range(36):
        stand.pass_time(1, every_s=100)
    assert roots(stand) == [("cluster:shop", "open"), ("group:billing", "open")]
    away = of_billing(stand)
    assert away.draft == before.draft
    assert [line.kind for line in away.timeline[len(before.timeline) :]] == ["finding"]
    assert "cannot be read" in away.timeline[-1].what
    stand.kafka.start_cluster()
    for _ in range(16):
        pass_time(stand, 1)
        assert of_billing(stand).state == "open"
    assert roots(stand) == [("cluster:shop", "resolved"), ("group:billing", "open")]
    assert len(opened(stand)) == 2


def test_what_healed_while_the_cluster_was_away_is_said_when_it_is_known(
    stand: stands.Stand,
) -> None:
    stand.kafka.stop_cluster()
    for _ in range(10):
        stand.pass_time(1, every_s=60)
    stand.kafka.start_cluster()
    stand.kafka.join("billing", topics=("orders",), member_id="b1")
    for _ in range(16):
        stand.kafka.set_commit("billing", {BILLING: stand.kafka.fill("orders", 0, 1)})
        pass_time(stand, 1)
    assert of_billing(stand).state == "resolved"


def test_a_restart_in_the_middle_goes_on_with_the_same_incident(
    stand: stands.Stand, tmp_path: Path
) -> None:
    before = of_billing(stand)
    again = prepared(tmp_path)
    again.clock.at = stand.clock.at
    again.clock.turn(90)
    for _ in range(16):
        pass_time(again, 1)
        assert roots(again) == [("group:billing", "open")]
    after = of_billing(again)
    assert (after.id, after.opened_at, after.returned) == (before.id, before.opened_at, 0)
    assert len(opened(again)) == 1


@pytest.mark.parametrize("by_s", [3600, -3600, -86_400])
def test_a_clock_that_jumps_breaks_and_heals_nothing(stand: stands.Stand, by_s: float) -> None:
    pass_time(stand, 5)
    stand.clock.set_by(by_s)
    for _ in range(16):
        pass_time(stand, 1)
        assert roots(stand) == [("group:billing", "open")]
    assert len(opened(stand)) == 1


@pytest.mark.parametrize("by_s", [3600, -3600])
def test_after_a_clock_jumped_new_trouble_is_found_as_soon_as_ever(
    stand: stands.Stand, by_s: float
) -> None:
    stand.clock.set_by(by_s)
    pass_time(stand, 6)
    stand.kafka.leave("audit", "a1")
    for _ in range(16):
        stand.kafka.fill("orders", 1, 5)
        stand.pass_time(1, every_s=12)
    assert roots(stand) == [("group:audit", "open"), ("group:billing", "open")]
