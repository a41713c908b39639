"""Names of partitions and tasks stay on one line of a heading, and nothing of them is trusted."""

import pytest

from headgate.console import render


def shown(text: str) -> str:
    source = '{% import "parts/macros.html" as m %}{{ m.whole(text) }}'
    return render.environment().from_string(source).render(text=text)


def test_a_partition_is_one_piece() -> None:
    assert shown("billing is stuck on orders-0: <b>") == (
        'billing is stuck on <span class="hg-whole">orders-0</span>: &lt;b&gt;'
    )


@pytest.mark.parametrize(
    "text",
    ["", "billing", "3 of 4", "-", "a-very-long-topic-name-that-no-phone-could-show-17 fails"],
)
def test_what_has_no_number_or_is_too_long_may_break(text: str) -> None:
    assert shown(text) == text
