"""The brokers of one cluster as far as they are known, and how one, some or all are asked."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent import futures
from dataclasses import dataclass, replace
from typing import Any

from headgate.domain.unknown import Unknown
from headgate.kafka import complaint, library, sniff
from headgate.kafka.address import Address
from headgate.kafka.wire import Lane, Wire
from headgate.ports import errors

HEDGE_S = 0.25
"""After this long without an answer another broker is asked the same, where any will do."""
LISTING_S = 5.0
"""A listing of the brokers older than this is read anew; Kafka fences after 9 s of silence."""
GREETING_S = 30.0
"""For how long a server that is not Kafka is taken to be still there."""
BROKERS = 1
"""DescribeCluster's endpoint type for brokers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One broker as the cluster last listed it."""

    id: int
    address: Address
    rack: str | None
    fenced: bool | Unknown
    listed: bool = True


class Nodes:
    """Which brokers there are. Learned by DescribeCluster, from bootstrap servers at first and
    whenever no known broker answers."""

    def __init__(self, name: str, bootstrap: tuple[Address, ...], wire: Wire) -> None:
        self.name = name
        self.cluster_id = ""
        self._bootstrap = bootstrap
        self._greetings: dict[Address, tuple[bytes, float]] = {}
        """What listened there instead of Kafka, and until when that is taken as still true."""
        self._wire = wire
        self._lock = threading.Lock()
        self._nodes: dict[int, Node] = {}
        self._learned_at = 0.0

    # ---- who is there ----

    def refresh(self, *, deadline: float) -> None:
        """The brokers are those that the cluster lists now; others are remembered as unlisted.

        Raises:
            errors.PortError: no broker answers, or what answers is not Kafka.
        """
        try:
            answer = self.any(_describe_cluster, deadline=deadline)
        except complaint.Unsupported:
            answer = self.any(_metadata, deadline=deadline)
        complaint.check(answer.error_code, getattr(answer, "error_message", ""), self.name)
        self._learn(answer.cluster_id or "", {node.id: node for node in _listed(answer)})

    def _learn(self, cluster_id: str, listed: Mapping[int, Node]) -> None:
        with self._lock:
            before = self._nodes if cluster_id == self.cluster_id else {}
            stale = [
                node.address
                for number, node in self._nodes.items()
                if number not in before
                or (number in listed and listed[number].address != node.address)
            ]
            self.cluster_id = cluster_id
            self._learned_at = time.monotonic()
            self._nodes = {n: replace(node, listed=False) for n, node in before.items()}
            self._nodes.update(listed)
            used = {node.address for node in self._nodes.values()}
        for address in stale:
            if address not in used:
                self._wire.forget(address)

    def known(self) -> tuple[Node, ...]:
        """Every broker listed now or before, by id."""
        with self._lock:
            return tuple(self._nodes[number] for number in sorted(self._nodes))

    def live(self, *, deadline: float) -> tuple[Node, ...]:
        """The brokers listed and not fenced, as of a few seconds ago at most.

        A fenced broker coordinates nothing and leads nothing. Where nobody lists the brokers anew,
        those known before are tried.
        """
        if not self._nodes:
            self.refresh(deadline=deadline)
        elif time.monotonic() - self._learned_at > LISTING_S:
            with contextlib.suppress(errors.PortError):
                self.refresh(deadline=deadline)
        return tuple(node for node in self.known() if node.listed and node.fenced is not True)

    def find(self, broker: int, *, deadline: float) -> Node | None:
        """The broker of that id; asks the cluster anew if it was never heard of."""
        if broker not in self._nodes and broker >= 0:
            self.refresh(deadline=deadline)
        return self._nodes.get(broker)

    # ---- asking ----

    def ask(
        self, broker: int, request: Any, *, deadline: float, lane: Lane = "read"
    ) -> "futures.Future[Any]":
        """The answer to come of one broker."""
        try:
            node = self.find(broker, deadline=deadline)
        except errors.PortError as error:
            return failed(error)
        if node is None:
            return failed(errors.Unreachable(f"Broker {broker} is not listed", where=self.name))
        return self._wire.send(node.address, request, deadline=deadline, lane=lane)

    def every(
        self, make: Callable[[], Any], *, deadline: float, lane: Lane = "read"
    ) -> Iterator[tuple[int, Any | errors.PortError]]:
        """Each live broker's answer or its error, as they come."""
        asked = {
            self._wire.send(node.address, make(), deadline=deadline, lane=lane): node.id
            for node in self.live(deadline=deadline)
        }
        for future in finished(asked, deadline=deadline):
            yield asked[future], outcome(future)

    def any(self, make: Callable[[], Any], *, deadline: float, lane: Lane = "read") -> Any:
        """The first answer of any broker; a slow one is overtaken by the next. For reads only.

        Raises:
            errors.PortError: none answered; it tells each address's reason.
        """
        waiting: dict[futures.Future[Any], Address] = {}
        reasons: dict[Address, errors.PortError] = {}
        addresses = iter(self._candidates())
        more = True
        while more or waiting:
            address = next(addresses, None) if more else None
            if address is None:
                more = False
            else:
                sent = self._wire.send(address, make(), deadline=deadline, lane=lane)
                waiting[sent] = address
            pause_s = HEDGE_S if more else max(deadline - time.monotonic(), 0.0) + 1.0
            done, _ = futures.wait(waiting, pause_s, futures.FIRST_COMPLETED)
            for future in done:
                answer = outcome(future)
                address = waiting.pop(future)
                if not isinstance(answer, errors.PortError):
                    return answer
                reasons[address] = answer
            if not done and not more:
                break
        raise self._nobody(reasons, deadline)

    def writer(self, *, deadline: float) -> Node:
        """A broker that answered just now, to send a write to that any broker passes on.

        Raises:
            errors.PortError: none answers.
        """
        nodes = sorted(
            self.live(deadline=deadline), key=lambda node: -self._wire.answered_at(node.address)
        )
        probes = {self._wire.probe(node.address, deadline=deadline): node for node in nodes}
        for future in finished(probes, deadline=deadline):
            if outcome(future) == "answers":
                return probes[future]
        raise errors.Unreachable(
            f"No broker of {self.name} answers",
            where=", ".join(str(node.address) for node in nodes),
            next_step="See the brokers' port states",
        )

    def probe(self, addresses: Iterable[Address], *, deadline: float) -> Mapping[Address, Any]:
        """Each address's port state to come."""
        return {address: self._wire.probe(address, deadline=deadline) for address in set(addresses)}

    def _candidates(self) -> list[Address]:
        known = [node.address for node in self.known() if node.listed and node.fenced is not True]
        known.sort(key=lambda address: -self._wire.answered_at(address))
        return list(dict.fromkeys((*known, *self._bootstrap)))

    def _nobody(
        self, reasons: Mapping[Address, errors.PortError], deadline: float
    ) -> errors.PortError:
        """The error that tells why no address answered."""
        for address, error in reasons.items():
            strange = isinstance(error, complaint.Silent | complaint.Closing)
            if strange and not self._nodes and not self._wire.encrypted:
                greeting = self._greeting(address, deadline)
                if greeting:
                    return complaint.foreign(greeting, address)
        for kind in (errors.NotAllowed, errors.Misunderstood, complaint.Unsupported):
            for error in reasons.values():
                if isinstance(error, kind):
                    return error
        if len(reasons) == 1:
            return next(iter(reasons.values()))
        told = "; ".join(f"{address}: {error.what}" for address, error in reasons.items())
        return errors.Unreachable(
            f"No broker of {self.name} answers",
            where=told or "no answer before the deadline",
            next_step="Check the bootstrap addresses, and that the brokers run",
        )

    def _greeting(self, address: Address, deadline: float) -> bytes:
        """What listens there instead of Kafka; once known it is not asked again for a while, so
        that one slow answer does not change what is told.
        """
        known, until = self._greetings.get(address, (b"", 0.0))
        if time.monotonic() >= until:
            known = sniff.greeting(address, deadline=deadline)
            if known:
                self._greetings[address] = (known, time.monotonic() + GREETING_S)
        return known


