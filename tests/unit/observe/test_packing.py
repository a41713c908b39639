"""What is packed is read back, whatever was read and whatever was not."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from headgate.observe import packing

OFFSETS = st.one_of(st.just(-1), st.integers(0, 5_000), st.integers(0, 2**62))


def tables(least: int = 1) -> st.SearchStrategy[np.ndarray]:
    shape = st.tuples(st.integers(least, 8), st.integers(1, 40))
    return shape.flatmap(lambda size: arrays.arrays(np.int64, size, elements=OFFSETS))


@given(tables())
def test_samples_are_read_back(table: packing.Values) -> None:
    before = base = None
    for row in table:
        body = packing.pack_row(row, before)
        before = packing.filled(row, before)
        opened = packing.unpack_row(body, base)
        assert opened is not None
        values, base = opened
        assert (values == row).all()


@given(tables())
def test_chunks_are_read_back(table: packing.Values) -> None:
    times = [1_700_000_000_000 + 60_000 * row for row in range(len(table))]
    at, values = packing.unpack_chunk(packing.pack_chunk(times, table))
    assert at.tolist() == times
    assert (values == table).all()


def test_a_sample_whose_forerunner_is_lost_is_not_made_up() -> None:
    first, second = np.array([5, 9], np.int64), np.array([6, -1], np.int64)
    body = packing.pack_row(second, first)
    assert packing.unpack_row(body, None) is None
    assert packing.unpack_row(body, np.zeros(3, np.int64)) is None


def test_busy_partitions_cost_two_bytes_a_sample_and_less_in_chunks() -> None:
    chance = np.random.default_rng(7)
    steps = chance.poisson(chance.lognormal(5, 1, 2_048) * 60, (61, 2_048))
    table = chance.integers(0, 10**10, 2_048) + np.cumsum(steps, axis=0)
    packed = [packing.pack_row(table[i], table[i - 1]) for i in range(1, 61)]
    assert sum(map(len, packed)) / (60 * 2_048) < 2.5
    assert len(packing.pack_chunk(list(range(61)), table)) / table.size < 2.2
