"""What became of a write: done, not done, or nobody knows, from the answers a port gives."""

from collections.abc import Callable, Iterable

from headgate.actions import interface
from headgate.ports import errors, kafka


def of_failure(failure: kafka.Failure) -> interface.Failed | interface.Lost:
    """What one item's failure says of the write."""
    text = f"{failure.reason} ({failure.name})"
    if failure.unknown_outcome:
        return interface.Lost(text)
    return interface.Failed(text, retry=failure.retriable)


def of_error(error: errors.PortError) -> interface.Failed | interface.Lost:
    """What a call that failed as a whole says of the write.

    Only a no from the other side is proof that nothing happened; even "nothing answers" may come
    after the request went out.
    """
    if isinstance(error, errors.Refused | errors.NotAllowed):
        return interface.Failed(str(error), retry=isinstance(error, errors.NotNow))
    return interface.Lost(str(error))


def of_write(
    write: Callable[[], kafka.Failure | None], text: str
) -> interface.Applied | interface.Failed | interface.Lost:
    """What became of one write; ``text`` says what was done if it was."""
    try:
        failure = write()
    except errors.PortError as error:
        return of_error(error)
    return interface.Applied(text) if failure is None else of_failure(failure)


def of_many(
    failures: Iterable[tuple[str, kafka.Failure | None]], text: str
) -> interface.Applied | interface.Failed | interface.Lost:
    """What became of a write of many items: done only where every item was.

    One lost item makes the whole lost, since only reading tells which were done.
    """
    bad = [(name, failure) for name, failure in failures if failure is not None]
    if not bad:
        return interface.Applied(text)
    said = "; ".join(f"{name}: {failure.reason} ({failure.name})" for name, failure in bad[:5])
    more = f"; and {len(bad) - 5} more" if len(bad) > 5 else ""
    if any(failure.unknown_outcome for _, failure in bad):
        return interface.Lost(said + more)
    return interface.Failed(said + more, retry=all(failure.retriable for _, failure in bad))
