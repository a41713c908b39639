"""The scenarios as a whole: apart from Headgate's judgement, and with codes that exist."""

import ast
import collections
from pathlib import Path

import pytest

from headgate.domain import vocabulary
from incidents import __main__ as program
from incidents import scenario, scenarios, stand

HOME = Path(scenario.__file__).parent
APART = sorted([*(HOME / "scenarios").glob("*.py"), *(HOME / "clients").glob("*.py")]) + [
    HOME / name for name in ("scenario.py", "stand.py", "background.py", "gauges.py", "baseline.py")
]
FORBIDDEN = ("headgate.detect", "headgate.diagnose", "headgate.observe", "headgate.app")
ALLOWED_DOMAIN = {"observation", "thresholds"}
"""For what people tell Headgate: announced deeds and declarations."""


@pytest.mark.parametrize("path", APART, ids=lambda path: path.name)
def test_what_breaks_things_knows_nothing_of_what_finds_them(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            assert not name.startswith(FORBIDDEN), name
            if name.startswith("headgate.domain"):
                assert name.rpartition(".")[2] in ALLOWED_DOMAIN, name


def test_names_are_unique_and_every_scenario_tells_what_breaks() -> None:
    counted = collections.Counter(each.name for each in scenarios.ALL)
    assert [name for name, count in counted.items() if count > 1] == []
    for each in scenarios.ALL:
        assert each.breaks.endswith("."), each.name


def test_there_are_enough_healthy_cases_and_a_quick_part() -> None:
    assert sum(1 for each in scenarios.ALL if each.kind == "healthy") >= 12
    assert 12 <= sum(1 for each in scenarios.ALL if each.quick) <= 24


def test_codes_in_scenarios_are_those_of_the_vocabulary() -> None:
    """Roots are known only once a scenario runs, so the literals of the modules are looked at."""
    codes = set(vocabulary.findings()) | set(vocabulary.causes())
    families = {code.partition(".")[0] for code in codes}
    for path in (HOME / "scenarios").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.keyword) or node.arg not in ("findings", "causes", "also"):
                continue
            for literal in ast.walk(node.value):
                if isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                    assert literal.value.partition(".")[0] in families, literal.value
                    assert literal.value in codes, f"{path.name}: {literal.value}"


def test_the_same_seed_draws_the_same_and_another_one_something_else() -> None:
    def drawn(seed: int, variant: int = 0) -> tuple[object, ...]:
        draw = scenario.Draw(seed, "slow-handlers", variant)
        return draw.name("orders", "refunds"), draw.real("rate", 10, 90), draw.whole("n", 1, 999)

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert drawn(1) != drawn(1, variant=1)
    part = scenario.Draw(1, "both", 0).part(0)
    assert part.tag != scenario.Draw(1, "both", 0).tag


def test_every_single_scenario_runs_in_two_variants_and_the_quick_part_in_one() -> None:
    runs = program.chosen(seed=3)
    counted = collections.Counter(one.scenario for one in runs)
    for each, count in counted.items():
        assert count == (2 if each.kind == "single" else 1), each.name
    quick = program.chosen(seed=3, quick=True)
    assert len(quick) == sum(1 for each in scenarios.ALL if each.quick)
    [only] = program.chosen(seed=3, only=["slow-hand"], variants=1)
    assert only.name.startswith("slow-handlers/")


def test_a_stand_says_what_it_owns() -> None:
    place = stand.Stand.__new__(stand.Stand)
    place.owned = set()
    place.own("orders-a1", "billing-a1")
    assert place.owned == {"orders-a1", "billing-a1"}
