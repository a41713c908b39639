"""What differs between two restore points, by resource."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headgate.domain import restore
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that differs between two points."""

    part: restore.Name
    resource: str
    what: str
    """The setting, partition, limit or rule."""
    before: restore.Value | None
    """None: it was not there."""
    after: restore.Value | None
    """None: it is not there any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two points differ in, and what of them could not be compared."""

    differences: tuple[Difference, ...]
    not_compared: tuple[tuple[restore.Name, str], ...]
    """(part, which resource and why)."""


def compare(
    before: Mapping[restore.Name, restore.Part], after: Mapping[restore.Name, restore.Part]
) -> Comparison:
    """What differs between two points, by resource, as it would read from ``before`` to ``after``.

    A part that is unknown in either is not compared, and neither is a resource that could not be
    read in either.
    """
    found: list[Difference] = []
    left_out: list[tuple[restore.Name, str]] = []
    for name in restore.PARTS:
        left, right = before.get(name), after.get(name)
        if left is None or right is None:
            left_out.append((name, "one of the points does not hold it"))
        elif isinstance(left.content, Unknown):
            left_out.append((name, f"in the first: {left.content.reason}"))
        elif isinstance(right.content, Unknown):
            left_out.append((name, f"in the second: {right.content.reason}"))
        else:
            found += _differences(left, right, left.content, right.content)
            left_out += [(name, text) for text in dict.fromkeys((*left.missing, *right.missing))]
            unnamed = max(left.unnamed, right.unnamed)
            if unnamed:
                left_out.append((name, f"{unnamed:,} more resources that could not be read"))
    return Comparison(differences=tuple(found), not_compared=tuple(left_out))


def _differences(
    left: restore.Part, right: restore.Part, before: restore.Content, after: restore.Content
) -> Iterator[Difference]:
    unread = {text.split(": ", 1)[0] for part in (left, right) for text in part.missing}
    for resource in sorted(before.keys() | after.keys()):
        were, are = before.get(resource, {}), after.get(resource, {})
        if were == are or resource in unread:
            continue
        if (left.unnamed and resource not in before) or (right.unnamed and resource not in after):
            continue
        for what in sorted(were.keys() | are.keys()):
            if were.get(what) != are.get(what):
                yield Difference(
                    part=left.name,
                    resource=resource,
                    what=what,
                    before=were.get(what),
                    after=are.get(what),
                )
