"""Configuration: file, environment and defaults laid over each other, and every complaint."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.app import channels, configuration, lines, secret, settings, shown
from headgate.domain import notices
from headgate.domain.resource import Resource

FULL = """
[store]
url = "sqlite:///kept.db"

[server]
port = 9000

[[cluster]]
name = "orders"
bootstrap = "a.example:9092, b.example:9093"
environment = "production"
connect = ["http://connect.example:8083"]
client = { "security.protocol" = "SASL_SSL", "sasl.password" = "env:ORDERS_PASSWORD" }

[[cluster]]
name = "orders-eu"
bootstrap = "c.example:9092"

[cluster.thresholds."lag.growing"]
window = "30s"
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "headgate.toml"
    file.write_text(text, encoding="utf-8")
    return file


def load(
    folder: Path, text: str, env: Mapping[str, str] | None = None
) -> configuration.Configuration:
    return configuration.load(write(folder, text), env or {})


def problems(folder: Path, text: str, env: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(configuration.ConfigError) as caught:
        load(folder, text, env)
    return [str(one).replace(f"{folder}/", "") for one in caught.value.problems]


def test_a_file_is_read_with_the_line_of_each_setting(tmp_path: Path) -> None:
    held = load(tmp_path, FULL)
    assert held.settings.server.port == 9000
    assert [one.name for one in held.settings.cluster] == ["orders", "orders-eu"]
    assert held.settings.cluster[1].thresholds == {"lag.growing": {"window": "30s"}}
    origins = {row.name: row.origin.rpartition("/")[2] for row in shown.rows(held)}
    assert origins["server.port"] == "headgate.toml:6"
    assert origins["server.host"] == "default"
    assert origins["cluster[0].client.sasl.password"] == "headgate.toml:13"
    assert origins["cluster[1].bootstrap"] == "headgate.toml:17"
    assert origins["cluster[1].thresholds.lag.growing.window"] == "headgate.toml:20"


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    held = configuration.load(None, {})
    assert held.settings == settings.Settings()
    assert held.file is None


def test_a_relative_database_stands_beside_the_file(tmp_path: Path) -> None:
    assert load(tmp_path, FULL).store_url() == f"sqlite:///{tmp_path}/kept.db"
    absolute = load(tmp_path, '[store]\nurl = "sqlite:////var/lib/hg.db"')
    assert absolute.store_url() == "sqlite:////var/lib/hg.db"


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    env = {
        "HEADGATE_SERVER__PORT": "7000",
        "HEADGATE_CLUSTER__ORDERS_EU__INTERVAL_S": "2.5",
        "HEADGATE_CLUSTER__0__METRICS": '["http://m.example/metrics"]',
        "HEADGATE_BOUNDARY__BUDGETS": '{"leader.elect_preferred": 3}',
        "HEADGATE_TOKEN": "hg_not_a_setting",
        "UNRELATED": "x",
    }
    held = load(tmp_path, FULL, env)
    assert held.settings.server.port == 7000
    assert held.settings.cluster[1].interval_s == 2.5
    assert held.settings.cluster[0].metrics == ["http://m.example/metrics"]
    assert held.settings.boundary.budgets == {"leader.elect_preferred": 3}
    origins = {row.name: row.origin for row in shown.rows(held)}
    assert origins["server.port"] == "$HEADGATE_SERVER__PORT"
    assert origins["cluster[1].interval_s"] == "$HEADGATE_CLUSTER__ORDERS_EU__INTERVAL_S"


def test_the_environment_alone_can_name_clusters(tmp_path: Path) -> None:
    env = {"HEADGATE_CLUSTER": '[{"name": "x", "bootstrap": "h:1"}]'}
    held = load(tmp_path, FULL, env)
    assert [one.name for one in held.settings.cluster] == ["x"]


NOW = datetime(2026, 3, 1, tzinfo=UTC)

SINGLE_SETTINGS = [
    (section, name)
    for section, field in settings.Settings.model_fields.items()
    if section not in configuration.LISTED and field.annotation is not None
    for name in field.annotation.model_fields
]


@pytest.mark.parametrize(("section", "name"), SINGLE_SETTINGS)
def test_every_setting_is_an_environment_variable(section: str, name: str, tmp_path: Path) -> None:
    samples = {
        "url": "sqlite:////x.db",
        "host": "0.0.0.0",  # noqa: S104 - only text here
        "port": "1",
        "policies": str(tmp_path),
        "owners": str(write(tmp_path, "")),
        "budgets": "{}",
        "retry_minutes": "[0, 1]",
        "login_hint": "ask ada",
        "public_url": "https://headgate.example.com",
        "secure_cookies": "true",
        "timeline_entries": "500",
        "metrics_compat": '["kminion"]',
        "propose": "false",
    }
    variable = f"HEADGATE_{section}__{name}".upper()
    held = load(tmp_path, "", {variable: samples.get(name, "2")})
    assert held.origins[(section, name)] == f"${variable}"
    row = next(row for row in shown.rows(held) if row.name.startswith(f"{section}.{name}"))
    assert row.origin == f"${variable}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nprt = 1\n", "headgate.toml:2: server.prt: there is no such setting; did you"),
        ("[servr]\nport = 1\n", "headgate.toml:1: servr: there is no such setting; did you mean"),
        ("[server]\nport = 'x'\n", "headgate.toml:2: server.port: Input should be a valid integer"),
        ("[server]\n\nport = 70000\n", "headgate.toml:3: server.port: Input should be less"),
        ("[[cluster]]\nname = 'a'\n", "headgate.toml:1: cluster[0].bootstrap: it is missing"),
        (
            "[[cluster]]\nname = 'a b'\nbootstrap = 'h:1'\n",
            "headgate.toml:2: cluster[0].name: String should match",
        ),
        (
            "[[cluster]]\nname = 'a'\nbootstrap = 'h:1,i'\n",
            "headgate.toml:3: cluster[0].bootstrap: 'i' is not HOST:PORT",
        ),
        (
            "[[cluster]]\nname = 'a'\nbootstrap = 'h:1'\nconnect = ['ftp://x']\n",
            "headgate.toml:4: cluster[0].connect: an address here begins with http",
        ),
        ("[store\n", "headgate.toml:1: not TOML"),
        ("a = 1\na = 2\n", "headgate.toml:2: not TOML"),
        ("[boundary]\npolicies = 'none'\n", "headgate.toml:2: boundary.policies: there is no"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_reason(
    text: str, said: str, tmp_path: Path
) -> None:
    found = problems(tmp_path, text)
    assert len(found) == 1
    assert found[0].startswith(said), found[0]


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    assert len(problems(tmp_path, "[server]\nprt = 1\nport = -1\n[engine]\nlease_s = 0\n")) == 3


def test_two_clusters_of_one_name_are_refused(tmp_path: Path) -> None:
    one = "[[cluster]]\nname = 'a'\nbootstrap = 'h:1'\n"
    assert "two clusters are called a" in problems(tmp_path, one + one)[0]


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("HEADGATE_CLUSTER__NONE__NAME", "no cluster is called 'none'"),
        ("HEADGATE_SERVER__PORT", "Input should be a valid integer"),
        ("HEADGATE_SERVER__PRT", "there is no such setting; did you mean port?"),
        ("HEADGATE_CLUSTER", "Input should be a valid list"),
    ],
)
def test_a_bad_variable_is_named(variable: str, said: str, tmp_path: Path) -> None:
    found = problems(tmp_path, "", {variable: "x"})
    assert said in found[0]
    assert f"${variable}" in found[0]


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("client = { 'sasl.password' = 'hunter2' }", "cluster[0].client.sasl.password"),
        ("client = { 'sasl.jaas.config' = 'hunter2' }", "cluster[0].client.sasl.jaas.config"),
        ("client = { 'ssl.key.password' = 'hunter2' }", "cluster[0].client.ssl.key.password"),
        *(
            (f"client = {{ '{name}' = 'hunter2' }}", f"cluster[0].client.{name}")
            for name in (
                "sasl.oauthbearer.client.secret",
                "sasl.oauthbearer.client.credentials.client.secret",
                "ssl.keystore.password",
            )
        ),
        ("connect = ['http://me:hunter2@h:1']", "cluster[0].connect"),
        ("registry = 'http://me:hunter2@h:1'", "cluster[0].registry"),
        ("registry_password = 'hunter2'", "cluster[0].registry_password"),
        ("registry_token = 'hunter2'", "cluster[0].registry_token"),
        ("connect = ['http://h:1,http://me:hunter2@h:2']", "cluster[0].connect"),
    ],
)
def test_a_raw_secret_is_refused_and_not_repeated(text: str, setting: str, tmp_path: Path) -> None:
    found = problems(tmp_path, f"[[cluster]]\nname = 'a'\nbootstrap = 'h:1'\n{text}\n")
    assert found[0].startswith(f"headgate.toml:4: {setting}: a raw secret is refused")
    assert "hunter2" not in " ".join(found)


