"""Whether readers of committed records are held up by a transaction where a group stands.

The last stable offset (LSO) is as far as they may read. A group that has read all below it stands
at it, or a few offsets before it: those of aborted records and markers, which nobody commits over
(seen on Kafka 4.3: commit 10 at an LSO of 14).
"""

from dataclasses import dataclass

from headgate.detect import words
from headgate.detect.clients import transactions
from headgate.diagnose import interface
from headgate.diagnose.consumers import records
from headgate.diagnose.hypothesis import Prediction, decides, requires
from headgate.domain import diagnosis, resource
from headgate.domain.layout import UNREAD
from headgate.domain.unknown import Unknown

_NEAR = 64
"""Offsets before the LSO that aborted records and markers may take up."""
_CLOSED = ("Empty", "CompleteCommit", "CompleteAbort", "Dead")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a group stands to the last stable offset, on the partitions of one finding."""

    reached: bool | Unknown
    """Whether it has read all that readers of committed records may, and more is there."""
    by: transactions.Held | None
    """The transaction that holds them, where it has."""
    fact: str
    """Id of the evidence."""


def standing(argument: interface.Argument, waiting: tuple[records.Next, ...]) -> Standing:
    """The standing before these records, as evidence of the argument."""
    seen = argument.case.seen
    positions = seen.read(seen.snapshot.positions)
    if isinstance(positions, Unknown):
        why = Unknown(f"the last stable offset was not read: {positions.reason}")
        return Standing(reached=why, by=None, fact=_cite(argument, "last stable offset", why))
    free: list[str] = []
    for item in waiting:
        ordinal = positions.partitions.ordinal(item.name)
        stable = UNREAD if ordinal is None else int(positions.stable[ordinal])
        if ordinal is None or stable == UNREAD:
            continue
        if not positions.held[ordinal]:
            free.append(f"{item.name}: {stable}, the log end")
            continue
        if item.offset >= stable or _nothing_between(item, stable):
            by = next((h for h in transactions.held(seen) if item.name in h.partitions), None)
            fact = _cite(
                argument,
                f"last stable offset of {item.name}, where {argument.about.resource.id} stands at "
                f"{words.count(item.offset)}",
                stable,
            )
            return Standing(reached=True, by=by, fact=fact)
        free.append(f"{item.name}: {stable}, past the commit {item.offset}")
    if not free:
        why = Unknown("the last stable offset was not read")
        return Standing(reached=why, by=None, fact=_cite(argument, "last stable offset", why))
    return Standing(
        reached=False, by=None, fact=_cite(argument, "last stable offset", words.names(free))
    )


def _nothing_between(item: records.Next, stable: int) -> bool:
    answer = item.answer
    return (
        stable - item.offset <= _NEAR and not isinstance(answer, Unknown) and answer.exists is False
    )


def _cite(argument: interface.Argument, what: str, value: int | str | Unknown) -> str:
    return argument.fact("stable", what, value, how="ListOffsets, read committed")


def past_it(found: Standing) -> Prediction:
    """That no transaction holds the group up where it stands, as far as that was read."""
    says = "no open transaction holds it up there"
    if isinstance(found.reached, Unknown):
        return Prediction(kind="expects", says=says, seen=found.reached, facts=(found.fact,))
    return requires(says, not found.reached, found.fact)


def behind(argument: interface.Argument) -> tuple[Prediction, ...]:
    """Weighs an open transaction where it holds all that a group lags on; what that says of any
    slowness of the group, nothing where none holds it.
    """
    found = standing(argument, records.before(argument.case, argument.about))
    held = found.by.partitions if found.by is not None else ()
    if found.reached is not True or not set(argument.about.partitions) <= set(held):
        return ()
    weigh(argument, found)
    return (past_it(found),)


def weigh(argument: interface.Argument, found: Standing) -> None:
    """Weighs a transaction that is open, and one that hangs."""
    seen = argument.case.seen
    told = seen.read(seen.snapshot.transactions)
    by, facts = found.by, [found.fact]
    known: bool | Unknown
    if found.reached is not True:
        known = Unknown("no transaction was seen to hold it up")
    elif isinstance(told, Unknown):
        known = Unknown(f"the transactions were not read: {told.reason}")
    elif by is None or by.producer is None:
        known = Unknown("the leader was not asked yet whose transaction is open there")
    else:
        one = by.transaction
        known = one is not None and one.state not in _CLOSED
        known = known and bool(one and set(one.partitions) & set(by.partitions))
        if not known and told.unsure is not None:
            known = told.unsure
        facts.append(
            argument.fact(
                "transaction",
                "what coordinators know of the transaction that is open there",
                f"{one.id}: {one.state}" if one is not None else "no transactional id",
                how="ListTransactions, DescribeTransactions",
            )
        )
    where = str(by.partitions[0]) if by is not None else "it"
    at = requires("it has read all that an open transaction lets it read", found.reached, *facts)
    one = by.transaction if by is not None else None
    argument.weigh(
        "txn.open",
        f"A transaction that is open on {where} holds readers of committed records until it ends.",
        at,
        decides("its coordinator knows it as open", known, *facts),
        on=resource.Resource("transaction", one.id) if one is not None else None,
        next=_wait(argument, by),
    )
    argument.weigh(
        "txn.hanging",
        f"A transaction that nobody will end holds readers of committed records on {where}.",
        at,
        requires(
            "no coordinator knows it as open",
            known if isinstance(known, Unknown) else not known,
            *facts,
        ),
        decides(
            "it was seen so twice",
            known if isinstance(known, Unknown) else _twice(argument, by) and not known,
            *facts,
        ),
        on=resource.partition(by.partitions[0]) if by is not None else None,
        next=[
            interface.suggest(
                "txn.abort_hanging",
                "Abort it on this partition, after a second look that no coordinator knows it.",
            )
        ],
    )


def _twice(argument: interface.Argument, by: transactions.Held | None) -> bool:
    if by is None or by.producer is None:
        return False
    key = (by.producer.producer_id, by.producer.partition)
    times = sum(
        any((each.producer_id, each.partition) == key for each in part.value.hanging())
        for part in argument.case.seen.readings("transactions")
        if not isinstance(part.value, Unknown)
    )
    return times >= 2


def _wait(argument: interface.Argument, by: transactions.Held | None) -> list[diagnosis.Suggestion]:
    one = by.transaction if by is not None else None
    left_s = 900.0
    if one is not None and not isinstance(one.timeout_s, Unknown) and one.started_ms > 0:
        left_s = max(one.started_ms / 1000 + one.timeout_s - argument.case.seen.now, 0.0)
    why = "Its coordinator ends it at its time-out; restarting the reader does not help."
    return [interface.watch(argument.about.resource, left_s + 60, why)]
