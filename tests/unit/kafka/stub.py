"""Small servers on real sockets: brokers that answer as a test says, and servers that are no Kafka.

A broker decodes requests and encodes answers with the message classes of kafka-python.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

from headgate.kafka import library, schemas, whole
from headgate.kafka.address import Address

SILENCE = object()
"""An answer that never comes."""
CLOSE = object()
"""The connection is closed instead of an answer."""


class LastWords(bytes):
    """An answer after which the connection is closed at once."""


Handler = Callable[[Any], Any]

MODULES: tuple[Any, ...] = (
    library.admin,
    library.consumer,
    library.metadata,
    library.producer,
    library.kafka.protocol.sasl,
    library,
    schemas,
)
REQUESTS: dict[int, Any] = {
    found.API_KEY: found
    for module in MODULES
    for name in dir(module)
    if name.endswith("Request") and name != "SaslBytesRequest"
    for found in (getattr(module, name),)
}


class Server:
    """Accepts connections on a free port and serves each in a thread until closed."""

    def __init__(self, port: int = 0) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self.address = Address("127.0.0.1", self._listener.getsockname()[1])
        self.accepted = 0
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def serve(self, connection: socket.socket) -> None:
        """Serves one connection; the default reads and never answers."""
        while connection.recv(4096):
            pass

    def hang_up(self) -> None:
        """Every connection is gone; new ones are served."""
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._connections.clear()

    def close(self) -> None:
        """Nothing listens any more, and every connection is gone."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.accepted += 1
                self._connections.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self.serve(connection)
        connection.close()


class Greeter(Server):
    """Answers whatever comes with the same bytes, and closes where it should."""

    def __init__(self, greeting: bytes, *, needs: bytes = b"") -> None:
        self._greeting = greeting
        self._needs = needs
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        while heard := connection.recv(4096):
            if self._needs in heard:
                connection.sendall(self._greeting)
                if self._greeting:
                    return
            if not self._greeting:
                return


class Broker(Server):
    """One broker. ``handlers`` maps a request's name to what gives its answer."""

    def __init__(self, number: int = 1, cluster_id: str = "stub", port: int = 0) -> None:
        self.number = number
        self.cluster_id = cluster_id
        self.handlers: dict[str, Handler] = {}
        self.listed: list[Broker] = [self]
        self.fenced: set[int] = set()
        self.heard: list[str] = []
        self.last_words: set[str] = set()
        """Requests after whose answer the connection is closed at once."""
        self.cut: dict[str, int] = {}
        """Requests whose answer ends after so many bytes, and says so in its frame."""
        self.unknown: set[int] = set()
        """Calls that it does not announce."""
        self.frozen = threading.Event()
        self.thawed = threading.Event()
        super().__init__(port)

    def serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        try:
            while size := stream.read(4):
                answer = self._answer(stream.read(struct.unpack(">i", size)[0]))
                if answer is CLOSE:
                    return
                if isinstance(answer, LastWords):
                    connection.sendall(answer)
                    return
                if answer is not SILENCE:
                    connection.sendall(answer)
        finally:
            stream.close()

    def _answer(self, frame: bytes) -> Any:
        key, version, correlation, length = struct.unpack_from(">hhih", frame)
        kind = REQUESTS[key]
        at = 10 + max(length, 0) + (1 if kind.flexible_version_q(version) else 0)
        request = kind.decode(frame[at:], version=version)
        if (free := self._free(request)) is not None:
            free.with_header(correlation_id=correlation)
            return bytes(free.encode(header=True, framed=True))
        self.heard.append(kind.__name__)
        if self.frozen.is_set():
            self.thawed.wait()
        handler = self.handlers.get(kind.__name__) or getattr(self, f"_{key}")
        answer = handler(request)
        if answer is SILENCE or answer is CLOSE:
            return answer
        answer.with_header(correlation_id=correlation)
        encoded = bytes(answer.encode(header=True, framed=True))
        if kind.__name__ in self.cut:
            body = encoded[4 : 4 + self.cut[kind.__name__]]
            encoded = struct.pack(">i", len(body)) + body
        return LastWords(encoded) if kind.__name__ in self.last_words else encoded

    def _free(self, request: Any) -> Any:
        """The answer to ``whole``: this caller may see all; None: it is another request."""
        if self.frozen.is_set():
            return None
        version = request.API_VERSION
        match type(request).__name__:
            case "MetadataRequest" if [topic.name for topic in request.topics or ()] == [
                whole.NAME
            ]:
                return library.metadata.MetadataResponse(topics=[], brokers=[], version=version)
            case "DescribeGroupsRequest" if request.groups == [whole.NAME]:
                return library.admin.DescribeGroupsResponse(groups=[], version=version)
            case "DescribeTransactionsRequest" if request.transactional_ids == [whole.NAME]:
                return library.admin.DescribeTransactionsResponse(
                    transaction_states=[], version=version
                )
        return None

    def freeze(self) -> None:
        """It accepts connections and answers nothing, until it is thawed."""
        self.thawed.clear()
        self.frozen.set()

    def thaw(self) -> None:
        """It answers, also what was asked while it was frozen."""
        self.frozen.clear()
        self.thawed.set()

    def close(self) -> None:
        """Nothing listens any more, and every connection is gone."""
        self.thaw()
        super().close()

    def _18(self, request: Any) -> Any:
        response = library.metadata.ApiVersionsResponse
        return response(
            error_code=0,
            api_keys=[
                response.ApiVersion(
                    api_key=key,
                    min_version=0,
                    max_version=kind.max_version,
                    version=request.API_VERSION,
                )
                for key, kind in REQUESTS.items()
                if key not in self.unknown
            ],
            version=request.API_VERSION,
        )

    def _60(self, request: Any) -> Any:
        response = library.admin.DescribeClusterResponse
        return response(
            error_code=0,
            endpoint_type=1,
            cluster_id=self.cluster_id,
            controller_id=self.number,
            brokers=[
                response.DescribeClusterBroker(
                    broker_id=broker.number,
                    host=broker.address.host,
                    port=broker.address.port,
                    rack=None,
                    is_fenced=broker.number in self.fenced,
                    version=request.API_VERSION,
                )
                for broker in self.listed
            ],
            version=request.API_VERSION,
        )


@contextlib.contextmanager
def serving(*servers: Server) -> Iterator[None]:
    """The servers are closed in the end."""
    try:
        yield
    finally:
        for server in servers:
            server.close()


def cluster(size: int) -> list[Broker]:
    """Brokers that list each other."""
    brokers = [Broker(number) for number in range(1, size + 1)]
    for broker in brokers:
        broker.listed = brokers
    return brokers
