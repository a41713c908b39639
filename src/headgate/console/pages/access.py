"""Who may do what, and how fast: ACLs, client quotas, SCRAM users."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi.responses import Response

from headgate.console import tab, table
from headgate.console.pages import incidents
from headgate.domain import access, snapshot
from headgate.domain.unknown import Unknown

SHOWN = {"acls": "ACLs", "quotas": "Quotas", "users": "SCRAM users"}

ACL_COLUMNS: tuple[table.Column[access.Acl], ...] = (
    table.Column(key="principal", value=lambda one: one.principal),
    table.Column(key="permission", value=lambda one: one.permission),
    table.Column(key="operation", value=lambda one: one.operation),
    table.Column(key="type", value=lambda one: one.resource_type),
    table.Column(key="name", value=lambda one: one.resource_name),
    table.Column(key="pattern", value=lambda one: one.pattern),
    table.Column(key="host", value=lambda one: one.host),
)
QUOTA_COLUMNS: tuple[table.Column[access.Quota], ...] = (
    table.Column(key="entity", value=lambda one: one.name),
    table.Column(key="in", value=lambda one: _limit(one, "producer_byte_rate")),
    table.Column(key="out", value=lambda one: _limit(one, "consumer_byte_rate")),
    table.Column(key="requests", value=lambda one: _limit(one, "request_percentage")),
    table.Column(key="changes", value=lambda one: _limit(one, "controller_mutation_rate")),
)
USER_COLUMNS: tuple[table.Column[access.ScramUser], ...] = (
    table.Column(key="name", value=lambda one: one.name),
    table.Column(
        key="mechanisms",
        value=lambda one: ", ".join(f"{name} ({n})" for name, n in sorted(one.mechanisms.items())),
    ),
)
NO_LIMIT = Unknown("no limit")


def _limit(quota: access.Quota, name: str) -> float | Unknown:
    return quota.limits.get(name, NO_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """One of the three lists."""

    part: snapshot.Part[object]
    columns: tuple[table.Column, ...]  # type: ignore[type-arg]  # of the part's own items
    text: Callable[[object], str]
    sort: str


def fill(asked: tab.Asked) -> Response | None:
    """The list that the address names; ACLs where it names none."""
    chosen = asked.request.query_params.get("show", "")
    chosen = chosen if chosen in SHOWN else "acls"
    now = asked.seen.snapshot
    shown = {
        "acls": _Shown(part=now.acls, columns=ACL_COLUMNS, text=_acl_text, sort="principal"),
        "quotas": _Shown(part=now.quotas, columns=QUOTA_COLUMNS, text=_name, sort="entity"),
        "users": _Shown(part=now.scram_users, columns=USER_COLUMNS, text=_name, sort="name"),
    }[chosen]
    base = asked.request.url.path
    asked.values.update(
        show=chosen,
        part=shown.part,
        lists=[
            incidents.Tab(name=name, href=f"{base}?tab=access&show={key}", here=key == chosen)
            for key, name in SHOWN.items()
        ],
    )
    held = shown.part.value
    if isinstance(held, Unknown):
        return None
    assert isinstance(held, tuple)  # noqa: S101 - each of the three parts holds one
    made = table.make(
        asked.request,
        held,
        shown.columns,
        text=shown.text,
        sort=shown.sort,
        kept={"tab": "access", "show": chosen},
    )
    asked.values["table"] = made
    return table.csv_if_asked(asked.request, made, shown.columns, chosen)


def _acl_text(one: object) -> str:
    assert isinstance(one, access.Acl)  # noqa: S101 - of that part
    return f"{one.principal} {one.operation} {one.resource_type} {one.resource_name}"


def _name(one: object) -> str:
    return str(getattr(one, "name", ""))
