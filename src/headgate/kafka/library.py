"""The one door to kafka-python: its message classes and connections, imported quietly.

kafka-python reads its schemas through a function that Python 3.11 calls deprecated, and logs every
lost connection as an error. Both are of no use to a person, so the first is hidden while importing
and the second is switched off; what went wrong reaches people as a ``ports.errors.PortError``.
It is untyped: ``Any`` begins here and ends in this room.
"""

import logging
import ssl
import warnings
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

logging.getLogger("kafka").setLevel(logging.CRITICAL + 1)

PIECE_BYTES = 256 * 1024
"""Read from a socket at once."""

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import kafka.errors
    from kafka.future import Future
    from kafka.net.connection import KafkaConnection
    from kafka.net.sasl.oauth import AbstractTokenProvider
    from kafka.net.selector import NetworkSelector
    from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport
    from kafka.protocol import admin, consumer, metadata, producer
    from kafka.protocol.api_message import ApiMessage
    from kafka.protocol.broker_version_data import BrokerVersionData
    from kafka.record import MemoryRecordsBuilder

    from headgate.kafka import messages

    class _Reading:
        """Mixed into a transport: reads in large pieces, and first what came before a hang-up.

        kafka-python reads 4 KiB at a time. At each of them Python's lock may go to a thread that
        decodes and keeps it for 5 ms, so that an answer of 5 MB took seconds to read. It also drops
        what a broker sent before it hung up, and with it the reason why a login was refused.
        """

        _sock: Any

        def _sock_recv(self) -> tuple[bytes, Any]:
            pieces: list[bytes] = []
            error: Any = None
            try:
                while piece := self._sock.recv(PIECE_BYTES):
                    pieces.append(piece)
                else:
                    error = kafka.errors.KafkaConnectionError("socket disconnected")
            except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
            except OSError as problem:
                error = kafka.errors.KafkaConnectionError(problem)
            return b"".join(pieces), None if pieces else error

    class PlainTransport(_Reading, KafkaTCPTransport):  # type: ignore[misc] # untyped base
        """A connection without encryption."""

    class TlsTransport(_Reading, KafkaSSLTransport):  # type: ignore[misc] # untyped base
        """A connection with TLS."""

        def _sock_send(self) -> tuple[int, Any]:
            sent, error = super()._sock_send()
            if error is not None:  # an alert that came before the hang-up says why
                error = self._sock_recv()[1] or error
            return sent, error

    class Connection(KafkaConnection):  # type: ignore[misc] # untyped base
        """A connection that waits for ``before_login`` before each login, renewed ones included.

        kafka-python asks for a token on its I/O thread, where waiting would stop every connection.
        """

        before_login: Callable[[], Awaitable[None]] | None = None

        async def _sasl_authenticate(self, timeout_at: float | None = None) -> None:
            if self.before_login is not None:
                await self.before_login()
            await super()._sasl_authenticate(timeout_at)

        def data_received(self, data: bytes) -> None:
            """What cannot be decoded, whatever the reason, ends the connection at once.

            kafka-python expects two kinds of errors there; after any other it never reads again,
            and callers would wait to their deadlines.
            """
            try:
                super().data_received(data)
            except kafka.errors.KafkaProtocolError:
                raise
            except Exception as error:
                raise kafka.errors.KafkaProtocolError("Unable to decode an answer") from error

    class TokenProvider(AbstractTokenProvider):  # type: ignore[misc] # untyped base
        """Hands over a token that is there already."""

        def __init__(self, token: Callable[[], str], extensions: Mapping[str, str]) -> None:
            """Nothing is asked for yet."""
            self._token = token
            self._extensions = extensions

        def token(self) -> str:
            """The token."""
            return self._token()

        def extensions(self) -> dict[str, str]:
            """What is sent beside it."""
            return dict(self._extensions)

    class ConsumerGroupDescribeRequest(ApiMessage, load_json=messages):  # type: ignore[misc,call-arg]
        """Asks for groups of the new protocol (KIP-848)."""

    class ConsumerGroupDescribeResponse(ApiMessage, load_json=messages):  # type: ignore[misc,call-arg]
        """Groups of the new protocol with epochs, assignment and target."""

    class ConsumerGroupHeartbeatRequest(ApiMessage, load_json=messages):  # type: ignore[misc,call-arg]
        """A member's heartbeat; epoch -1 says that it leaves."""

    class ConsumerGroupHeartbeatResponse(ApiMessage, load_json=messages):  # type: ignore[misc,call-arg]
        """What the coordinator makes of a heartbeat."""


def error_name(code: int) -> str:
    """Kafka's name of an error code, as kafka-python knows it."""
    known: Any = kafka.errors.for_code(code)
    return str(getattr(known, "message", "") or known.__name__)


__all__ = [
    "ApiMessage",
    "BrokerVersionData",
    "Connection",
    "ConsumerGroupDescribeRequest",
    "ConsumerGroupDescribeResponse",
    "ConsumerGroupHeartbeatRequest",
    "ConsumerGroupHeartbeatResponse",
    "Future",
    "MemoryRecordsBuilder",
    "NetworkSelector",
    "PlainTransport",
    "TlsTransport",
    "TokenProvider",
    "admin",
    "consumer",
    "error_name",
    "kafka",
    "metadata",
    "producer",
]
