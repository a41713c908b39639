"""Log dirs of any size and from newer brokers, decoded into columns."""

import struct
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kio.schema.describe_log_dirs import v2, v4, v5
from tests.unit.kafka import oracle

from headgate.domain import layout
from headgate.kafka import rows, storage

NAMES = st.text("abcXYZ019._-", min_size=1, max_size=20)


def listed(counts: dict[str, int]) -> layout.Partitions:
    names = sorted(counts)
    first = np.cumsum([0, *(counts[name] for name in names)]).astype(np.int32)
    total = int(first[-1])
    ones, starts = np.ones(total, np.int32), np.arange(total + 1, dtype=np.int32)
    return layout.Partitions(
        topics=tuple(names),
        topic_ids=("",) * len(names),
        internal=np.zeros(len(names), np.bool_),
        first=first,
        leader=ones,
        leader_epoch=ones,
        replica_start=starts,
        replicas=ones,
        isr_start=starts,
        isr=ones,
    )


@pytest.mark.parametrize(("module", "version"), [(v2, 2), (v4, 4), (v5, 5)])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_replicas_are_read_as_kio_writes_them(
    module: object, version: int, data: st.DataObject
) -> None:
    response = module.response  # type: ignore[attr-defined]  # one of kio's modules
    message = data.draw(oracle.entities(response.DescribeLogDirsResponse))
    told = storage.replicas(oracle.encode(message), version, 7)
    assert [one.path for one in told.dirs] == [result.log_dir for result in message.results]
    rows_ = [
        (place, topic.name, part)
        for place, result in enumerate(message.results)
        for topic in result.topics
        for part in topic.partitions
    ]
    assert told.place.tolist() == [place for place, _, _ in rows_]
    assert [told.topics[x] for x in told.topic.tolist()] == [name for _, name, _ in rows_]
    assert told.told["size"].tolist() == [part.partition_size for _, _, part in rows_]
    assert told.told["lag"].tolist() == [part.offset_lag for _, _, part in rows_]
    assert told.told["future"].tolist() == [part.is_future_key for _, _, part in rows_]


def encoded(topics: dict[str, int], *, tagged: bool = False) -> bytes:
    """One dir with those topics; a newer broker may add a tagged field to each replica."""
    tags = b"\x01\x09\x02hi" if tagged else b"\x00"
    parts = [struct.pack(">ih", 0, 0), rows.varint(2), struct.pack(">h", 0)]
    parts += [rows.varint(6), b"/data", rows.varint(len(topics) + 1)]
    for name, count in topics.items():
        parts += [rows.varint(len(name) + 1), name.encode(), rows.varint(count + 1)]
        parts += [struct.pack(">iqqb", n, 10 + n, n, 0) + tags for n in range(count)]
        parts.append(b"\0")
    return b"".join([*parts, struct.pack(">qqb", 100, 50, 0), b"\0\0"])


def test_tagged_fields_of_a_newer_broker_change_nothing() -> None:
    topics = {"a": 3, "b": 1}
    plain, newer = (
        storage.columns(listed(topics), [storage.replicas(encoded(topics, tagged=tagged), 5, 1)])
        for tagged in (False, True)
    )
    assert plain.size_bytes.tolist() == newer.size_bytes.tolist() == [10, 11, 12, 10]
    assert plain.ordinal.tolist() == newer.ordinal.tolist() == [0, 1, 2, 3]


@settings(max_examples=100, deadline=None)
@given(
    counts=st.dictionaries(NAMES, st.integers(1, 5), min_size=1, max_size=4),
    lost=st.integers(1, 400),
)
def test_an_answer_cut_anywhere_is_an_error_of_the_decoder_and_nothing_else(
    counts: dict[str, int], lost: int
) -> None:
    whole = encoded(counts)
    cut = whole[: max(len(whole) - lost, 0)]
    with pytest.raises((IndexError, ValueError, struct.error)):
        storage.replicas(cut, 5, 1)


def test_a_hundred_thousand_partitions_thrice_are_quick() -> None:
    """0.1 s on an idle machine; an object for each replica would take some seconds."""
    topics = {f"topic-{number:05}": 50 for number in range(2000)}
    data, partitions = encoded(topics), listed(topics)
    started = time.process_time()
    told = [storage.replicas(data, 5, broker) for broker in (3, 1, 2)]
    found = storage.columns(partitions, told)
    assert time.process_time() - started < 1.5
    assert len(found.ordinal) == 300_000
    assert found.ordinal[:6].tolist() == [0, 0, 0, 1, 1, 1]
    assert [found.dirs[x].broker for x in found.place[:3].tolist()] == [1, 2, 3]
