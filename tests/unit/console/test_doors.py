"""Log-in and log-out: who gets in, where they go, and which forms count."""

import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.console import stand as stand_

from headgate.console import doors
from headgate.domain import person

OPEN = ("/login", "/static/headgate.css", "/healthz")


def test_nothing_is_reachable_without_logging_in(stand: stand_.Stand) -> None:
    browser = stand.browser()
    for path in ("/", "/incidents/inc_open", "/changes", "/clusters/shop?tab=groups", "/nowhere"):
        answer = browser.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/login?next=%2F"), path
    assert browser.get("/live").status_code == 303
    assert browser.get("/chart?cluster=shop&subject=cluster&name=shop&what=rate").status_code == 303
    for path in OPEN:
        assert browser.get(path).status_code == 200, path


def test_after_log_in_the_page_that_was_asked_for_is_shown(stand: stand_.Stand) -> None:
    browser = stand.browser()
    asked = browser.get("/clusters/shop?tab=topics").headers["location"]
    form = browser.get(asked)
    assert 'value="/clusters/shop?tab=topics"' in form.text
    answer = browser.post(
        "/login",
        data={"name": "vera", "password": stand_.PASSWORD, "next": "/clusters/shop?tab=topics"},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/clusters/shop?tab=topics")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie.replace("headgate_session", "")


def test_a_wrong_password_keeps_the_name_and_says_no_more_than_a_wrong_name(
    stand: stand_.Stand,
) -> None:
    browser = stand.browser()
    told = []
    for name in ("mira", "nobody"):
        answer = browser.post("/login", data={"name": name, "password": "wrong", "next": "/audit"})
        assert answer.status_code == 401
        assert f'value="{name}"' in answer.text
        assert 'value="/audit"' in answer.text
        told.append(answer.text.split('role="alert">')[1].split("<")[0])
    assert told[0] == told[1] != ""
    assert "set-cookie" not in browser.get("/login").headers


def test_a_log_in_sent_by_another_site_begins_no_session(stand: stand_.Stand) -> None:
    answer = stand.browser().post(
        "/login",
        data={"name": "mira", "password": stand_.PASSWORD},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert "set-cookie" not in answer.headers


def test_behind_tls_the_cookie_is_for_https_only(tmp_path: Path) -> None:
    browser = stand_.build(tmp_path, secure_cookies=True).browser()
    answer = browser.post("/login", data={"name": "mira", "password": stand_.PASSWORD})
    assert "; secure" in answer.headers["set-cookie"].lower()


def test_the_hint_stands_under_the_form(tmp_path: Path) -> None:
    browser = stand_.build(tmp_path, hint="Demo: mira <3").browser()
    assert "Demo: mira &lt;3" in browser.get("/login").text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
        "\n//evil.example",
    ],
)
def test_log_in_never_leads_to_another_site(stand: stand_.Stand, target: str) -> None:
    answer = stand.browser().post(
        "/login", data={"name": "vera", "password": stand_.PASSWORD, "next": target}
    )
    assert answer.headers["location"] == "/"


@given(st.text())
def test_whatever_next_says_it_stays_on_this_site(target: str) -> None:
    for asked in (target, f"/{target}"):
        led = doors._inside(asked)
        parts = urlsplit(led)
        assert led.startswith("/")
        assert not led.startswith(("//", "/\\"))
        assert not parts.netloc
        assert not parts.scheme


def test_logging_out_ends_the_session_on_the_server(stand: stand_.Stand) -> None:
    browser = stand.browser("mira")
    secret = browser.cookies["headgate_session"]
    page = browser.get("/")
    assert browser.post("/logout", data={"csrf": "wrong"}).status_code == 303
    assert stand.headgate.actor_of_session(secret) is not None
    browser.post("/logout", data={"csrf": stand_.csrf(page)})
    assert stand.headgate.actor_of_session(secret) is None
    assert browser.get("/").status_code == 303


@pytest.mark.parametrize("token", ["", "wrong", "ümlaut"])
@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/changes/new", {"action": "leader.elect_preferred", "cluster": "shop"}),
        ("/changes/chg_waiting_approval/decide", {"verdict": "approve", "digest": "x"}),
        ("/changes/chg_waiting_approval/cancel", {}),
        ("/incidents/inc_open/attend", {"deed": "acknowledge"}),
        ("/more/kill-switch", {"to": "on"}),
    ],
)
def test_a_form_without_the_sessions_token_does_nothing(
    stand: stand_.Stand, path: str, sent: dict[str, str], token: str
) -> None:
    before = stand.headgate.changes(ADA, limit=200)
    answer = stand.browser("ada").post(path, data={**sent, "csrf": token})
    assert answer.status_code == 403
    assert "not of your present session" in answer.text
    assert stand.headgate.changes(ADA, limit=200) == before
    assert stand.headgate.kill_switch() is False


ADA = person.Actor(name="ada", kind="user", roles=frozenset({"admin"}))


def test_live_pages_hear_of_a_sweep(stand: stand_.Stand) -> None:
    with stand.headgate.notices(ADA) as stream:
        threading.Thread(target=stand.look, daemon=True).start()
        heard = next(notice for notice in stream if notice is not None)
    assert (heard.kind, heard.cluster) == ("sweep", "shop")
