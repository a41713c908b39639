"""Chooses what reads an address of metrics."""

from headgate.metrics import address, endpoint, owners, prometheus
from headgate.ports import metrics


def connect(given: str, hosts: owners.Hosts = owners.nobody) -> metrics.Metrics:
    """A source for the address; nothing is sent yet.

    Raises:
        ValueError: it is no address of metrics; says why.
    """
    where = address.parse(given)
    return prometheus.Server(where, hosts) if where.server else endpoint.Endpoint(where, hosts)
