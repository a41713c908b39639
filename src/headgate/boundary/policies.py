"""Policy files: parsed once, checked against the schema, and refused with file, line and reason.

Every policy has an ``@id``; one that forbids has an ``@reason`` (a lane reason of the vocabulary)
and a ``@text`` whose ``{names}`` are facts, so that a decision can always be explained.
"""

import hashlib
import json
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import cedarpy

from headgate.boundary import context, interface
from headgate.domain import vocabulary

SHIPPED = "policies"
SCHEMA = "schema.cedarschema"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy with what it says of itself."""

    id: str
    forbids: bool
    reason: str
    """A lane reason; empty where it has none to give."""
    text: str
    source: str
    file: Path
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """All policies in force, parsed."""

    items: Mapping[str, Policy]
    """By id."""
    parsed: cedarpy.PolicySet
    schema: cedarpy.Schema
    version: str
    """Digest of schema and policies."""


def load(folder: Path | None = None) -> Policies:
    """The policies of a folder, or those that ship with Headgate.

    Raises:
        PolicyError: a file cannot be read, or a policy in it cannot be used.
    """
    schema = resources.files(__package__).joinpath(SCHEMA).read_text(encoding="utf-8")
    items: dict[str, Policy] = {}
    for file, text in _files(folder):
        for line, source in statements(text):
            one = _policy(source, schema, file, line)
            if one.id in items:
                first = items[one.id]
                raise interface.PolicyError(
                    f"the id {one.id} is taken by {first.file.name}:{first.line}",
                    file=file,
                    line=line,
                )
            items[one.id] = one
    everything = "\n".join(one.source for one in items.values())
    digest = hashlib.sha256(f"{schema}\n{everything}".encode()).hexdigest()
    return Policies(
        items=items,
        parsed=cedarpy.PolicySet.from_str(everything),
        schema=cedarpy.Schema.from_str(schema),
        version=f"sha256:{digest}",
    )


def statements(text: str) -> Iterator[tuple[int, str]]:
    """Each policy of a file with the line it begins on; comments between policies are left out."""
    line, start, first = 1, 0, 0
    place, inside, begun = 0, False, False
    while place < len(text):
        here = text[place]
        if not inside and text.startswith("//", place):
            end = text.find("\n", place)
            place = len(text) if end < 0 else end
            continue
        if not begun and not here.isspace():
            begun, start, first = True, place, line
        if here == '"':
            inside = not inside
        elif here == "\\" and inside:
            place += 1
        elif here == ";" and not inside and begun:
            yield first, text[start : place + 1]
            begun = False
        line += here == "\n"
        place += 1
    if begun:
        yield first, text[start:]


def _files(folder: Path | None) -> Sequence[tuple[Path, str]]:
    """Every policy file with its text, in order of name."""
    if folder is None:
        shipped = resources.files(__package__).joinpath(SHIPPED)
        return [
            (Path(SHIPPED, entry.name), entry.read_text(encoding="utf-8"))
            for entry in sorted(shipped.iterdir(), key=lambda x: x.name)
            if entry.name.endswith(".cedar")
        ]
    try:
        found = [
            (path, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.cedar"))
        ]
    except (OSError, UnicodeDecodeError) as error:
        raise interface.PolicyError(f"cannot be read: {error}", file=folder) from error
    if not found:
        raise interface.PolicyError("there is no *.cedar file in this folder", file=folder)
    return found


def _policy(source: str, schema: str, file: Path, line: int) -> Policy:
    def bad(reason: str, cause: Exception | None = None) -> interface.PolicyError:
        error = interface.PolicyError(reason, file=file, line=line)
        error.__cause__ = cause
        return error

    try:
        document = json.loads(cedarpy.policies_to_json_str(source))
    except ValueError as error:
        raise bad(f"is not a Cedar policy: {error}", error) from error
    if document["templates"] or len(document["staticPolicies"]) != 1:
        raise bad("is a template; write a policy without ?principal or ?resource")
    found = next(iter(document["staticPolicies"].values()))
    notes = found.get("annotations") or {}
    one = Policy(
        id=notes.get("id") or "",
        forbids=found["effect"] == "forbid",
        reason=notes.get("reason") or "",
        text=notes.get("text") or "",
        source=source,
        file=file,
        line=line,
    )
    problem = _problem(one)
    if problem:
        raise bad(problem)
    checked = cedarpy.validate_policies(source, schema)
    if not checked.validation_passed:
        said = "; ".join(_plain(x.error) for x in checked.errors)
        raise bad(f"does not fit the schema: {said}")
    return one


def _problem(one: Policy) -> str:
    """What its annotations lack; empty: nothing."""
    if not one.id:
        return 'has no @id("...")'
    if one.forbids and not (one.reason and one.text):
        return f'{one.id} forbids without @reason("...") and @text("...")'
    if one.reason and one.reason not in vocabulary.lane_reasons():
        return (
            f"{one.id} gives the reason {one.reason}, which is none of "
            f"{', '.join(vocabulary.lane_reasons())}"
        )
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(one.text) if name is not None}
    except ValueError as error:
        return f"{one.id} has a @text that cannot be filled in: {error}"
    unknown = sorted(names - context.NAMES)
    if unknown:
        return f"{one.id} has a @text with {{{unknown[0]}}}, which is not a fact"
    return ""


def _plain(error: str) -> str:
    """Cedar's message without the number it gave the policy."""
    return error.removeprefix("for policy `policy0`, ")
