"""Every command as a whole: its help has an example, its errors are words, its output is either."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import typer
from typer import testing

from headgate.app import errors
from headgate.cli import cells, changes, client, lazy, output, trouble
from headgate.ports import errors as port_errors
from headgate.ports import store

RUN = testing.CliRunner()


def _leaves(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    members = getattr(command, "commands", {})
    if not members:
        yield path, command
    for name, member in members.items():
        yield from _leaves(member, f"{path} {name}")


COMMANDS = [leaf for name in lazy.TABLE for leaf in _leaves(lazy.load(name), name)]
NEEDS_SERVER = (
    "clusters",
    "topics",
    "groups",
    "connectors",
    "subjects",
    "timeline",
    "restore-points",
    "quotas",
    "acls",
    "search",
    "findings",
    "incidents",
    "changes",
)


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[path for path, _ in COMMANDS])
def test_every_command_has_help_with_an_example(path: str, command: Any) -> None:
    assert command.help, path
    assert "Example" in command.help, path
    assert f"headgate {path.split()[0]}" in command.help, path
    assert "completion" not in str([one.name for one in command.params]), path
    for parameter in command.params:
        if parameter.param_type_name == "option":
            assert parameter.help, f"{path} {parameter.name}"


@pytest.mark.parametrize("name", lazy.TABLE)
def test_no_line_of_a_list_of_commands_breaks_off(name: str) -> None:
    from headgate import cli

    said = RUN.invoke(cli.app, [name, "--help"], env={"COLUMNS": "80"}).stdout
    listed = said.partition("Commands:")[2]
    assert "..." not in listed


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[path for path, _ in COMMANDS])
def test_what_lists_or_shows_can_be_had_as_json(path: str, command: Any) -> None:
    if path.split()[-1] in ("list", "show", "verify", "why", "propose", "approve", "check"):
        names = {name for parameter in command.params for name in parameter.opts}
        assert {"--output", "-o"} <= names, path


def test_the_root_lists_every_command_without_importing_it() -> None:
    from headgate import cli

    said = RUN.invoke(cli.app, ["--help"])
    assert said.exit_code == 0
    for name, entry in lazy.TABLE.items():
        assert name in said.stdout
        assert entry.help.split(".")[0][:30] in said.stdout


def test_a_command_whose_package_is_missing_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = lazy.Entry(module="headgate_lab_of_another_world", help="", extra="lab")
    monkeypatch.setitem(lazy.TABLE, "lab", entry)
    with pytest.raises(typer.Exit) as caught:
        lazy.load("lab")
    assert caught.value.exit_code == 2
    assert "pip install 'headgate[lab]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Invalid("w"), 2),
        (errors.NotFound("w"), 1),
        (errors.NotPermitted("w"), 1),
        (errors.NotLoggedIn("w"), 1),
        (errors.Stale("w"), 1),
        (errors.Conflict("w"), 1),
        (errors.TooMany("w"), 1),
        (errors.Unavailable("w"), 3),
        (client.ServerAway("w"), 3),
        (port_errors.TimedOut("w"), 3),
        (store.Full("w"), 3),
        (ZeroDivisionError("w"), 70),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_has_its_exit_code(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(type(error)) as caught:
        raise error
    assert trouble.tell(caught.value) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error   ")
    assert "Traceback" not in said.err


def test_an_error_is_told_as_what_where_and_next(capsys: pytest.CaptureFixture[str]) -> None:
    trouble.tell(errors.Conflict("It runs", where="chg-1", next_step="Wait"))
    assert capsys.readouterr().err == "error   It runs\n  where chg-1\n  next  Wait\n"


def test_parameters_are_json_where_they_can_be() -> None:
    given = ["topic=orders", "total=12", "dry=true", 'config={"a": "b"}', "text=a=b", "empty="]
    assert changes._parameters(given) == {
        "topic": "orders",
        "total": 12,
        "dry": True,
        "config": {"a": "b"},
        "text": "a=b",
        "empty": "",
    }
    with pytest.raises(errors.Invalid, match="NAME=VALUE"):
        changes._parameters(["total"])


def test_cells_write_out_what_is_not_known() -> None:
    assert cells.text({"unknown": "it timed out"}) == "not known: it timed out"
    assert cells.text(True) == "yes"
    assert cells.text(12345) == "12,345"
    assert cells.text(["a", "b"]) == "a, b"
    assert cells.text(None) == ""
    assert cells.duration({"unknown": "no rate"}) == "not known", "the column beside says why"
    assert cells.ago(None) == ""


def test_a_table_on_a_pipe_never_breaks_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    name = "a-very-long-name." * 20
    output.table(["group", ">lag"], [[name, "1"], ["[bold]b[/bold]", "22"]], empty="none")
    said = capsys.readouterr().out
    assert name in said
    assert "[bold]b[/bold]" in said, "names are text, not markup"
    output.table(["group"], [], empty="No group matches.")
    assert capsys.readouterr().out == "No group matches.\n"


def test_json_has_no_number_that_json_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="JSON"):
        output.json_text({"lag": float("nan")})
    output.json_text({"who": "zoë"})
    assert json.loads(capsys.readouterr().out) == {"who": "zoë"}


def _server(monkeypatch: pytest.MonkeyPatch, answer: httpx2.Response) -> client.Client:
    made = client.Client("http://headgate.example", "hg_x")
    monkeypatch.setattr(
        made, "_http", httpx2.Client(transport=httpx2.MockTransport(lambda _: answer))
    )
    monkeypatch.setattr(made._http, "base_url", httpx2.URL("http://headgate.example/api/v1"))
    return made


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, errors.NotLoggedIn),
        (403, errors.NotPermitted),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (422, errors.Invalid),
        (429, errors.Invalid),
        (503, errors.Unavailable),
    ],
)
def test_a_problem_of_the_server_is_told_in_its_words(
    monkeypatch: pytest.MonkeyPatch, status: int, kind: type[errors.AppError]
) -> None:
    said = {"what": "No", "where": "shop", "next": "Ask ada", "fields": {"total": "too few"}}
    with pytest.raises(kind) as caught:
        _server(monkeypatch, httpx2.Response(status, json=said)).get("changes")
    assert caught.value.what == "No"
    assert caught.value.where == "shop, total: too few"
    assert caught.value.next_step == "Ask ada"


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, text="<html>"),
        httpx2.Response(502, text="<html>Bad gateway</html>"),
        httpx2.Response(500, json=["what"]),
        httpx2.Response(500, json={"what": "x", "fields": 3}),
    ],
    ids=lambda value: value.text[:20],
)
def test_what_is_not_headgate_is_told(
    monkeypatch: pytest.MonkeyPatch, answer: httpx2.Response
) -> None:
    with pytest.raises(errors.Unavailable) as caught:
        _server(monkeypatch, answer).get("changes")
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("names", "wanted", "chosen"), [(["a"], "", "a"), (["a", "b"], "b", "b"), ([], "x", "x")]
)
def test_the_cluster_that_is_meant(
    monkeypatch: pytest.MonkeyPatch, names: list[str], wanted: str, chosen: str
) -> None:
    answer = httpx2.Response(200, json={"items": [{"name": name} for name in names]})
    assert _server(monkeypatch, answer).cluster(wanted) == chosen


@pytest.mark.parametrize(
    ("names", "says"), [(["a", "b"], "--cluster a or b"), ([], "headgate.toml")]
)
def test_a_cluster_that_is_not_plain_must_be_named(
    monkeypatch: pytest.MonkeyPatch, names: list[str], says: str
) -> None:
    answer = httpx2.Response(200, json={"items": [{"name": name} for name in names]})
    with pytest.raises(errors.Invalid) as caught:
        _server(monkeypatch, answer).cluster("")
    assert says in caught.value.next_step
