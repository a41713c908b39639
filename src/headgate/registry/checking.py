"""Asks a registry whether the newest version of a subject fits those before it.

A registry checks a version when it is registered, by the rule in force then. A rule that was
stricter before or is stricter now is not applied to what is there already: this asks for it. The
registry's own check decides, so nothing here knows what makes schemas compatible.
"""

import pydantic

from headgate.domain import registry as registry_
from headgate.domain.unknown import Unknown
from headgate.ports import errors
from headgate.registry import shapes, wire
from headgate.web import deadline

EARLIER = 5
"""Versions that the newest is checked against where the rule names all of them."""


class Checked(pydantic.BaseModel):
    """``POST /compatibility/subjects/SUBJECT/versions/NUMBER``."""

    is_compatible: bool
    messages: list[str] | None = None


CHECKED = pydantic.TypeAdapter(Checked)


def against(
    versions: tuple[registry_.Version, ...] | Unknown, rule: str | Unknown
) -> tuple[registry_.Version, tuple[registry_.Version, ...]] | Unknown | None:
    """(Newest version, those that it has to fit, newest first); None: there is nothing to fit."""
    if isinstance(versions, Unknown):
        return versions
    if isinstance(rule, Unknown):
        return rule
    alive = [one for one in versions if not one.deleted]
    if rule == "NONE" or len(alive) < 2:
        return None
    earlier = tuple(reversed(alive[:-1]))
    return alive[-1], earlier[: EARLIER if rule.endswith("_TRANSITIVE") else 1]


def breaks(
    line: wire.Wire,
    path: str,
    newest: shapes.Version,
    earlier: tuple[registry_.Version, ...],
    left: deadline.Remaining,
) -> registry_.Breaks | Unknown | None:
    """The first version that the newest does not fit; Unknown where the registry cannot tell.

    Raises:
        errors.PortError: no answer in time, not allowed.
    """
    body = {
        "schema": newest.schema_,
        "schemaType": newest.type,
        "references": [one.model_dump() for one in newest.references],
    }
    for one in earlier:
        try:
            told = line.ask(
                f"/compatibility{path}/versions/{one.number}?verbose=true", body, CHECKED, left
            )
        except (wire.Missing, errors.Refused, errors.NotNow, errors.Misunderstood) as error:
            return Unknown(f"the registry did not check it: {error.what}")
        if not told.is_compatible:
            return registry_.Breaks(
                version=newest.version,
                against=one.number,
                said=tuple(text[:300] for text in (told.messages or ())[:5]),
            )
    return None
