"""Who stands behind a resource: a file of patterns, the first that fits counts.

::

    [[owner]]
    name = "payments"
    contact = "#payments"
    resources = ["group:billing*", "topic:payments.*", "connector:orders-to-warehouse"]
"""

import fnmatch
import tomllib
from dataclasses import dataclass
from pathlib import Path

from headgate.app import configuration, lines
from headgate.domain import declared, person, resource


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: str
    pattern: str
    owner: person.Owner


class Owners:
    """The register of owners; unchanging once read."""

    def __init__(self, entries: tuple[_Entry, ...] = ()) -> None:
        self._entries = entries

    def owned(self) -> tuple[declared.Owned, ...]:
        """The register as declarations; the first that fits counts."""
        return tuple(
            declared.Owned(kind=one.kind, pattern=one.pattern, owner=one.owner.name)
            for one in self._entries
        )

    def of(self, about: resource.Resource) -> person.Owner:
        """The owner of a resource, or of what it is part of; NOBODY where none is registered."""
        for one in (about, _whole(about)):
            for entry in self._entries:
                if entry.kind in ("*", one.kind) and fnmatch.fnmatchcase(one.id, entry.pattern):
                    return entry.owner
        return person.NOBODY


def load(file: Path | None) -> Owners:
    """The register in a file; empty where none is named.

    Raises:
        configuration.ConfigError: it cannot be used; file, line and reason of everything wrong.
    """
    if file is None:
        return Owners()
    text = _read(file)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, reason = lines.of_syntax(text, error)
        raise _wrong(file, line, f"not TOML: {reason}") from error
    found: list[_Entry] = []
    problems: list[configuration.Problem] = []
    for name in document:
        if name != "owner":
            problems.append(_problem(file, lines.of(text, (name,)), f"there is no table {name}"))
    blocks = document.get("owner", [])
    if not isinstance(blocks, list):
        raise _wrong(file, lines.of(text, ("owner",)), "write [[owner]] with two brackets")
    for place, block in enumerate(blocks):
        try:
            found += _entries(block)
        except ValueError as error:
            problems.append(_problem(file, lines.of(text, ("owner", place)), str(error)))
    if problems:
        raise configuration.ConfigError(tuple(problems))
    return Owners(tuple(found))


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(file, 0, f"it cannot be read as UTF-8 text: {error}") from error


def _entries(block: object) -> list[_Entry]:
    if not isinstance(block, dict):
        raise ValueError("an owner is a table")
    unknown = sorted(set(block) - {"name", "contact", "resources"})
    if unknown:
        raise ValueError(f"an owner has no {unknown[0]!r}; it has name, contact and resources")
    name, contact, mine = block.get("name"), block.get("contact", ""), block.get("resources")
    if not isinstance(name, str) or not name:
        raise ValueError("an owner needs a name")
    if not isinstance(contact, str):
        raise ValueError("contact is text")
    if not isinstance(mine, list) or not mine:
        raise ValueError("resources lists what is theirs, such as ['group:billing*']")
    owner = person.Owner(name=name, contact=contact)
    made = []
    for pattern in mine:
        kind, colon, rest = str(pattern).partition(":")
        if not colon or not rest or kind not in ("*", *resource.KINDS):
            raise ValueError(f"{pattern!r} is not KIND:PATTERN, such as 'topic:payments.*'")
        made.append(_Entry(kind, rest, owner))
    return made


def _whole(about: resource.Resource) -> resource.Resource:
    """What a part is part of: a partition's topic, a member's group, a task's connector."""
    if about.kind in ("partition", "task"):
        whole: resource.Kind = "topic" if about.kind == "partition" else "connector"
        return resource.Resource(whole, about.id.rpartition("-")[0] or about.id)
    if about.kind == "member":
        return resource.Resource("group", resource.unescape(about.id.partition("/")[0]))
    return about


def _problem(file: Path, line: int, reason: str) -> configuration.Problem:
    return configuration.Problem(
        place=f"{file}:{line}" if line else str(file), setting="", reason=reason
    )


def _wrong(file: Path, line: int, reason: str) -> configuration.ConfigError:
    return configuration.ConfigError((_problem(file, line, reason),))
