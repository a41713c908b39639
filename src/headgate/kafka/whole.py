"""Whether a listing is whole: Kafka leaves out, without a word, what the caller may not describe.

A name that nobody uses is asked for: who may describe everything of a kind is told that there is
nothing of that name, and whoever may not is told that. So a list of nothing is not taken for a
cluster of nothing, and an open transaction whose coordinator may not be asked not for a hanging
one.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from headgate.domain import rights, snapshot
from headgate.kafka import library
from headgate.kafka.nodes import Nodes
from headgate.ports import errors

NAME = "headgate-asks-whether-it-may-see-all"
AGAIN_S = 60.0
"""An answer counts for so long; rights change when a person changes them."""
FAILED_S = 5.0
"""After no answer, the same is asked again so much later."""
ANSWER_S = 1.0
_TOPIC, _GROUP, _TRANSACTION = 29, 30, 53
_DESCRIBE = 8
"""AclOperation.DESCRIBE, as DescribeCluster tells it."""


class Whole:
    """What this caller may see all of; safe from any thread."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, bool]] = {}

    def topics(self, *, deadline: float) -> tuple[snapshot.Missing, ...]:
        """Empty where every topic is listed; else what is missing, and the right to it."""
        if not self._denied("topics", _metadata, _topic_refused, deadline):
            return ()
        return (_missing("topics", rights.on_topic("Describe")),)

    def groups(self, *, deadline: float) -> tuple[snapshot.Missing, ...]:
        """The same of groups. Who may describe the cluster is told of every group."""
        if not self._denied("groups", _groups, _group_refused, deadline):
            return ()
        if not self._denied("cluster", _cluster, _cluster_refused, deadline):
            return ()
        return (_missing("groups", rights.on_group("Describe")),)

    def transactions(self, *, deadline: float) -> tuple[snapshot.Missing, ...]:
        """The same of transactions."""
        if not self._denied("transactions", _transactions, _transaction_refused, deadline):
            return ()
        right = rights.Right(operation="Describe", resource_type="TransactionalId", name="*")
        return (_missing("transactions", right),)

    def _denied(
        self, kind: str, make: Callable[[], Any], refused: Callable[[Any], bool], deadline: float
    ) -> bool:
        """Whether the right is lacking; no where the answer did not come, which other reads tell.

        The connection is one of the controller's, so that no other read waits behind it.
        """
        with self._lock:
            due_at, found = self._known.get(kind, (0.0, False))
        now = time.monotonic()
        if now < due_at:
            return found
        until, due_at = min(deadline, now + ANSWER_S), now + AGAIN_S
        try:
            found = refused(self._nodes.any(make, deadline=until, lane="controller"))
        except errors.PortError:
            due_at = now + FAILED_S
        with self._lock:
            self._known[kind] = (due_at, found)
        return found


def refuse(hidden: Sequence[snapshot.Missing], where: str) -> None:
    """Nothing happens where all may be seen; for a list of nothing that may hide something.

    Raises:
        errors.NotAllowed: what is hidden, and the right to it.
    """
    for one in hidden:
        raise errors.NotAllowed(
            one.reason, where=where, next_step=f"Grant {one.needs}", needs=one.needs
        )


def _missing(kind: str, right: rights.Right) -> snapshot.Missing:
    return snapshot.Missing(
        what=kind,
        reason=f"{kind} that Headgate may not describe are not listed",
        needs=str(right),
    )


def _metadata() -> Any:
    request = library.metadata.MetadataRequest
    return request(
        topics=[request.MetadataRequestTopic(name=NAME)], allow_auto_topic_creation=False
    )


def _topic_refused(answer: Any) -> bool:
    return any(topic.error_code == _TOPIC for topic in answer.topics)


def _groups() -> Any:
    return library.admin.DescribeGroupsRequest(groups=[NAME], include_authorized_operations=False)


def _group_refused(answer: Any) -> bool:
    return any(group.error_code == _GROUP for group in answer.groups)


def _transactions() -> Any:
    return library.admin.DescribeTransactionsRequest(transactional_ids=[NAME])


def _transaction_refused(answer: Any) -> bool:
    return any(one.error_code == _TRANSACTION for one in answer.transaction_states)


def _cluster() -> Any:
    return library.admin.DescribeClusterRequest(
        include_cluster_authorized_operations=True, endpoint_type=1
    )


def _cluster_refused(answer: Any) -> bool:
    """Kafka tells no operation to whoever may not describe the cluster."""
    return _DESCRIBE not in (answer.authorized_operations or ())
