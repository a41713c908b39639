"""Incidents that somebody looks after, through the API and on the command line."""

from typing import Any

import httpx2
import pytest
from tests.integration.api import conftest
from tests.unit.app import stands
from typer import testing

from headgate import cli
from headgate.cli import client

TRACE = "org.apache.kafka.connect.errors.DataException: not a record"


@pytest.fixture
def at(stand: stands.Stand) -> str:
    """The path of the one incident."""
    stand.connect.fail_task("warehouse", trace=TRACE)
    stand.pass_time(2)
    (item,) = stand.incidents()
    return f"/api/v1/incidents/{item.id}"


def test_an_incident_is_acknowledged_silenced_and_told_of_again(
    asker: conftest.Asker, at: str
) -> None:
    operator = asker("mira")
    taken = operator.post(f"{at}/acknowledge").json()
    assert taken["acknowledged_by"].startswith("mira's token")
    silent = operator.post(f"{at}/silence", json={"for_s": 3600, "why": "known"}).json()
    assert silent["silenced_until"] > silent["acknowledged_at"]
    assert operator.post(f"{at}/unsilence").json()["silenced_until"] is None
    lines = [line["kind"] for line in operator.get(at).json()["timeline"]]
    assert [kind for kind in lines if kind in ("acknowledged", "silenced", "unsilenced")] == [
        "acknowledged",
        "silenced",
        "unsilenced",
    ]


def test_who_may_not_and_what_is_wrong_is_told(asker: conftest.Asker, at: str) -> None:
    for verb in ("acknowledge", "silence", "unsilence"):
        sent = {"for_s": 60, "why": "x"} if verb == "silence" else None
        conftest.problem(asker("vera").post(f"{at}/{verb}", json=sent), 403)
    operator = asker("mira")
    wrong: list[tuple[dict[str, object], str]] = [
        ({"for_s": 0, "why": "x"}, "for_s"),
        ({"for_s": 60}, "why"),
    ]
    for given, field in wrong:
        body = conftest.problem(operator.post(f"{at}/silence", json=given), 422)
        assert field in body["fields"]
    conftest.problem(operator.post("/api/v1/incidents/none/acknowledge"), 404)


def test_the_command_line_does_the_same(
    asker: conftest.Asker, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = asker("mira")

    def send(_self: client.Client, method: str, path: tuple[str, ...], **sent: Any) -> Any:
        answer = operator.request(method, "/api/v1/" + "/".join(path), **sent)
        assert isinstance(answer, httpx2.Response)
        assert answer.status_code < 300, answer.text
        return answer

    monkeypatch.setattr(client.Client, "_send", send)

    def run(*arguments: str) -> str:
        result = testing.CliRunner().invoke(
            cli.app, ["incidents", *arguments], env={"COLUMNS": "200"}
        )
        return f"{result.exit_code} {result.output}"

    name = at.rpartition("/")[2]
    assert "taken     by mira's token" in run("ack", name)
    assert "silenced  until" in run("silence", name, "--for", "2h", "--why", "known")
    assert "known" in run("show", name)
    assert "silenced" not in run("unsilence", name)
    assert run("silence", name, "--for", "soon", "--why", "x")[0] != "0"
