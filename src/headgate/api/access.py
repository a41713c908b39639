"""Who may do what on a cluster, and how fast; and transactions."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fastapi import APIRouter

from headgate.api import doors, paging, wire
from headgate.app import errors
from headgate.domain import person, snapshot
from headgate.domain.unknown import Unknown

router = APIRouter(tags=["clusters"])

T = TypeVar("T")
Json = dict[str, Any]


@router.get("/clusters/{cluster}/quotas")
def list_quotas(
    cluster: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    filter: paging.Filter = "",
    cursor: paging.Cursor = "",
    limit: paging.Limit = 100,
) -> Json:
    """Client quotas by entity."""
    part = _seen(headgate, actor, cluster).quotas
    return _page(part, part.value, cluster, lambda one: one.name, (filter, cursor, limit))


@router.get("/clusters/{cluster}/acls")
def list_acls(
    cluster: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    filter: paging.Filter = "",
    cursor: paging.Cursor = "",
    limit: paging.Limit = 100,
) -> Json:
    """ACLs by principal, resource and operation."""
    part = _seen(headgate, actor, cluster).acls
    return _page(
        part,
        part.value,
        cluster,
        lambda one: (
            f"{one.principal} {one.resource_type} {one.resource_name} {one.pattern} "
            f"{one.operation} {one.permission} {one.host}"
        ),
        (filter, cursor, limit),
    )


@router.get("/clusters/{cluster}/scram-users")
def list_scram_users(
    cluster: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    filter: paging.Filter = "",
    cursor: paging.Cursor = "",
    limit: paging.Limit = 100,
) -> Json:
    """SCRAM users by name; Kafka never shows their credentials."""
    part = _seen(headgate, actor, cluster).scram_users
    return _page(part, part.value, cluster, lambda one: one.name, (filter, cursor, limit))


@router.get("/clusters/{cluster}/transactions")
def list_transactions(
    cluster: str,
    headgate: doors.Headgate,
    actor: doors.Actor,
    filter: paging.Filter = "",
    cursor: paging.Cursor = "",
    limit: paging.Limit = 100,
) -> Json:
    """Transactions by id; `open_producers` hold up readers, `hanging` ones no coordinator knows."""
    part = _seen(headgate, actor, cluster).transactions
    held = part.value
    if isinstance(held, Unknown):
        raise _unread(held, cluster)
    made = _page(part, held.transactions, cluster, lambda one: one.id, (filter, cursor, limit))
    unsure = held.unsure
    return {
        **made,
        "open_producers": wire.encode(held.open_producers[:1000]),
        "hanging": wire.encode(held.hanging()[:1000] if unsure is None else unsure),
    }


def _seen(headgate: doors.Headgate, actor: person.Actor, cluster: str) -> snapshot.Snapshot:
    seen = headgate.observation(actor, cluster)
    if isinstance(seen, Unknown):
        raise _unread(seen, cluster)
    return seen.snapshot


def _page(
    part: snapshot.Part[object],
    rows: Sequence[T] | Unknown,
    cluster: str,
    name: Callable[[T], str],
    asked: tuple[str, str, int],
) -> Json:
    """A page of a part, with how old it is and what is missing in it."""
    if isinstance(rows, Unknown):
        raise _unread(rows, cluster)
    filter_, cursor, limit = asked
    return {
        **paging.cut(rows, name=name, filter=filter_, cursor=cursor, limit=limit),
        "at": wire.encode(part.at),
        "missing": wire.encode(part.missing[:100]),
    }


def _unread(why: Unknown, cluster: str) -> errors.Unavailable:
    step = f"Grant {why.needs}" if why.needs else "It is read again at the next look"
    return errors.Unavailable(f"Not known: {why.reason}", where=cluster, next_step=step)
