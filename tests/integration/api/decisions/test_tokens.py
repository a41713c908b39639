"""Tokens and log-ins over HTTP: when they end, and that they never hold more than their user."""

from dataclasses import replace
from datetime import timedelta

from tests.integration.api.decisions.conftest import QUARANTINE, Api, problem
from tests.unit.console.stand import PASSWORD

from headgate.app import auth, throttle
from headgate.ports import clock


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


def test_a_token_is_kept_only_as_its_digest(api: Api) -> None:
    secret = api.tokens["mira"]
    with api.stand.store.read() as work:
        kept = [one.secret_hash for one in work.people.tokens("mira")]
    assert secret not in kept
    assert auth.hash_of(secret) in kept
