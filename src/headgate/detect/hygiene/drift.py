"""Drift: what is there and what was declared differ, whichever of the two is wrong."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.detect.hygiene import purposes
from headgate.domain import access, declared, finding, resource, snapshot
from headgate.domain.differences import access as told
from headgate.domain.unknown import Unknown

_CODE = "config.drift"
_SHOWN = 10
"""Differences of one resource that are cited one by one."""

Difference = tuple[str, str, str]
"""(What, as declared, as it is)."""


class Drift:
    """Says what is missing, too much or different; silent where nothing is declared."""

    codes: ClassVar[tuple[str, ...]] = (_CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """One finding per topic and per principal."""
        held = seen.observation.declared
        if not held.topics and not held.rules and not held.whole:
            return interface.Found()
        topics, acls = _topics(seen, held), _acls(seen, held)
        return interface.Found(
            findings=(*topics.findings, *acls.findings),
            not_seen=(*topics.not_seen, *acls.not_seen),
        )


# ---- topics ----


def _topics(seen: view.View, held: declared.Declared) -> interface.Found:
    if not held.topics and "topics" not in held.whole:
        return interface.Found()
    table = seen.partitions
    if isinstance(table, Unknown):
        reason = f"partitions were not read: {table.reason}"
        return interface.Found(not_seen=interface.not_seen((_CODE,), seen.cluster, reason))
    hidden = {one.what.removeprefix("topic:") for one in seen.snapshot.partitions.missing}
    findings: list[finding.Finding] = []
    unread: list[finding.NotSeen] = []
    for name, one in sorted(held.topics.items()):
        about = resource.Resource("topic", name)
        if name not in table.topic_ordinals:
            if name in hidden:
                unread += interface.not_seen((_CODE,), about, "it was not read")
            else:
                findings.append(_missing(seen, one))
            continue
        settings, gap = _settings(seen, one)
        if gap:
            unread += interface.not_seen((_CODE,), about, gap)
        differences = [*_shape(table, one), *settings]
        if differences:
            findings.append(_different(seen, about, one.place, differences))
    if "topics" in held.whole:
        findings += [_extra(seen, held, name) for name in _undeclared(table, held)]
    return interface.Found(findings=tuple(findings), not_seen=tuple(unread))


def _undeclared(table: snapshot.Partitions, held: declared.Declared) -> Iterator[str]:
    """Topics that an application made and nobody declared."""
    for place, name in enumerate(table.topics):
        if name in held.topics or table.internal[place] or purposes.of(name):
            continue
        if not held.ignores(resource.Resource("topic", name)):
            yield name


def _shape(table: snapshot.Partitions, one: declared.Topic) -> Iterator[Difference]:
    ordinals = table.of_topic(one.name)
    if one.partitions is not None and one.partitions != len(ordinals):
        yield "partitions", str(one.partitions), str(len(ordinals))
    if one.replicas is not None:
        counts = sorted({len(table.replicas_of(ordinal)) for ordinal in ordinals})
        if counts != [one.replicas]:
            yield "replicas", str(one.replicas), ", ".join(map(str, counts))


def _settings(seen: view.View, one: declared.Topic) -> tuple[list[Difference], str]:
    """(Settings that differ, why some could not be compared)."""
    if not one.configs:
        return [], ""
    if isinstance(seen.configs, Unknown):
        return [], f"settings were not read: {seen.configs.reason}"
    held = seen.configs.get(one.name)
    if held is None:
        return [], "its settings were not read"
    found: list[Difference] = []
    hidden: list[str] = []
    for name, wanted in sorted(one.configs.items()):
        value = held.get(name)
        if value is None:
            found.append((name, wanted, "not there: this Kafka does not have the setting"))
        elif value.value is None:
            hidden.append(name)
        elif not same(wanted, value.value):
            found.append((name, wanted, f"{value.value} ({value.source})"))
    return found, f"Kafka does not show {words.names(hidden)}" if hidden else ""


def same(wanted: str, held: str) -> bool:
    """Whether two texts of a setting mean the same: numbers by value, lists in any order."""
    if wanted == held:
        return True
    try:
        return float(wanted) == float(held)
    except ValueError:
        left, right = ([part.strip().lower() for part in x.split(",")] for x in (wanted, held))
        return sorted(left) == sorted(right)


# ---- ACLs ----


def _acls(seen: view.View, held: declared.Declared) -> interface.Found:
    if not held.rules and "acls" not in held.whole:
        return interface.Found()
    acls = seen.read(seen.snapshot.acls)
    if isinstance(acls, Unknown):
        reason = f"ACLs were not read: {acls.reason}"
        return interface.Found(not_seen=interface.not_seen((_CODE,), seen.cluster, reason))
    there = set(acls)
    wanted = {one.acl: one.place for one in held.rules}
    by_principal: dict[str, list[Difference]] = {}
    for one in sorted(wanted.keys() - there):
        by_principal.setdefault(one.principal, []).append((told.rule(one), "there", "missing"))
    if "acls" in held.whole:
        for one in sorted(there - wanted.keys()):
            if not held.ignores(resource.Resource("principal", one.principal)):
                by_principal.setdefault(one.principal, []).append(
                    (told.rule(one), "not declared", "there")
                )
    return interface.Found(
        findings=tuple(
            _different(
                seen,
                resource.Resource("principal", principal),
                _place(wanted, principal) or held.where,
                differences,
            )
            for principal, differences in sorted(by_principal.items())
        )
    )


def _place(wanted: dict[access.Acl, str], principal: str) -> str:
    return next((place for one, place in wanted.items() if one.principal == principal), "")


# ---- what is said ----


def _missing(seen: view.View, one: declared.Topic) -> finding.Finding:
    report = interface.Report(seen, _CODE, resource.Resource("topic", one.name))
    report.fact("declared", "where it is declared", one.place, source="timeline")
    report.fact("there", f"whether there is a topic {one.name}", False, how="Metadata")
    return report.finding(f"{one.name} is declared ({one.place}) and does not exist.")


def _extra(seen: view.View, held: declared.Declared, name: str) -> finding.Finding:
    report = interface.Report(seen, _CODE, resource.Resource("topic", name))
    report.fact("declared", f"whether {held.where} declares it", False, source="timeline")
    report.fact("there", f"whether there is a topic {name}", True, how="Metadata")
    return report.finding(
        f"{name} exists and is not declared, and {held.where} says that it declares all topics."
    )


def _different(
    seen: view.View, about: resource.Resource, place: str, differences: Sequence[Difference]
) -> finding.Finding:
    report = interface.Report(seen, _CODE, about)
    report.fact("declared", "where it is declared", place, source="timeline")
    for name, wanted, held in differences[:_SHOWN]:
        report.fact(f"{name}/declared", f"{name} as declared", wanted, source="timeline")
        report.fact(f"{name}/effective", f"{name} as it is", held, how="DescribeConfigs")
    if about.kind == "principal":
        texts = [f"{name}: {held}" for name, _, held in differences]
        return report.finding(f"{about.id} has other ACLs than are declared: {words.names(texts)}.")
    texts = [f"{name} is {held}, declared {wanted}" for name, wanted, held in differences]
    return report.finding(f"{about.id} is not as declared ({place}): {words.names(texts)}.")
