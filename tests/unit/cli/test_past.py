"""The timeline and restore points on the command line, as a server with data answers."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from fastapi import testclient
from tests.unit.console import stand as stand_
from typer import testing

from headgate import cli
from headgate.app import people
from headgate.cli import client

Run = Callable[..., str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[testclient.TestClient]:
    """A Headgate with a past, asked with an operator's token."""
    made = stand_.build(tmp_path_factory.mktemp("past"))
    made.look()
    made.remember()
    running = made.runtime.running
    _, secret = people.People(made.store, running.clock).add_token("mira", "ci", (), by="test")
    asked = testclient.TestClient(made.app, base_url="http://headgate.example")  # type: ignore[arg-type]  # an ASGI application
    asked.headers["Authorization"] = f"Bearer {secret}"
    with asked:
        yield asked


@pytest.fixture
def run(server: testclient.TestClient, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command against the server; gives what it prints."""

    def send(_self: client.Client, method: str, path: tuple[str, ...], **sent: Any) -> Any:
        answer = server.request(method, "/api/v1/" + "/".join(path), **sent)
        assert isinstance(answer, httpx2.Response)
        assert answer.status_code < 300, answer.text
        return answer

    monkeypatch.setattr(client.Client, "_send", send)

    def command(name: str, *arguments: str) -> str:
        result = testing.CliRunner().invoke(
            cli.app, [name, *arguments], env={"COLUMNS": "240"}, catch_exceptions=False
        )
        assert result.exit_code == 0, result.output
        return result.output

    return command


def test_the_timeline_is_listed_and_posted_to(run: Run) -> None:
    shown = run("timeline", "list", "--limit", "200")
    assert "billing <4.2>" in shown
    assert "posted by ci" in shown
    assert "while Headgate was away" in shown
    assert "(2 times)" in shown
    assert "audit 3" in run("timeline", "post", "audit 3", "--resource", "topic:audit")
    assert "audit 3" in run("timeline", "list", "--resource", "topic:audit")
    nothing = run("timeline", "list", "--text", "no such words")
    assert "Nothing became different" in nothing


def test_restore_points_are_listed_shown_and_compared(run: Run) -> None:
    listed = run("restore-points", "list")
    assert "before chg-test" in listed
    assert "not offsets" in listed
    shown = run("restore-points", "show", "rp-test", "--part", "offsets", "--limit", "1")
    assert "11 values of 3 resources" in shown
    assert "and more" in shown
    assert "They are the same" in run("restore-points", "compare", "rp-test", "now")
    holes = run("restore-points", "compare", "rp-other", "rp-test")
    assert "not compared  offsets: in the first: the coordinator is loading" in holes
