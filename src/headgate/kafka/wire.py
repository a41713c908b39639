"""Connections to brokers, each with its own deadline, so that one that hangs delays no other.

kafka-python carries the protocol: framing, version negotiation, TLS, SASL and its renewal. Which
broker is asked, how long an answer is waited for and what silence means is decided here, because
its own manager picks bootstrap servers at random, waits 30 s for a frozen one, and keeps brokers
that are long gone.

A connection that was accepted and then stays silent is kept and not dialled again: a frozen broker
fills its accept queue of 50 with every new attempt, and the first byte after it wakes makes the
connection usable at once. Callers wait for it once, for ``setup_s``; later callers fail at once.

All state belongs to one I/O thread, which starts with the first request.
"""

import contextlib
import functools
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent import futures
from dataclasses import dataclass
from typing import Any, Literal

from headgate.domain import snapshot
from headgate.kafka import complaint, library, patience, tls
from headgate.kafka.address import Address
from headgate.kafka.properties import Properties
from headgate.ports import errors

Lane = Literal["read", "write", "controller", "share", "probe"]
"""A broker answers one request of a connection after the other, so what may wait has connections
of its own: writes wait for replicas, questions to the controller for an election, those for the
state of share groups for the broker that keeps it; a probe must wait for none of them."""

SETUP_S = 1.5
"""How long a caller waits for a connection: TCP, TLS, ApiVersions and login. A broker under test
load answers within 0.1 s; one that starts up needs up to 1 s."""
WATCH_S = 0.75
"""After this long without an answer the broker is probed on another connection, and again so long
after each probe that it answers: it may freeze while it works on what it was asked."""
PROBE_S = 1.0
"""How long a probe is waited for."""
MUTE_S = 0.1
"""How long anything is waited for at an address whose probe is still not answered."""
THROTTLED_S = 0.05
"""How often a connection that the broker's quota has paused is looked at."""
ABANDON_S = 3600.0
"""After this long a silent connection is given up and dialled again."""
LARGEST_ANSWER = 200 * 1024 * 1024
"""Bytes. Below the first four bytes of any text or TLS protocol read as a length, so that a server
that is not Kafka is recognised by its first answer."""


@dataclass(slots=True)
class _Link:
    """One connection to be or in being."""

    connection: Any
    patience_until: float
    """Monotonic time until which callers wait for it to become usable."""
    accepted: bool = False
    """Whether TCP was accepted."""
    error: BaseException | None = None
    answered: bool = False
    """Whether a request was answered on it."""
    asks: str = ""
    """The token server that it waits for; empty: none."""


