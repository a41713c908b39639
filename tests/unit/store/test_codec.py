"""What is stored comes back equal, ``Unknown`` in every union included."""

from datetime import UTC
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from headgate.domain import change, evidence, facts, incident, observation, person
from headgate.domain.unknown import Unknown
from headgate.ports import store
from headgate.store import codec

texts = st.text(max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | texts | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
objects = st.dictionaries(texts, json_values, max_size=3)
numbers = st.floats(allow_nan=False)  # not a number equals nothing, itself included
times = st.datetimes(timezones=st.just(UTC))


def _operations() -> st.SearchStrategy[change.Operation]:
    return st.builds(change.Operation, arguments=objects)


st.register_type_strategy(change.Operation, _operations())
st.register_type_strategy(change.Precondition, st.builds(change.Precondition, arguments=objects))
st.register_type_strategy(change.Check, st.builds(change.Check, arguments=objects, hold_s=numbers))
for known in (evidence.Evidence, change.Approval, change.Entry):
    st.register_type_strategy(known, st.builds(known, at=times))

values: st.SearchStrategy[Any] = st.one_of(
    st.booleans(), st.integers(), st.floats(allow_nan=False), texts, st.builds(Unknown, texts)
)

CHANGES = st.builds(
    change.Change,
    parameters=objects,
    proposed_at=times,
    expires_at=times,
    state_since=times,
    started_at=st.none() | times,
    finished_at=st.none() | times,
    plan=st.builds(
        change.Plan,
        steps=st.lists(st.builds(change.Step), max_size=2).map(tuple),
        differences=st.lists(st.builds(change.Difference), max_size=2).map(tuple),
        verify_within_s=numbers,
        facts=st.builds(
            facts.Facts,
            evidence_at=st.none() | times,
            evidence_age_s=numbers,
            evidence_limit_s=numbers,
            pause_s=numbers | st.builds(Unknown, texts),
        ),
        evidence=st.lists(st.builds(evidence.Evidence, at=times, value=values), max_size=2).map(
            tuple
        ),
    ),
)


def same(kind: Any, value: object) -> None:
    back = codec.decode(kind, codec.encode(kind, value), where="test")
    assert back == value


@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.too_slow], deadline=None)
@hypothesis.given(CHANGES)
def test_any_change_comes_back(item: change.Change) -> None:
    same(change.Change, item)


@hypothesis.given(values)
def test_any_value_of_evidence_comes_back_as_what_it_was(value: Any) -> None:
    item = evidence.Evidence(id="e", what="w", value=value, source="kafka", at=NOW)
    back = codec.decode(evidence.Evidence, codec.encode(evidence.Evidence, item), where="test")
    assert type(back.value) is type(value), "true is not 1, and 1 is not 1.0"
    assert back == item


@pytest.mark.parametrize("number", [float("inf"), float("-inf")])
def test_numbers_without_end_come_back(number: float) -> None:
    item = evidence.Evidence(id="e", what="w", value=number, source="kafka", at=NOW)
    same(evidence.Evidence, item)


@pytest.mark.parametrize(
    "field", [name for name, hint in facts.Facts.__annotations__.items() if "Unknown" in str(hint)]
)
def test_unknown_survives_in_every_fact(field: str) -> None:
    given: dict[str, Any] = {field: Unknown("not read")}
    item = facts.Facts(
        reversibility="reversible",
        undo_saved=True,
        environment="lab",
        evidence_at=None,
        evidence_age_s=0.0,
        evidence_limit_s=15.0,
        complete=True,
        **given,
    )
    back = codec.decode(facts.Facts, codec.encode(facts.Facts, item), where="test")
    assert getattr(back, field) == Unknown("not read")
    assert back == item


@pytest.mark.parametrize(
    "undo",
    [
        None,
        change.CannotUndo(reason="it is sent"),
        change.Operation(kind="set", arguments={"reason": "x"}, sentence="back"),
    ],
)
def test_an_undo_comes_back_as_what_it_was(undo: Any) -> None:
    do = change.Operation(kind="set", sentence="there")
    same(change.Step, change.Step(do=do, undo=undo))


def test_half_a_surrogate_pair_is_replaced() -> None:
    item = person.Owner(name="a \udce9", contact="\ud800")
    back = codec.decode(person.Owner, codec.encode(person.Owner, item), where="test")
    assert back == person.Owner(name="a ?", contact="?")


def test_what_is_not_such_a_value_is_named_with_its_place() -> None:
    with pytest.raises(store.StoreError, match="change c1 cannot be read: Field required at id"):
        codec.decode(change.Change, '{"plan": 3}', where="change c1")
    with pytest.raises(store.StoreError):
        codec.decode(incident.Incident, "not JSON", where="incident i1")


def test_what_an_older_headgate_wrote_gets_the_defaults() -> None:
    back = codec.decode(
        observation.Planned,
        '{"at":"2026-03-01T12:00:00Z","what":"w","resource":"r","gone":1}',
        where="test",
    )
    assert back == observation.Planned(at=NOW, what="w", resource="r")


@hypothesis.given(times, times)
def test_times_sort_as_their_text_does(one: Any, other: Any) -> None:
    assert codec.read_instant(codec.instant(one)) == one
    assert (one < other) == (codec.instant(one) < codec.instant(other))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without its zone"):
        codec.instant(NOW.replace(tzinfo=None))


NOW = codec.read_instant("2026-03-01T12:00:00.000000Z")
