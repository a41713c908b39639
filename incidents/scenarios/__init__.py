"""The scenarios, one module for each family; ``ALL`` lists them."""

from incidents import scenario
from incidents.scenarios import (
    commits,
    compound,
    consumers,
    healthy,
    hygiene,
    members,
    transactions,
)

MODULES = (consumers, members, commits, transactions, hygiene, compound, healthy)
"""Every family: a module with ``MEMBERS``."""

ALL: tuple[type[scenario.Scenario], ...] = tuple(
    member for module in MODULES for member in module.MEMBERS
)
