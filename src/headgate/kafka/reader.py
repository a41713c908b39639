"""Walks over the bytes of an answer in Kafka's compact encoding.

Encoding: https://kafka.apache.org/protocol.html#protocol_types and KIP-482.
"""

import base64
import contextlib
import struct
from collections.abc import Iterator

from headgate.ports import errors

_I16 = struct.Struct(">h")
_I32 = struct.Struct(">i")
_I64 = struct.Struct(">q")


class Reader:
    """Walks over the bytes of an answer in the compact encoding."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def int16(self) -> int:
        """The next two bytes as a number."""
        self.at += 2
        return int(_I16.unpack_from(self.data, self.at - 2)[0])

    def int64(self) -> int:
        """The next eight bytes as a number."""
        self.at += 8
        return int(_I64.unpack_from(self.data, self.at - 8)[0])

    def int32(self) -> int:
        """The next four bytes as a number."""
        self.at += 4
        return int(_I32.unpack_from(self.data, self.at - 4)[0])

    def boolean(self) -> bool:
        """The next byte as yes or no."""
        self.at += 1
        return self.data[self.at - 1] != 0

    def varint(self) -> int:
        """An unsigned number in 7-bit groups."""
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        self.at += count
        return self.data[self.at - count : self.at]

    def text(self) -> str | None:
        """A compact string; None where Kafka says null."""
        length = self.varint() - 1
        return None if length < 0 else self.take(length).decode()

    def skip_text(self) -> None:
        """A compact string is passed over."""
        length = self.varint() - 1
        if length > 0:
            self.at += length

    def skip_tags(self) -> None:
        """Tagged fields, none of which is needed here, are passed over."""
        if self.data[self.at] == 0:
            self.at += 1
            return
        for _ in range(self.varint()):
            self.varint()
            size = self.varint()  # not added in one go: it moves ``at`` itself
            self.at += size


def uuid_text(raw: bytes) -> str:
    """A topic id as Kafka's tools print it."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@contextlib.contextmanager
def decoding(api: str, where: str) -> Iterator[None]:
    """What is decoded inside is an answer to that call.

    Raises:
        errors.Misunderstood: the answer was cut short, or is laid out in another way.
    """
    try:
        yield
    except (IndexError, ValueError, KeyError, struct.error) as error:
        raise errors.Misunderstood(
            f"The answer to {api} cannot be decoded",
            where=where,
            next_step="Report it with the broker's version",
        ) from error
