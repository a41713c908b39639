"""What people say of an incident on its page."""

import httpx2
from fastapi import testclient
from tests.unit.console import stand as stand_

PAGE = "/incidents/inc_open"


def send(browser: testclient.TestClient, **given: str) -> httpx2.Response:
    token = stand_.csrf(browser.get(PAGE))
    answer: httpx2.Response = browser.post(f"{PAGE}/attend", data={**given, "csrf": token})
    return answer


def test_somebody_looks_after_an_incident(stand: stand_.Stand) -> None:
    browser = stand.browser("ada")
    assert "I look after it" in browser.get(PAGE).text
    assert send(browser, deed="acknowledge").status_code == 303
    shown = browser.get(PAGE).text
    assert "ada looks after it" in shown
    assert "I look after it" not in shown


def test_an_incident_is_silenced_with_a_reason_and_told_of_again(stand: stand_.Stand) -> None:
    browser = stand.browser("ada")
    assert send(browser, deed="silence", hours="4", why="the vendor is on it").status_code == 303
    assert "the vendor is on it" in browser.get(PAGE).text
    assert send(browser, deed="unsilence").status_code == 303
    assert "End the silence" not in browser.get(PAGE).text


def test_a_silence_without_a_reason_is_refused(stand: stand_.Stand) -> None:
    answer = send(stand.browser("ada"), deed="silence", hours="4", why=" ")
    assert answer.status_code == 422
    assert "Say why" in answer.text


def test_a_viewer_is_offered_nothing_and_may_do_nothing(stand: stand_.Stand) -> None:
    browser = stand.browser("vera")
    assert "I look after it" not in browser.get(PAGE).text


def test_what_was_ruled_out_stands_apart_with_what_ruled_it_out(stand: stand_.Stand) -> None:
    text = stand.browser("ada").get(PAGE).text
    why, out = text.index('id="why"'), text.index('id="out"')
    assert why < out < text.index("the other partitions keep up")
