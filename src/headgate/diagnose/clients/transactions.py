"""What holds the last stable offset, and why transactional producers are fenced.

The coordinator and the partition's leader tell two halves of the story. A transaction that its
coordinator knows as open there ends at its time-out; one that no coordinator knows ends never.
"""

from typing import ClassVar

from headgate.detect import words
from headgate.detect.clients import fencing
from headgate.detect.clients import transactions as detected
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding, transactions
from headgate.domain.resource import Resource, partition
from headgate.domain.unknown import Unknown

_CLOSED = ("Empty", "CompleteCommit", "CompleteAbort", "Dead")


class Stuck:
    """Explains a last stable offset that stands."""

    explains: ClassVar[tuple[str, ...]] = ("txn.lso_stuck",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """A transaction that is open, or one that hangs."""
        argument = interface.Argument(case, about)
        one = next(
            (
                each
                for each in detected.held(case.seen)
                if partition(each.partitions[0]) == about.resource
            ),
            None,
        )
        told = case.seen.read(case.seen.snapshot.transactions)
        if one is None or one.producer is None or isinstance(told, Unknown):
            reason = (
                told.reason
                if isinstance(told, Unknown)
                else "the leader was not asked yet whose transaction is open there"
            )
            _unread(argument, reason)
            return argument.explained()
        _open(argument, one, told)
        _hanging(argument, one, told)
        return argument.explained()


def _unread(argument: interface.Argument, reason: str) -> None:
    argument.weigh(
        "txn.open",
        "A transaction is open and ends at its time-out.",
        requires("its coordinator knows it as open there", Unknown(reason)),
        next=[],
    )
    argument.weigh(
        "txn.hanging",
        "A transaction was left open and will not end by itself.",
        requires("no coordinator knows it as open there", Unknown(reason)),
    )


def _listed(one: detected.Held) -> bool:
    """Whether the coordinator knows the transaction as open on the partition."""
    known = one.transaction
    return (
        known is not None and known.state not in _CLOSED and one.partitions[0] in known.partitions
    )


def _facts(argument: interface.Argument, one: detected.Held) -> list[str]:
    assert one.producer is not None  # noqa: S101 - whoever calls has looked
    facts = [
        argument.fact(
            "producer",
            f"producer with a transaction open on {one.partitions[0]} since offset "
            f"{one.producer.open_since_offset}",
            one.producer.producer_id,
            how="DescribeProducers",
        )
    ]
    known = one.transaction
    facts.append(
        argument.fact(
            "coordinator",
            "what the coordinators know of that producer",
            "no transactional id"
            if known is None
            else f"{known.id}: {known.state}"
            + (", and this partition is in it" if _listed(one) else ", without this partition"),
            how="ListTransactions, DescribeTransactions",
        )
    )
    return facts


def _open(
    argument: interface.Argument, one: detected.Held, told: transactions.Transactions
) -> None:
    case, about = argument.case, argument.about
    listed: bool | Unknown = _listed(one)
    if not listed and told.unsure is not None:
        listed = told.unsure
    facts = _facts(argument, one)
    assert one.producer is not None  # noqa: S101 - whoever calls has looked
    at_start = one.producer.open_since_offset == one.stable[one.partitions[0]]
    known, next_ = one.transaction, []
    ends = ""
    if known is not None and not isinstance(known.timeout_s, Unknown) and known.started_ms > 0:
        left = known.started_ms / 1000 + known.timeout_s - case.seen.now
        facts.append(
            argument.fact(
                "left",
                f"seconds until {known.id} times out (it has {words.duration(known.timeout_s)})",
                round(left),
                unit="s",
                how="DescribeTransactions",
            )
        )
        ends = f" It times out in {words.duration(left)}." if left > 0 else " Its time is up."
        next_.append(
            interface.watch(
                about.resource, max(left, 0) + 60, "It is ended by its coordinator at its time-out."
            )
        )
        next_.append(
            interface.suggest(
                "txn.fence_producer",
                "Where its readers cannot wait: fence its producer, which then has to restart.",
                transactional_id=known.id,
            )
        )
    argument.weigh(
        "txn.open",
        f"{'The transaction ' + known.id if known else 'A transaction'} is open.{ends}",
        requires("its coordinator knows it as open on this partition", listed, *facts),
        decides(
            "the last stable offset is where it began",
            listed if listed is not True else at_start,
            *facts,
        ),
        on=Resource("transaction", known.id) if known is not None else None,
        next=next_,
    )


def _hanging(
    argument: interface.Argument, one: detected.Held, told: transactions.Transactions
) -> None:
    case, about = argument.case, argument.about
    facts = _facts(argument, one)
    unknown: bool | Unknown = not _listed(one)
    if unknown and told.unsure is not None:
        unknown = told.unsure
    twice = _times(case, one)
    facts.append(
        argument.fact(
            "times",
            "readings in which the leader held it open and no coordinator knew it",
            twice,
            how="two readings compared",
        )
    )
    longest = detected.max_timeout_s(case.seen)
    age_s = case.seen.now - about.since.timestamp()
    producer = one.producer
    assert producer is not None  # noqa: S101 - whoever calls has looked
    lasting: bool | Unknown = longest if isinstance(longest, Unknown) else age_s > longest
    if lasting is not True and twice >= 2:
        lasting = True
    name = one.partitions[0]
    argument.weigh(
        "txn.hanging",
        "The partition holds a transaction open that no coordinator will end.",
        requires("no coordinator knows it as open on this partition", unknown, *facts),
        decides(
            "it was seen so twice, or is older than any transaction may be",
            unknown if unknown is not True else lasting,
            *facts,
        ),
        on=about.resource,
        next=[
            interface.suggest(
                "txn.abort_hanging",
                "Abort it on this partition, after a second look that no coordinator knows it.",
                topic=name.topic,
                partition=name.partition,
                start_offset=producer.open_since_offset,
                producer_id=producer.producer_id,
                producer_epoch=producer.producer_epoch,
                coordinator_epoch=producer.coordinator_epoch,
            )
        ],
    )


def _times(case: interface.Case, one: detected.Held) -> int:
    """Readings in which it hung, this one included."""
    assert one.producer is not None  # noqa: S101 - whoever calls has looked
    key = (one.producer.producer_id, one.partitions[0], one.producer.open_since_offset)
    return sum(
        any(
            (each.producer_id, each.partition, each.open_since_offset) == key
            for each in part.value.hanging()
        )
        for part in case.seen.readings("transactions")
        if not isinstance(part.value, Unknown)
    )


class Fenced:
    """Explains transactional producers that are fenced."""

    explains: ClassVar[tuple[str, ...]] = ("producer.fenced",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Two producers with one transactional id, or an id or transaction that expired."""
        argument = interface.Argument(case, about)
        window_s = case.seen.observation.seconds("producer.fenced", "window")
        one = next(
            (each for each in fencing.courses(case.seen, window_s) if each.id == about.resource.id),
            None,
        )
        cited = argument.own("epochs", "resets", "errors")
        late: bool | Unknown = (
            Unknown("no transaction of it was seen open") if one is None else one.timed_out
        )
        fact = argument.fact(
            "late",
            "whether a transaction of it was seen at its time-out",
            late,
            how="DescribeTransactions",
        )
        argument.weigh(
            "producer.duplicate_txn_id",
            "Two producers use the same transactional id and take it from each other.",
            requires("its epoch rises, or its producers are refused", bool(cited), *cited),
            expects("none of its transactions runs into its time-out", _not(late), fact),
            decides(
                "two hosts use the id",
                Unknown("Kafka's protocol does not tell the host; the brokers' request logs do"),
            ),
            next=[
                interface.suggest(
                    "owner.notify", "Give each instance a transactional id of its own."
                )
            ],
        )
        argument.weigh(
            "producer.state_expired",
            "Its transaction took longer than its time-out, or its id had expired.",
            requires("a transaction of it was seen at its time-out", late, fact),
            decides("a transaction of it was seen at its time-out", late, fact),
            next=[
                interface.suggest(
                    "owner.notify",
                    "Make its transactions shorter, or raise transaction.timeout.ms.",
                )
            ],
        )
        return argument.explained()


def _not(value: bool | Unknown) -> bool | Unknown:
    return value if isinstance(value, Unknown) else not value
