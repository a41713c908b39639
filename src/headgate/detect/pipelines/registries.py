"""Schema registries that do not answer, or that take no new schema."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.domain import finding, registry, resource, retention
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

TOPICS = ("_schemas", "_schemas_encoder", "kafkasql-journal")
"""Where registries keep their schemas in Kafka: Confluent's and Karapace's, Apicurio's."""
_LOCKED = ("READONLY", "READONLY_OVERRIDE")


class Registries:
    """Judges every schema registry that is looked at."""

    codes: ClassVar[tuple[str, ...]] = ("registry.unreachable", "registry.read_only")
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """Findings per registry."""
        findings: list[finding.Finding] = []
        not_seen: list[finding.NotSeen] = []
        for name, part in seen.snapshot.registries.items():
            if isinstance(part.value, Unknown):
                findings += _unreachable(seen, name, part.value)
                not_seen += interface.not_seen(
                    self.codes[1:],
                    resource.Resource("registry", name),
                    f"registry {name} was not read: {part.value.reason}",
                )
            else:
                findings += _locked(seen, name, part.value)
        return interface.Found(findings=tuple(findings), not_seen=tuple(not_seen))


def _unreachable(seen: view.View, name: str, why: Unknown) -> Iterator[finding.Finding]:
    if why.kind in ("not_allowed", "not_possible") or why.reason == "no answer came yet":
        return
    about = resource.Resource("registry", name)
    since = seen.snapshot.registries[name].at.timestamp()
    for part in reversed(seen.observation.past.parts.get(f"registry:{name}", ())):
        if not isinstance(part.value, Unknown):
            break
        since = min(since, part.at.timestamp())
    state = seen.state("registry.unreachable", "hold", since, at_once=True)
    if state is None:
        return
    report = interface.Report(seen, "registry.unreachable", about)
    held = seen.snapshot.registries[name]
    report.fact("answer", f"what {name} answers", why, source="registry", how=held.how)
    yield report.finding(
        f"The schema registry {name} does not answer: {why.reason}.", state=state, since=since
    )


def _locked(seen: view.View, name: str, held: registry.Registry) -> Iterator[finding.Finding]:
    """It answers reads: its mode forbids writes, or its own topic in Kafka takes none."""
    about = resource.Resource("registry", name)
    mode = held.mode
    why_not = unwritable(seen)
    if mode not in _LOCKED and not why_not:
        return
    part = seen.snapshot.registries[name]
    since = part.at.timestamp()
    for one in reversed(seen.readings(f"registry:{name}")):
        if one.value.mode != mode:
            break
        since = min(since, one.at.timestamp())
    waited = seen.now - since >= seen.observation.seconds("registry.read_only", "hold", about)
    report = interface.Report(seen, "registry.read_only", about)
    report.fact("mode", f"mode of {name}", mode, source="registry", how="GET /mode")
    report.fact(
        "topic",
        "what keeps its own topic in Kafka from taking writes",
        why_not or "nothing that is seen",
    )
    why = f"its mode is {mode}" if mode in _LOCKED else why_not
    yield report.finding(
        f"The schema registry {name} takes no new schemas: {why}.",
        # A mode is set and stays; a topic without a leader may have one again in a moment.
        state="firing" if waited or mode in _LOCKED else "pending",
        since=since,
    )


def unwritable(seen: view.View) -> str:
    """Why the topic that a registry keeps its schemas in takes no writes; empty: it does."""
    found = blocked(seen)
    return "" if found is None else found[1]


def blocked(seen: view.View) -> tuple[TopicPartition, str] | None:
    """(Partition of that topic that takes no writes, why); None: all do."""
    table, configs = seen.partitions, seen.configs
    if isinstance(table, Unknown):
        return None
    for topic in TOPICS:
        for ordinal in table.of_topic(topic):
            if int(table.leader[ordinal]) < 0:
                return table.name(ordinal), f"{table.name(ordinal)} has no leader"
            if isinstance(configs, Unknown):
                continue
            least = retention.number(configs.get(topic, {}).get("min.insync.replicas"))
            size = int(np.diff(table.isr_start)[ordinal])
            if least is not None and size < least:
                return table.name(ordinal), (
                    f"{table.name(ordinal)} has {words.many(size, 'replica')} in sync and needs "
                    f"{least}"
                )
    return None
