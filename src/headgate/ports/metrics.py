"""One source of metrics: an endpoint that exposes text, or a Prometheus server."""

from typing import Protocol

from headgate.domain import measures


class Metrics(Protocol):
    """Reads one source; methods raise ``ports.errors.PortError``."""

    @property
    def url(self) -> str:
        """Its address, without credentials; also its name."""

    def read(self, *, deadline_s: float) -> measures.Measures:
        """What it says now, under Headgate's own names."""

    def close(self) -> None:
        """Connections are closed."""
