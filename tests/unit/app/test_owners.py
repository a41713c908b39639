"""The register of owners."""

from pathlib import Path

import pytest

from headgate.app import configuration, owners
from headgate.domain import person, resource

TEXT = """
[[owner]]
name = "payments team"
contact = "#payments"
resources = ["group:billing*", "topic:payments.*"]

[[owner]]
name = "data team"
resources = ["connector:*", "*:shared"]
"""


@pytest.fixture
def register(tmp_path: Path) -> owners.Owners:
    file = tmp_path / "owners.toml"
    file.write_text(TEXT, encoding="utf-8")
    return owners.load(file)


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("group:billing", "payments team"),
        ("group:billing-eu", "payments team"),
        ("member:billing/consumer-1", "payments team"),
        ("topic:payments.in", "payments team"),
        ("partition:payments.in-3", "payments team"),
        ("topic:payments", ""),
        ("task:any-0", "data team"),
        ("topic:shared", "data team"),
        ("broker:1", ""),
    ],
)
def test_the_first_pattern_that_fits_counts(register: owners.Owners, name: str, owner: str) -> None:
    assert register.of(resource.parse(name)).name == owner


def test_without_a_file_nobody_owns_anything() -> None:
    assert owners.load(None).of(resource.parse("topic:x")) == person.NOBODY


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[owner]\n", ":1: not TOML"),
        ("[owner]\nname = 'x'\n", ":1: write [[owner]] with two brackets"),
        ("\n[[owner]]\nname = 'x'\n", ":2: resources lists"),
        ("[[owner]]\nresources = ['topic:x']\n", ":1: an owner needs a name"),
        ("[[owner]]\nname = 'x'\nresources = ['x']\n", ":1: 'x' is not KIND:PATTERN"),
        ("[[owner]]\nname = 'x'\nresources = ['moon:x']\n", ":1: 'moon:x' is not KIND:PATTERN"),
        ("[[owner]]\nname = 'x'\nowns = 1\n", ":1: an owner has no 'owns'"),
        ("[people]\n", ":1: there is no table people"),
    ],
)
def test_a_broken_register_is_told_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "owners.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(configuration.ConfigError) as caught:
        owners.load(file)
    assert str(caught.value.problems[0]).startswith(f"{file}{said}")
