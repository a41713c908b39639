"""The controller quorum: who leads the metadata log, and who follows how closely."""

from collections.abc import Iterable
from typing import Any

from headgate.domain import quorum
from headgate.domain.unknown import Unknown
from headgate.kafka import complaint, library
from headgate.kafka.nodes import Nodes
from headgate.ports import errors

METADATA = "__cluster_metadata"


def read(nodes: Nodes, *, deadline: float) -> quorum.Quorum:
    """The quorum, as its leader sees it.

    Every broker is asked and the first usable answer taken: a broker passes the question on to the
    controller, so it hangs while the quorum elects, and one without a majority says -1. No other
    call tells that the majority is lost: Metadata goes on to say that all is well.

    Raises:
        errors.NotAllowed: the right to describe the cluster is lacking.
        errors.NotNow: no broker names a leader.
    """
    reasons: list[str] = []
    for broker, answer in nodes.every(request, deadline=deadline, lane="controller"):
        try:
            if isinstance(answer, errors.PortError):
                raise answer
            return _quorum(answer, nodes.name)
        except (errors.NotAllowed, errors.Unsupported):
            raise
        except errors.PortError as error:
            reasons.append(f"broker {broker}: {error.what}")
    told = "; ".join(sorted(set(reasons))) or "no broker is there"
    raise errors.NotNow(f"DescribeQuorum named no leader: {told}")


def request() -> Any:
    """Asks for the quorum."""
    make = library.admin.DescribeQuorumRequest
    topic = make.TopicData
    partition = topic.PartitionData(partition_index=0)
    return make(topics=[topic(topic_name=METADATA, partitions=[partition])])


def _quorum(answer: Any, where: str) -> quorum.Quorum:
    complaint.check(
        answer.error_code, getattr(answer, "error_message", ""), where, api="DescribeQuorum"
    )
    for topic in answer.topics or ():
        for told in topic.partitions:
            complaint.check(
                told.error_code, getattr(told, "error_message", ""), where, api="DescribeQuorum"
            )
            if told.leader_id < 0:
                break
            ends = {replica.replica_id: replica.log_end_offset for replica in told.current_voters}
            end = ends.get(told.leader_id, told.high_watermark)
            return quorum.Quorum(
                leader=told.leader_id,
                epoch=told.leader_epoch,
                high_watermark=told.high_watermark,
                voters=tuple(_replicas(told.current_voters, end)),
                observers=tuple(_replicas(told.observers, end)),
            )
    raise errors.NotNow("the quorum has no leader")


def _replicas(told: Iterable[Any], end: int) -> Iterable[quorum.Replica]:
    for replica in sorted(told, key=lambda one: one.replica_id):
        known = replica.log_end_offset >= 0
        yield quorum.Replica(
            id=replica.replica_id,
            log_end=replica.log_end_offset,
            lag=max(end - replica.log_end_offset, 0)
            if known
            else Unknown("the leader does not know how far it is"),
            last_fetched_ms=_time(replica, "last_fetch_timestamp"),
            last_caught_up_ms=_time(replica, "last_caught_up_timestamp"),
        )


def _time(replica: Any, name: str) -> int:
    told = getattr(replica, name, None)
    return quorum.UNREAD_MS if told is None else int(told)