def test_a_password_in_the_database_url_must_come_from_the_environment(tmp_path: Path) -> None:
    url = "postgresql+psycopg://hg:hunter2@db/hg"
    assert "raw secret" in problems(tmp_path, f"[store]\nurl = '{url}'\n")[0]
    held = load(tmp_path, "", {"HEADGATE_STORE__URL": url})
    assert held.store_url() == url
    assert all("hunter2" not in str(row.value) for row in shown.rows(held))


def test_references_are_resolved_where_they_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SECRET", "opensesame")
    (tmp_path / "s.txt").write_text("sesame\n", encoding="utf-8")
    assert secret.resolve("env:SOME_SECRET", where="x") == "opensesame"
    assert secret.resolve("file:s.txt", where="x", folder=tmp_path) == "sesame"
    assert secret.resolve("plain", where="x") == "plain"
    for missing in ("env:NO_SUCH_VARIABLE", "file:none.txt"):
        with pytest.raises(Exception, match=r"is not set|cannot be read") as caught:
            secret.resolve(missing, where="cluster a", folder=tmp_path)
        assert getattr(caught.value, "where", "") == "cluster a"


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)


@given(
    st.lists(
        st.tuples(st.sampled_from(["table", "array", "blank", "comment"]), NAMES, NAMES),
        max_size=12,
    )
)
def test_the_line_of_every_key_is_found(parts: list[tuple[str, str, str]]) -> None:
    """Whatever tables and arrays stand around a key, its line is told."""
    text: list[str] = []
    expected: dict[lines.Path, int] = {}
    kinds: dict[str, str] = {}
    counts: dict[str, int] = {}
    for kind, name, key in parts:
        if kind in ("blank", "comment"):
            text.append("" if kind == "blank" else f"# [{name}] {key} = 1")
            continue
        if kinds.setdefault(name, kind) != kind or (kind == "table" and name in counts):
            continue
        counts[name] = counts.get(name, -1) + 1
        text += [f"[{name}]" if kind == "table" else f"[[{name}]]", f"{key} = 1  # {name}"]
        path: lines.Path = (name, key) if kind == "table" else (name, counts[name], key)
        expected[path] = len(text)
    for path, line in expected.items():
        assert lines.of("\n".join(text), path) == line


