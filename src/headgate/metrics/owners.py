"""Which resource a sample is about: its labels tell, or the configuration, or the host.

An exporter seldom says which broker it sits in. Where the labels do not tell, the configured
address does (``#broker=1``), and else the broker that lists the same host; two brokers on one host
are told apart by neither, and then the numbers are the endpoint's.
"""

import time
from collections.abc import Callable, Mapping

from headgate.domain.resource import Resource
from headgate.metrics import catalogue
from headgate.ports import errors

Hosts = Callable[[float], Mapping[int, str]]
"""Asks within so many seconds for each broker's host."""

LISTED_FOR_S = 60.0
"""For how long the brokers' hosts are taken as known; they change with brokers."""


def nobody(deadline_s: float) -> Mapping[int, str]:
    """Stands for a cluster whose hosts are not known."""
    del deadline_s
    return {}


class Listing:
    """The broker on each host, asked for seldom; owned by the source that reads."""

    def __init__(self, hosts: Hosts) -> None:
        self._ask = hosts
        self._known: Mapping[str, int] = {}
        self._until = 0.0

    def brokers(self, deadline_s: float) -> Mapping[str, int]:
        """Host, and its first label where that is no number, -> the one broker there."""
        if time.monotonic() >= self._until:
            try:
                self._known = by_host(self._ask(deadline_s))
                self._until = time.monotonic() + LISTED_FOR_S
            except errors.PortError:  # what was known stays; whose numbers they are can wait
                self._until = time.monotonic() + LISTED_FOR_S / 6
        return self._known


def by_host(hosts: Mapping[int, str]) -> dict[str, int]:
    """Each name that leads to exactly one broker."""
    found: dict[str, set[int]] = {}
    for broker, host in hosts.items():
        for name in _names(host):
            found.setdefault(name, set()).add(broker)
    return {name: next(iter(ids)) for name, ids in found.items() if len(ids) == 1}


def _names(host: str) -> set[str]:
    """The host, and the pod's name in it: kafka-0.kafka-brokers.prod.svc is the pod kafka-0."""
    lowered = host.lower().strip("[]")
    first = lowered.split(".")[0]
    return {lowered} if first.isdecimal() or ":" in lowered else {lowered, first}


def host_of(address: str) -> str:
    """The host in ``host:port``, ``[host]:port`` or a bare host."""
    if address.startswith("["):
        return address[1:].partition("]")[0].lower()
    host, colon, port = address.rpartition(":")
    return (host if colon and port.isdecimal() and ":" not in host else address).lower()


class Owners:
    """Whose numbers the samples of one answer are."""

    def __init__(
        self,
        names: catalogue.Catalogue,
        *,
        brokers: Mapping[str, int],
        configured: Resource | None,
        address: str,
    ) -> None:
        """``address`` is ``host:port`` of what was read; empty where it speaks for many."""
        self._names = names
        self._brokers = brokers
        self._configured = configured
        self._address = address
        self._told: dict[str, int] = {}

    def hear(self, name: str, labels: Mapping[str, str]) -> None:
        """A sample in which a broker tells its own id is noted."""
        label = self._names.told.get(catalogue.key(name))
        told = labels.get(label, "") if label else ""
        if told.isdecimal():
            self._told[self._place(labels)] = int(told)

    def process(self, labels: Mapping[str, str]) -> Resource:
        """The program whose numbers they are."""
        for label in self._names.broker_labels:
            told = labels.get(label, "")
            if told.isdecimal():
                return Resource("broker", str(int(told)))
        place = self._place(labels)
        if place in self._told:
            return Resource("broker", str(self._told[place]))
        if self._configured is not None:
            return self._configured
        for name in (*(labels.get(label, "") for label in self._names.host_labels), self._address):
            broker = self._brokers.get(host_of(name)) if name else None
            if broker is not None:
                return Resource("broker", str(broker))
        return Resource("endpoint", place or "unnamed")

    def resource(self, about: catalogue.About, labels: Mapping[str, str]) -> Resource:
        """What a sample about such a thing is about."""
        if about == "client" and labels.get("clientid"):
            return Resource("client", labels["clientid"])
        if about in ("task", "connector") and labels.get("connector"):
            if about == "connector" or not labels.get("task"):
                return Resource("connector", labels["connector"])
            return Resource("task", f"{labels['connector']}-{labels['task']}")
        return self.process(labels)

    def _place(self, labels: Mapping[str, str]) -> str:
        return self._address or next(
            (labels[label] for label in self._names.host_labels if labels.get(label)), ""
        )
