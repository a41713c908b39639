"""Brokers with their port states, the quorum's leader, and the version."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from headgate.domain import snapshot
from headgate.domain.unknown import Unknown
from headgate.kafka import features, quorum
from headgate.kafka.nodes import Node, Nodes, finished, outcome
from headgate.ports import errors

QUORUM_S = 1.5
"""How long the quorum may take to name its leader; an election takes about 2 s."""
NOT_LISTED = Unknown("the cluster does not list it")


def read(nodes: Nodes, replicas: Iterable[int], *, deadline: float) -> snapshot.Brokers:
    """Every broker listed now or before, and every replica's; probed at the same time.

    The listing, the probes of the brokers already known and the question for the quorum's leader
    run side by side; only brokers new in the listing are probed after it.

    Raises:
        errors.PortError: nobody lists the brokers.
    """
    probes = dict(nodes.probe((node.address for node in nodes.known()), deadline=deadline))
    nodes.refresh(deadline=deadline)
    known = nodes.known()
    new = [node.address for node in known if node.address not in probes]
    probes.update(nodes.probe(new, deadline=deadline))
    leader = controller(nodes, deadline=deadline)
    for _ in finished(probes.values(), deadline=deadline):
        pass
    found = [_broker(node, probes) for node in known]
    listed = {node.id for node in known}
    found += [_never_listed(number) for number in sorted(set(replicas) - listed)]
    return snapshot.Brokers(
        cluster_id=nodes.cluster_id,
        brokers=tuple(sorted(found, key=lambda broker: broker.id)),
        controller=leader,
    )


def controller(nodes: Nodes, *, deadline: float) -> int | Unknown:
    """The leader of the controller quorum."""
    try:
        return quorum.read(nodes, deadline=min(deadline, time.monotonic() + QUORUM_S)).leader
    except errors.PortError as error:
        return Unknown(error.what)


def version(nodes: Nodes, *, deadline: float) -> str | Unknown:
    """The release of the broker that answers first."""
    try:
        answer = nodes.any(features.request, deadline=deadline)
    except errors.Unreachable as error:
        return Unknown(str(error))
    return features.version(answer)


def _broker(node: Node, probes: Mapping[Any, Any]) -> snapshot.Broker:
    state = outcome(probes[node.address])
    return snapshot.Broker(
        id=node.id,
        host=node.address.host,
        port=node.address.port,
        rack=node.rack,
        listed=node.listed,
        fenced=node.fenced if node.listed else NOT_LISTED,
        port_state="silent" if isinstance(state, errors.PortError) else state,
    )


def _never_listed(number: int) -> snapshot.Broker:
    return snapshot.Broker(
        id=number,
        host="",
        port=0,
        rack=None,
        listed=False,
        fenced=NOT_LISTED,
        port_state="not_probed",
    )
