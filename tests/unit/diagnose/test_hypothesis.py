"""The one place that ranks causes: each row of its table."""

from typing import Any

import numpy as np
import pytest

from headgate.diagnose import hypothesis
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain.unknown import Unknown

UNREAD = Unknown("nobody looked")


@pytest.mark.parametrize(
    ("predictions", "verdict", "agreement"),
    [
        ([requires("a", True, "f1")], "likely", 1),
        ([requires("a", False, "f1"), decides("b", True, "f2")], "ruled_out", 2),
        ([requires("a", UNREAD), expects("b", True, "f2")], "possible", 1),
        ([expects("a", True), expects("b", False)], "possible", 0),
        ([expects("a", True), expects("b", True), expects("c", False)], "likely", 1),
        ([decides("a", True), expects("b", True)], "confirmed", 4),
        ([decides("a", True), expects("b", False)], "likely", 2),
        ([decides("a", False), expects("b", True)], "likely", 1),
        ([decides("a", UNREAD)], "possible", 0),
        ([], "possible", 0),
    ],
)
def test_a_verdict_is_what_the_predictions_come_to(
    predictions: list[hypothesis.Prediction], verdict: str, agreement: int
) -> None:
    found = hypothesis.judge(predictions)
    assert (found.verdict, found.agreement) == (verdict, agreement)


def test_what_held_what_failed_and_what_was_not_read_is_told() -> None:
    found = hypothesis.judge(
        [
            requires("members stay", True, "e1"),
            expects("polls are rare", UNREAD),
            expects("lag grows", False, "e2"),
            decides("the log says so", False, "e3"),
        ]
    )
    assert found.for_ == ("e1",)
    assert found.against == ("e2",)
    assert found.not_looked_at == ("polls are rare: nobody looked",)


def test_a_truth_out_of_an_array_is_one_of_pythons() -> None:
    seen: Any = np.bool_(True)
    assert requires("it is so", seen).seen is True
