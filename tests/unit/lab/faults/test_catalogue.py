"""The book of faults: once per target, from any terminal, until healed or repaired by others."""

import dataclasses
import json
import types
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, cast

import pytest

from headgate.domain import vocabulary
from headgate.lab import errors, faults
from headgate.lab import lab as lab_
from headgate.lab.faults import book, catalogue, interface

BROKEN: dict[str, str] = {}
"""What the toy faults have broken, by target."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Toy(interface.Fault):
    """Breaks a toy."""

    name: ClassVar[str] = "toy"
    does: ClassVar[str] = "Breaks a toy."
    seen: ClassVar[str] = "It is broken."
    heals: ClassVar[str] = "It is whole."
    expects: ClassVar[interface.Expected] = interface.Expected(findings=(), causes=())

    which: str = interface.option("bear", "which toy")
    times: int = interface.option(1, "how often")
    share: float = interface.option(0.5, "how much of it")

    @property
    def target(self) -> str:
        return self.which

    def break_(self, lab: lab_.Lab) -> interface.Broken:  # noqa: ARG002 - a toy
        if self.which == "anvil":
            raise interface.FaultError("An anvil does not break.")
        BROKEN[self.which] = str(self.times)
        over = self.which == "bubble"
        return interface.Broken(did=("Broke it.",), saved={"times": str(self.times)}, over=over)

    def present(self, lab: lab_.Lab, saved: interface.Saved) -> bool:  # noqa: ARG002 - a toy
        if self.which == "sealed box":
            raise errors.LabError("Nobody can look into it.")
        return self.which in BROKEN

    def heal(self, lab: lab_.Lab, saved: interface.Saved) -> interface.Sentences:  # noqa: ARG002 - a toy
        if self.which == "vase":
            raise interface.FaultError("There is no glue.")
        BROKEN.pop(self.which, None)
        return (f"Mended {saved['times']} breaks.",)


TOYS = catalogue.index((Toy,))


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[lab_.Lab]:
    BROKEN.clear()
    yield cast(lab_.Lab, types.SimpleNamespace(folder=tmp_path))
    BROKEN.clear()


def test_a_fault_is_injected_once_per_target(lab: lab_.Lab) -> None:
    assert catalogue.break_(lab, Toy(times=3)).changed
    again = catalogue.break_(lab, Toy(times=9))
    assert not again.changed
    assert "there already, since " in again.did[0]
    assert BROKEN == {"bear": "3"}
    assert catalogue.break_(lab, Toy(which="doll")).changed
    assert [each.target for each in catalogue.injected(lab, TOYS)] == ["bear", "doll"]


def test_another_terminal_heals_with_what_was_saved(lab: lab_.Lab) -> None:
    catalogue.break_(lab, Toy(times=3))
    other = cast(lab_.Lab, types.SimpleNamespace(folder=lab.folder))
    [outcome] = catalogue.heal(other, TOYS, "toy")
    assert outcome.changed
    assert outcome.did == ("Mended 3 breaks.",)
    assert catalogue.injected(lab, TOYS) == ()
    [nothing] = catalogue.heal(lab, TOYS, "toy")
    assert not nothing.changed
    assert "nothing to heal" in nothing.did[0]


def test_heal_takes_one_target_or_all(lab: lab_.Lab) -> None:
    for which in ("bear", "doll", "kite"):
        catalogue.break_(lab, Toy(which=which))
    assert [each.target for each in catalogue.heal(lab, TOYS, "toy", "doll")] == ["doll"]
    assert not catalogue.heal(lab, TOYS, "toy", "doll")[0].changed
    assert {each.target for each in catalogue.heal_all(lab, TOYS)} == {"bear", "kite"}
    assert catalogue.heal_all(lab, TOYS) == ()


def test_what_somebody_else_repaired_can_be_broken_again(lab: lab_.Lab) -> None:
    catalogue.break_(lab, Toy())
    BROKEN.clear()  # repaired by somebody who knows no book
    assert catalogue.injected(lab, TOYS) == ()
    assert catalogue.break_(lab, Toy()).changed
    assert len(catalogue.injected(lab, TOYS)) == 1


def test_where_nobody_can_look_the_book_counts(lab: lab_.Lab) -> None:
    catalogue.break_(lab, Toy(which="sealed box"))
    assert not catalogue.break_(lab, Toy(which="sealed box")).changed


def test_a_fault_that_is_over_leaves_no_trace(lab: lab_.Lab) -> None:
    assert catalogue.break_(lab, Toy(which="bubble")).changed
    assert book.active(lab.folder) == ()


def test_a_fault_that_failed_leaves_no_trace(lab: lab_.Lab) -> None:
    with pytest.raises(interface.FaultError, match="anvil"):
        catalogue.break_(lab, Toy(which="anvil"))
    assert book.active(lab.folder) == ()


def test_a_fault_that_could_not_be_healed_stays_in_the_book(lab: lab_.Lab) -> None:
    catalogue.break_(lab, Toy(which="vase"))
    with pytest.raises(interface.FaultError, match="glue"):
        catalogue.heal(lab, TOYS, "toy")
    assert [each.target for each in catalogue.injected(lab, TOYS)] == ["vase"]


def test_the_book_is_read_by_its_owner_only(lab: lab_.Lab) -> None:
    catalogue.break_(lab, Toy(which="a/b c"))
    [page] = (lab.folder / book.FOLDER).glob("*.json")
    assert page.stat().st_mode & 0o077 == 0  # it may hold a connector's password
    assert json.loads(page.read_text())["target"] == "a/b c"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"colour": "red"}, "no parameter 'colour'"),
        ({"times": "often"}, "must be a number"),
        ({"times": "-1"}, "must not be negative"),
        ({"times": "1.5"}, "must be a number"),
    ],
)
def test_bad_parameters_are_named(given: dict[str, str], says: str) -> None:
    with pytest.raises(interface.BadParameter, match=says):
        interface.build(Toy, given)


def test_parameters_survive_as_texts() -> None:
    fault = Toy(which="doll", times=4, share=0.25)
    assert interface.build(Toy, interface.texts(fault)) == fault


def test_an_unknown_fault_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(interface.NoSuchFault) as caught:
        catalogue.find(faults.ALL, "poison")
    assert "poison-record" in caught.value.next_step


@pytest.mark.parametrize("name", faults.ALL)
def test_every_fault_says_what_it_does_and_what_to_expect(name: str) -> None:
    kind = faults.ALL[name]
    assert kind().target
    for text in (kind.does, kind.seen, kind.heals, *kind.does.splitlines()):
        assert text.endswith("."), text
    for parameter in interface.parameters(kind):
        assert parameter.means, parameter.name
        assert parameter.kind in ("int", "float", "str")
    assert kind.expects.findings
    assert set(kind.expects.findings) <= set(vocabulary.findings())
    assert set(kind.expects.causes) <= set(vocabulary.causes())
    for cause in kind.expects.causes:
        assert set(vocabulary.causes()[cause].explains) & set(kind.expects.findings), cause
