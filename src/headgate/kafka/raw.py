"""Requests whose answers are handed over as bytes, for ``columns`` to decode.

kafka-python finds the class that decodes an answer through the request's header; the header here
names one that only keeps the bytes and the version.
"""

import struct
from typing import Any, NamedTuple

from headgate.kafka import library

CLIENT = -1
"""Replica id of a client."""
UNCOMMITTED = 0
"""Isolation level: the latest offset is the high watermark."""
COMMITTED = 1
"""Isolation level: the latest offset is the last stable one."""
SERVER_TIMEOUT_MS = 30_000
"""How long a broker may wait for remote storage; our own deadline is shorter."""
_I32 = struct.Struct(">i")
_START = struct.Struct(">ib")


class Answer(NamedTuple):
    """The body of an answer."""

    data: bytes
    version: int


class _Keeper:
    """Stands for a response class and keeps what it is given."""

    def __init__(self, response: Any, version: int) -> None:
        self._response = response
        self._version = version

    def parse_header(self, buffer: Any) -> Any:
        """The answer's header."""
        return self._response.parse_header(buffer, version=self._version)

    def decode(self, buffer: Any) -> Answer:
        """All that follows the header."""
        return Answer(buffer.read(), self._version)


class _Header:
    """A request header that names the keeper as its response class."""

    def __init__(self, header: Any, keeper: _Keeper) -> None:
        self._header = header
        self._keeper = keeper

    def __getattr__(self, name: str) -> Any:
        return getattr(self._header, name)

    def get_response_class(self) -> _Keeper:
        """The keeper."""
        return self._keeper


class _Raw:
    """Mixed into a request class: its answer is an ``Answer``."""

    response: Any

    def with_header(self, correlation_id: int = 0, client_id: str = "") -> None:
        """The request has a header that keeps the answer's bytes."""
        super().with_header(correlation_id=correlation_id, client_id=client_id)  # type: ignore[misc]
        this: Any = self
        this._header = _Header(this._header, _Keeper(self.response, this.API_VERSION))


class Metadata(_Raw, library.metadata.MetadataRequest, init=False):  # type: ignore[misc,call-arg]
    """Asks for topics; answered in bytes."""

    response = library.metadata.MetadataResponse


class OffsetFetch(_Raw, library.consumer.OffsetFetchRequest, init=False):  # type: ignore[misc,call-arg]
    """Asks for committed offsets; answered in bytes."""

    response = library.consumer.OffsetFetchResponse


class DescribeLogDirs(_Raw, library.admin.DescribeLogDirsRequest, init=False):  # type: ignore[misc,call-arg]
    """Asks for log dirs; answered in bytes."""

    response = library.admin.DescribeLogDirsResponse


class ListOffsets(_Raw, library.consumer.ListOffsetsRequest, init=False):  # type: ignore[misc,call-arg]
    """Asks for log positions with topics encoded already; answered in bytes."""

    response = library.consumer.ListOffsetsResponse

    def __init__(
        self, topics: bytes, *, isolation: int = UNCOMMITTED, min_version: int = 6
    ) -> None:
        super().__init__(min_version=min_version)
        self._encoded = topics
        self._isolation = isolation

    def encode(self, version: Any = None, header: bool = False, framed: bool = False) -> bytes:  # noqa: ARG002 - kafka-python always wants both
        """The whole frame: size, header, replica id, isolation level, topics, time-out."""
        this: Any = self
        late = _I32.pack(SERVER_TIMEOUT_MS) if this.API_VERSION >= 10 else b""
        body = b"".join((_START.pack(CLIENT, self._isolation), self._encoded, late, b"\0"))
        head = bytes(this._header.encode(flexible=True))
        return _I32.pack(len(head) + len(body)) + head + body
