"""One program's metrics page: a JMX exporter, an application, a broker that exposes its own."""

import time

from headgate.domain import measures
from headgate.metrics import address, catalogue, exposition, meaning, owners, wire

ACCEPT = "text/plain;version=0.0.4,*/*;q=0.1"
"""Plain text is read faster and every exporter gives it; some give OpenMetrics wherever it is
named at all, however little it is wished for."""


class Endpoint:
    """Implements ``ports.metrics.Metrics`` for one page; one thread at a time may read."""

    def __init__(self, where: address.Address, hosts: owners.Hosts = owners.nobody) -> None:
        """Nothing is sent yet."""
        self._where = where
        self._listing = owners.Listing(hosts)
        self._wire = wire.Wire(
            where.url, username=where.username, password=where.password, what="a metrics endpoint"
        )

    @property
    def url(self) -> str:
        """Its address, without credentials; also its name."""
        return self._where.name

    def read(self, *, deadline_s: float) -> measures.Measures:
        """What it says now, under Headgate's own names.

        Raises:
            ports.errors.PortError: nothing there, no answer in time, not metrics, not allowed.
        """
        answer = self._wire.get(ACCEPT, deadline_s=deadline_s)
        if answer.status >= 400:
            raise self._wire.misread(f"HTTP {answer.status}")
        if not answer.body.strip():
            raise self._wire.misread("it is empty")
        try:
            page = exposition.read(
                answer.text,
                openmetrics=exposition.is_openmetrics(answer.content_type),
                wanted=meaning.wanted,
            )
        except exposition.Malformed as error:
            raise self._wire.misread(str(error)) from error
        whose = owners.Owners(
            catalogue.load(),
            brokers={} if self._where.owner else self._listing.brokers(deadline_s),
            configured=self._where.owner,
            address=self._where.place,
        )
        return meaning.measured(
            page.samples,
            page.names,
            whose,
            source=self.url,
            now=time.time(),
            others=page.others,
        )

    def close(self) -> None:
        """Connections are closed."""
        self._wire.close()
