"""The page on breaking things has a heading for every fault and names every parameter."""

import re
from pathlib import Path

import pytest

from headgate.lab import faults
from headgate.lab.faults import interface
from headgate.lab.workloads import demo_set

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "break-things-in-the-lab.md"


def sections() -> dict[str, str]:
    parts = re.split(r"^### (\S+)\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_fault_has_a_heading_and_no_heading_is_stale() -> None:
    assert list(sections()) == list(faults.ALL)


@pytest.mark.parametrize("name", faults.ALL)
def test_every_parameter_of_a_fault_is_named_with_its_default(name: str) -> None:
    text = sections()[name]
    for each in interface.parameters(faults.ALL[name]):
        number = re.sub(r"\.0$", "", each.default)
        flag, setting = f"--{each.name} {number}`", f"--set {each.name}={number}`"
        assert flag in text or setting in text, f"{each.name}={number}"


def test_the_shop_is_described_as_it_is() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for topic in demo_set.TOPICS:
        [row] = [line for line in text.splitlines() if line.startswith(f"| `{topic.name}` ")]
        shape = row.replace("*", "").split("|")[2].split(";")[0].strip()
        wanted = (topic.partitions, topic.replicas, topic.config["min.insync.replicas"])
        assert shape == ", ".join(str(each) for each in wanted)
    for group in demo_set.CONSUMERS:
        assert f"group `{group.group}`" in text
    for service in demo_set.PRODUCERS:
        assert f"{service.name}, {service.rate_per_s:g}/s" in text
