"""Broker findings: a cluster that does not answer, brokers that are down, fenced or hung."""

from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.detect.cluster import absence, quorum
from headgate.domain import connects, finding, resource, snapshot, vocabulary
from headgate.domain.unknown import Unknown


class Reachability:
    """Says whether the cluster answers at all."""

    codes: ClassVar[tuple[str, ...]] = ("cluster.unreachable",)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """A finding where neither brokers nor partitions could be read."""
        part = seen.snapshot.brokers
        brokers, partitions = seen.brokers, seen.partitions
        if not isinstance(brokers, Unknown) or not isinstance(partitions, Unknown):
            return interface.Found()
        since = _last_read(seen)
        state = seen.state("cluster.unreachable", "hold", since, at_once=True)
        if state is None:
            return interface.Found()
        report = interface.Report(seen, "cluster.unreachable", seen.cluster)
        report.fact("answer", "what the cluster answers", brokers, how=part.how)
        return interface.Found(
            findings=(
                report.finding(
                    f"{seen.cluster.id} does not answer: {brokers.reason}.",
                    state=state,
                    since=since,
                ),
            )
        )


def _last_read(seen: view.View) -> float:
    past = seen.history
    if not len(past.times):
        return seen.now
    read = np.asarray((past.ends >= 0).any(axis=1))
    if read.any():
        return float(past.times[len(read) - 1 - int(np.argmax(read[::-1]))])
    return float(past.times[0])


class Brokers:
    """Says which brokers are down, and which are fenced though their port accepts."""

    codes: ClassVar[tuple[str, ...]] = ("broker.down", "broker.fenced")
    needs: ClassVar[tuple[interface.Part, ...]] = ("brokers",)

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding per broker."""
        brokers = interface.certain(seen.brokers)
        findings: list[finding.Finding] = []
        not_seen: list[finding.NotSeen] = []
        led = quorum.answered(seen)  # without a controller nobody fences a dead broker
        for broker in brokers.brokers:
            about = resource.Resource("broker", str(broker.id))
            if broker.listed and isinstance(broker.fenced, Unknown):
                not_seen += interface.not_seen(self.codes, about, broker.fenced.reason)
            given_up = not broker.listed or bool(broker.fenced)
            if not given_up and (led or broker.port_state not in connects.DEAD):
                continue
            accepts = broker.port_state in ("answers", "accepts")
            code = "broker.fenced" if accepts and given_up else "broker.down"
            found = _finding(seen, code, broker, about)
            findings += [found] if found else []
        return interface.Found(findings=tuple(findings), not_seen=tuple(not_seen))


def _finding(
    seen: view.View, code: str, broker: snapshot.Broker, about: resource.Resource
) -> finding.Finding | None:
    given_up = not broker.listed or bool(broker.fenced)
    # A dead port shows a broker session before the controller gives the broker up.
    start = absence.since(
        seen, broker.id, absence.given_up if broker.port_state == "answers" else absence.dead
    )
    state = seen.state(code, "hold", start, at_once=True)
    if state is None:
        return None
    report = interface.Report(seen, code, about)
    where = f"{broker.host}:{broker.port}"
    report.fact("listed", "whether the cluster lists it", broker.listed, how="DescribeCluster")
    report.fact("fenced", "whether the controller fenced it", broker.fenced, how="DescribeCluster")
    report.fact("port", f"what {where} does", broker.port_state, how=f"connect to {where}")
    word = "fenced" if broker.listed else "gone from the cluster"
    if not given_up:
        word = "still listed, for no controller is there to fence it"
    severity: vocabulary.Severity | None = None
    if code == "broker.down":
        text = f"Broker {broker.id} is down: {word}, and {where} {_PORT[broker.port_state]}."
        if seen.now - start > seen.observation.seconds(code, "crit"):
            severity = "critical"
    else:
        text = (
            f"Broker {broker.id} is {word} for {words.duration(seen.now - start)} "
            f"though {where} {_PORT[broker.port_state]}."
        )
    return report.finding(text, state=state, since=start, severity=severity)


_PORT = {
    "answers": "answers requests",
    "accepts": "accepts connections and then says nothing",
    "refuses": "refuses connections",
    "silent": "does not answer",
    "not_probed": "was not tried",
}
