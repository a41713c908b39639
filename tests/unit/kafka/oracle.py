"""Messages made and encoded by kio, an independent implementation of Kafka's protocol."""

import dataclasses
import datetime
import io
import types
import typing
from typing import Any

from hypothesis import strategies as st
from kio.schema.errors import ErrorCode
from kio.serial import entity_reader, entity_writer


def _ints(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


_MILLISECONDS = st.integers(0, 2**31 - 1).map(lambda ms: datetime.timedelta(milliseconds=ms))
_TEXT = st.text(max_size=8)
_BY_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "int8": _ints(8),
    "int16": _ints(16),
    "int32": _ints(32),
    "int64": _ints(64),
    "uint16": st.integers(0, 2**16 - 1),
    "float64": st.floats(allow_nan=False),
    "bool": st.booleans(),
    "bytes": st.binary(max_size=8),
    "string": _TEXT,
    "uuid": st.uuids(),
    "timedelta_i32": _MILLISECONDS,
    "datetime_i64": st.integers(0, 2**41).map(
        lambda ms: (
            datetime.datetime.fromtimestamp(0, datetime.UTC) + datetime.timedelta(milliseconds=ms)
        )
    ),
    "error_code": st.sampled_from(ErrorCode),
}


def entities(kind: Any) -> st.SearchStrategy[Any]:
    """Any message of a kio class."""
    hints = typing.get_type_hints(kind)
    return st.builds(
        kind,
        **{
            field.name: _values(hints[field.name], field.metadata.get("kafka_type"))
            for field in dataclasses.fields(kind)
        },
    )


def _values(hint: Any, kafka_type: str | None) -> st.SearchStrategy[Any]:
    arguments = typing.get_args(hint)
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        (real,) = (part for part in arguments if part is not type(None))
        if kafka_type == "uuid":
            return _BY_TYPE["uuid"]
        return st.none() | _values(real, kafka_type)
    if typing.get_origin(hint) is tuple:
        return st.lists(_values(arguments[0], kafka_type), max_size=4).map(tuple)
    if kafka_type is None:
        return entities(hint)
    return _BY_TYPE[kafka_type]


def encode(entity: Any) -> bytes:
    """The message's body on the wire."""
    buffer = io.BytesIO()
    entity_writer(type(entity))(buffer, entity)
    return buffer.getvalue()


def decode(kind: Any, data: bytes) -> Any:
    """The message in the bytes, all of which belong to it."""
    message, size = entity_reader(kind)(data, 0)
    assert size == len(data)
    return message


def agree(ours: Any, theirs: Any) -> None:
    """Every field that kio knows has the same value in ours."""
    match theirs:
        case tuple():
            assert len(ours) == len(theirs)
            for mine, its in zip(ours, theirs, strict=True):
                agree(mine, its)
        case datetime.timedelta():
            assert ours == round(theirs / datetime.timedelta(milliseconds=1))
        case datetime.datetime():
            assert ours == round(theirs.timestamp() * 1000)
        case ErrorCode():
            assert ours == theirs.value
        case _ if dataclasses.is_dataclass(theirs):
            for field in dataclasses.fields(theirs):
                name = field.name
                if isinstance(getattr(theirs, name), datetime.timedelta | datetime.datetime):
                    name += "_ms"
                agree(getattr(ours, name), getattr(theirs, field.name))
        case _:
            assert ours == theirs
