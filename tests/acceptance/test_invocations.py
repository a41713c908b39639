"""Bad input on the command line: an exit code, and words on standard error; never a traceback."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.acceptance import programs

NOWHERE = "127.0.0.1:1"
SERVER = {"HEADGATE_URL": f"http://{NOWHERE}", "HEADGATE_TOKEN": "hg_x"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One invocation and what it must come to."""

    call: Sequence[str]
    code: int
    says: Sequence[str]
    """Each stands on standard error."""
    files: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""


def _config(text: str, *says: str, code: int = 2, command: str = "config show") -> Case:
    return Case(call=command.split(), code=code, says=says, files={"headgate.toml": text})


def _policy(text: str, *says: str) -> Case:
    files = {"headgate.toml": '[boundary]\npolicies = "policies"\n', "policies/own.cedar": text}
    return Case(call=["serve"], code=2, says=[*says, "next"], files=files)


CASES = {
    # wrong usage
    "no such command": Case(call=["frobnicate"], code=2, says=["No such command"]),
    "an argument is missing": Case(call=["doctor"], code=2, says=["Missing argument"]),
    "no such option": Case(call=["serve", "--colour"], code=2, says=["No such option"]),
    "no such output": Case(call=["clusters", "list", "-o", "xml"], code=2, says=["xml", "json"]),
    "a number that is none": Case(
        call=["doctor", NOWHERE, "--watch", "long"], code=2, says=["--watch", "valid number"]
    ),
    "a parameter without a value": Case(
        call=["changes", "propose", "topic.alter_config", "retention"],
        code=2,
        says=["'retention' is not NAME=VALUE", "next", "topic=orders total=12"],
        env=SERVER,
    ),
    "a bootstrap that is no address": Case(
        call=["doctor", "kafka"], code=2, says=["kafka", "next", "HOST:PORT"]
    ),
    "a client file that is not there": Case(
        call=["doctor", NOWHERE, "--client-config", "none.properties"],
        code=2,
        says=["The client configuration cannot be read", "none.properties"],
    ),
    "a client file with a slip": Case(
        call=["doctor", NOWHERE, "--client-config", "client.properties"],
        code=2,
        says=["A line is not NAME=VALUE", "client.properties:2"],
        files={"client.properties": "client.id=me\nacks\n"},
    ),
    "an unknown client setting": Case(
        call=["doctor", NOWHERE, "--client-config", "client.properties"],
        code=2,
        says=["sasl.mechanism", "next"],
        files={"client.properties": "security.protocol=SASL_SSL\nsasl.mechanism=MAGIC\n"},
    ),
    "a connect address without a scheme": Case(
        call=["doctor", NOWHERE, "--connect", "localhost:8083"],
        code=2,
        says=["localhost:8083", "next", "http://"],
    ),
    "an audit that is not there": Case(
        call=["audit", "verify", "--file", "none.jsonl"],
        code=2,
        says=["The file cannot be read", "none.jsonl"],
    ),
    "an audit that is none": Case(
        call=["audit", "verify", "--file", "audit.jsonl"],
        code=2,
        says=["audit.jsonl", "line 1"],
        files={"audit.jsonl": "these are my notes\n"},
    ),
    "a name that will not do": Case(
        call=["user", "add", "mi ra", "--password-stdin"],
        code=2,
        says=["'mi ra' will not do as a name", "next"],
        stdin=programs.PASSWORD,
    ),
    "a short password": Case(
        call=["user", "add", "mira", "--password-stdin"],
        code=2,
        says=["must have 10 characters or more"],
        stdin="short",
    ),
    "a role that is none": Case(
        call=["user", "add", "mira", "--role", "king", "--password-stdin"],
        code=2,
        says=["'king' is no role", "viewer, operator, approver, admin"],
        stdin=programs.PASSWORD,
    ),
    # the answer is no
    "a user that is not there": Case(
        call=["token", "add", "nobody"],
        code=1,
        says=["There is no user nobody", "headgate user list"],
    ),
    "a token that is not there": Case(
        call=["token", "delete", "abc"], code=1, says=["There is no token abc"]
    ),
    # not to be reached
    "no server": Case(
        call=["incidents", "list"],
        code=3,
        says=["The server does not answer", NOWHERE, "headgate serve"],
        env=SERVER,
    ),
    "a server address that is none": Case(
        call=["incidents", "list", "--server", "nonsense"],
        code=3,
        says=["nonsense", "next"],
        env=SERVER,
    ),
    "no cluster": Case(
        call=["doctor", NOWHERE, "--watch", "1"], code=3, says=["error", NOWHERE, "next"]
    ),
    "a database in no folder": Case(
        call=["user", "list"],
        code=3,
        says=["cannot be opened", "next"],
        env={"HEADGATE_STORE__URL": "sqlite:////no/such/folder/headgate.db"},
    ),
    "a database that is none": Case(
        call=["user", "list"],
        code=3,
        says=["is not an SQLite database", "next"],
        files={"headgate.db": "these are my notes, not a database\n" * 100},
    ),
    # a broken configuration: file, line, reason
    "a configuration that is not there": Case(
        call=["config", "show", "--config", "none.toml"],
        code=2,
        says=["none.toml", "there is no such file", "headgate config check"],
    ),
    "not TOML": _config('[store]\nurl = "x\n', "headgate.toml:2", "not TOML"),
    "not UTF-8": _config("[store]\nurl = '\udcff'\n", "cannot be read as UTF-8"),
    "no such setting": _config(
        "[server]\n\nprot = 1\n", "headgate.toml:3", "server.prot", "did you mean port?"
    ),
    "a setting of the wrong kind": _config(
        '[server]\nport = "many"\n', "headgate.toml:2", "server.port", "integer"
    ),
    "a bootstrap in the file that is none": _config(
        '[[cluster]]\nname = "a"\nbootstrap = "kafka"\n',
        "headgate.toml:3",
        "cluster[0].bootstrap",
        "'kafka' is not HOST:PORT",
    ),
    "two clusters of one name": _config(
        '[[cluster]]\nname = "a"\nbootstrap = "k:1"\n[[cluster]]\nname = "a"\nbootstrap = "k:2"\n',
        "two clusters are called a",
    ),
    "a raw secret": _config(
        '[[cluster]]\nname = "a"\nbootstrap = "k:1"\n'
        'client = { "sasl.password" = "hunter2-hunter2" }\n',
        "headgate.toml:4",
        "sasl.password",
        "a raw secret is refused here: write env:NAME or file:PATH",
    ),
    "a secret that is not there": _config(
        '[store]\nurl = "env:NO_SUCH_VARIABLE"\n',
        "The environment variable NO_SUCH_VARIABLE is not set",
        "[store] url",
        code=3,
        command="user list",
    ),
    "an environment variable for no cluster": Case(
        call=["config", "show"],
        code=2,
        says=["$HEADGATE_CLUSTER__ORDERS__BOOTSTRAP", "no cluster is called 'orders'"],
        env={"HEADGATE_CLUSTER__ORDERS__BOOTSTRAP": "k:1"},
    ),
    "a policy with a slip": _policy(
        "// mine\n\npermit (principal, action, resource) when { 1 > };\n",
        "policies/own.cedar:3",
        "is not a Cedar policy",
    ),
    "a policy that does not validate": _policy(
        '@id("own")\npermit (principal, action, resource)\nwhen { context.nonsense };\n',
        "policies/own.cedar:1",
        "nonsense",
    ),
    "no folder of policies": _config(
        '[boundary]\npolicies = "none"\n', "headgate.toml:2", "there is no folder"
    ),
    "broken owners": Case(
        call=["serve"],
        code=2,
        says=["owners.toml:1", "'billing' is not KIND:PATTERN"],
        files={
            "headgate.toml": '[boundary]\nowners = "owners.toml"\n',
            "owners.toml": '[[owner]]\nname = "payments"\nresources = ["billing"]\n',
        },
    ),
}


