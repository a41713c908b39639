"""Changes and their journals are kept alike on both databases."""

import dataclasses
import json
from datetime import timedelta

import pytest
from tests.contract.store.samples import CHANGE, MIRA, NOW, change_of, entry

from headgate.domain import change, vocabulary
from headgate.ports import store as port
from headgate.store import changes, codec, database


def test_a_change_comes_back_as_it_was_put(store: database.Database) -> None:
    full = change_of("c1", journal=(entry(1), entry(2, phase="result", outcome="done", fence=7)))
    with store.begin() as work:
        work.changes.insert(full)
    with store.read() as work:
        assert work.changes.get("c1") == full
        assert work.changes.get("nothing") is None


def test_an_id_is_taken_once(store: database.Database) -> None:
    with store.begin() as work:
        work.changes.insert(CHANGE)
    with pytest.raises(port.Conflict), store.begin() as work:
        work.changes.insert(CHANGE)


def test_an_update_needs_the_expected_state(store: database.Database) -> None:
    with store.begin() as work:
        work.changes.insert(change_of("c1", journal=(entry(1),)))
        work.changes.update(change_of("c1", state="approved"), expect="waiting_approval")

    def cancel_too_late() -> None:
        with store.begin() as work:
            work.changes.append("c1", entry(2))
            work.changes.update(change_of("c1", state="cancelled"), expect="waiting_approval")

    with pytest.raises(port.Conflict, match="no longer waiting_approval"):
        cancel_too_late()
    with store.read() as work:
        kept = work.changes.get("c1")
    assert kept is not None
    assert kept.state == "approved"
    assert [line.number for line in kept.journal] == [1], "the journal is left by an update"


def test_a_journal_line_is_written_once(store: database.Database) -> None:
    with store.begin() as work:
        work.changes.insert(CHANGE)
        work.changes.append("c1", entry(1))
    with pytest.raises(port.Conflict), store.begin() as work:
        work.changes.append("c1", entry(1))


def test_text_that_a_database_refuses_is_made_whole(store: database.Database) -> None:
    with store.begin() as work:
        work.changes.insert(change_of("c1", rationale="a\x00b \udce9 ü 漢"))
        work.changes.append("c1", entry(1, text="a\x00b \udce9"))
    with store.read() as work:
        kept = work.changes.get("c1")
    assert kept is not None
    assert kept.journal[0].text == "a\ufffdb ?"


def test_pages_are_newest_first_and_do_not_shift_when_changes_arrive(
    store: database.Database,
) -> None:
    with store.begin() as work:
        for number in range(7):
            at = NOW + timedelta(seconds=number // 2)  # some share a time
            work.changes.insert(change_of(f"c{number}", proposed_at=at, journal=(entry(1),)))
    with store.read() as work:
        first = work.changes.page(limit=3)
    with store.begin() as work:
        work.changes.insert(change_of("newest", proposed_at=NOW + timedelta(hours=1)))
    seen = [item.id for item in first.items]
    cursor = first.next_cursor
    while cursor:
        with store.read() as work:
            page = work.changes.page(limit=3, cursor=cursor)
        seen += [item.id for item in page.items]
        cursor = page.next_cursor
    assert seen == ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]
    assert all(item.journal == () for item in first.items)


def test_pages_are_filtered(store: database.Database) -> None:
    with store.begin() as work:
        work.changes.insert(change_of("a", cluster="one", state="approved"))
        work.changes.insert(change_of("b", incident="i2"))
        work.changes.insert(change_of("c", action="topic.create", requester=MIRA))
    with store.read() as work:
        assert _ids(work.changes.page(cluster="one")) == ["a"]
        assert _ids(work.changes.page(states=("approved", "running"))) == ["a"]
        assert _ids(work.changes.page(incident="i2")) == ["b"]
        assert _ids(work.changes.page(action="topic.create")) == ["c"]
        assert _ids(work.changes.page(requester="mira")) == ["c", "b", "a"]
        assert _ids(work.changes.page(requester="nobody")) == []


@pytest.mark.parametrize("cursor", ["x", "é", "WzFd", "W10", "bnVsbA", "Wzcsd10"])
def test_a_wrong_cursor_is_named(store: database.Database, cursor: str) -> None:
    with pytest.raises(port.BadCursor), store.read() as work:
        work.changes.page(cursor=cursor)


