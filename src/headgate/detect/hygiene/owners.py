"""Resources that nobody owns, where somebody began to say who owns what."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from headgate.detect import interface, view
from headgate.detect.hygiene import purposes
from headgate.domain import finding, resource
from headgate.domain.unknown import Unknown

_CODE = "owner.missing"


class Owners:
    """Says what has no owner; silent about kinds of which no owner is declared anywhere."""

    codes: ClassVar[tuple[str, ...]] = (_CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """One finding per resource."""
        declared = seen.observation.declared
        if not declared.owners:
            return interface.Found()
        kinds = {one.kind for one in declared.owners}
        return interface.Found(
            findings=tuple(
                _finding(seen, about)
                for about in _all(seen)
                if (about.kind in kinds or "*" in kinds) and not declared.owner(about)
            )
        )


def _all(seen: view.View) -> Iterator[resource.Resource]:
    """Everything that an application made."""
    if not isinstance(seen.partitions, Unknown):
        yield from _named("topic", (x for x in seen.partitions.topics if not purposes.of(x)))
    if not isinstance(seen.groups, Unknown):
        yield from _named("group", (x for x in seen.groups if seen.connector_of(x) is None))
    for connect in seen.connects.values():
        if not isinstance(connect, Unknown):
            yield from _named("connector", connect.connectors)
    for part in seen.snapshot.registries.values():
        registry = seen.read(part)
        if not isinstance(registry, Unknown):
            live = (one.name for one in registry.subjects.values() if not one.deleted)
            yield from _named("subject", live)


def _named(kind: resource.Kind, names: Iterable[str]) -> Iterator[resource.Resource]:
    return (resource.Resource(kind, name) for name in sorted(names))


def _finding(seen: view.View, about: resource.Resource) -> finding.Finding:
    report = interface.Report(seen, _CODE, about)
    where = seen.observation.declared.where or "the file of owners"
    report.fact("owner", f"owner of {about} in {where}", "none", source="timeline")
    return report.finding(f"Nobody is said to own the {about.kind} {about.id}.")
