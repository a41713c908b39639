"""The scenarios, one module for each family; ``ALL`` lists them."""

from incidents import scenario
from incidents.scenarios import (
    brokers,
    clients,
    commits,
    compound,
    compound_clusters,
    consumers,
    disks,
    healthy,
    hygiene,
    members,
    pipelines,
    quiet,
    readers,
    replicas,
    schemas,
    security,
    sharing,
    transactions,
)

MODULES = (
    consumers,
    members,
    commits,
    sharing,
    transactions,
    clients,
    hygiene,
    brokers,
    replicas,
    disks,
    pipelines,
    schemas,
    security,
    readers,
    compound,
    compound_clusters,
    healthy,
    quiet,
)
"""Every family: a module with ``MEMBERS``."""

ALL: tuple[type[scenario.Scenario], ...] = tuple(
    member for module in MODULES for member in module.MEMBERS
)
