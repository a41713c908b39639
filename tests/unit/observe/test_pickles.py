"""Pickles between two processes of one program."""

import datetime

import numpy as np

from headgate.domain import snapshot
from headgate.domain.unknown import Unknown
from headgate.observe import pickles

VALUES = [
    Unknown("no", "not_allowed", "Describe on Topic a"),
    snapshot.Missing(what="a", reason="b"),
    snapshot.Part(
        value={"a": Unknown("x")},
        source="kafka",
        how="Call",
        at=datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC),
        missing=(snapshot.Missing(what="a", reason="b"),),
    ),
]


def test_values_come_out_as_they_went_in() -> None:
    assert pickles.loads(pickles.dumps(VALUES)) == VALUES


def test_values_of_one_stream_share_what_they_have_in_common() -> None:
    writer = pickles.Writer()
    common = "".join(["some", "thing"])
    columns = np.arange(9)
    for one in ([common], (common, columns), {"a": columns}):
        writer.add(one)
    reader = pickles.Reader(writer.frames())
    (first,), (second, array), named = reader.next(), reader.next(), reader.next()
    assert first is second
    assert named["a"] is array
    assert array.tolist() == columns.tolist()


def test_a_row_that_stands_for_many_is_written_once() -> None:
    wide = np.broadcast_to(np.arange(1_000), (500, 1_000))
    body = pickles.dumps(wide)
    found = pickles.loads(body)
    assert len(body) < 10_000
    assert (found == wide).all()
    assert found.strides[0] == 0


def test_what_the_other_side_has_goes_by_its_name() -> None:
    held = ["large"] * 10_000
    writer = pickles.Writer(lambda one: "held" if one is held else None)
    writer.add({"a": held, "b": [held]})
    frames = writer.frames()
    assert len(frames[0]) < 100
    found = pickles.Reader(frames, {"held": held}.__getitem__).next()  # type: ignore[arg-type] # only that name
    assert found["a"] is held
    assert found["b"][0] is held


def test_rows_of_one_kind_come_out_as_they_went_in() -> None:
    values = [snapshot.Missing(what=f"t-{n}", reason=f"why {n % 2}") for n in range(100)]
    found = pickles.loads(pickles.dumps(pickles.rows(values))).values()
    assert found == values
    assert found[0].reason is found[2].reason
