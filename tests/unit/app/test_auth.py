"""Who asks: log-ins, sessions, tokens, and the users behind them."""

from pathlib import Path

import argon2
import pytest
from tests.unit.app import stands

from headgate.app import auth, errors, people, permissions, throttle
from headgate.domain import person
from headgate.ports import store
from headgate.store import database


class Desk:
    """Users in a database of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.store = database.open_store(f"sqlite:///{folder / 'headgate.db'}")
        self.clock = stands.TurnedClock()
        self.auth = auth.Auth(self.store, self.clock, session_hours=1)
        self.people = people.People(self.store, self.clock)

    def told(self) -> list[str]:
        with self.store.read() as work:
            return [one.event.what for one in work.audit.walk()]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(argon2, "PasswordHasher", lambda: cheap)
    made = Desk(tmp_path)
    made.people.put_user("mira", stands.PASSWORD, ["operator"], by="test")
    return made


def test_a_session_lasts_its_hour(desk: Desk) -> None:
    begun = desk.auth.login("mira", stands.PASSWORD, source="10.0.0.1")
    held = desk.auth.of_session(begun.secret)
    assert held is not None
    assert (held[0].name, held[1]) == ("mira", begun.csrf)
    assert held[0].roles == {"viewer", "operator"}
    desk.clock.turn(3599)
    assert desk.auth.of_session(begun.secret) is not None
    desk.clock.turn(1)
    assert desk.auth.of_session(begun.secret) is None
    assert desk.auth.purge() == 1


def test_a_log_out_ends_it(desk: Desk) -> None:
    begun = desk.auth.login("mira", stands.PASSWORD, source="")
    desk.auth.logout(begun.secret)
    desk.auth.logout("unknown")
    assert desk.auth.of_session(begun.secret) is None
    assert desk.told() == ["user.put", "login", "logout"]


def test_secrets_are_kept_as_hashes_only(desk: Desk, tmp_path: Path) -> None:
    begun = desk.auth.login("mira", stands.PASSWORD, source="")
    _, secret = desk.people.add_token("mira", "ci", (), by="test")
    desk.store.close()
    held = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    for text in (begun.secret, secret, stands.PASSWORD):
        assert text.encode() not in held


@pytest.mark.parametrize("name", ["mira", "nobody", "", "x" * 500, "mira' --", "m\0ra"])
def test_wrong_names_and_passwords_are_told_alike(desk: Desk, name: str) -> None:
    with pytest.raises(errors.NotLoggedIn) as caught:
        desk.auth.login(name, "wrong", source="10.0.0.1")
    assert caught.value.what == "Name or password are wrong"


def test_an_unknown_name_costs_the_same_work(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    hasher = argon2.PasswordHasher()
    real = hasher.verify

    def verify(_self: argon2.PasswordHasher, held: str, given: str) -> bool:
        verified.append(held)
        return real(held, given)

    monkeypatch.setattr(type(hasher), "verify", verify)
    for name in ("mira", "nobody"):
        with pytest.raises(errors.NotLoggedIn):
            desk.auth.login(name, "wrong", source="")
    assert len(verified) == 2


def test_guessing_has_to_wait(desk: Desk) -> None:
    for _ in range(throttle.FAILURES):
        with pytest.raises(errors.NotLoggedIn):
            desk.auth.login("mira", "wrong", source="10.0.0.1")
    with pytest.raises(errors.TooMany) as caught:
        desk.auth.login("mira", stands.PASSWORD, source="10.0.0.2")
    assert caught.value.next_step == f"Try again in {throttle.WINDOW_S:.0f} s"
    desk.clock.turn(throttle.WINDOW_S)
    assert desk.auth.login("mira", stands.PASSWORD, source="10.0.0.2")


def test_one_source_that_tries_many_names_has_to_wait_and_others_do_not(desk: Desk) -> None:
    for number in range(throttle.FROM_ONE_SOURCE):
        with pytest.raises(errors.NotLoggedIn):
            desk.auth.login(f"user{number}", "wrong", source="10.0.0.1")
    with pytest.raises(errors.TooMany):
        desk.auth.login("mira", stands.PASSWORD, source="10.0.0.1")
    assert desk.auth.login("mira", stands.PASSWORD, source="10.0.0.2")


def test_what_the_throttle_remembers_has_an_end() -> None:
    made = throttle.Throttle(stands.TurnedClock())
    for number in range(throttle.REMEMBERED):
        made.failed(f"user{number}", f"source{number}")
    assert len(made._failures) <= throttle.REMEMBERED


def test_a_token_acts_for_its_user_with_no_more_than_both_have(desk: Desk) -> None:
    _, all_of_it = desk.people.add_token("mira", "ci", (), by="test")
    _, less = desk.people.add_token("mira", "look", ["viewer"], by="test")
    held = desk.auth.of_token(all_of_it)
    assert held is not None
    assert (held.name, held.kind, held.token) == ("mira", "token", "ci")
    assert held.roles == {"viewer", "operator"}
    seen = desk.auth.of_token(less)
    assert seen is not None
    assert seen.roles == {"viewer"}
    desk.people.set_user("mira", by="test", roles=["viewer"])
    held = desk.auth.of_token(all_of_it)
    assert held is not None
    assert held.roles == {"viewer"}, "a role that the user lost is lost in the token, too"


def test_a_token_with_more_rights_than_its_user_is_refused(desk: Desk) -> None:
    with pytest.raises(errors.Invalid, match="cannot have the role approver"):
        desk.people.add_token("mira", "ci", ["approver"], by="test")


def test_a_token_ends(desk: Desk) -> None:
    token, secret = desk.people.add_token("mira", "ci", (), by="test", days=1)
    assert desk.auth.of_token(secret)
    desk.clock.turn(86_400)
    assert desk.auth.of_token(secret) is None
    other, deleted = desk.people.add_token("mira", "cd", (), by="test")
    desk.people.delete_token(other.id, by="test")
    assert desk.auth.of_token(deleted) is None
    with pytest.raises(errors.NotFound):
        desk.people.delete_token(other.id, by="test")
    assert {one.id for one in desk.people.tokens("mira")} == {token.id}


@pytest.mark.parametrize("secret", ["", "hg_", "hg_wrong", "wrong", "hg_" + "x" * 10_000])
def test_what_is_no_token_is_nobody(desk: Desk, secret: str) -> None:
    assert desk.auth.of_token(secret) is None
    assert desk.auth.of_session(secret) is None


def test_who_is_locked_out_is_out_at_once(desk: Desk) -> None:
    begun = desk.auth.login("mira", stands.PASSWORD, source="")
    _, secret = desk.people.add_token("mira", "ci", (), by="test")
    desk.people.set_user("mira", by="test", disabled=True)
    assert desk.auth.of_session(begun.secret) is None
    assert desk.auth.of_token(secret) is None
    with pytest.raises(errors.NotLoggedIn):
        desk.auth.login("mira", stands.PASSWORD, source="")


def test_a_new_password_ends_old_sessions(desk: Desk) -> None:
    begun = desk.auth.login("mira", stands.PASSWORD, source="")
    desk.people.set_user("mira", by="test", password="another-password")
    assert desk.auth.of_session(begun.secret) is None
    assert desk.auth.login("mira", "another-password", source="")


@pytest.mark.parametrize(
    ("name", "password", "roles"),
    [
        ("", stands.PASSWORD, ["viewer"]),
        ("a b", stands.PASSWORD, ["viewer"]),
        ("headgate", stands.PASSWORD, ["viewer"]),
        ("Headgate", stands.PASSWORD, ["viewer"]),
        ("x" * 64, stands.PASSWORD, ["viewer"]),
        ("ada", "short", ["viewer"]),
        ("ada", "adaadaadaada", ["viewer"]),
        ("ada", stands.PASSWORD, []),
        ("ada", stands.PASSWORD, ["king"]),
    ],
)
def test_a_user_that_will_not_do_is_refused(
    desk: Desk, name: str, password: str, roles: list[str]
) -> None:
    with pytest.raises(errors.Invalid) as caught:
        desk.people.put_user(name, password, roles, by="test")
    assert caught.value.next_step
    assert [one.name for one in desk.people.users()] == ["mira"]


def test_a_user_is_not_replaced_by_accident(desk: Desk) -> None:
    with pytest.raises(errors.Conflict):
        desk.people.put_user("mira", stands.PASSWORD, ["admin"], by="test")
    with pytest.raises(errors.NotFound):
        desk.people.set_user("otto", by="test", disabled=True)


OPERATES = {
    "look",
    "propose",
    "cancel",
    "acknowledge",
    "silence",
    "test_channel",
    "post_timeline",
}
INCLUDES: dict[person.Role, set[str]] = {
    "viewer": {"look"},
    "operator": OPERATES,
    "approver": {*OPERATES, "decide"},
    "admin": {*OPERATES, "switch"},
}


@pytest.mark.parametrize("role", person.ROLES)
def test_each_role_may_do_exactly_its_part(role: person.Role) -> None:
    who = person.Actor(name="x", kind="user", roles=frozenset({role}))
    assert {verb for verb in permissions.TABLE if permissions.may(who, verb)} == INCLUDES[role]
    for verb in set(permissions.TABLE) - INCLUDES[role]:
        with pytest.raises(errors.NotPermitted) as caught:
            permissions.demand(who, verb, "topic:orders")
        assert caught.value.where == "topic:orders"
        assert f"takes the role {permissions.TABLE[verb].role}, held is {role}" in caught.value.what


def test_whoever_acts_has_a_name_in_the_audit() -> None:
    token = person.Actor(name="mira", kind="token", roles=frozenset(), token="ci")
    assert permissions.signature(stands.MIRA) == "user:mira"
    assert permissions.signature(token) == "token:mira/ci"
    assert permissions.signature(person.HEADGATE) == "headgate"
    assert permissions.describe(token) == "mira's token ci"


def test_a_full_store_does_not_let_anybody_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise store.Full("There is no room")

    monkeypatch.setattr(desk.store, "begin", full)
    with pytest.raises(store.Full):
        desk.auth.login("mira", stands.PASSWORD, source="")
