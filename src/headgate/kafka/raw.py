"""Requests whose answers are handed over as bytes, for ``columns`` to decode.

kafka-python finds the class that decodes an answer through the request's header; the header here
names one that only keeps the bytes and the version.
"""

from typing import Any, NamedTuple

from headgate.kafka import library


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


class ListOffsets(_Raw, library.consumer.ListOffsetsRequest, init=False):  # type: ignore[misc,call-arg]
    """Asks for log positions; answered in bytes."""

    response = library.consumer.ListOffsetsResponse
