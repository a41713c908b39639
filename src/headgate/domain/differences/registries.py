"""Subjects: new, deleted, with a new version; compatibility rules and modes."""

from collections.abc import Iterable, Iterator

from headgate.domain import registry, snapshot, timeline
from headgate.domain.differences import interface
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown


def compare(before: snapshot.Snapshot, after: snapshot.Snapshot) -> Iterable[timeline.Entry]:
    """What became different in each registry that both looks know."""
    for name, part in after.registries.items():
        known = before.registries.get(name)
        both = None if known is None else interface.pair(after.cluster, known, part)
        if both is None:
            continue
        pair, old, new = both
        whole = Resource("registry", name)
        yield from _rule(pair, whole, "compatibility", old.compatibility, new.compatibility)
        yield from _rule(pair, whole, "mode", old.mode, new.mode)
        for gone in interface.hidden(part, "subject").gone(
            old.subjects.keys() - new.subjects.keys()
        ):
            yield pair.entry("schema", "subject", gone, "was deleted")
        for subject in new.subjects.values():
            was = old.subjects.get(subject.name)
            if was is None:
                yield pair.entry("schema", "subject", subject.name, "was created")
            elif was is not subject and was != subject:
                yield from _subject(pair, was, subject)


def _rule(
    pair: interface.Pair,
    about: Resource,
    rule: str,
    was: str | Unknown,
    now: str | Unknown,
) -> Iterator[timeline.Entry]:
    if isinstance(was, Unknown) or isinstance(now, Unknown) or was == now:
        return
    yield pair.entry("compatibility", about.kind, about.id, f"its {rule} was changed", was, now)


def _subject(
    pair: interface.Pair, was: registry.Subject, now: registry.Subject
) -> Iterator[timeline.Entry]:
    if was.deleted != now.deleted:
        what = "was deleted (softly: its ids still resolve)" if now.deleted else "was brought back"
        yield pair.entry("schema", "subject", now.name, what)
    about = Resource("subject", now.name)
    if was.own_compatibility or now.own_compatibility:
        yield from _rule(pair, about, "compatibility", was.compatibility, now.compatibility)
    yield from _rule(pair, about, "mode", was.mode, now.mode)
    if isinstance(was.versions, Unknown) or isinstance(now.versions, Unknown):
        return
    before = {one.number: one for one in was.versions}
    after = {one.number: one for one in now.versions}
    for number in sorted(after.keys() - before.keys()):
        one = after[number]
        yield pair.entry(
            "schema",
            "subject",
            now.name,
            f"has version {number}",
            f"version {max(before)}" if before else "",
            f"version {number}, {one.type}, id {one.schema_id}",
        )
    for number in sorted(before):
        one = before[number]
        if number not in after or (after[number].deleted and not one.deleted):
            yield pair.entry("schema", "subject", now.name, f"version {number} was deleted")