NOTIFY = """
[[notify]]
name = "ops"
kind = "slack"
secret = "env:SLACK_TOKEN"
to = ["#ops"]
[[notify.quiet]]
begin = "22:00"
end = "07:00"
zone = "Europe/Vienna"
"""


def test_a_channel_is_read_and_its_secret_may_come_from_the_environment(tmp_path: Path) -> None:
    held = load(tmp_path, NOTIFY, {"HEADGATE_NOTIFY__OPS__SEVERITY": "warning"})
    (one,) = held.settings.notify
    assert (one.severity, one.quiet[0].zone) == ("warning", "Europe/Vienna")
    assert channels.route(one).quiet[0].begin == 22 * 60
    assert channels.route(one).limit == 10
    fewer = NOTIFY.replace("[[notify.quiet]]", "limit = 3\nlimit_minutes = 0.5\n[[notify.quiet]]")
    route = channels.route(load(tmp_path, fewer, {}).settings.notify[0])
    assert (route.limit, route.window.total_seconds()) == (3, 30)
    assert (route.wait.total_seconds(), channels.route(one).wait) == (10, notices.WAIT)
    slow = NOTIFY.replace("[[notify.quiet]]", "wait_seconds = 30\n[[notify.quiet]]")
    assert channels.route(load(tmp_path, slow, {}).settings.notify[0]).wait.total_seconds() == 30


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (NOTIFY.replace('"env:SLACK_TOKEN"', '"xoxb-123"'), "a raw secret is refused here"),
        (NOTIFY.replace("Europe/Vienna", "Vienna"), "'Vienna' is no time zone"),
        (NOTIFY.replace("22:00", "25:00"), "String should match pattern"),
        (NOTIFY.replace('to = ["#ops"]\n', ""), "slack needs to"),
        (NOTIFY + NOTIFY, "two channels of [[notify]] have the same name"),
        (NOTIFY.replace("zone =", "zon ="), "there is no such setting"),
    ],
)
def test_a_channel_that_cannot_be_used_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(configuration.ConfigError) as error:
        load(tmp_path, text)
    assert said in "\n".join(str(one) for one in error.value.problems)


def test_thresholds_of_resources_and_what_is_expected_are_read(tmp_path: Path) -> None:
    held = load(
        tmp_path,
        """
[[cluster]]
name = "a"
bootstrap = "h:1"
[[cluster.thresholds_for]]
resources = "group:nightly-*"
finding = "lag.growing"
values = { window = "1h" }
[[cluster.expected]]
resources = "topic:test-*"
findings = ["config.*"]
why = "test topics"
""",
    )
    limits = held.settings.cluster[0].limits()
    assert limits.value("lag.growing", "window", Resource("group", "nightly-1")) == "1h"
    assert limits.excuse("config.rf_one", Resource("topic", "test-1"), NOW) is not None
    with pytest.raises(configuration.ConfigError, match="has no parameter 'windw'"):
        load(
            tmp_path,
            "[[cluster]]\nname = 'a'\nbootstrap = 'h:1'\n[[cluster.thresholds_for]]\n"
            "resources = '*'\nfinding = 'lag.growing'\nvalues = { windw = '1h' }\n",
        )
