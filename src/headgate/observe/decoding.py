"""Judges whether a record decodes in the format that its neighbours share, keeping no contents.

Headgate does not know what a consumer expects. The records around a suspect tell it: if ten of
them are JSON and the suspect is not, a consumer that reads JSON fails on it. What cannot be judged
this way (binary without framing, a body that needs the schema registry) is said to be unknown.
"""

import json
import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from headgate.domain import diagnosis
from headgate.domain.unknown import Unknown

Format = Literal["confluent-schema", "json", "text", "binary", "unknown"]

FEWEST_NEIGHBOURS = 2
"""With fewer there is no common format to compare with."""

_AGREEMENT = 0.8
"""Share of the neighbours that must decode in a format for it to count as theirs: a second bad
record near the first must not hide it."""

_FRAME = struct.Struct(">bI")
"""Confluent's framing: a zero byte, then the id of the schema."""

_NAMES = {"json": "JSON", "text": "text"}

_PRINTED_CONTROLS = frozenset("\t\n\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """The record to be judged."""

    value: bytes | None
    keyed: bool


class NotDecoded(ValueError):
    """The value is not in the format; the text says where it fails and quotes nothing of it."""


def judge(
    suspect: Suspect, before: Sequence[bytes | None], after: Sequence[bytes | None]
) -> diagnosis.RecordAnswer:
    """Whether the suspect decodes as its neighbours do.

    ``before`` and ``after`` are the values of the records around it; None is a tombstone and says
    nothing about a format.
    """
    values = [value for value in (*before, *after) if value is not None]
    shared, decoded = common_format(values)
    decodes, why = _verdict(suspect.value, shared, values, [v for v in after if v is not None])
    return diagnosis.RecordAnswer(
        exists=True,
        decodes=decodes,
        format=shared,
        why=why,
        neighbours=decoded,
        size_bytes=len(suspect.value or b""),
        keyed=suspect.keyed,
    )


def common_format(values: Sequence[bytes]) -> tuple[Format, int]:
    """The most telling format that the values share, and how many of them decode in it."""
    if len(values) < FEWEST_NEIGHBOURS:
        return "unknown", 0
    framed = sum(1 for value in values if schema_id(value) is not None)
    structured = sum(1 for value in values if _is_structured(value))
    texts = sum(1 for value in values if _decodes_as_text(value))
    binary = len(values) - texts
    counts: tuple[tuple[Format, int], ...] = (
        ("confluent-schema", framed),
        ("json", structured),
        ("text", texts),
        ("binary", binary),
    )
    for name, count in counts:
        if count >= FEWEST_NEIGHBOURS and count >= _AGREEMENT * len(values):
            return name, count
    return "unknown", 0


def schema_id(value: bytes) -> int | None:
    """The id in Confluent's framing; None where the value is not framed."""
    if len(value) < _FRAME.size or value[0] != 0:
        return None
    return int(_FRAME.unpack_from(value)[1])


def parse_json(value: bytes) -> object:
    """The JSON value, strictly: UTF-8 without a byte order mark, no NaN, no Infinity.

    Raises:
        NotDecoded: it is none.
    """
    try:
        # Numbers are only recognised, not computed: a long one would cost time and is still JSON.
        return json.loads(
            value.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_int=len,
            parse_float=len,
        )
    except UnicodeDecodeError as error:
        raise NotDecoded(f"not JSON: not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        if not value.strip():
            raise NotDecoded("not JSON: it is empty") from None
        raise NotDecoded(f"not JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise NotDecoded("not JSON that can be read: nested too deeply") from None


def parse_text(value: bytes) -> str:
    """The text: UTF-8 without control characters other than tab and line ends.

    Raises:
        NotDecoded: it is none.
    """
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotDecoded(f"not text: not UTF-8 at byte {error.start}") from None
    for place, character in enumerate(text):
        if (character < " " and character not in _PRINTED_CONTROLS) or character == "\x7f":
            raise NotDecoded(f"not text: a control character at {place}")
    return text


def _verdict(
    value: bytes | None, shared: Format, values: Sequence[bytes], after: Sequence[bytes]
) -> tuple[bool | Unknown, str]:
    if value is None:
        return Unknown("it has no value (a tombstone), so there is nothing to decode"), ""
    if shared == "unknown":
        if len(values) < FEWEST_NEIGHBOURS:
            return Unknown(f"only {len(values)} of its neighbours could be read"), ""
        return Unknown("its neighbours share no format"), ""
    if shared == "binary":
        return Unknown("its neighbours are binary without a framing that Headgate knows"), ""
    try:
        if shared == "confluent-schema":
            return _judge_framed(value, values, after)
        if shared == "json":
            return True, _odd_shape(parse_json(value), values)
        parse_text(value)
    except NotDecoded as error:
        own = schema_id(value)
        if own is None or shared == "confluent-schema":
            return False, str(error)
        return False, f"not {_NAMES[shared]}: it begins like a record framed with schema id {own}"
    return True, ""


def _judge_framed(
    value: bytes, values: Sequence[bytes], after: Sequence[bytes]
) -> tuple[bool | Unknown, str]:
    own = schema_id(value)
    if own is None:
        what = "it is empty" if not value else "its first bytes are none"
        raise NotDecoded(f"not framed with a schema id as its neighbours are: {what}")
    ids = Counter(found for other in values if (found := schema_id(other)) is not None)
    if own not in ids:
        usual = ids.most_common(1)[0][0]
        if not after:
            return Unknown(
                f"its schema id {own} is new here (the records before carry {usual}), and no "
                "record after it shows whether the schema changed"
            ), ""
        raise NotDecoded(f"schema id {own}, which no neighbour carries (most carry {usual})")
    bodies = [other[_FRAME.size :] for other in values if schema_id(other) == own]
    if all(_is_structured(body) for body in bodies):
        try:
            parse_json(value[_FRAME.size :])
        except NotDecoded as error:
            raise NotDecoded(
                f"framed with schema id {own} as its neighbours, but {error}"
            ) from None
        return True, ""
    return Unknown(
        f"it is framed with schema id {own} as its neighbours are; whether its body fits the "
        "schema only the registry can tell"
    ), ""


def _odd_shape(parsed: object, values: Sequence[bytes]) -> str:
    """What is unlike the neighbours in a value that is valid JSON; field names are not told."""
    others = [parse_json(value) for value in values if _is_structured(value)]
    objects = [other for other in others if isinstance(other, dict)]
    if len(objects) < len(others) or not objects:
        return ""
    if not isinstance(parsed, dict):
        return "valid JSON, but not an object as its neighbours are"
    common = set.intersection(*(set(other) for other in objects))
    lacking = len(common - parsed.keys())
    if lacking:
        fields = "1 field" if lacking == 1 else f"{lacking} fields"
        return f"valid JSON, but it lacks {fields} that all {len(objects)} neighbours have"
    return ""


def _is_structured(value: bytes) -> bool:
    """Whether it is a JSON object or array; a bare word or number may as well be text."""
    try:
        return isinstance(parse_json(value), dict | list)
    except NotDecoded:
        return False


def _decodes_as_text(value: bytes) -> bool:
    try:
        parse_text(value)
    except NotDecoded:
        return False
    return True


def _refuse_constant(name: str) -> object:
    raise NotDecoded(f"not JSON: {name} is no JSON value")