def _call(case: Case, folder: Path) -> programs.Answer:
    for file, text in case.files.items():
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(text.encode(errors="surrogateescape"))
    return programs.run(*case.call, cwd=folder, env=case.env, stdin=case.stdin)


@pytest.fixture(scope="module")
def answers(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mapping[str, futures.Future[programs.Answer]]]:
    """What each invocation came to; as many at a time as there are processors."""
    with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {
            name: pool.submit(_call, case, tmp_path_factory.mktemp("case"))
            for name, case in CASES.items()
        }


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_told_in_words(
    name: str, answers: Mapping[str, futures.Future[programs.Answer]]
) -> None:
    case, said = CASES[name], answers[name].result()
    for text in case.says:
        assert text in said.err, said.err
    assert said.code == case.code, said.err
    assert said.out == "", "an error belongs on standard error"
    assert "hunter2" not in said.err


@pytest.mark.parametrize(
    "call",
    [
        ["clusters", "list"],
        ["changes", "show", "chg-x"],
        ["doctor", NOWHERE, "--watch", "1"],
        ["config", "show", "--config", "none.toml"],
        ["token", "add", "nobody"],
    ],
    ids=" ".join,
)
def test_with_json_asked_for_standard_output_stays_valid(call: list[str], tmp_path: Path) -> None:
    said = programs.run(*call, "-o", "json", cwd=tmp_path, env=SERVER)
    assert said.code in (1, 2, 3)
    assert said.err
    assert said.out == "" or json.loads(said.out)


def test_config_check_lists_everything_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "headgate.toml").write_text(
        '[server]\nport = "many"\nprot = 1\n[[cluster]]\nname = "a b"\nbootstrap = "k"\n'
    )
    said = programs.run("config", "check", "-o", "json", cwd=tmp_path)
    assert said.code == 1
    told = json.loads(said.out)
    assert told["ok"] is False
    places = [text.split(": ")[0] for text in told["problems"]]
    assert places == [f"headgate.toml:{line}" for line in (2, 3, 5, 6)]
    good = tmp_path / "good.toml"
    good.write_text('[[cluster]]\nname = "a"\nbootstrap = "k:1"\n')
    said = programs.run("config", "check", "--config", "good.toml", cwd=tmp_path)
    assert (said.code, said.err) == (0, "")
    assert "it names 1 cluster" in said.out


def test_config_show_masks_secrets_and_says_where_each_setting_is_from(tmp_path: Path) -> None:
    (tmp_path / "headgate.toml").write_text(
        '[[cluster]]\nname = "a"\nbootstrap = "k:1"\n'
        'connect = ["env:CONNECT_URL"]\nclient = { "sasl.password" = "env:SECRET" }\n'
    )
    said = programs.run(
        *("config", "show", "-o", "json"),
        cwd=tmp_path,
        env={
            "HEADGATE_STORE__URL": "postgresql+psycopg://hg:hunter2@db/hg",
            "SECRET": "hunter2",
            "CONNECT_URL": "http://u:hunter2@c:8083",
        },
    )
    assert said.code == 0
    assert "hunter2" not in said.out
    rows = {one["name"]: one for one in json.loads(said.out)["items"]}
    assert rows["store.url"]["origin"] == "$HEADGATE_STORE__URL"
    assert rows["cluster[0].bootstrap"]["origin"] == "headgate.toml:3"
    assert rows["server.port"]["origin"] == "default"
