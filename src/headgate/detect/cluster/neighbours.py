"""Other controllers that act on the same cluster, by what they leave on it.

Names as the products themselves give them: Cruise Control's topics (its configuration page,
``metric.reporter.topic`` and the sample store's topics), Strimzi's topics and headless services,
Confluent's Self-Balancing settings.
"""

import re
from dataclasses import dataclass
from typing import ClassVar

from headgate.detect import interface, view
from headgate.domain.unknown import Unknown

CODE = "neighbour.active"
_CRUISE = re.compile(
    r"^(__CruiseControlMetrics|__KafkaCruiseControl(PartitionMetricSamples|ModelTrainingSamples)"
    r"|strimzi\.cruisecontrol\.(metrics|partitionmetricsamples|modeltrainingsamples))$"
)
_STRIMZI_TOPIC = re.compile(r"^(__strimzi_|__strimzi-topic-operator-|strimzi\.)")
_STRIMZI_HOST = re.compile(r"-brokers\.[\w-]+\.svc(\.|$)")


@dataclass(frozen=True, slots=True)
class Trace:
    """One neighbour and what shows it."""

    who: str
    sign: str


class Neighbours:
    """Says whether something else moves partitions or keeps settings here."""

    codes: ClassVar[tuple[str, ...]] = (CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ("partitions",)

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding, naming all of them."""
        found = seen.once(traces)
        if not found:
            return interface.Found()
        report = interface.Report(seen, CODE, seen.cluster)
        for place, one in enumerate(found):
            report.fact(f"trace-{place}", f"what shows {one.who}", one.sign)
        who = " and ".join(dict.fromkeys(one.who for one in found))
        return interface.Found(
            findings=(
                report.finding(
                    f"{who} acts on {seen.cluster.id}, too: it may move partitions or set settings "
                    "back."
                ),
            )
        )


def traces(seen: view.View) -> tuple[Trace, ...]:
    """What other controllers leave, at most one sign of each."""
    found: dict[str, Trace] = {}
    table = seen.partitions
    for topic in () if isinstance(table, Unknown) else table.topics:
        if topic[:1] not in "_s":
            continue
        if _CRUISE.match(topic):
            found.setdefault("Cruise Control", Trace("Cruise Control", f"the topic {topic}"))
        if _STRIMZI_TOPIC.match(topic):
            found.setdefault("Strimzi", Trace("Strimzi", f"the topic {topic}"))
    brokers = seen.brokers
    for broker in () if isinstance(brokers, Unknown) else brokers.brokers:
        if _STRIMZI_HOST.search(broker.host):
            found.setdefault("Strimzi", Trace("Strimzi", f"the host name {broker.host}"))
    settings = seen.read(seen.snapshot.broker_configs)
    for values in () if isinstance(settings, Unknown) else settings.values():
        one = values.get("confluent.balancer.enable")
        if one is not None and one.value == "true":
            found.setdefault(
                "Self-Balancing",
                Trace("Self-Balancing", "the broker setting confluent.balancer.enable"),
            )
    return tuple(found.values())