class Wire:
    """Requests to any address, answered or failed by their deadline; safe from any thread."""

    def __init__(self, properties: Properties, *, setup_s: float = SETUP_S) -> None:
        self._properties = properties
        self._settings: dict[str, Any] = properties.wire() | {
            "receive_message_max_bytes": LARGEST_ANSWER,
            "max_in_flight_requests_per_connection": 1_000_000,
            "client_software_name": "headgate",
        }
        self._tls = tls.Contexts(properties.values, verify_host=properties.verify_host)
        if properties.login is not None:
            self._settings["sasl_oauth_token_provider"] = library.TokenProvider(
                properties.login.held, properties.login.client.extensions
            )
        self._setup_s = setup_s
        self._lock = threading.Lock()
        self._loop: Any = None
        self._closed = False
        self._links: dict[tuple[Address, Lane], _Link] = {}
        self._probes: dict[Address, Any] = {}
        self._answered: dict[Address, float] = {}
        self._mute: set[Address] = set()

    def send(
        self, address: Address, request: Any, *, deadline: float, lane: Lane = "read"
    ) -> "futures.Future[Any]":
        """The answer to come, or its ``PortError``; done by ``deadline`` (monotonic seconds).

        ``Unreachable`` and ``Misunderstood``: nothing was sent. ``TimedOut`` and
        ``OutcomeUnknown``: it was sent and no answer came.
        """
        return self._start(lambda: self._ask(address, lane, request, deadline), address)

    def probe(self, address: Address, *, deadline: float) -> "futures.Future[snapshot.PortState]":
        """What the port does now; found out by a request that costs the broker nothing.

        What waits for an answer from a port that does not answer the probe fails at once.
        """
        wait_s = min(PROBE_S, deadline - time.monotonic())
        return self._start(lambda: self._watch(address, wait_s), address)

    @property
    def encrypted(self) -> bool:
        """Whether connections are made with TLS."""
        return self._properties.tls

    def answered_at(self, address: Address) -> float:
        """Monotonic time of the last answer from there; 0.0 if there was none."""
        return self._answered.get(address, 0.0)

    def forget(self, address: Address) -> None:
        """Connections to that address are closed; a later request dials anew."""
        self._start(lambda: self._drop(address, None), address)

    def close(self) -> None:
        """All connections are closed and the I/O thread has ended."""
        with self._lock:
            self._closed = True
            loop, self._loop = self._loop, None
        if loop is not None:
            _end(loop, self._drop_all)

    # ---- from any thread ----

    def _start(self, work: Callable[[], Awaitable[Any]], address: Address) -> "futures.Future[Any]":
        result: futures.Future[Any] = futures.Future()

        def fail(error: BaseException) -> None:
            if not result.done():
                result.set_exception(complaint.of(error, address, sent=False))

        def succeed(answer: Any) -> None:
            if not result.done():
                result.set_result(answer)

        try:
            promise = self._running().call_soon_with_future(work)
        except RuntimeError as error:
            fail(error)
            return result
        promise.add_callback(succeed)
        promise.add_errback(fail)
        return result

    def _running(self) -> Any:
        with self._lock:
            if self._closed:
                raise RuntimeError("the connection to the cluster was closed")
            if self._loop is not None and self._loop._exception is not None:
                _end(self._loop, lambda: None)
                self._loop = None
                self._links.clear()
                self._probes.clear()
                self._mute.clear()
            if self._loop is None:
                self._loop = library.NetworkSelector(
                    client_id="headgate", slow_task_threshold_secs=0
                )
                self._loop.start()
            return self._loop

    # ---- on the I/O thread ----

    async def _ask(self, address: Address, lane: Lane, request: Any, deadline: float) -> Any:
        link = self._link(address, lane)
        await self._usable(link, address, deadline)
        while link.connection.paused and time.monotonic() < deadline:
            await self._loop.sleep(THROTTLED_S)
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise complaint.Late(address)
        watch = self._loop.call_later(WATCH_S, lambda: self._keep_watch(address))
        try:
            answer = await link.connection.send_request(request, request_timeout_ms=left_s * 1000)
        except library.kafka.errors.IncompatibleBrokerVersion:
            raise
        except Exception as error:
            told = self._told(link, error, address, sent=True)
            if isinstance(told, errors.OutcomeUnknown) and lane != "write":
                greeted = not (link.answered or self._properties.sasl)
                told = (complaint.LoginWanted if greeted else complaint.Lost)(address)
            raise told from error
        finally:
            self._loop.cancel(watch)
        link.answered = True
        self._answered[address] = time.monotonic()
        return answer

    async def _usable(self, link: _Link, address: Address, deadline: float) -> None:
        """Returns when requests can be sent, or raises what keeps them."""
        until = min(link.patience_until, deadline)
        try:
            await patience.within(self._loop, link.connection.init_future, until)
        except TimeoutError as error:
            if link.asks:
                raise complaint.token_late(link.asks) from error
            raise complaint.Silent(address, accepted=link.accepted) from error
        except Exception as error:
            raise self._told(link, error, address) from error

    def _told(
        self, link: _Link, error: BaseException, address: Address, *, sent: bool = False
    ) -> errors.PortError:
        shown = tls.CERTIFICATE in self._properties.values
        return complaint.of(link.error or error, address, sent=sent, certificate=shown)

    async def _keep_watch(self, address: Address) -> None:
        """Watches for as long as the broker answers probes; whoever was answered cancels it."""
        while await self._watch(address, PROBE_S) == "answers":
            await self._loop.sleep(WATCH_S)

    async def _watch(self, address: Address, wait_s: float) -> snapshot.PortState:
        """Probes, and fails what waits for a broker that does not answer the probe either."""
        state = await self._state(address, wait_s)
        if state in ("accepts", "silent"):
            await self._drop(address, complaint.Silent(address, accepted=state == "accepts"))
        return state

    async def _state(self, address: Address, wait_s: float) -> snapshot.PortState:
        until = time.monotonic() + (min(wait_s, MUTE_S) if address in self._mute else wait_s)
        link = self._link(address, "probe")
        if link.connection.paused:  # by a quota, which a broker that answers tells
            return "answers"
        fresh = not link.connection.connected
        probe = self._probes.get(address) or self._send_probe(address, link)
        try:
            await patience.within(self._loop, probe, until)
        except TimeoutError:
            self._mute.add(address)
            return "accepts" if link.accepted else "silent"
        except Exception as error:  # noqa: BLE001 - whatever it was, it is told as a port state
            if not fresh:  # an old connection was lost, which says nothing of the port now
                return await self._state(address, until - time.monotonic())
            return complaint.port_state(self._told(link, error, address))
        return "answers"

    def _send_probe(self, address: Address, link: _Link) -> Any:
        """The one probe on its way; it stays so until it is answered or its connection lost."""

        def over(_: Any) -> None:
            del self._probes[address]
            self._mute.discard(address)

        request = library.metadata.ApiVersionsRequest(
            client_software_name="headgate", client_software_version="1"
        )
        self._probes[address] = answer = link.connection.send_request(
            request, request_timeout_ms=ABANDON_S * 1000
        )
        answer.add_callback(lambda _: self._answered.update({address: time.monotonic()}))
        answer.add_both(over)
        return answer

    def _link(self, address: Address, lane: Lane) -> _Link:
        link = self._links.get((address, lane))
        if link is None or link.connection.closed:
            connection = library.Connection(self._loop, node_id=str(address), **self._settings)
            patience_s = MUTE_S if address in self._mute else self._setup_s
            link = _Link(connection, time.monotonic() + patience_s)
            if self._properties.login is not None:
                connection.before_login = functools.partial(self._token, link)
            self._links[address, lane] = link
            self._loop.call_soon(lambda: self._dial(link, address))
        return link

    async def _dial(self, link: _Link, address: Address) -> None:
        transport = None
        try:
            sock = await self._tcp(address)
            link.accepted = True
            transport = self._transport(sock, address)
            await transport.handshake()
            if link.connection.closed:
                transport.abort()
                return
            link.connection.connection_made(transport)
            await link.connection.initialize(timeout_at=time.monotonic() + ABANDON_S)
        except Exception as error:  # noqa: BLE001 - whatever it was, it fails the connection
            link.error = error
            if transport is not None:
                transport.abort()
            link.connection.connection_lost(error)

    async def _token(self, link: _Link) -> None:
        """A token is there that is good for a login; fetched in a thread of its own."""
        source = self._properties.login
        if source is not None:
            link.asks = source.client.endpoint
            await self._aside(source.token, "token")
            link.asks = ""

    def _transport(self, sock: socket.socket, address: Address) -> Any:
        try:
            if not self._properties.tls:
                return library.PlainTransport(self._loop, sock, host=address.host)
            return library.TlsTransport(
                self._loop, sock, host=address.host, ssl_context=self._tls.get()
            )
        except (OSError, errors.PortError):
            sock.close()
            raise

    async def _tcp(self, address: Address) -> socket.socket:
        """A connected socket; the first that works of all addresses behind the name."""
        refusal: OSError = OSError(f"no address for {address.host}")
        for family, kind, proto, _, target in await self._resolve(address):
            sock = socket.socket(family, kind, proto)
            try:
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                if sock.connect_ex(target) != 0:
                    await self._loop.wait_write(sock)
                    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if code:
                        raise OSError(code, "")
            except OSError as error:
                sock.close()
                refusal = error
            except BaseException:
                sock.close()
                raise
            else:
                return sock
        raise refusal

    async def _resolve(self, address: Address) -> Any:
        """Addresses behind the name; the resolver may block."""
        look = functools.partial(socket.getaddrinfo, *address, type=socket.SOCK_STREAM)
        if address.host.replace(".", "").isdecimal():
            return look()
        return await self._aside(look, f"resolve {address.host}")

    async def _aside(self, work: Callable[[], Any], name: str) -> Any:
        """What blocking work gives, done in a thread of its own."""
        found = library.Future()
        loop = self._loop

        def do() -> None:
            answer: Any
            try:
                answer = work()
                settle = found.success
            except Exception as error:  # noqa: BLE001 - whatever it was, it fails the connection
                answer, settle = error, found.failure
            # RuntimeError: the loop was closed meanwhile; nobody waits
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(lambda: settle(answer))

        threading.Thread(target=do, name=name, daemon=True).start()
        return await found

    async def _drop(self, address: Address, error: BaseException | None) -> None:
        """Closes what is usable at an address, so that what waits there fails; with an error, a
        connection still silent in its set-up is kept."""
        for (where, lane), link in list(self._links.items()):
            if where == address and (
                error is None or (link.connection.connected and lane != "probe")
            ):
                link.error = error
                link.connection.close(error or library.kafka.errors.Cancelled())
                del self._links[where, lane]

    async def _drop_all(self) -> None:
        for link in self._links.values():
            link.connection.close(library.kafka.errors.Cancelled())
        self._links.clear()


def _end(loop: Any, last: Callable[[], Any]) -> None:
    """Runs the last work on the loop, then ends its thread and closes its sockets."""
    try:
        if loop._exception is None:
            loop.run(last)
    finally:
        loop.close()
