"""Errors are pages: what, where, what next; and no traceback reaches a person."""

from collections.abc import Callable
from typing import Never

import pytest
from fastapi import testclient
from tests.unit.console import stand as stand_

from headgate.app import errors

Looker = Callable[[str], testclient.TestClient]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/nowhere", "There is no page at /nowhere"),
        ("/incidents/inc_no", "There is no incident inc_no"),
        ("/changes/chg_no", "There is no change chg_no"),
        ("/clusters/moon", "There is no cluster moon"),
        ("/clusters/shop/topics/moon", "There is no topic"),
        ("/clusters/shop/groups/moon", "There is no group"),
        ("/changes/new?action=moon.land", "There is no action"),
    ],
)
def test_what_is_not_there_is_a_page_that_says_where_to_go(
    looker: Looker, path: str, said: str
) -> None:
    answer = looker("vera").get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert said in answer.text
    assert 'href="/"' in answer.text


def test_a_wrong_cursor_is_a_page(stand: stand_.Stand) -> None:
    for path in ("/changes", "/incidents", "/audit"):
        answer = stand.browser("vera").get(f"{path}?cursor=%00nonsense")
        assert answer.status_code in (200, 422), path
        assert "text/html" in answer.headers["content-type"]


def test_who_may_not_is_told_so(stand: stand_.Stand) -> None:
    browser = stand.browser("vera")
    token = stand_.csrf(browser.get("/"))
    answer = browser.post(
        "/changes/new",
        data={"csrf": token, "action": "leader.elect_preferred", "cluster": "shop"},
    )
    assert answer.status_code == 403
    assert "may not propose changes" in answer.text
    answer = browser.post("/more/kill-switch", data={"csrf": token, "to": "on"})
    assert answer.status_code == 403
    assert "takes the role admin" in answer.text


def test_what_nobody_foresaw_is_a_plain_page(
    stand: stand_.Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = stand.browser("vera")

    def fails(*_: object, **__: object) -> Never:
        raise ZeroDivisionError("secret inside")

    monkeypatch.setattr(stand.headgate, "incidents", fails)
    answer = browser.get("/incidents")
    assert answer.status_code == 500
    assert "Headgate failed while it made this page" in answer.text
    assert "secret inside" not in answer.text
    assert "Traceback" not in answer.text


def test_an_unusable_database_is_a_page_without_its_frame(
    stand: stand_.Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = stand.browser("vera")

    def fails(*_: object, **__: object) -> Never:
        raise errors.Unavailable("The disk is full", where="headgate.db", next_step="Make room")

    monkeypatch.setattr(stand.headgate, "inbox", fails)
    for path in ("/", "/clusters"):
        answer = browser.get(path)
        assert answer.status_code == 503
        assert "The disk is full" in answer.text
        assert "Make room" in answer.text


def test_wrong_methods_and_missing_parameters_are_pages(stand: stand_.Stand) -> None:
    browser = stand.browser("vera")
    assert "There is no page" in browser.delete("/incidents").text
    answer = browser.get("/chart?cluster=shop")
    assert answer.status_code == 422
    assert "name, subject, what" in answer.text
