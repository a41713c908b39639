"""Subjects whose versions break their own rule, or have none; ids that nobody serves; names."""

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.detect.pipelines import traces
from headgate.domain import finding, registry, resource, snapshot
from headgate.domain.unknown import Unknown

EACH = 20
"""Subjects that inherit NONE and are named one by one; more are one hazard of the registry."""
_ROLE = re.compile(r"-(key|value)$")
_RECORD_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


class Schemas:
    """Judges the subjects of every schema registry that was read."""

    codes: ClassVar[tuple[str, ...]] = (
        "schema.incompatible",
        "schema.id_missing",
        "schema.naming_conflict",
        "schema.compat_none",
    )
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """Findings per subject, schema id and topic."""
        findings: list[finding.Finding] = list(_missing_ids(seen))
        not_seen: list[finding.NotSeen] = []
        for name, part in seen.snapshot.registries.items():
            about = resource.Resource("registry", name)
            if isinstance(part.value, Unknown):
                reason = f"registry {name} was not read: {part.value.reason}"
                not_seen += interface.not_seen(
                    ("schema.incompatible", "schema.naming_conflict", "schema.compat_none"),
                    about,
                    reason,
                )
                continue
            findings += _incompatible(seen, part.value)
            findings += _unchecked(seen, part.value)
            findings += _names(seen, part.value)
            if not any(item.code == "schema.id_missing" for item in findings):
                not_seen += interface.not_seen(
                    ("schema.id_missing",),
                    about,
                    "the schema ids that records carry are not read; only a failed converter's "
                    "trace tells of one that is missing",
                )
        return interface.Found(findings=tuple(findings), not_seen=tuple(not_seen))


def _incompatible(seen: view.View, held: registry.Registry) -> Iterator[finding.Finding]:
    for subject in held.subjects.values():
        breaks = subject.breaks
        if subject.deleted or breaks is None or isinstance(breaks, Unknown):
            continue
        report = interface.Report(
            seen, "schema.incompatible", resource.Resource("subject", subject.name)
        )
        how = f"POST /compatibility/subjects/{subject.name}/versions/{breaks.against}"
        report.fact("rule", "compatibility rule in force", subject.compatibility, source="registry")
        report.fact("version", "version that breaks it", breaks.version, source="registry", how=how)
        report.fact("against", "version that it breaks with", breaks.against, source="registry")
        for place, said in enumerate(breaks.said[:3]):
            report.fact(f"break-{place + 1}", "what breaks", said, source="registry", how=how)
        why = f": {breaks.said[0]}" if breaks.said else ""
        yield report.finding(
            f"Version {breaks.version} of {subject.name} breaks its own rule "
            f"({subject.compatibility}) with version {breaks.against}{why}.",
            since=_broken_since(seen, held.name, subject.name),
        )


def _broken_since(seen: view.View, name: str, subject: str) -> float:
    """The first reading of the last unbroken run in which the subject broke its rule."""
    since = seen.now
    for part in reversed(seen.readings(f"registry:{name}")):
        one = part.value.subjects.get(subject)
        if one is None or not isinstance(one.breaks, registry.Breaks):
            break
        since = min(since, part.at.timestamp())
    return since


def _unchecked(seen: view.View, held: registry.Registry) -> Iterator[finding.Finding]:
    """Subjects whose new versions nobody checks."""
    without = [
        subject
        for subject in held.subjects.values()
        if not subject.deleted and subject.compatibility == "NONE"
    ]
    own = [subject for subject in without if subject.own_compatibility is True]
    inherited = [subject for subject in without if subject.own_compatibility is not True]
    many = len(inherited) > EACH
    for subject in own if many else without:
        report = interface.Report(
            seen, "schema.compat_none", resource.Resource("subject", subject.name)
        )
        report.fact("rule", "compatibility rule in force", "NONE", source="registry")
        report.fact(
            "own",
            "whether the subject has the rule itself",
            subject.own_compatibility,
            source="registry",
            how=f"GET /config/{subject.name}",
        )
        yield report.finding(
            f"Any schema may be registered under {subject.name}: its compatibility is NONE."
        )
    if many:
        report = interface.Report(
            seen, "schema.compat_none", resource.Resource("registry", held.name)
        )
        report.fact("rule", "the registry's own rule", held.compatibility, source="registry")
        report.fact(
            "own", "whether the subjects have the rule themselves", False, source="registry"
        )
        report.fact("subjects", "subjects that it holds for", len(inherited), source="registry")
        yield report.finding(
            f"Any schema may be registered under {len(inherited):,} subjects of {held.name}: the "
            "registry's own compatibility is NONE, and they have no rule of their own."
        )


