"""Who gets in: tokens, sessions with their CSRF token, and what an answer carries."""

import json
import threading

import pytest
from structlog import testing
from tests.integration.api import conftest
from tests.unit.app import stands

from headgate.app import interface

SESSION = "/api/v1/session"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer hg_wrong", "Basic dmVyYTp4", "hg_wrong", "Bearer " + "x" * 5000],
)
def test_without_a_known_token_nothing_is_told(nobody: conftest.Client, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    for path in ("/api/v1/clusters", "/api/v1/none", "/metrics", "/api/v1/openapi.json"):
        answer = nobody.get(path, headers=headers)
        assert conftest.problem(answer, 401)["next"]
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_session_writes_only_with_its_csrf_token(nobody: conftest.Client) -> None:
    begun = nobody.post(SESSION, json={"name": "mira", "password": stands.PASSWORD})
    assert begun.status_code == 201
    cookie = begun.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    csrf = begun.json()["csrf"]
    # the stand's time is long past, so the client has dropped the cookie as expired
    secret = cookie.partition("=")[2].partition(";")[0]
    nobody.cookies.set(interface.SESSION_COOKIE, secret)
    assert nobody.get("/api/v1/clusters").status_code == 200
    assert nobody.get(SESSION).json()["csrf"] == csrf
    for wrong in (None, b"wrong", "ä".encode()):
        headers = {} if wrong is None else {b"X-CSRF-Token": wrong}
        answer = nobody.post("/api/v1/changes", json=conftest.RESET, headers=headers)
        assert "CSRF" in conftest.problem(answer, 403)["what"]
    answer = nobody.post("/api/v1/changes", json=conftest.RESET, headers={"X-CSRF-Token": csrf})
    assert answer.status_code == 201
    assert nobody.delete(SESSION, headers={"X-CSRF-Token": csrf}).status_code == 204
    conftest.problem(nobody.get("/api/v1/clusters"), 401)


def test_a_cookie_that_is_none_is_nobody(nobody: conftest.Client) -> None:
    nobody.cookies.set(interface.SESSION_COOKIE, "x" * 3000)
    conftest.problem(nobody.get("/api/v1/clusters"), 401)


def test_a_wrong_password_is_told_and_guessing_has_to_wait(nobody: conftest.Client) -> None:
    wrong = {"name": "mira", "password": "wrong"}
    for _ in range(5):
        conftest.problem(nobody.post(SESSION, json=wrong), 401)
    body = conftest.problem(nobody.post(SESSION, json=wrong), 429)
    assert body["next"].startswith("Try again in")


def test_a_password_is_never_said_back(nobody: conftest.Client) -> None:
    for sent in ({"name": 7, "password": "hunter2"}, {"password": "hunter2"}, {"password": 7}):
        answer = nobody.post(SESSION, json=sent)
        conftest.problem(answer, 422)
        assert "hunter2" not in answer.text


def test_every_answer_carries_its_shields(nobody: conftest.Client, asker: conftest.Asker) -> None:
    for answer in (
        nobody.get("/healthz"),
        nobody.get("/api/v1/clusters"),
        asker("vera").get("/api/v1/clusters"),
        asker("vera").get("/api/v1/none"),
    ):
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert asker("vera").get("/api/v1/clusters").headers["cache-control"] == "no-store"


def test_a_defect_is_told_without_its_insides(
    stand: stands.Stand, asker: conftest.Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_actor: object) -> None:
        raise RuntimeError("the insides")

    viewer = asker("vera")
    monkeypatch.setattr(stand.use, "clusters", broken)
    with testing.capture_logs() as lines:
        answer = viewer.get("/api/v1/clusters")
    assert [(line["event_key"], line["path"]) for line in lines] == [
        ("api.defect", "/api/v1/clusters")
    ]
    body = conftest.problem(answer, 500)
    assert body["what"] == "Headgate could not answer: RuntimeError"
    assert "the insides" not in answer.text


def test_readiness_follows_the_database(stand: stands.Stand, nobody: conftest.Client) -> None:
    assert nobody.get("/healthz").text == "ok\n"
    assert nobody.get("/readyz").status_code == 200
    stand.runtime.stopping()
    answer = nobody.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "not ready\n")


def test_events_come_as_they_happen_and_end_with_the_server(
    stand: stands.Stand, asker: conftest.Asker
) -> None:
    lines: list[str] = []
    ended = threading.Event()
    viewer = asker("vera")

    def read() -> None:
        # the test client hands an answer over as a whole, so its end is what is waited for
        lines.extend(viewer.get("/api/v1/events").text.splitlines())
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    for _ in range(500):
        if stand.runtime.running.hub.readers:
            break
        threading.Event().wait(0.02)
    stand.pass_time(1)
    stand.runtime.stopping()
    assert ended.wait(10)
    sent = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data")]
    assert {"kind": "sweep", "cluster": "shop", "ref": ""} in sent


def test_the_kill_switch_is_an_admins(asker: conftest.Asker) -> None:
    admin = asker("ada")
    conftest.problem(asker("jonas").put("/api/v1/kill-switch", json={"on": True}), 403)
    assert admin.put("/api/v1/kill-switch", json={"on": True}).json() == {"on": True}
    assert asker("vera").get("/api/v1/kill-switch").json() == {"on": True}
    conftest.problem(admin.put("/api/v1/kill-switch", json={"on": "perhaps"}), 422)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"cluster": "shop", "what": "billing 4.2", "resource": "group:billing"}, 201),
        ({"cluster": "shop", "what": "x", "at": "2026-03-01T12:00:00Z"}, 201),
        ({"cluster": "shop", "what": "x", "at": "2026-03-01T12:00:00"}, 422),
        ({"cluster": "shop", "what": "x", "at": "yesterday"}, 422),
        ({"cluster": "shop", "what": " "}, 422),
        ({"cluster": "shop", "what": "x", "resource": "moon"}, 422),
        ({"cluster": "none", "what": "x"}, 404),
    ],
)
def test_ci_posts_to_the_timeline(asker: conftest.Asker, sent: dict[str, str], status: int) -> None:
    answer = asker("mira").post("/api/v1/timeline", json=sent)
    if status != 201:
        conftest.problem(answer, status)
        return
    assert answer.status_code == 201, answer.text
    conftest.problem(asker("vera").post("/api/v1/timeline", json=sent), 403)
