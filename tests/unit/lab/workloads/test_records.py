"""The shop's records decode strictly, a poison record never does, and keys follow the skew."""

import collections
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.lab.workloads import consumer, pace, records


def draw(number: int = 1) -> records.Draw:
    return records.Draw(number=number, key="customer-1", at_ms=1_000, chance=random.Random(1))


@pytest.mark.parametrize("kind", sorted(records.KINDS))
def test_each_kind_decodes_and_is_repeatable(kind: str) -> None:
    first = records.make(kind, draw(), source="storefront", keyed=True)
    assert first == records.make(kind, draw(), source="storefront", keyed=True)
    assert first.key == b"customer-1"
    assert records.decode(first.value)
    assert records.make(kind, draw(), source="storefront", keyed=False).key is None


@pytest.mark.parametrize("kind", sorted(records.KINDS))
def test_an_undecodable_record_never_decodes(kind: str) -> None:
    for number in range(50):
        bad = records.undecodable(kind, draw(number), source="storefront")
        with pytest.raises(records.Undecodable):
            records.decode(bad.value)


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"nul", b"[1]", b'{"a": NaN}', b"7"])
def test_the_decoder_is_strict(value: bytes | None) -> None:
    with pytest.raises(records.Undecodable):
        records.decode(value)


def test_enriched_orders_fit_their_schema() -> None:
    body = records.enriched(draw())
    payload = body["payload"]
    assert isinstance(payload, dict)
    fields = records.ENRICHED_SCHEMA["fields"]
    assert isinstance(fields, list)
    assert [each["field"] for each in fields] == list(payload)


def test_the_hot_key_takes_its_share() -> None:
    chance = random.Random(3)
    keys = collections.Counter(
        records.choose_key(chance, keys=100, hot_share=0.8) for _ in range(5_000)
    )
    assert 0.77 < keys["customer-7"] / 5_000 < 0.84
    assert len(keys) > 90


@given(rates=st.lists(st.floats(0, 500), min_size=1, max_size=40))
def test_the_pace_never_owes_a_whole_record(rates: list[float]) -> None:
    steady, now_s, owed = pace.Pace(now_s=0.0), 0.0, 0.0
    written = 0
    for rate in rates:
        now_s += 0.2
        owed += 0.2 * rate
        written += steady.due(now_s=now_s, rate_per_s=rate)
        assert -0.01 <= owed - written < 1.01


def test_the_pace_does_not_rush_after_a_pause() -> None:
    steady = pace.Pace(now_s=0.0)
    assert steady.due(now_s=1_000.0, rate_per_s=10) == 10


@pytest.mark.parametrize(("work_ms", "size"), [(0, 200), (2, 200), (10, 50), (500, 1), (9_000, 1)])
def test_a_batch_is_half_a_second_of_work_at_most(work_ms: float, size: int) -> None:
    assert consumer.batch_size(work_ms) == size
