"""Transactions as their coordinators know them, and producers as partition leaders know them.

A transaction hangs where a leader holds it open and no coordinator knows it as ongoing. Kafka's own
tool looks for one only after the longest timeout; comparing the two sides tells it in seconds.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures
from typing import Any

from headgate.domain import snapshot, transactions
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import asking, failure, library, topics
from headgate.kafka.coordinators import CHUNK
from headgate.kafka.nodes import Nodes, finished, outcome
from headgate.ports import errors, inspection

CLOSED = frozenset(("Empty", "CompleteCommit", "CompleteAbort", "Dead"))
"""States without an open transaction; these are listed and not described."""
NOT_FOUND = 105
"""TRANSACTIONAL_ID_NOT_FOUND: it was forgotten after it was listed."""
NOT_DESCRIBED = Unknown("only a transaction that is open is described")

_Asked = Mapping["futures.Future[Any]", Any]


def read(
    nodes: Nodes, suspects: Sequence[TopicPartition], *, deadline: float
) -> inspection.Read[transactions.Transactions]:
    """Every transaction that the caller may describe, and the open ones on the suspects.

    The partitions' side is read first: a transaction that ends between the two reads is then a
    candidate once, and one that begins there is none at all. Kafka leaves out of the list, without
    a word, what the caller may not describe.

    Raises:
        errors.PortError: no broker lists its transactions.
    """
    producers, ended, unread = _producers(nodes, suspects, deadline=deadline)
    listed = asking.every_broker(nodes, _list, "ListTransactions", deadline=deadline)
    found: dict[str, transactions.Transaction] = {}
    asked: dict[futures.Future[Any], tuple[str, ...]] = {}
    for broker, answer in listed.answers.items():
        told = [_listed(entry, broker) for entry in answer.transaction_states]
        found.update((one.id, one) for one in told)
        open_ = [one.id for one in told if one.state not in CLOSED]
        for start in range(0, len(open_), CHUNK):
            chunk = tuple(open_[start : start + CHUNK])
            asked[nodes.ask(broker, _describe(chunk), deadline=deadline)] = chunk
    undescribed = tuple(_describe_all(found, asked, deadline))
    return transactions.Transactions(
        transactions=tuple(found[name] for name in sorted(found)),
        open_producers=producers,
        ended_on=ended,
        complete=not listed.missing and not undescribed,
    ), (*listed.missing, *undescribed, *unread)


# ---- the coordinators' side ----


def _list() -> Any:
    return library.admin.ListTransactionsRequest(state_filters=[], producer_id_filters=[])


def _listed(entry: Any, broker: int) -> transactions.Transaction:
    return transactions.Transaction(
        id=entry.transactional_id,
        producer_id=entry.producer_id,
        producer_epoch=snapshot.UNREAD,
        state=entry.transaction_state,
        coordinator=broker,
        timeout_s=NOT_DESCRIBED,
        started_ms=snapshot.UNREAD,
        partitions=(),
    )


def _describe(ids: Sequence[str]) -> Any:
    return library.admin.DescribeTransactionsRequest(transactional_ids=list(ids))


def _describe_all(
    found: dict[str, transactions.Transaction], asked: _Asked, deadline: float
) -> Iterator[snapshot.Missing]:
    """Puts what is described in the place of what was listed; yields what could not be."""
    for future in finished(asked, deadline=deadline):
        answer = outcome(future)
        if isinstance(answer, errors.PortError):
            for name in asked[future]:
                yield snapshot.Missing(what=f"transaction:{name}", reason=failure.reason(answer))
            continue
        for told in answer.transaction_states:
            name = told.transactional_id
            if told.error_code == NOT_FOUND:
                found.pop(name, None)
            elif told.error_code:
                failed = failure.of_code(told.error_code, api="DescribeTransactions", on=name)
                yield snapshot.Missing(
                    what=f"transaction:{name}", reason=failed.reason, needs=failed.needs
                )
            else:
                found[name] = _described(told, found[name].coordinator)


def _described(told: Any, broker: int) -> transactions.Transaction:
    return transactions.Transaction(
        id=told.transactional_id,
        producer_id=told.producer_id,
        producer_epoch=told.producer_epoch,
        state=told.transaction_state,
        coordinator=broker,
        timeout_s=told.transaction_timeout_ms / 1000,
        started_ms=told.transaction_start_time_ms,
        partitions=tuple(
            sorted(
                TopicPartition(topic.topic, number)
                for topic in told.topics
                for number in topic.partitions
            )
        ),
    )


# ---- the partitions' side ----


def _producers(
    nodes: Nodes, suspects: Sequence[TopicPartition], *, deadline: float
) -> tuple[
    tuple[transactions.Producer, ...], frozenset[TopicPartition], tuple[snapshot.Missing, ...]
]:
    """(Producers with an open transaction on these partitions, those on which one has ended, what
    was not read), as the leaders tell.
    """
    if not suspects:
        return (), frozenset(), ()
    found: list[transactions.Producer] = []
    ended: set[TopicPartition] = set()
    missing: list[snapshot.Missing] = []
    by_leader: dict[int, list[TopicPartition]] = {}
    listed, _ = topics.listed(nodes, (name.topic for name in suspects), deadline=deadline)
    for name in dict.fromkeys(suspects):
        ordinal = listed.ordinal(name)
        leader = -1 if ordinal is None else int(listed.leader[ordinal])
        if leader < 0:
            reason = "there is no such partition" if ordinal is None else "it has no leader"
            missing.append(snapshot.Missing(what=f"partition:{name}", reason=reason))
        else:
            by_leader.setdefault(leader, []).append(name)
    asked = {
        nodes.ask(leader, _describe_producers(names), deadline=deadline): names
        for leader, names in by_leader.items()
    }
    for future in finished(asked, deadline=deadline):
        answer = outcome(future)
        if isinstance(answer, errors.PortError):
            missing += (
                snapshot.Missing(what=f"partition:{name}", reason=failure.reason(answer))
                for name in asked[future]
            )
            continue
        for topic in answer.topics:
            for part in topic.partitions:
                name = TopicPartition(topic.name, part.partition_index)
                if part.error_code:
                    failed = failure.of_code(
                        part.error_code, api="DescribeProducers", on=topic.name
                    )
                    missing.append(
                        snapshot.Missing(
                            what=f"partition:{name}", reason=failed.reason, needs=failed.needs
                        )
                    )
                found += _open(name, part.active_producers)
                if any(one.coordinator_epoch >= 0 for one in part.active_producers):
                    ended.add(name)  # whoever ends a transaction leaves his epoch with the marker
    found.sort(key=lambda one: (one.partition, one.producer_id))
    return tuple(found), frozenset(ended), tuple(missing)


def _describe_producers(names: Sequence[TopicPartition]) -> Any:
    request = library.admin.DescribeProducersRequest
    by_topic: dict[str, list[int]] = {}
    for topic, number in names:
        by_topic.setdefault(topic, []).append(number)
    return request(
        topics=[
            request.TopicRequest(name=topic, partition_indexes=numbers)
            for topic, numbers in by_topic.items()
        ]
    )


def _open(name: TopicPartition, told: Sequence[Any]) -> Iterator[transactions.Producer]:
    for producer in told:
        if producer.current_txn_start_offset >= 0:
            yield transactions.Producer(
                partition=name,
                producer_id=producer.producer_id,
                producer_epoch=producer.producer_epoch,
                last_sequence=producer.last_sequence,
                last_timestamp_ms=producer.last_timestamp,
                coordinator_epoch=producer.coordinator_epoch,
                open_since_offset=producer.current_txn_start_offset,
            )
