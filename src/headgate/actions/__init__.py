"""The closed catalogue of actions, one module per noun; adding one means listing it here."""

from headgate.actions import (
    alterations,
    commits,
    connectors,
    findings,
    incidents,
    interface,
    leaders,
    members,
    quarantine,
    records,
    resets,
    tasks,
    topics,
)

CATALOGUE = interface.Catalogue(
    actions={
        one.code: one
        for module in (alterations, connectors, incidents, leaders, quarantine, resets, topics)
        for one in module.ACTIONS
    },
    operations={
        one.kind: one
        for module in (alterations, commits, leaders, records, tasks, topics)
        for one in module.OPERATIONS
    },
    preconditions={
        one.kind: one
        for module in (alterations, commits, leaders, records, tasks, topics)
        for one in module.PRECONDITIONS
    },
    checks={
        one.kind: one
        for module in (alterations, commits, connectors, findings, leaders, members, tasks, topics)
        for one in module.CHECKS
    },
)
"""Every action, operation, precondition and check that there is."""

__all__ = ["CATALOGUE"]
