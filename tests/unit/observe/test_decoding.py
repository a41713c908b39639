"""A record is judged by the format of its neighbours, and nothing of its contents is repeated."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain.unknown import Unknown
from headgate.observe import decoding


def framed(schema: int, body: bytes = b"\x02\x06abc") -> bytes:
    return struct.pack(">bI", 0, schema) + body


OBJECTS = [b'{"id": %d, "total": 12.5}' % number for number in range(5)]
FRAMED = [framed(7) for _ in range(5)]
FRAMED_JSON = [framed(7, body) for body in OBJECTS]
WORDS = [b"2026-11-21 04:00:0%d order placed" % number for number in range(5)]
BINARY = [bytes([200 + number, 129, 255, 0, 1]) for number in range(5)]
LAB_POISON = b"\x00\x00\x00\x03\xe7 not what the consumer expects"


def judge(value: bytes | None, neighbours: list[bytes]) -> tuple[bool | Unknown, str, str]:
    answer = decoding.judge(
        decoding.Suspect(value=value, keyed=True), neighbours[:2], neighbours[2:]
    )
    return answer.decodes, answer.format, answer.why


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (LAB_POISON, "not JSON: it begins like a record framed with schema id 999"),
        (b"\xff\xfe", "not JSON: not UTF-8 at byte 0"),
        (b'{"id": 1', "not JSON: Expecting ',' delimiter at character 8"),
        (b"", "not JSON: it is empty"),
        (b"NaN", "not JSON: NaN is no JSON value"),
        (b'{"a": Infinity}', "not JSON: Infinity is no JSON value"),
        (b"[" * 100_000, "not JSON that can be read: nested too deeply"),
    ],
)
def test_not_json_among_json(value: bytes, why: str) -> None:
    assert judge(value, OBJECTS) == (False, "json", why)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b'{"id": 9, "total": 1e400, "note": "x"}', ""),
        (b'{"id": ' + b"9" * 5000 + b', "total": 1}', ""),
        (b'{"id": 9}', "valid JSON, but it lacks 1 field that all 5 neighbours have"),
        (b"{}", "valid JSON, but it lacks 2 fields that all 5 neighbours have"),
        (b'"hello"', "valid JSON, but not an object as its neighbours are"),
    ],
)
def test_json_among_json(value: bytes, why: str) -> None:
    assert judge(value, OBJECTS) == (True, "json", why)


def test_bare_numbers_are_text_not_json() -> None:
    numbers = [b"17", b"18", b"19", b"20"]
    assert judge(b"n/a", numbers) == (True, "text", "")
    assert judge(b"\x00\x01", numbers) == (False, "text", "not text: a control character at 0")


def test_not_framed_among_framed() -> None:
    assert judge(b'{"id": 1}', FRAMED) == (
        False,
        "confluent-schema",
        "not framed with a schema id as its neighbours are: its first bytes are none",
    )
    assert judge(b"", FRAMED)[2].endswith("it is empty")


def test_a_schema_id_that_no_neighbour_carries() -> None:
    decodes, _, why = judge(framed(999), FRAMED)
    assert decodes is False
    assert why == "schema id 999, which no neighbour carries (most carry 7)"


def test_a_new_schema_id_at_the_end_of_the_log_may_be_a_new_schema() -> None:
    answer = decoding.judge(decoding.Suspect(value=framed(8), keyed=False), FRAMED, [])
    assert isinstance(answer.decodes, Unknown)
    assert "schema id 8 is new here" in answer.decodes.reason


def test_a_framed_body_that_is_not_json_cannot_be_judged_without_the_registry() -> None:
    decodes, shared, _ = judge(framed(7), FRAMED)
    assert isinstance(decodes, Unknown)
    assert "registry" in decodes.reason
    assert shared == "confluent-schema"


def test_a_framed_json_body_is_judged() -> None:
    assert judge(FRAMED_JSON[0], FRAMED_JSON) == (True, "confluent-schema", "")
    decodes, _, why = judge(framed(7, b"oops"), FRAMED_JSON)
    assert decodes is False
    assert why.startswith("framed with schema id 7 as its neighbours, but not JSON")


def test_text_and_binary() -> None:
    assert judge(b"a line", WORDS) == (True, "text", "")
    assert judge(b"\xff", WORDS) == (False, "text", "not text: not UTF-8 at byte 0")
    decodes, shared, _ = judge(b"anything", BINARY)
    assert (shared, isinstance(decodes, Unknown)) == ("binary", True)


def test_without_a_common_format_or_enough_neighbours_nothing_is_said() -> None:
    mixed = [OBJECTS[0], OBJECTS[1], BINARY[0], BINARY[1]]
    decodes, shared, _ = judge(b"x", mixed)
    assert (shared, str(decodes)) == ("unknown", "not known: its neighbours share no format")
    decodes, shared, _ = judge(b"x", OBJECTS[:1])
    assert (shared, isinstance(decodes, Unknown)) == ("unknown", True)


def test_one_more_bad_record_nearby_does_not_hide_the_format() -> None:
    decodes, shared, _ = judge(LAB_POISON, [*OBJECTS, LAB_POISON])
    assert (decodes, shared) == (False, "json")


def test_a_tombstone_is_not_called_broken() -> None:
    decodes, shared, _ = judge(None, OBJECTS)
    assert (shared, isinstance(decodes, Unknown)) == ("json", True)


def test_size_key_and_neighbours_are_told() -> None:
    answer = decoding.judge(decoding.Suspect(value=b"xyz", keyed=True), OBJECTS, OBJECTS)
    assert (answer.size_bytes, answer.keyed, answer.neighbours) == (3, True, 10)


json_objects = st.dictionaries(
    st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text(max_size=8)
)


@given(json_objects, st.lists(json_objects, min_size=2, max_size=8))
def test_every_json_object_decodes_among_json_objects(
    suspect: dict[str, object], others: list[dict[str, object]]
) -> None:
    decodes, shared, _ = judge(
        json.dumps(suspect).encode(), [json.dumps(other).encode() for other in others]
    )
    assert (decodes, shared) == (True, "json")


@given(st.binary(max_size=60), st.lists(st.binary(max_size=60), max_size=8))
def test_any_bytes_get_an_answer(suspect: bytes, others: list[bytes]) -> None:
    answer = decoding.judge(decoding.Suspect(value=suspect, keyed=False), others, others)
    assert answer.exists is True
    assert (answer.format == "unknown") <= isinstance(answer.decodes, Unknown)
    assert (answer.decodes is False) <= bool(answer.why)


@given(st.text("qzjxkv", min_size=6, max_size=20))
def test_the_reason_quotes_nothing_of_the_record(word: str) -> None:
    for neighbours in (OBJECTS, FRAMED, FRAMED_JSON, WORDS, BINARY):
        for value in (word.encode(), b"\xff" + word.encode(), framed(7, word.encode())):
            decodes, _, why = judge(value, neighbours)
            assert word not in why
            assert word not in str(decodes)
