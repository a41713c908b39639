"""The whole loop on a cluster in memory: a look, an incident, a change, its end."""

import itertools
from pathlib import Path
from typing import Literal

import pytest
from tests.unit.app import stands

from headgate.domain import diagnosis, person
from headgate.domain.unknown import Unknown
from headgate.observe import reaching

TRACE = """org.apache.kafka.connect.errors.ConnectException: JDBC sink connector failure
\tat io.debezium.connector.jdbc.JdbcSinkConnectorTask.put(JdbcSinkConnectorTask.java:129)
Caused by: org.postgresql.util.PSQLException: FATAL: terminating connection due to administrator \
command"""


@pytest.fixture
def stand(tmp_path: Path) -> stands.Stand:
    made = stands.build(tmp_path)
    made.kafka.add_topic("orders", partitions=3)
    made.connect.put("warehouse", topics=("orders",))
    return made


def test_a_failed_task_is_repaired_alone_and_the_incident_tells_it(stand: stands.Stand) -> None:
    stand.pass_time(2)
    assert stand.incidents() == ()
    stand.connect.fail_task("warehouse", trace=TRACE)
    stand.pass_time(40)
    (change,) = stand.changes()
    assert (change.action, change.state) == ("connector.restart_failed_tasks", "succeeded")
    assert change.requester == person.HEADGATE
    assert change.decision.lane == "auto"
    assert stand.connect.restarts == ["warehouse"]
    (incident,) = stand.incidents()
    assert incident.state == "resolved"
    assert incident.changes == (change.id,)
    said = [line.what for line in incident.timeline if line.ref == change.id]
    assert said[0].endswith(": may run")
    assert said[-1].endswith(": worked, and that was verified")
    assert stand.use.verify_audit(stands.VERA).intact


def test_a_watch_ends_in_a_repair_as_soon_as_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was away when the task failed, and is back a few seconds later."""
    there: list[Literal["refuses", "accepts"]] = ["refuses"]
    monkeypatch.setattr(reaching, "reach", lambda *_, **__: diagnosis.ReachAnswer(state=there[-1]))
    monkeypatch.setattr(reaching, "AGE_S", 0.0)
    stand = stands.build(tmp_path)
    stand.kafka.add_topic("orders", partitions=3)
    stand.connect.put(
        "warehouse",
        topics=("orders",),
        config={"connection.url": "jdbc:postgresql://db.example:5432/shop"},
    )
    stand.pass_time(2)
    stand.connect.fail_task("warehouse", trace=TRACE)
    stand.pass_time(3)
    assert [(one.action, one.state) for one in stand.changes()] == [("incident.watch", "verifying")]
    there.append("accepts")
    stand.pass_time(40)
    states = {one.action: one.state for one in stand.changes()}
    assert states == {
        "incident.watch": "succeeded",
        "connector.restart_failed_tasks": "succeeded",
    }
    assert stand.incidents()[0].state == "resolved"


def test_a_repair_that_runs_again_and_again_is_told_to_be_none(stand: stands.Stand) -> None:
    watched = stand.runtime.running.watched(stands.CLUSTER)
    for _ in range(3):
        stand.connect.fail_task("warehouse", trace=TRACE)
        stand.pass_time(12)
        stand.clock.turn(3600)
    assert [one.state for one in stand.changes()] == ["succeeded"] * 3
    seen, found = watched.look()
    assert not isinstance(seen.fixes, Unknown)
    assert [one.state for one in seen.fixes] == ["succeeded"] * 3
    [told] = [one for one in found.findings if one.code == "fix.recurring"]
    assert str(told.resource) == str(stand.changes()[0].plan.target)
    stand.clock.turn(8 * 86400)
    assert "fix.recurring" not in {one.code for one in watched.look()[1].findings}


def test_live_pages_hear_of_each(stand: stands.Stand) -> None:
    stand.connect.fail_task("warehouse", trace=TRACE)
    stand.pass_time(3)
    (change,), (incident,) = stand.changes(), stand.incidents()
    heard = {(notice.kind, notice.ref) for notice in stand.heard}
    assert ("sweep", "") in heard
    assert ("incident", incident.id) in heard
    assert ("change", change.id) in heard


def test_what_does_not_help_is_tried_again_later_and_in_the_end_no_more(tmp_path: Path) -> None:
    stand = stands.build(tmp_path, retry_minutes=[0, 2, 5])
    stand.connect.put("warehouse", on_restart="fails_again")
    stand.connect.fail_task("warehouse", trace=TRACE)
    stand.pass_time(20)
    assert len(stand.changes()) == 1, "the second try waits"
    stand.pass_time(300)
    changes = sorted(stand.changes(), key=lambda one: one.proposed_at)
    assert len(changes) == 3, [one.state for one in changes]
    for before, after in itertools.pairwise(changes):
        assert (after.proposed_at - before.state_since).total_seconds() >= 120


def test_nothing_is_proposed_where_that_is_switched_off(tmp_path: Path) -> None:
    stand = stands.build(tmp_path, propose=False)
    stand.connect.put("warehouse")
    stand.connect.fail_task("warehouse", trace=TRACE)
    stand.pass_time(5)
    assert len(stand.incidents()) == 1
    assert stand.changes() == ()


def test_the_kill_switch_keeps_changes_from_being_made(stand: stands.Stand) -> None:
    stand.use.set_kill_switch(stands.ADA, True)
    stand.connect.fail_task("warehouse", trace=TRACE)
    stand.pass_time(5)
    assert stand.changes() == ()
    assert stand.connect.restarts == []
    stand.use.set_kill_switch(stands.ADA, False)
    stand.pass_time(5)
    assert stand.connect.restarts == ["warehouse"]


def test_a_cluster_that_dies_is_told_and_comes_back(stand: stands.Stand) -> None:
    stand.pass_time(2)
    stand.kafka.stop_cluster()
    stand.pass_time(30)
    (summary,) = stand.use.clusters(stands.VERA)
    assert isinstance(summary.topics, Unknown)
    assert summary.unknown
    (incident,) = stand.incidents()
    assert incident.draft.findings[0].code == "cluster.unreachable"
    stand.kafka.start_cluster()
    stand.pass_time(10)
    (summary,) = stand.use.clusters(stands.VERA)
    assert summary.topics == 1
    assert summary.health == "nothing wrong seen"
    (incident,) = stand.incidents()
    assert incident.state == "resolved"


def test_an_incident_names_the_owners_of_what_is_hit(tmp_path: Path) -> None:
    register = '[[owner]]\nname = "data team"\nresources = ["connector:*"]\n'
    stand = stands.build(tmp_path, register=register, propose=False)
    stand.connect.put("warehouse")
    stand.connect.fail_task("warehouse", trace=TRACE)
    stand.pass_time(3)
    (incident,) = stand.incidents()
    assert incident.draft.blast_radius.owners == ("data team",)
