"""Commits as columns, against the rows that they are told as."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain import layout
from headgate.domain.resource import TopicPartition
from headgate.observe import columns
from headgate.ports import kafka

names = st.builds(TopicPartition, st.sampled_from(["a", "b", "c", "gone"]), st.integers(-1, 4))
told = st.dictionaries(names, st.integers(0, 9))
answers = st.dictionaries(
    st.sampled_from(["g1", "g2", "g3"]),
    told | st.builds(lambda: kafka.Failure(code=0, name="UNREAD", reason="late")),
)


def listed(*widths: int) -> layout.Partitions:
    count = sum(widths)
    none = np.zeros(count, np.int32)
    return layout.Partitions(
        topics=tuple("abc"[: len(widths)]),
        topic_ids=tuple("xyz"[: len(widths)]),
        internal=np.zeros(len(widths), np.bool_),
        first=np.cumsum([0, *widths]).astype(np.int32),
        leader=none,
        leader_epoch=none,
        replica_start=np.zeros(count + 1, np.int32),
        replicas=none[:0],
        isr_start=np.zeros(count + 1, np.int32),
        isr=none[:0],
    )


@given(st.lists(st.integers(0, 4), max_size=3), answers)
def test_each_commit_on_a_listed_partition_has_its_row(
    widths: list[int], answer: dict[str, Any]
) -> None:
    partitions = listed(*widths)
    found, missing = columns.commits(partitions, answer)
    read = {name: held for name, held in answer.items() if not isinstance(held, kafka.Failure)}
    assert found.groups == tuple(sorted(read))
    assert [one.what for one in missing] == [f"group:{x}" for x in sorted(set(answer) - set(read))]
    rows = sorted(
        (found.groups.index(group), ordinal, offset)
        for group, held in read.items()
        for name, offset in held.items()
        if (ordinal := partitions.ordinal(name)) is not None
    )
    assert rows == list(
        zip(found.group_index.tolist(), found.ordinal.tolist(), found.offset.tolist(), strict=True)
    )
    assert found.group_index.dtype.name == found.ordinal.dtype.name == "int32"
    assert found.offset.dtype.name == "int64"
