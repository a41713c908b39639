"""Configuration hazards: settings that will hurt at the next failure."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.detect.cluster import partitions
from headgate.detect.hygiene import purposes
from headgate.domain import finding, flavours, resource, snapshot, vocabulary
from headgate.domain.unknown import Unknown

_UNCLEAN = "unclean.leader.election.enable"
OWN = "dynamic_topic"
"""The source of a setting that the topic itself carries."""


class Durability:
    """Says which topics lose data or stop at the first failure."""

    codes: ClassVar[tuple[str, ...]] = (
        "config.rf_one",
        "config.min_isr_ge_rf",
        "config.min_isr_weak",
        "config.unclean_election",
    )
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions", "brokers")

    def find(self, seen: view.View) -> interface.Found:
        """Findings per topic; an unsafe default of the cluster is one finding."""
        table, brokers = interface.certain(seen.partitions), interface.certain(seen.brokers)
        counts = np.diff(table.replica_start)
        first = table.first[:-1]
        kept = np.diff(table.first) > 0
        least = np.zeros(len(table.topics), dtype=np.int64)
        least[kept] = np.minimum.reduceat(counts, first[kept]) if kept.any() else 0
        replicas = {topic: int(least[place]) for place, topic in enumerate(table.topics)}
        findings = list(_rf_one(seen, replicas)) if len(brokers.brokers) > 1 else []
        configs = seen.configs
        if isinstance(configs, Unknown):
            reason = f"settings were not read: {configs.reason}"
            return interface.Found(
                findings=tuple(findings),
                not_seen=interface.not_seen(self.codes[1:], seen.cluster, reason),
            )
        findings += _min_isr(seen, least, configs)
        findings += _unclean(seen, configs)
        not_seen: tuple[finding.NotSeen, ...] = ()
        for item in seen.snapshot.configs.missing:
            about = resource.Resource("topic", item.what.removeprefix("topic:"))
            not_seen += interface.not_seen(self.codes[1:], about, item.reason)
        return interface.Found(findings=tuple(findings), not_seen=not_seen)


def _diskless(seen: view.View, topic: str) -> bool:
    return not isinstance(seen.configs, Unknown) and flavours.diskless(seen.configs.get(topic, {}))


def _rf_one(seen: view.View, replicas: dict[str, int]) -> Iterator[finding.Finding]:
    if 1 not in replicas.values() or flavours.of(seen.signs)[0] in flavours.DISKLESS:
        return  # one replica is all there is
    for topic, count in replicas.items():
        if count == 1 and not _diskless(seen, topic):
            report = interface.Report(seen, "config.rf_one", resource.Resource("topic", topic))
            report.fact("replicas", f"replicas of {topic}", 1, how="DescribeTopicPartitions")
            yield report.finding(
                f"{topic} has one replica: when its broker stops, it cannot be read or written; "
                "when the disk is lost, so is the data."
            )


def _min_isr(
    seen: view.View, least: NDArray[np.int64], configs: snapshot.Configs
) -> Iterator[finding.Finding]:
    wanted = interface.certain(partitions.min_isr_of_topics(seen))
    suspect = (wanted >= 0) & (least > 1) & ((wanted >= least) | (wanted == 1))
    topics = interface.certain(seen.partitions).topics
    for place in np.flatnonzero(suspect).tolist():
        topic, count, value = topics[place], int(least[place]), int(wanted[place])
        code, severity = _min_isr_code(value, count)
        if not code or (code == "config.min_isr_weak" and purposes.of(topic)):
            continue  # programs choose for their own topics; a strict value stops them, too
        report = interface.Report(seen, code, resource.Resource("topic", topic))
        report.fact("replicas", f"replicas of {topic}", count, how="DescribeTopicPartitions")
        report.fact("min-isr", f"{partitions.MIN_ISR} of {topic}", value, how="DescribeConfigs")
        source = configs[topic][partitions.MIN_ISR].source
        report.fact("source", f"where {partitions.MIN_ISR} is set", source, how="DescribeConfigs")
        yield report.finding(_min_isr_text(topic, value, count), severity=severity)


def _min_isr_code(value: int, replicas: int) -> tuple[str, vocabulary.Severity | None]:
    if value >= replicas:
        return "config.min_isr_ge_rf", "critical" if value > replicas else None
    if value == 1 and replicas >= 3:
        return "config.min_isr_weak", None
    return "", None


def _min_isr_text(topic: str, value: int, replicas: int) -> str:
    if value > replicas:
        return (
            f"{topic} can never take a write with acks=all: {partitions.MIN_ISR} is {value}, "
            f"and it has {replicas} replicas."
        )
    if value == replicas:
        return (
            f"{topic} stops taking writes with acks=all as soon as one broker stops, "
            f"even as planned: {partitions.MIN_ISR} is {value}, and so is the number of replicas."
        )
    return (
        f"{topic} confirms a write that only one of its {replicas} replicas has: "
        f"{partitions.MIN_ISR} is 1."
    )


def _unclean(seen: view.View, configs: snapshot.Configs) -> Iterator[finding.Finding]:
    own: list[str] = []
    inherited: dict[str, list[str]] = {}
    for topic, settings in configs.items():
        setting = settings.get(_UNCLEAN)
        if setting is None or (setting.value or "").lower() != "true":
            continue
        if setting.source == OWN:
            own.append(topic)
        else:
            inherited.setdefault(setting.source, []).append(topic)
    for topic in own:
        yield _unclean_finding(seen, resource.Resource("topic", topic), OWN, [topic])
    if inherited:
        source = min(inherited)
        topics = [topic for listed in inherited.values() for topic in listed]
        yield _unclean_finding(seen, seen.cluster, source, topics)


def _unclean_finding(
    seen: view.View, about: resource.Resource, source: str, topics: list[str]
) -> finding.Finding:
    report = interface.Report(seen, "config.unclean_election", about)
    report.fact("value", f"{_UNCLEAN}", True, how="DescribeConfigs")
    report.fact("source", f"where {_UNCLEAN} is set", source, how="DescribeConfigs")
    report.fact("topics", "topics that it holds for", len(topics), how="DescribeConfigs")
    return report.finding(
        f"A replica that missed writes may become leader of {words.names(sorted(topics))}: "
        "records that were confirmed would be lost."
    )
