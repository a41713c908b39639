"""The pages that act: propose, approve, reject, conclude, withdraw, the kill switch."""

import html
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime

import httpx2
import pytest
from fastapi import testclient
from tests.unit.console import stand as stand_

from headgate.app import words
from headgate.console import samples
from headgate.console.pages import changes, inbox, incidents
from headgate.domain import facts as facts_
from headgate.domain import person

ADA = person.Actor(name="ada", kind="user", roles=frozenset({"admin"}))


def send(
    browser: testclient.TestClient, path: str, given: Mapping[str, str], page: str = "/"
) -> httpx2.Response:
    token = stand_.csrf(browser.get(page))
    answer: httpx2.Response = browser.post(path, data={**given, "csrf": token})
    return answer


def proposed(stand: stand_.Stand, **more: str) -> str:
    """The address of a change of a topic's settings that mira has proposed."""
    given = {
        "action": "topic.alter_config",
        "cluster": "shop",
        "p.topic": "orders",
        "p.set": "retention.ms=1209600000",
        "rationale": "Two weeks, as agreed",
        **more,
    }
    answer = send(stand.browser("mira"), "/changes/new", given)
    assert answer.status_code == 303, html.unescape(answer.text)
    return str(answer.headers["location"])


def digest(page: httpx2.Response) -> str:
    return page.text.split('name="digest" value="', 1)[1].split('"', 1)[0]


def test_a_proposal_leads_to_its_preview(stand: stand_.Stand) -> None:
    path = proposed(stand)
    text = html.unescape(stand.browser("mira").get(path).text)
    assert "Two weeks, as agreed" in text
    assert "1209600000" in text
    assert "asked by mira" in text
    assert "Nobody decides on a change that they asked for" in text or "mira" in text
    assert 'value="approve"' not in text
    assert ">Withdraw<" in text


def test_a_proposal_that_will_not_do_keeps_what_was_typed(stand: stand_.Stand) -> None:
    given = {
        "action": "group.reset_offsets",
        "cluster": "shop",
        "p.group": "billing",
        "p.topic": "orders",
        "p.partitions": "one, 2",
        "p.to": "offset",
        "p.value": "soon",
        "p.remove_members": "true",
        "rationale": 'because of "this" <b>',
    }
    answer = send(stand.browser("mira"), "/changes/new", given)
    assert answer.status_code == 422
    text = html.unescape(answer.text)
    for kept in ('value="billing"', 'value="one, 2"', 'value="soon"', 'because of "this" <b>'):
        assert kept in text, kept
    assert '<option value="true" selected>' in answer.text
    assert "<option selected>offset" in answer.text
    assert answer.text.count('aria-invalid="true"') == 2
    assert "because of &#34;this&#34; &lt;b&gt;" in answer.text


def test_the_form_takes_its_values_from_the_address(stand: stand_.Stand) -> None:
    text = (
        stand.browser("mira")
        .get(
            "/changes/new?action=group.reset_offsets&cluster=shop&incident=inc_open"
            "&p.group=billing&p.partitions=[1,%202]&p.to=latest"
        )
        .text
    )
    assert 'value="billing"' in text
    assert 'value="1, 2"' in text
    assert "<option selected>latest" in text
    assert 'name="incident" value="inc_open"' in text


def test_an_approver_approves_what_is_shown(stand: stand_.Stand) -> None:
    path = proposed(stand)
    jonas = stand.browser("jonas")
    page = jonas.get(path)
    assert "Approve: " in page.text
    given = {"digest": digest(page), "verdict": "approve", "comment": "go on"}
    answer = send(jonas, f"{path}/decide", given, path)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    text = jonas.get(path).text
    assert "approved by" in text
    assert "go on" in text
    assert 'value="approve"' not in text


def test_on_a_phone_a_reason_is_asked_for_first_and_enter_never_approves(
    stand: stand_.Stand,
) -> None:
    path = proposed(stand)
    page = stand.browser("jonas").get(path)
    row, words_ = page.text.split('<details class="hg-only-phone" data-hold id="words">', 1)
    assert "Approve: " in row.split('class="hg-decide', 1)[1]
    words_ = words_.split("</details>", 1)[0]
    first = words_.split("<button", 2)[1]  # the one that Enter presses
    assert 'value="reject"' in first
    assert f'formaction="{path}/cancel"' in words_
    assert digest(page) in words_
    assert page.text.count('id="comment"') == page.text.count('id="comment-phone"') == 1
    own = stand.browser("mira").get(path).text
    assert 'id="words"' not in own, "who may not decide is asked for no reason"


def test_a_stale_approval_shows_the_present_preview_and_why(stand: stand_.Stand) -> None:
    path = proposed(stand)
    jonas = stand.browser("jonas")
    page = jonas.get(path)
    stand.kafka.add_topic("orders", partitions=6, config={"retention.ms": "3600000"})
    given = {"digest": digest(page), "verdict": "approve"}
    answer = send(jonas, f"{path}/decide", given, path)
    assert answer.status_code == 409
    assert 'role="status"' in answer.text
    assert "changed since it was shown" in answer.text
    assert digest(answer) != given["digest"]
    again = send(jonas, f"{path}/decide", given, path)
    assert again.status_code == 409
    assert (
        send(jonas, f"{path}/decide", {**given, "digest": digest(again)}, path).status_code == 303
    )


