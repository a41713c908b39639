"""Incidents, audit, leases, people and the rest are kept alike on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contract.store.samples import INCIDENT, NOW, incident_of

from headgate.domain import notices, observation, vocabulary
from headgate.ports import chain
from headgate.ports import store as port
from headgate.store import database, incidents

LATER = NOW + timedelta(seconds=10)


# incidents


def test_an_incident_comes_back_as_it_was_last_put(store: database.Database) -> None:
    with store.begin() as work:
        work.incidents.put(INCIDENT)
    grown = replace(INCIDENT, state="acting", changes=("c1",), updated_at=LATER)
    with store.begin() as work:
        work.incidents.put(grown)
    with store.read() as work:
        assert work.incidents.get("i1") == grown
        assert work.incidents.get("i2") is None
        assert len(work.incidents.page().items) == 1


def test_live_incidents_are_those_not_over(store: database.Database) -> None:
    states = dict(vocabulary.incident_transitions())
    with store.begin() as work:
        for number, state in enumerate(states):
            at = NOW - timedelta(seconds=number)
            work.incidents.put(incident_of(state, state=state, opened_at=at))
        work.incidents.put(incident_of("elsewhere", cluster="other"))
    with store.read() as work:
        live = [item.id for item in work.incidents.live("orders")]
    assert live == [state for state in reversed(states) if state not in incidents.OVER]
    assert set(incidents.OVER) == {state for state, to in states.items() if not to}


def test_incident_pages_go_on_where_they_ended(store: database.Database) -> None:
    with store.begin() as work:
        for number in range(5):
            work.incidents.put(incident_of(f"i{number}", opened_at=NOW))
        work.incidents.put(incident_of("closed", state="closed", opened_at=LATER))
    with store.read() as work:
        first = work.incidents.page(states=("open",), limit=3)
        second = work.incidents.page(states=("open",), limit=3, cursor=first.next_cursor)
        assert [item.id for item in first.items] == ["i4", "i3", "i2"]
        assert [item.id for item in second.items] == ["i1", "i0"]
        assert second.next_cursor == ""
        assert work.incidents.page(cluster="other").items == ()


# audit


def event(what: str, **fields: str) -> port.Event:
    given = {"actor": "user:mira", "target": "c1", "text": "said", "data": "", **fields}
    return port.Event(at=NOW, what=what, **given)


def test_audit_records_are_linked_and_numbered(store: database.Database) -> None:
    with store.begin() as work:
        first = work.audit.append(event("one", data='{"b":1,"a":"ü"}'))
        second = work.audit.append(event("two", target="c2"))
    with store.begin() as work:
        third = work.audit.append(event("three"))
    assert (first.number, first.previous) == (1, chain.GENESIS)
    assert (second.number, second.previous) == (2, first.hash)
    assert (third.number, third.previous) == (3, second.hash)
    with store.read() as work:
        assert work.audit.walk() == [first, second, third]
        assert work.audit.walk(after=1, limit=1) == [second]
        page = work.audit.page(limit=2)
        assert page.items == (third, second)
        assert work.audit.page(limit=2, cursor=page.next_cursor).items == (first,)
        assert work.audit.page(target="c2").items == (second,)


def test_what_is_stored_is_what_was_hashed(store: database.Database) -> None:
    odd = event("odd", text="a\x00b \udce9 漢", target="t\x00", data='{"k":"\\u0000"}')
    with store.begin() as work:
        work.audit.append(odd)
    with store.read() as work:
        (kept,) = work.audit.walk()
    assert kept.hash == chain.record_hash(1, chain.GENESIS, kept.event)


def test_secrets_do_not_reach_the_audit(store: database.Database) -> None:
    with store.begin() as work:
        work.audit.append(
            event(
                "connector.updated",
                text="set database.password=hunter2 on http://joe:hunter2@db/x",
                data='{"config":{"connection.password":"hunter2","tasks.max":2}}',
            )
        )
    with store.read() as work:
        (kept,) = work.audit.walk()
    assert "hunter2" not in kept.event.text + kept.event.data
    assert '"tasks.max":2' in kept.event.data


# leases


def test_a_lease_is_held_renewed_and_taken_over(store: database.Database) -> None:
    with store.begin() as work:
        mine = work.leases.acquire("server", "one", now=NOW, seconds=10)
        assert mine == port.Lease(name="server", holder="one", fence=1, expires_at=LATER, since=NOW)
        assert work.leases.acquire("server", "two", now=NOW, seconds=10) is None
        renewed = work.leases.acquire("server", "one", now=NOW + timedelta(seconds=5), seconds=10)
        assert renewed is not None
        assert (renewed.fence, renewed.since) == (1, NOW)
    with store.begin() as work:
        taken = work.leases.acquire("server", "two", now=NOW + timedelta(seconds=15), seconds=10)
        assert taken is not None
        assert (taken.fence, taken.since) == (2, NOW + timedelta(seconds=15))
    with store.read() as work:
        assert work.leases.get("server") == taken
        assert work.leases.get("other") is None


def test_a_lease_that_was_taken_over_fences_its_old_holder(store: database.Database) -> None:
    with store.begin() as work:
        old = work.leases.acquire("execute:orders", "one", now=NOW, seconds=10)
        new = work.leases.acquire("execute:orders", "two", now=LATER, seconds=10)
        assert old is not None
        assert new is not None
        work.leases.check(new, now=LATER)
        with pytest.raises(port.Fenced, match="two holds it now"):
            work.leases.check(old, now=LATER)
        with pytest.raises(port.Fenced, match="ran out"):
            work.leases.check(new, now=LATER + timedelta(seconds=10))
        with pytest.raises(port.Fenced, match="nobody holds it"):
            work.leases.check(replace(old, name="execute:other"), now=LATER)


def test_one_that_let_its_lease_run_out_gets_a_new_fence(store: database.Database) -> None:
    with store.begin() as work:
        first = work.leases.acquire("server", "one", now=NOW, seconds=10)
        again = work.leases.acquire("server", "one", now=LATER, seconds=10)
    assert first is not None
    assert again is not None
    assert (first.fence, again.fence) == (1, 2)


def test_a_lease_that_was_let_go_is_free_at_once_and_its_fence_rises(
    store: database.Database,
) -> None:
    with store.begin() as work:
        first = work.leases.acquire("server", "one", now=NOW, seconds=10)
        assert first is not None
        work.leases.release(replace(first, fence=99))  # not this one: nothing happens
        assert work.leases.acquire("server", "two", now=NOW, seconds=10) is None
        work.leases.release(first)
        second = work.leases.acquire("server", "two", now=NOW, seconds=10)
        assert second is not None
        assert second.fence == 2


# people

USER = port.User(
    name="mira",
    password_hash="argon",
    roles=frozenset({"viewer", "approver"}),
    teams=frozenset({"payments"}),
    created_at=NOW,
)


def test_users_come_back_by_name(store: database.Database) -> None:
    with store.begin() as work:
        work.people.put_user(USER)
        work.people.put_user(replace(USER, name="Zoe", roles=frozenset(), teams=frozenset()))
        work.people.put_user(replace(USER, disabled=True))
    with store.read() as work:
        assert work.people.get_user("mira") == replace(USER, disabled=True)
        assert work.people.get_user("nobody") is None
        assert [user.name for user in work.people.users()] == ["Zoe", "mira"]


def test_tokens_are_found_by_their_hash(store: database.Database) -> None:
    token = port.Token(
        id="t1",
        user="mira",
        label="ci",
        secret_hash="h1",
        roles=frozenset({"operator"}),
        created_at=NOW,
        expires_at=LATER,
    )
    used = replace(token, last_used_at=LATER)
    other = replace(token, id="t2", user="omar", secret_hash="h2", expires_at=None)
    with store.begin() as work:
        work.people.put_token(token)
        work.people.put_token(other)
        work.people.put_token(used)
    with store.read() as work:
        assert work.people.token_by_secret("h1") == used
        assert work.people.token_by_secret("h3") is None
        assert work.people.tokens("omar") == [other]
        assert work.people.tokens() == [used, other]
    with store.begin() as work:
        assert work.people.delete_token("t1")
        assert not work.people.delete_token("t1")
        assert work.people.tokens("mira") == []


def test_sessions_end(store: database.Database) -> None:
    session = port.Session(
        secret_hash="s1", user="mira", csrf="c", created_at=NOW, expires_at=LATER
    )
    with store.begin() as work:
        for number in range(1, 4):
            work.people.put_session(replace(session, secret_hash=f"s{number}"))
        work.people.put_session(
            replace(session, secret_hash="s4", user="omar", expires_at=LATER + timedelta(1))
        )
        assert work.people.session_by_secret("s1") == session
        work.people.delete_session("s1")
        assert work.people.session_by_secret("s1") is None
        assert work.people.purge_sessions(now=LATER) == 2
        assert work.people.session_by_secret("s4") is not None
        work.people.delete_sessions_of("omar")
        assert work.people.session_by_secret("s4") is None


def test_what_is_stored_wrongly_is_named(store: database.Database) -> None:
    with store.begin() as work:
        work.people.put_user(replace(USER, roles=frozenset({"emperor"})))  # type: ignore[arg-type]  # what a newer version may know
    with pytest.raises(port.StoreError, match="user mira cannot be read"), store.read() as work:
        work.people.users()


# timeline, switches, answers


def test_the_timeline_is_read_from_a_time_on(store: database.Database) -> None:
    deploy = observation.Planned(at=NOW, what="deploy 42", resource="group:billing")
    with store.begin() as work:
        work.timeline.post("orders", replace(deploy, at=LATER, what="later"), by="user:mira")
        work.timeline.post("orders", deploy, by="token:mira/ci")
        work.timeline.post("other", deploy, by="token:mira/ci")
    with store.read() as work:
        found = work.timeline.since("orders", NOW)
        assert [item.what for item in found] == ["deploy 42", "later"]
        assert found[0] == deploy
        assert work.timeline.since("orders", LATER + timedelta(seconds=1)) == []


def test_a_switch_is_off_until_it_is_on(store: database.Database) -> None:
    with store.begin() as work:
        assert not work.switches.get("kill")
        work.switches.put("kill", True, by="mira", at=NOW)
        assert work.switches.get("kill")
        work.switches.put("kill", False, by="mira", at=NOW)
        assert not work.switches.get("kill")


def test_an_answer_is_given_again_for_a_day(store: database.Database) -> None:
    with store.begin() as work:
        work.answers.put("mira", "k", "f", 201, '{"id":1}', at=NOW)
        assert work.answers.get("mira", "k") == ("f", 201, '{"id":1}')
        assert work.answers.get("omar", "k") is None
    with pytest.raises(port.Conflict), store.begin() as work:
        work.answers.put("mira", "k", "f", 201, "", at=NOW)
    with store.begin() as work:
        work.answers.put("omar", "k", "f", 200, "", at=NOW + timedelta(days=2))
        assert work.answers.get("mira", "k") is None


def test_threads_of_channels_are_kept_found_and_cleared_away(store: database.Database) -> None:
    told = notices.Told(
        severity="critical",
        cause="record.poison",
        over=False,
        acknowledged=False,
        trend="steady",
        waiting=0,
        deadline=None,
        returned=0,
    )
    first = notices.Thread(incident="inc-1", channel="ops", told=told, sent_at=NOW, reference="r")
    second = replace(first, incident="inc-2", told=None, sent_at=None, failures=2)
    with store.begin() as work:
        work.notices.put(first)
        work.notices.put(second)
        work.notices.put(replace(first, channel="mail"))
    with store.read() as work:
        assert [one.channel for one in work.notices.of("inc-1")] == ["mail", "ops"]
        assert {one.incident for one in work.notices.open()} == {"inc-1", "inc-2"}
        assert work.notices.of("inc-2") == [second]
        assert {one.channel for one in work.notices.since(NOW)} == {"mail", "ops"}
        assert work.notices.since(NOW + timedelta(seconds=1)) == []
    held = (notices.Held(cluster="orders", severity="warning", number=90),)
    over = replace(first, told=replace(told, over=True, held=held), paged_at=NOW, held_at=NOW)
    with store.begin() as work:
        work.notices.put(over)
        work.notices.prune(before=NOW)
        assert over in work.notices.of("inc-1")
        assert over in work.notices.since(NOW), "over or not"
        work.notices.prune(before=NOW + timedelta(seconds=1))
        assert [one.channel for one in work.notices.of("inc-1")] == ["mail"]