def test_active_changes_come_oldest_first_with_journals(store: database.Database) -> None:
    with store.begin() as work:
        work.changes.insert(change_of("b", proposed_at=NOW + timedelta(seconds=1)))
        work.changes.insert(change_of("a", journal=(entry(1),)))
        work.changes.insert(change_of("over", state="succeeded"))
        work.changes.insert(change_of("elsewhere", cluster="other"))
    with store.read() as work:
        found = work.changes.active("orders")
    assert [item.id for item in found] == ["a", "b"]
    assert found[0].journal == (entry(1),)


def test_final_states_are_those_that_nothing_follows() -> None:
    table = vocabulary.change_transitions()
    assert set(changes.FINAL) == {state for state, to in table.items() if not to}


def test_runs_are_counted_from_when_they_began(store: database.Database) -> None:
    with store.begin() as work:
        work.changes.insert(change_of("a", started_at=NOW))
        work.changes.insert(change_of("b", started_at=NOW - timedelta(days=8)))
        work.changes.insert(change_of("c"))
    with store.read() as work:
        count = work.changes.runs
        week = NOW - timedelta(days=7)
        known = {"cluster": "orders", "action": CHANGE.action}
        assert count(**known, cause="", target="", since=week) == 1
        assert count(**known, cause=CHANGE.cause, target="group:billing", since=week) == 1
        assert count(**known, cause="", target="group:other", since=week) == 0
        assert count(**known, cause="other", target="", since=week) == 0
        assert count(**known, cause="", target="", since=NOW - timedelta(days=9)) == 2


def test_what_ran_for_a_cause_is_told_from_the_oldest_on(store: database.Database) -> None:
    with store.begin() as work:
        for name, days in (("a", 1), ("b", 3), ("c", 2), ("old", 8)):
            work.changes.insert(change_of(name, started_at=NOW - timedelta(days=days)))
        work.changes.insert(change_of("asked", started_at=NOW, cause=""))
        work.changes.insert(change_of("other", started_at=NOW, cluster="elsewhere"))
        work.changes.insert(change_of("waits"))
    with store.read() as work:
        week = NOW - timedelta(days=7)
        ran = work.changes.fixes(cluster="orders", since=week, limit=9)
        assert [(NOW - one.at).days for one in ran] == [3, 2, 1]
        assert {(one.action, one.cause, one.target, one.state) for one in ran} == {
            (CHANGE.action, CHANGE.cause, "group:billing", CHANGE.state)
        }
        newest = work.changes.fixes(cluster="orders", since=week, limit=2)
        assert [(NOW - one.at).days for one in newest] == [2, 1]
        assert work.changes.began(cluster="orders") == NOW
        assert work.changes.began(cluster="nowhere") is None


def test_where_a_change_copies_a_record_to_is_told_with_a_cause_or_without(
    store: database.Database,
) -> None:
    copy = change.Operation(
        kind="record.copy", arguments={"to_topic": "orders.dlq"}, sentence="copy it"
    )
    plan = dataclasses.replace(CHANGE.plan, steps=(change.Step(do=copy, undo=None),))
    with store.begin() as work:
        work.changes.insert(change_of("asked", started_at=NOW, cause="", plan=plan))
        work.changes.insert(change_of("caused", started_at=NOW, plan=plan))
        work.changes.insert(change_of("other", started_at=NOW))
        work.changes.insert(change_of("plain", started_at=NOW, cause=""))
    with store.read() as work:
        ran = work.changes.fixes(cluster="orders", since=NOW, limit=9)
        assert sorted((one.cause, one.copied_to) for one in ran) == [
            ("", "orders.dlq"),
            (CHANGE.cause, ""),
            (CHANGE.cause, "orders.dlq"),
        ]


def _ids(page: port.Page[change.Change]) -> list[str]:
    return [item.id for item in page.items]


def test_a_change_kept_by_an_older_headgate_with_its_cursor_is_read() -> None:
    kept = json.loads(codec.encode(change.Change, CHANGE)) | {"cursor": 3}
    assert codec.decode(change.Change, json.dumps(kept), where="here") == CHANGE
