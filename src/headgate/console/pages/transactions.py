"""Transactions as their coordinators know them, and producers that hold one open."""

from datetime import UTC, datetime

from fastapi.responses import Response

from headgate.console import tab, table
from headgate.domain import transactions
from headgate.domain.unknown import Unknown

NONE_OPEN = Unknown("none is open")

COLUMNS: tuple[table.Column[transactions.Transaction], ...] = (
    table.Column(key="id", value=lambda one: one.id),
    table.Column(key="state", value=lambda one: one.state),
    table.Column(key="since", value=lambda one: since(one) or NONE_OPEN),
    table.Column(key="timeout", value=lambda one: one.timeout_s),
    table.Column(key="partitions", value=lambda one: len(one.partitions)),
    table.Column(key="producer", value=lambda one: one.producer_id),
    table.Column(key="coordinator", value=lambda one: one.coordinator),
)
PRODUCERS = 100
"""Open producers that are listed; more of them say no more."""


def since(one: transactions.Transaction) -> datetime | None:
    """When the open transaction began; None: none is open."""
    return datetime.fromtimestamp(one.started_ms / 1000, UTC) if one.started_ms > 0 else None


def fill(asked: tab.Asked) -> Response | None:
    """The list of transactions."""
    part = asked.seen.snapshot.transactions
    asked.values["part"] = part
    held = part.value
    if isinstance(held, Unknown):
        return None
    hanging = set(held.hanging())
    made = table.make(
        asked.request,
        held.transactions,
        COLUMNS,
        text=lambda one: f"{one.id} {one.state}",
        sort="since",
        kept={"tab": "transactions"},
    )
    asked.values.update(
        table=made,
        since=since,
        unsure=held.unsure,
        producers=[(one, one in hanging) for one in held.open_producers[:PRODUCERS]],
        more_producers=max(0, len(held.open_producers) - PRODUCERS),
    )
    return table.csv_if_asked(asked.request, made, COLUMNS, "transactions")