def _describe_cluster() -> Any:
    return library.admin.DescribeClusterRequest(
        include_cluster_authorized_operations=False,
        endpoint_type=BROKERS,
        include_fenced_brokers=True,
    )


def _metadata() -> Any:
    """Lists the brokers where DescribeCluster is not known: before Kafka 2.8, and elsewhere."""
    return library.metadata.MetadataRequest(topics=[], allow_auto_topic_creation=False)


def _listed(answer: Any) -> Iterator[Node]:
    untold = Unknown("Kafka tells it from version 4.0 on")
    described = isinstance(answer, library.admin.DescribeClusterResponse)
    for broker in answer.brokers:
        yield Node(
            id=broker.broker_id if described else broker.node_id,
            address=Address(broker.host, broker.port),
            rack=broker.rack,
            fenced=broker.is_fenced if described and answer.API_VERSION >= 2 else untold,
        )


def failed(error: errors.PortError) -> "futures.Future[Any]":
    """An answer that will not come."""
    future: futures.Future[Any] = futures.Future()
    future.set_exception(error)
    return future


def outcome(future: "futures.Future[Any]") -> Any | errors.PortError:
    """What a finished request gave: its answer or its error."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, errors.PortError):
        return error
    raise error


def finished(
    pending: Iterable["futures.Future[Any]"], *, deadline: float
) -> Iterator["futures.Future[Any]"]:
    """The futures as they finish; what the wire left open a second too long has timed out."""
    pending = tuple(pending)
    try:
        yield from futures.as_completed(pending, max(deadline - time.monotonic(), 0.0) + 1.0)
    except TimeoutError:
        for future in pending:
            if not future.done():
                future.set_exception(errors.TimedOut("The broker did not answer in time"))
                yield future
