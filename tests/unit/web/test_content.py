"""A body is read whole, or not past what it may hold and not past the deadline."""

import gzip
from collections.abc import Iterator

import httpx2
import pytest

from headgate.web import content, deadline


def parts(*chunks: bytes, given: list[bytes] | None = None) -> Iterator[bytes]:
    """The chunks as a server sends them; ``given`` tells which were asked for."""
    for chunk in chunks:
        if given is not None:
            given.append(chunk)
        yield chunk


def test_a_body_is_put_together() -> None:
    answer = httpx2.Response(200, content=parts(b"ab", b"", b"cd"))
    assert content.read(answer, deadline.Remaining(5), most_bytes=4) == b"abcd"


def test_a_body_that_is_too_large_is_not_read_to_its_end() -> None:
    given: list[bytes] = []
    answer = httpx2.Response(200, content=parts(b"ab", b"cd", b"ef", given=given))
    with pytest.raises(content.TooLarge):
        content.read(answer, deadline.Remaining(5), most_bytes=3)
    assert given == [b"ab", b"cd"]


def test_what_counts_is_the_size_unpacked() -> None:
    packed = gzip.compress(b"a" * 1000)
    assert len(packed) < 100
    answer = httpx2.Response(200, headers={"Content-Encoding": "gzip"}, content=parts(packed))
    with pytest.raises(content.TooLarge):
        content.read(answer, deadline.Remaining(5), most_bytes=100)


def test_a_server_that_sends_drop_by_drop_is_cut_off() -> None:
    answer = httpx2.Response(200, content=parts(b"a", b"b"))
    with pytest.raises(httpx2.ReadTimeout):
        content.read(answer, deadline.Remaining(0), most_bytes=100)