def test_nobody_approves_their_own_request(stand: stand_.Stand) -> None:
    path = proposed(stand)
    with stand.store.begin() as work:
        mira = work.people.get_user("mira")
        assert mira is not None
        work.people.put_user(
            type(mira)(
                name="mira",
                password_hash=mira.password_hash,
                roles=frozenset({"approver"}),
                created_at=mira.created_at,
            )
        )
    browser = stand.browser("mira")
    page = browser.get(path)
    assert 'value="approve"' not in page.text
    answer = send(browser, f"{path}/decide", {"digest": "0" * 64, "verdict": "approve"}, path)
    assert answer.status_code in (403, 409)
    assert "hg-note is-warning" in answer.text


@pytest.mark.parametrize("name", ["vera", "mira", "ada"])
def test_who_is_no_approver_is_offered_no_decision_and_told_why(
    stand: stand_.Stand, name: str
) -> None:
    text = html.unescape(stand.browser(name).get("/changes/chg_waiting_approval").text)
    assert 'value="approve"' not in text
    assert "approver" in text.split('class="hg-decide', 1)[1]


def test_a_rejection_and_a_withdrawal_end_a_change(stand: stand_.Stand) -> None:
    path = proposed(stand)
    jonas = stand.browser("jonas")
    given = {"digest": digest(jonas.get(path)), "verdict": "reject", "comment": "not now"}
    assert send(jonas, f"{path}/decide", given, path).status_code == 303
    assert "not now" in jonas.get(path).text
    other = proposed(stand, rationale="again")
    assert send(stand.browser("mira"), f"{other}/cancel", {}).status_code == 303
    assert "cancelled" in jonas.get(other).text
    again = send(stand.browser("mira"), f"{other}/cancel", {})
    assert again.status_code == 409


def test_a_verdict_that_is_none_is_refused(stand: stand_.Stand) -> None:
    answer = send(
        stand.browser("jonas"), "/changes/chg_waiting_approval/decide", {"verdict": "maybe"}
    )
    assert answer.status_code == 422
    assert "Say approve, reject or conclude" in answer.text


def test_a_review_needs_its_exit_written_down(stand: stand_.Stand) -> None:
    given = {"action": "topic.add_partitions", "p.topic": "orders", "p.total": "12", "p.set": ""}
    path = proposed(stand, **given)
    jonas = stand.browser("jonas")
    page = jonas.get(path)
    assert "Architecture review, not an operations fix" in page.text
    said = {"digest": digest(page), "verdict": "conclude"}
    refused = send(jonas, f"{path}/decide", {**said, "comment": ""}, path)
    assert refused.status_code == 422
    done = send(jonas, f"{path}/decide", {**said, "comment": "keys are not ordered"}, path)
    assert done.status_code == 303
    assert "waits for approval" in jonas.get(path).text


def test_an_admin_turns_the_kill_switch_and_every_page_shows_it(stand: stand_.Stand) -> None:
    ada, vera = stand.browser("ada"), stand.browser("vera")
    assert "kill switch on" not in vera.get("/").text
    assert "/more/kill-switch" not in vera.get("/more").text
    assert "An admin can turn it" in vera.get("/more").text
    answer = send(ada, "/more/kill-switch", {"to": "on"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/more")
    for path in ("/", "/clusters/shop", "/changes"):
        assert "kill switch on" in vera.get(path).text
    assert send(ada, "/more/kill-switch", {"to": "sideways"}).status_code == 422
    send(ada, "/more/kill-switch", {"to": "off"})
    assert "kill switch on" not in vera.get("/").text


def test_facts_are_named_in_words_and_nothing_is_left_out() -> None:
    told = changes.facts(samples.CHANGE)
    names = [name for name, _ in (*told.main, *told.rest)]
    assert sorted(names) == sorted(facts_.WORDS.values())
    assert not [name for name in names if "_" in name]
    assert ("records skipped", "1") in told.main
    assert set(facts_.WORDS) == {field.name for field in fields(facts_.Facts)}


def test_the_numbers_of_an_incident_are_at_most_three() -> None:
    assert [f.label for f in incidents.figures(samples.INCIDENT, samples.NOW)] == [
        "until data is lost",
        "open",
        "groups and connectors hit",
    ]
    late = incidents.figures(samples.INCIDENT, datetime(2026, 2, 1, tzinfo=UTC))
    assert (late[0].value, late[0].label) == ("now", "data is being lost")


def test_the_inbox_counts_in_words() -> None:
    assert inbox.waits(1) == "1 change waits for you"
    assert inbox.waits(2) == f"{words.plural(2, 'change')} wait for you"
