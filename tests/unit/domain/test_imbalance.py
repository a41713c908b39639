"""How unevenly partitions are used."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain import imbalance


def test_one_partition_that_has_most_and_topics_that_have_nothing() -> None:
    values = np.array([10.0, 10, 10, 70, 5, 5, 0, 0, np.nan, 9])
    topic = np.array([0, 0, 0, 0, 1, 1, 2, 2, 3, -1])
    found = imbalance.of(values, topic, 5)
    assert found.count.tolist() == [4, 2, 2, 0, 0]
    assert found.busiest[[0, 3, 4]].tolist() == [3, -1, -1]
    assert found.median.tolist() == [10, 5, 0, 0, 0]
    np.testing.assert_allclose(found.share, [0.7, 0.5, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(found.ratio, [7, 1, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(found.gini, [0.45, 0, np.nan, np.nan, np.nan], atol=1e-12)
    alone = imbalance.of(np.array([0.0, 0, 8]), np.zeros(3, np.int32), 1)
    assert (alone.share[0], alone.ratio[0]) == (1, np.inf)
    assert alone.gini[0] == pytest.approx(2 / 3)


@given(st.lists(st.lists(st.integers(0, 1_000), min_size=1, max_size=9), min_size=1, max_size=5))
def test_each_topic_is_as_if_it_were_alone(topics: list[list[int]]) -> None:
    values = np.array([v for one in topics for v in one], np.float64)
    topic = np.array([place for place, one in enumerate(topics) for _ in one])
    found = imbalance.of(values, topic, len(topics))
    for place, one in enumerate(topics):
        assert found.median[place] == np.median(one)
        assert values[found.busiest[place]] == max(one)
        if sum(one):
            pairs = sum(abs(a - b) for a in one for b in one)
            assert found.gini[place] == pytest.approx(pairs / (2 * len(one) * sum(one)))
