"""Topics whose records are copied to another topic that takes only smaller ones."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.domain import deadletters, finding, resource, retention, snapshot
from headgate.domain.unknown import Unknown

LIMIT = "max.message.bytes"
_CODE = "config.size_mismatch"
_ALIAS = "source.cluster.alias"


class Sizes:
    """Says where a copy will be refused for its size: dead letters and mirrors."""

    codes: ClassVar[tuple[str, ...]] = (_CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """One finding per topic whose largest records do not fit where they are copied to."""
        if isinstance(seen.configs, Unknown):
            if not seen.connects:
                return interface.Found()
            reason = f"settings were not read: {seen.configs.reason}"
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        worst: dict[str, tuple[int, int, str, str]] = {}
        for source, target, connector in _copies(seen):
            limits = _limit(seen.configs, source), _limit(seen.configs, target)
            if limits[0] is None or limits[1] is None or limits[0] <= limits[1]:
                continue
            if source not in worst or limits[1] < worst[source][1]:
                worst[source] = (limits[0], limits[1], target, connector)
        return interface.Found(
            findings=tuple(_finding(seen, source, *told) for source, told in sorted(worst.items()))
        )


def _copies(seen: view.View) -> Iterator[tuple[str, str, str]]:
    """(Topic, topic that its records are copied to, by which connector)."""
    for connect in seen.connects.values():
        if isinstance(connect, Unknown):
            continue
        for one in connect.connectors.values():
            letters = deadletters.letters_of(one)
            used = () if isinstance(one.topics_used, Unknown) else one.topics_used
            for topic in sorted({*one.topics, *used} - {letters}):
                if letters:
                    yield topic, letters, one.name
                if one.config.get(_ALIAS):
                    yield topic, f"{one.config[_ALIAS]}.{topic}", one.name


def _limit(configs: snapshot.Configs, topic: str) -> int | None:
    settings: Mapping[str, snapshot.ConfigValue] = configs.get(topic, {})
    return retention.number(settings.get(LIMIT))


def _finding(
    seen: view.View, source: str, takes: int, fits: int, target: str, connector: str
) -> finding.Finding:
    report = interface.Report(seen, _CODE, resource.Resource("topic", source))
    report.fact("limit", f"{LIMIT} of {source}", takes, unit="bytes", how="DescribeConfigs")
    report.fact("target", f"{LIMIT} of {target}", fits, unit="bytes", how="DescribeConfigs")
    report.fact("connector", "who copies", connector, source="connect")
    configs = seen.configs
    if not isinstance(configs, Unknown) and LIMIT in configs.get(target, {}):
        where = configs[target][LIMIT].source
        report.fact("source", f"where {LIMIT} of {target} is set", where, how="DescribeConfigs")
    return report.finding(
        f"{connector} copies records of {source} to {target}, which takes only smaller ones "
        f"({words.count(fits)} bytes; {source} takes {words.count(takes)})."
    )
