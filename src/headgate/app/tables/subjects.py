"""Subjects of schema registries as rows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from headgate.app.tables import page
from headgate.domain import observation
from headgate.domain import registry as registry_
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectRow:
    """One subject in one line."""

    registry: str
    name: str
    type: str | Unknown
    """Of its newest version that is not deleted; empty where all are."""
    versions: int | Unknown
    """Soft-deleted ones are not counted."""
    latest: int | Unknown
    schema_id: int | Unknown
    """Of the latest version."""
    references: int | Unknown
    """Schemas that the latest version uses."""
    compatibility: str | Unknown
    own_compatibility: bool | Unknown
    mode: str | Unknown
    deleted: bool
    read_at: datetime | Unknown


def table(seen: observation.Observation) -> page.Columns[SubjectRow]:
    """Every subject of every registry that was read."""
    held = [
        (name, subject)
        for name, part in seen.snapshot.registries.items()
        if not isinstance(part.value, Unknown)
        for subject in part.value.subjects.values()
    ]
    subjects = [subject for _, subject in held]

    def latest(number: Callable[[registry_.Version], int]) -> page.Key:
        found = (one.latest for one in subjects)
        return np.array([number(one) if one else np.nan for one in found], np.float64)

    def words(word: Callable[[registry_.Subject], str | Unknown]) -> page.Key:
        return [found if isinstance(found := word(one), str) else "" for one in subjects]

    return page.Columns(
        names=[one.name for one in subjects],
        keys={
            "name": lambda: words(lambda one: one.name),
            "type": lambda: words(lambda one: one.latest.type if one.latest else ""),
            "versions": lambda: np.array([_count(one) for one in subjects], np.float64),
            "latest": lambda: latest(lambda one: one.number),
            "schema_id": lambda: latest(lambda one: one.schema_id),
            "references": lambda: latest(lambda one: len(one.references)),
            "compatibility": lambda: words(lambda one: one.compatibility),
            "mode": lambda: words(lambda one: one.mode),
        },
        row=lambda place: row(*held[place]),
    )


def active(seen: observation.Observation) -> page.Places:
    """Places in the table of subjects that are not deleted."""
    flags = [
        not subject.deleted
        for part in seen.snapshot.registries.values()
        if not isinstance(part.value, Unknown)
        for subject in part.value.subjects.values()
    ]
    return np.flatnonzero(np.array(flags, bool))


def _count(subject: registry_.Subject) -> float:
    if isinstance(subject.versions, Unknown):
        return float("nan")
    return sum(not one.deleted for one in subject.versions)


def find(
    seen: observation.Observation, subject: str, registry: str = ""
) -> tuple[str, registry_.Subject] | None:
    """(Name of the registry, the subject); of the first registry that has it where none is named.

    None: none has it, as far as the newest look tells.
    """
    for name, part in seen.snapshot.registries.items():
        if registry in ("", name) and not isinstance(part.value, Unknown):
            found = part.value.subjects.get(subject)
            if found is not None:
                return name, found
    return None


def row(registry: str, subject: registry_.Subject) -> SubjectRow:
    """The subject in one line."""
    versions = subject.versions
    latest = subject.latest
    kept = [one for one in versions if not one.deleted] if not isinstance(versions, Unknown) else []
    why = versions if isinstance(versions, Unknown) else Unknown("every version is deleted")
    return SubjectRow(
        registry=registry,
        name=subject.name,
        type=latest.type if latest else why,
        versions=versions if isinstance(versions, Unknown) else len(kept),
        latest=latest.number if latest else why,
        schema_id=latest.schema_id if latest else why,
        references=len(latest.references) if latest else why,
        compatibility=subject.compatibility,
        own_compatibility=subject.own_compatibility,
        mode=subject.mode,
        deleted=subject.deleted,
        read_at=subject.read_at or Unknown("not read yet"),
    )


def users(seen: observation.Observation, registry: str, subject: str) -> tuple[str, ...]:
    """Subjects whose versions use a version of this one, by name."""
    part = seen.snapshot.registries.get(registry)
    if part is None or isinstance(part.value, Unknown):
        return ()
    return tuple(
        name
        for name, one in part.value.subjects.items()
        if not isinstance(one.versions, Unknown)
        and any(use.subject == subject for version in one.versions for use in version.references)
    )


def topic_of(seen: observation.Observation, subject: str) -> str:
    """The topic whose keys or values the subject describes by its name; empty: there is none."""
    parts = seen.snapshot.partitions.value
    for end in ("-value", "-key"):
        topic = subject.removesuffix(end)
        if topic != subject and not isinstance(parts, Unknown) and topic in parts.topics:
            return topic
    return ""
