"""Arrays that two processes see: one side's writes are the other's reads, and nothing is left."""

import gc
import os

import numpy as np
import pytest

from headgate.observe import shared

WIDE = shared.LEAST_BYTES // 8


def hand_over(arena: shared.Arena, mapped: shared.Mapped, place: shared.Place) -> None:
    descriptor, size = arena.descriptor(place.block)
    mapped.open(place.block, os.dup(descriptor), size)


def test_the_other_side_sees_the_same_bytes_and_cannot_write() -> None:
    arena, mapped = shared.Arena(), shared.Mapped()
    rows = arena.fresh((4, WIDE), np.int64)
    rows[:2] = np.arange(2 * WIDE).reshape(2, WIDE)
    place = arena.place(rows[1:2, ::3])
    assert place is not None
    hand_over(arena, mapped, place)
    there = mapped.array(place)
    assert there.tolist() == rows[1:2, ::3].tolist()
    rows[1, 0] = 7
    assert there[0, 0] == 7
    with pytest.raises(ValueError, match="read-only"):
        there[0, 0] = 1


def test_an_array_outlives_its_block_on_both_sides() -> None:
    arena, mapped = shared.Arena(), shared.Mapped()
    rows = arena.fresh((2, WIDE), np.int64)
    rows[:] = 5
    place = arena.place(rows[1:])
    assert place is not None
    hand_over(arena, mapped, place)
    there = mapped.array(place)
    part = rows[1:]
    del rows
    gc.collect()
    assert arena.place(part) == place
    del part
    gc.collect()
    assert arena.blocks == 0
    mapped.keep(())
    assert (there == 5).all()


def test_small_and_foreign_arrays_lie_in_no_block() -> None:
    arena = shared.Arena()
    held = arena.fresh((2, WIDE), np.int64)
    assert arena.place(arena.fresh((3,), np.int32)) is None
    assert arena.place(np.zeros(2 * WIDE)) is None
    assert arena.place(held[:0]) is None
    assert arena.blocks == 1
