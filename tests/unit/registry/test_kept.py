"""Subjects come due again by how many there are, and never later than within the longest time."""

import pytest

from headgate.domain import registry
from headgate.registry import kept


def subject(number: int) -> registry.Subject:
    return registry.Subject(
        name=f"subject-{number}", versions=(), compatibility="BACKWARD", mode="READWRITE"
    )


@pytest.mark.parametrize(
    ("count", "least_s", "most_s"), [(3, 4, 8), (60, 10, 60), (9_000, 1_800, 3_600)]
)
def test_the_fewer_there_are_the_sooner_each_is_asked_about(
    count: int, least_s: float, most_s: float
) -> None:
    held = kept.Kept(3_600.0)
    names = [subject(number).name for number in range(count)]
    held.settle(names, names)
    for number in range(count):
        held.put(subject(number), now=0.0)
    assert not held.wanted(names, least_s - 1)
    assert len(held.wanted(names, most_s)) == count
