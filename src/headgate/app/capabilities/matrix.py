"""Puts the matrix together."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from headgate.app.capabilities import acts, reads
from headgate.domain import capability, flavours, snapshot

_LOGIN = re.compile(r"""username\s*=\s*["']([^"']+)["']""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the configuration says, over what the protocol reveals."""

    flavour: capability.Flavour | None = None
    """None: it says nothing."""
    architecture: capability.Architecture | None = None
    principal: str = ""
    """Headgate's own, such as ``User:headgate``; empty: not known."""


NOTHING = Told()


def of(
    seen: snapshot.Snapshot, catalogue: Mapping[str, str], told: Told = NOTHING
) -> capability.Matrix:
    """The matrix of one cluster; ``catalogue`` is code -> title of every action."""
    facts = flavours.facts_of(seen)
    kind, kind_why = flavours.of(facts)
    if told.flavour is not None:
        kind, kind_why = told.flavour, "the configuration says so"
    storage, storage_why = flavours.architecture(facts, kind)
    if told.architecture is not None:
        storage, storage_why = told.architecture, "the configuration says so"
    return capability.Matrix(
        flavour=kind,
        flavour_why=kind_why,
        version=seen.version,
        architecture=storage,
        architecture_why=storage_why,
        capabilities=(
            *reads.rows(seen, facts, kind),
            *acts.rows(catalogue, seen, facts, kind, told.principal),
        ),
    )


def principal(client: Mapping[str, str]) -> str:
    """Headgate's own principal by its client settings; empty where they do not tell.

    A certificate's name is mapped by rules of the broker, so mTLS does not tell it.
    """
    name = client.get("sasl.username", "")
    if not name:
        found = _LOGIN.search(client.get("sasl.jaas.config", ""))
        name = found[1] if found else ""
    if name.startswith(("env:", "file:")):
        return ""
    mechanism = client.get("sasl.mechanism", "PLAIN")
    simple = mechanism.startswith("SCRAM") or mechanism == "PLAIN"
    return f"User:{name}" if name and simple else ""
