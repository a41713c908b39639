"""Topics in which Kafka, Connect, mirrors and registries keep their state: deleted, it is lost."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.detect.hygiene import purposes
from headgate.domain import finding, resource, snapshot
from headgate.domain.unknown import Unknown

POLICY = "cleanup.policy"
_CODE = "config.internal_topic"


class Internals:
    """Says which of those topics do not keep what they must."""

    codes: ClassVar[tuple[str, ...]] = (_CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions",)

    def find(self, seen: view.View) -> interface.Found:
        """One finding per topic."""
        table = interface.certain(seen.partitions)
        if isinstance(seen.configs, Unknown):
            reason = f"settings were not read: {seen.configs.reason}"
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        findings: list[finding.Finding] = []
        unread: list[finding.NotSeen] = []
        for topic in table.topics:
            if not purposes.must_compact(topic):
                continue
            settings = seen.configs.get(topic)
            if settings is None:
                about = resource.Resource("topic", topic)
                unread += interface.not_seen(self.codes, about, "its settings were not read")
                continue
            findings += _wrong(seen, topic, len(table.of_topic(topic)), settings)
        return interface.Found(findings=tuple(findings), not_seen=tuple(unread))


def _wrong(
    seen: view.View, topic: str, partitions: int, settings: Mapping[str, snapshot.ConfigValue]
) -> Iterator[finding.Finding]:
    policy = settings.get(POLICY)
    value = (policy.value or "") if policy else ""
    deletes = policy is not None and value.strip() != "compact"
    many = partitions > 1 and purposes.is_connect_configs(topic)
    if not deletes and not many:
        return
    report = interface.Report(seen, _CODE, resource.Resource("topic", topic))
    report.fact("policy", f"{POLICY} of {topic}", value, how="DescribeConfigs")
    if policy is not None:
        report.fact("source", f"where {POLICY} is set", policy.source, how="DescribeConfigs")
    report.fact("partitions", f"partitions of {topic}", partitions, how="DescribeTopicPartitions")
    if not deletes:
        yield report.finding(
            f"{topic} has {words.many(partitions, 'partition')}: Connect keeps its connectors in "
            "one, and with more it reads them in a wrong order.",
            partitions=(),
        )
        return
    owner = {"kafka": "Kafka", "connect": "Connect", "registry": "The schema registry"}
    whose = owner.get(purposes.of(topic), "The mirror")
    yield report.finding(
        f"{whose} keeps its state in {topic}, and old records of it are deleted: {POLICY} is "
        f"{value!r} and must be compact.",
    )
