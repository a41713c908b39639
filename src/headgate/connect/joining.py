"""Which of several addresses are workers of one Connect cluster.

Connect's REST interface does not tell the group of its workers. Two that work on the same Kafka
cluster and name the same connectors on the same workers are one; an address that does not answer
belongs to those who name it as a worker.
"""

from collections.abc import Sequence
from concurrent import futures
from urllib.parse import urlsplit

from headgate.connect import rest
from headgate.domain import connects
from headgate.ports import errors

WITHIN_S = 2.0
"""For one address; all are asked at once."""


def joined(urls: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The addresses by Connect cluster, in the order given; one alone is not asked.

    Raises:
        ValueError: one is not an http or https address.
    """
    if len(urls) < 2:
        return tuple((url,) for url in urls)
    ports = [rest.RestConnect("connect", url) for url in urls]
    try:
        with futures.ThreadPoolExecutor(len(ports), "headgate-join") as pool:
            found = list(pool.map(_asked, ports))
    finally:
        for port in ports:
            port.close()
    made: list[tuple[connects.ConnectCluster | None, list[str]]] = []
    for url, cluster in zip(urls, found, strict=True):
        home = next((each for each in made if _same(each[0], cluster, url)), None)
        if home is None:
            made.append((cluster, [url]))
        else:
            home[1].append(url)
    # A silent address may stand before the one that names it.
    for place, (cluster, held) in enumerate(made):
        if cluster is None:
            owner = next((one for one in made if one[0] and _names(one[0], held[0])), None)
            if owner is not None:
                owner[1].append(held[0])
                made[place] = (None, [])
    return tuple(tuple(held) for _, held in made if held)


def _asked(port: rest.RestConnect) -> connects.ConnectCluster | None:
    try:
        return port.cluster(deadline_s=WITHIN_S)
    except errors.PortError:
        return None


def _same(
    one: connects.ConnectCluster | None, other: connects.ConnectCluster | None, url: str
) -> bool:
    if one is None:
        return False
    if other is None:
        return _names(one, url)
    mine, theirs = _runs(one), _runs(other)
    return bool(mine) and mine == theirs and one.kafka_cluster_id == other.kafka_cluster_id


def _runs(cluster: connects.ConnectCluster) -> frozenset[tuple[str, str]]:
    """(Connector, worker) of everything that it runs."""
    return frozenset(
        (one.name, worker)
        for one in cluster.connectors.values()
        for worker in (one.worker, *(task.worker for task in one.tasks))
    )


def _names(cluster: connects.ConnectCluster, url: str) -> bool:
    """Whether the cluster names the address as one of its workers."""
    parts = urlsplit(url)
    name = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    return any(worker == name for _, worker in _runs(cluster))
