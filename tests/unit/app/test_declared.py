"""A folder of declarations is read whole, and whatever is wrong is told by file, line and field."""

from pathlib import Path

import pytest
from tests.unit.observations import AT

from headgate.app import configuration, declared, wiring
from headgate.domain import thresholds
from headgate.domain.resource import Resource

TOPICS = """
complete = ["topics", "acls"]
ignore = ["topic:tmp-*"]

[[topic]]
name = "orders"
partitions = 6
replicas = 3
configs = { "retention.ms" = 604800000, "unclean.leader.election.enable" = false }
owner = "payments"

[[topic]]
name = "playground"
mark = "test"
why = "for trying things out"

[[acl]]
principal = "User:billing"
operations = ["READ", "DESCRIBE"]
topic = "orders"
"""
GROUPS = """
[[group]]
name = "nightly"
mark = "expected-behind"
why = "it runs at three"
until = 2026-04-01

[[owner]]
name = "reports"
resources = ["group:nightly*"]

[thresholds."lag.growing"]
rise = 500

[[thresholds_for]]
resources = "group:slow-*"
finding = "lag.growing"
values = { rise = 5000 }
"""


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        file = path / f"{name.replace('__', '/')}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(configuration.ConfigError) as caught:
        declared.load(path)
    return [str(one).replace(str(path), "DIR") for one in caught.value.problems]


def test_a_folder_is_read_with_everything_below_it(tmp_path: Path) -> None:
    read = declared.load(folder(tmp_path, topics=TOPICS, teams__reports=GROUPS)).declared
    orders = read.topics["orders"]
    assert (orders.partitions, orders.replicas, orders.place) == (6, 3, "topics.toml:5")
    assert orders.configs == {
        "retention.ms": "604800000",
        "unclean.leader.election.enable": "false",
    }
    assert [(one.acl.operation, one.acl.resource_type) for one in read.rules] == [
        ("READ", "TOPIC"),
        ("DESCRIBE", "TOPIC"),
    ]
    assert read.whole == {"topics", "acls"}
    assert read.ignores(Resource("topic", "tmp-1"))
    assert read.owner(Resource("topic", "orders")) == "payments"
    assert read.owner(Resource("group", "nightly-2")) == "reports"
    assert read.owner(Resource("group", "billing")) == ""


def test_a_mark_excuses_what_it_is_about_and_nothing_else(tmp_path: Path) -> None:
    limits = declared.load(folder(tmp_path, topics=TOPICS, groups=GROUPS)).limits

    def excused(code: str, about: Resource) -> str:
        found = limits.excuse(code, about, AT)
        return "" if found is None else found.why

    assert excused("config.rf_one", Resource("topic", "playground")) == (
        "declared as test: for trying things out"
    )
    assert excused("partition.offline", Resource("partition", "playground-12"))
    assert not excused("partition.offline", Resource("partition", "playground-2-0"))
    assert not excused("config.rf_one", Resource("topic", "orders"))
    assert excused("lag.growing", Resource("group", "nightly")).startswith(
        "declared as expected behind"
    )
    assert not excused("rebalance.storm", Resource("group", "nightly"))


def test_a_mark_ends_when_it_says_so(tmp_path: Path) -> None:
    text = GROUPS.replace("2026-04-01", "2026-02-01T00:00:00Z")
    limits = declared.load(folder(tmp_path, groups=text)).limits
    assert limits.excuse("lag.growing", Resource("group", "nightly"), AT) is None


def test_the_configuration_wins_over_the_folder(tmp_path: Path) -> None:
    read = declared.load(folder(tmp_path, groups=GROUPS))
    held = thresholds.Thresholds(cluster={"lag.growing": {"rise": 7}})
    both = read.over(held)
    assert both.value("lag.growing", "rise", Resource("group", "billing")) == 7
    assert both.value("lag.growing", "rise", Resource("group", "slow-1")) == 5000
    assert both.excuse("lag.growing", Resource("group", "nightly"), AT) is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[topic]]\nname = "a"\npartitons = 3\n', "DIR/x.toml:3: topic[0].partitons: there is no"),
        ("[[topic]]\npartitions = 3\n", "DIR/x.toml:1: topic[0].name: it is missing"),
        ('[[topic]]\nname = "a"\n\npartitions = 0\n', "DIR/x.toml:4: topic[0].partitions: "),
        ('[[topic]]\nname = "a"\nmark = "paused"\n', "needs a reason"),
        ('[[topic]]\nname = "a"\nwhy = "because"\n', "belong to a mark"),
        ('[[topic]]\nname = "a"\nmark = "expected-behind"\nwhy = "why"\n', "topic[0].mark"),
        ('[[acl]]\nprincipal = "User:a"\noperations = ["READ"]\n', "an ACL is about one of"),
        ('[[acl]]\nprincipal = "User:a"\noperations = ["LOOK"]\ntopic = "a"\n', "operations"),
        ('ignore = ["orders"]\n', "is not KIND:PATTERN"),
        ('[thresholds."lag.growing"]\nsteep = 3\n', "has no parameter 'steep'"),
        ("[[topic]\n", "DIR/x.toml:1: not TOML"),
        ('[[topic]]\nname = "a"\n[[topic]]\nname = "a"\n', "declared already (x.toml:1)"),
    ],
)
def test_what_is_wrong_is_told_by_file_line_and_field(tmp_path: Path, text: str, said: str) -> None:
    [problem] = problems(folder(tmp_path, x=text))
    assert said in problem, problem


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    wrong = '[[topic]]\nname = "a"\npartitions = "many"\n'
    assert len(problems(folder(tmp_path, x=wrong, y=wrong))) >= 2


def test_a_folder_without_declarations_is_a_mistake(tmp_path: Path) -> None:
    assert problems(tmp_path) == ["DIR: it holds no *.toml file"]
    assert problems(tmp_path / "none") == ["DIR: there is no such folder"]


CONFIG = """
[[cluster]]
name = "shop"
bootstrap = "localhost:9092"
declared = "cluster"

[boundary]
owners = "owners.toml"
"""
OWNERS = '[[owner]]\nname = "ops"\nresources = ["topic:*"]\n'


def test_the_configuration_names_the_folder_and_the_file_of_owners(tmp_path: Path) -> None:
    folder(tmp_path, headgate=CONFIG, owners=OWNERS, cluster__topics=TOPICS)
    held = configuration.load(tmp_path / "headgate.toml", {})
    [read] = wiring.load_all_declared(held)
    assert set(read.declared.topics) == {"orders", "playground"}
    assert read.declared.owner(Resource("topic", "orders")) == "payments"
    assert read.declared.owner(Resource("topic", "clicks")) == "ops"


def test_a_folder_that_is_wrong_says_all_of_it(tmp_path: Path) -> None:
    wrong = '[[topic]]\nname = "a"\npartitons = 3\n'
    folder(tmp_path, headgate=CONFIG, owners=OWNERS, cluster__x=wrong, cluster__y=wrong)
    held = configuration.load(tmp_path / "headgate.toml", {})
    with pytest.raises(configuration.ConfigError) as caught:
        wiring.load_all_declared(held)
    assert "x.toml:3" in caught.value.where
    assert "y.toml:3" in caught.value.next_step
