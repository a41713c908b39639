"""Columns of the history: kept while a name is there, given again after it."""

from headgate.observe import slots
from headgate.ports import series

A, B, C = (slots.Key("", name, f"id-{name}") for name in "abc")


def test_names_keep_their_columns_and_new_ones_come_behind() -> None:
    held = slots.Slots(())
    changed = held.follow({A: 3, B: 2}, 1_000)
    assert [(one.name, one.first, one.width) for one in changed] == [("a", 0, 3), ("b", 3, 2)]
    assert held.follow({A: 3, B: 2, C: 4}, 2_000)[0].first == 5
    assert held.follow({A: 3, B: 2, C: 4}, 3_000) == ()
    assert held.size == 9


def test_a_name_that_is_gone_for_long_gives_its_columns_away() -> None:
    held = slots.Slots(())
    held.follow({A: 3, B: 2}, 1_000)
    assert held.follow({B: 2}, 1_000 + slots.GRACE_MS) == ()
    (ended,) = held.follow({B: 2}, 1_001 + slots.GRACE_MS)
    assert (ended.name, ended.until_ms) == ("a", 1_000)
    (made,) = held.follow({B: 2, C: 3}, 1_002 + slots.GRACE_MS)
    assert (made.name, made.first) == ("c", 0)


def test_a_topic_that_grows_moves_as_a_whole() -> None:
    held = slots.Slots(())
    held.follow({A: 3, B: 2}, 1_000)
    ended, made = held.follow({A: 5, B: 2}, 2_000)
    assert (ended.first, ended.until_ms) == (0, 1_999)
    assert (made.first, made.width, made.from_ms) == (5, 5, 2_000)


def test_names_go_on_after_a_restart() -> None:
    before = slots.Slots(())
    names: tuple[series.Name, ...] = before.follow({A: 3, B: 2}, 1_000)
    after = slots.Slots(names)
    assert after.follow({A: 3, B: 2}, 9_000) == ()
    assert (after.first(A), after.first(B)) == (0, 3)
