"""Brokers with their port states, the quorum's leader, and the version."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from headgate.domain import snapshot
from headgate.domain.unknown import Unknown
from headgate.kafka import library, release
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
    """The leader of the controller quorum.

    Every broker is asked and the first usable answer taken: a broker passes the question on to the
    controller, so it hangs while the quorum elects, and one without a majority says -1.
    """
    reasons: list[str] = []
    until = min(deadline, time.monotonic() + QUORUM_S)
    try:
        for broker, answer in nodes.every(_quorum_request, deadline=until, lane="controller"):
            if isinstance(answer, errors.PortError):
                reasons.append(f"broker {broker}: {answer.what}")
            else:
                leader = _leader(answer)
                if isinstance(leader, int):
                    return leader
                reasons.append(f"broker {broker}: {leader.reason}")
    except errors.PortError as error:
        reasons.append(str(error))
    return Unknown("DescribeQuorum named no leader: " + "; ".join(sorted(set(reasons))))


def version(nodes: Nodes, *, deadline: float) -> str | Unknown:
    """The release of the broker that answers first.

    Its highest supported metadata.version tells it; where that is not told, the calls it knows.
    """
    try:
        answer = nodes.any(
            lambda: library.metadata.ApiVersionsRequest(
                client_software_name="headgate", client_software_version="1"
            ),
            deadline=deadline,
        )
    except errors.Unreachable as error:
        return Unknown(str(error))
    levels = {feature.name: feature.max_version for feature in answer.supported_features or ()}
    if "metadata.version" in levels:
        return release.of_level(levels["metadata.version"])
    calls = {key.api_key: (key.min_version, key.max_version) for key in answer.api_keys}
    numbers = library.BrokerVersionData(api_versions=calls).broker_version
    return ".".join(str(number) for number in numbers)


def _quorum_request() -> Any:
    request = library.admin.DescribeQuorumRequest
    topic = request.TopicData
    return request(
        topics=[
            topic(
                topic_name="__cluster_metadata",
                partitions=[topic.PartitionData(partition_index=0)],
            )
        ]
    )


def _leader(answer: Any) -> int | Unknown:
    code = answer.error_code
    for topic in answer.topics or ():
        for partition in topic.partitions:
            code = code or partition.error_code
            if not code and partition.leader_id >= 0:
                return int(partition.leader_id)
    return Unknown(library.error_name(code) if code else "the quorum has no leader")


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
