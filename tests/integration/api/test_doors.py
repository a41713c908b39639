"""Who is let in over HTTP: tokens, sessions, the throttle and the CSRF token."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.integration.api.conftest import QUARANTINE, Api, problem
from tests.unit.console.stand import PASSWORD

from headgate.app import auth, throttle
from headgate.ports import clock

CSRF = "X-CSRF-Token"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer hg_nobody", "Bearer", "Bearer nonsense", "Basic bWlyYTpw", "hg_x", "Bearer " * 99],
)
def test_who_is_not_known_is_told_how_to_be(api: Api, header: str) -> None:
    for path in ("clusters", "changes", "openapi.json", "audit/export", "events", "no/such/thing"):
        said = problem(api.client(header).get(path), 401)
        assert "Bearer hg_" in said["next"]


def test_a_token_ends_with_its_time_its_user_and_its_deletion(api: Api) -> None:
    token, secret = api.people.add_token("mira", "short", (), by="test", days=1)
    asked = api.client(f"Bearer {secret}")
    assert asked.get("clusters").status_code == 200
    with api.stand.store.begin() as work:
        held = next(one for one in work.people.tokens("mira") if one.id == token.id)
        past = clock.SystemClock().now() - timedelta(seconds=1)
        work.people.put_token(replace(held, expires_at=past))
    assert "it has expired" in problem(asked.get("clusters"), 401)["what"]
    api.people.delete_token(token.id, by="test")
    problem(asked.get("clusters"), 401)
    assert api.of("mira").get("clusters").status_code == 200
    api.people.set_user("mira", by="test", disabled=True)
    problem(api.of("mira").get("clusters"), 401)


def test_a_token_of_fewer_roles_may_less_than_its_user(api: Api) -> None:
    _, secret = api.people.add_token("mira", "reads", ["viewer"], by="test")
    said = problem(api.client(f"Bearer {secret}").post("changes", json=QUARANTINE), 403)
    assert "mira's token reads may not propose changes" in said["what"]
    assert "held is viewer" in said["what"]


def test_a_user_who_loses_a_role_loses_it_in_every_token(api: Api) -> None:
    api.people.set_user("mira", by="test", roles=["viewer"])
    problem(api.of("mira").post("changes", json=QUARANTINE), 403)


def test_a_session_writes_only_with_its_csrf_token(api: Api) -> None:
    with api.client() as browser:
        begun = browser.post("session", json={"name": "mira", "password": PASSWORD})
        assert begun.status_code == 201
        cookie = begun.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert browser.get("session").json()["csrf"] == begun.json()["csrf"]
        assert browser.get("clusters").status_code == 200
        for headers in ({}, {CSRF: "guessed"}, {CSRF: ""}):
            said = problem(browser.post("changes", json=QUARANTINE, headers=headers), 403)
            assert said["where"] == CSRF
        assert browser.get("changes").json()["items"] == []
        mine = {CSRF: begun.json()["csrf"]}
        assert browser.post("changes", json=QUARANTINE, headers=mine).status_code == 201
        assert browser.delete("session", headers=mine).status_code == 204
        problem(browser.get("clusters"), 401)


def test_a_wrong_password_and_a_wrong_name_are_told_alike_and_then_must_wait(api: Api) -> None:
    with api.client() as browser:
        unknown = problem(browser.post("session", json={"name": "x", "password": PASSWORD}), 401)
        for _ in range(throttle.FAILURES):
            wrong = browser.post("session", json={"name": "mira", "password": "wrong"})
            assert problem(wrong, 401)["what"] == unknown["what"]
        late = browser.post("session", json={"name": "mira", "password": PASSWORD})
        assert "Try again in" in problem(late, 429)["next"]
        other = browser.post("session", json={"name": "vera", "password": PASSWORD})
        assert other.status_code == 201, "one name that is guessed at locks out nobody else"


def test_passwords_are_never_repeated(api: Api) -> None:
    with api.client() as browser:
        answer = browser.post("session", json={"name": ["mira"], "password": {"a": "hunter2"}})
        problem(answer, 422)
        assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 422), (b"[]", 422), (b'"x"', 422), (b"x" * 1_000_001, 413)]
)
def test_a_body_that_is_no_request(api: Api, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    problem(api.of("mira").post("changes", content=body, headers=headers), status)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("clusters/nowhere", 404),
        ("clusters/shop/topics/none", 404),
        ("clusters/shop/groups/none", 404),
        ("clusters/shop/connectors/none", 404),
        ("incidents/none", 404),
        ("changes/none", 404),
        ("changes?cursor=nonsense!", 422),
        ("clusters/shop/topics?cursor=%FF", 422),
        ("changes?state=asleep", 422),
        ("incidents?state=asleep", 422),
        ("changes?limit=0", 422),
        ("audit?limit=many", 422),
    ],
)
def test_what_is_not_there_and_what_makes_no_sense(api: Api, path: str, status: int) -> None:
    problem(api.of("vera").get(path), status)


def test_a_wrong_method_is_told(api: Api) -> None:
    said = problem(api.of("ada").patch("changes", json={}), 404)
    assert said["what"] == "There is nothing at PATCH /api/v1/changes"


def test_only_an_admin_turns_the_kill_switch(api: Api) -> None:
    problem(api.of("jonas").put("kill-switch", json={"on": True}), 403)
    assert api.of("ada").put("kill-switch", json={"on": True}).json() == {"on": True}
    assert api.of("vera").get("kill-switch").json() == {"on": True}


def test_a_token_is_kept_only_as_its_digest(api: Api) -> None:
    secret = api.tokens["mira"]
    with api.stand.store.read() as work:
        kept = [one.secret_hash for one in work.people.tokens("mira")]
    assert secret not in kept
    assert auth.hash_of(secret) in kept