def _missing_ids(seen: view.View) -> Iterator[finding.Finding]:
    """Ids that a converter was told are not there."""
    found: dict[int, list[tuple[str, snapshot.Connector, float]]] = {}
    for cluster, connect in seen.connects.items():
        if isinstance(connect, Unknown):
            continue
        for connector in connect.connectors.values():
            for task in connector.tasks:
                missing = traces.read(task.trace).schema_id if task.trace else 0
                if task.state == "FAILED" and missing:
                    since = seen.task_since(cluster, connector.name, task)
                    found.setdefault(missing, []).append((cluster, connector, since))
    for schema_id, hit in found.items():
        report = interface.Report(
            seen, "schema.id_missing", resource.Resource("schema", str(schema_id))
        )
        names = sorted({connector.name for _, connector, _ in hit})
        report.fact(
            "asked",
            "who asked for it and was told that it is not there",
            words.names(names),
            source="connect",
            how=f"GET /connectors/{names[0]}/status",
        )
        served = serves(seen, schema_id)
        report.fact("served", "whether a registry lists it", _told(served), source="registry")
        topics = sorted({topic for _, connector, _ in hit for topic in connector.topics})
        yield report.finding(
            f"Records{f' of {words.names(topics)}' if topics else ''} carry schema id {schema_id}, "
            "which the registry does not serve.",
            since=min(since for _, _, since in hit),
        )


def _told(served: bool | str | Unknown) -> bool | str | Unknown:
    return served if isinstance(served, Unknown | str) else bool(served)


def serves(seen: view.View, schema_id: int) -> bool | str | Unknown:
    """Whether a registry lists the id: True; ``deleted`` where only deleted versions have it."""
    if not seen.snapshot.registries:
        return Unknown("no schema registry is looked at")
    deleted = False
    for part in seen.snapshot.registries.values():
        if isinstance(part.value, Unknown):
            return Unknown(part.value.reason)
        for subject in part.value.subjects.values():
            if isinstance(subject.versions, Unknown):
                return Unknown(f"{subject.name}: {subject.versions.reason}")
            for version in subject.versions:
                if version.schema_id == schema_id:
                    if not version.deleted:
                        return True
                    deleted = True
    return "deleted" if deleted else False


def of_topic(held: registry.Registry, topic: str) -> tuple[registry.Subject, ...]:
    """The subjects of a topic, by the usual naming."""
    found = (held.subjects.get(name) for name in (f"{topic}-value", f"{topic}-key", topic))
    return tuple(subject for subject in found if subject is not None)


def _names(seen: view.View, held: registry.Registry) -> Iterator[finding.Finding]:
    """Topics whose records are registered under more than one name."""
    table = seen.partitions
    if isinstance(table, Unknown):
        return
    topics = set(table.topics)
    alive = {name: one for name, one in held.subjects.items() if not one.deleted}
    used = _referenced(alive)
    by_schema: dict[str, list[str]] = {}
    for name, subject in alive.items():
        latest = subject.latest
        if latest is not None and _RECORD_NAME.fullmatch(name) and name not in used:
            by_schema.setdefault(latest.fingerprint, []).append(name)
    extra: dict[str, set[str]] = {}
    for name, subject in alive.items():
        role = _ROLE.search(name)
        if role and role[1] == "value" and name[: role.start()] in topics:
            latest = subject.latest
            same = by_schema.get(latest.fingerprint, []) if latest is not None else []
            extra.setdefault(name[: role.start()], set()).update([name, *same])
        elif not role:
            topic = name if name in topics else _prefix(name, topics)
            if topic and f"{topic}-value" in alive:
                extra.setdefault(topic, set()).add(name)
    for topic, names in sorted(extra.items()):
        if len(names) < 2:
            continue
        report = interface.Report(seen, "schema.naming_conflict", resource.Resource("topic", topic))
        report.fact(
            "subjects",
            f"subjects that hold schemas of values of {topic}",
            words.names(sorted(names)),
            source="registry",
            how="GET /subjects",
        )
        yield report.finding(
            f"Values of {topic} are registered under more than one subject: "
            f"{words.names(sorted(names))}."
        )


def _prefix(name: str, topics: set[str]) -> str:
    """The topic in ``TOPIC-record.Name``; empty: it is not of that form."""
    for place in range(len(name) - 1, 0, -1):
        if name[place] == "-" and name[:place] in topics:
            return name[:place] if _RECORD_NAME.fullmatch(name[place + 1 :]) else ""
    return ""


def _referenced(subjects: Mapping[str, registry.Subject]) -> set[str]:
    """Subjects that others use: they are registered under a record's name on purpose."""
    return {
        reference.subject
        for subject in subjects.values()
        if not isinstance(subject.versions, Unknown)
        for version in subject.versions
        for reference in version.references
    }
