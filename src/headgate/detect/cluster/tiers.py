"""Tiered storage: segments that are not copied to the remote store."""

from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.detect.cluster import gauges
from headgate.domain import amounts, finding, meters, resource, vocabulary
from headgate.domain.unknown import Unknown

CODE = "tier.copy_stalled"
_ERRORS = "broker.remote_copy_errors"
_LAG = "broker.remote_copy_lag"


class Copies:
    """Says which topics' segments do not reach the remote store."""

    codes: ClassVar[tuple[str, ...]] = (CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ("configs",)

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding per topic; silent where no topic is tiered."""
        tiered = remote(seen)
        if not tiered:
            return interface.Found()
        reasons = [gauges.lacking(seen, name) for name in (_ERRORS, _LAG)]
        if all(reasons):
            return interface.Found(
                not_seen=interface.not_seen(self.codes, seen.cluster, str(reasons[0]))
            )
        findings: dict[resource.Resource, finding.Finding] = {}
        for name in (_ERRORS, _LAG):
            for meter in gauges.told(seen, name):
                found = _stalled(seen, meter)
                if found is not None:
                    findings.setdefault(found.resource, found)
        return interface.Found(findings=tuple(findings.values()))


def remote(seen: view.View) -> tuple[str, ...]:
    """Topics whose older segments are to be in the remote store."""
    held = seen.configs
    if isinstance(held, Unknown):
        return ()
    return tuple(
        topic
        for topic, settings in held.items()
        if (one := settings.get("remote.storage.enable")) is not None and one.value == "true"
    )


def _stalled(seen: view.View, meter: meters.Meter) -> finding.Finding | None:
    topic = meter.labels.get("topic", "")
    whose = gauges.owner(seen, meter)
    about = resource.Resource("topic", topic) if topic else whose
    hold_s = seen.observation.seconds(CODE, "hold", about)
    within = (meter.times >= seen.now - hold_s - seen.tolerance_s) & ~np.isnan(meter.values)
    values, times = meter.values[within], meter.times[within]
    if len(values) < 2:
        return None
    steps = np.diff(values)
    errors = meter.name == _ERRORS
    # Errors count where they go on; a lag where it rises and never falls.
    if not bool((steps >= 0).all()) or values[-1] <= values[0]:
        return None
    if errors and not bool((steps[len(steps) // 2 :] > 0).any()):
        return None
    start = float(times[0])
    cut = seen.observation.is_cut(CODE, "hold", about)
    if not seen.waited(start, hold_s):
        return None
    report = interface.Report(seen, CODE, about)
    grown = float(values[-1] - values[0])
    report.fact(
        "errors" if errors else "lag",
        "failed copies" if errors else "bytes more that wait for their copy",
        round(grown),
        unit="" if errors else "bytes",
        source="metrics",
        how=meter.source,
    )
    said = (
        f"{words.many(int(grown), 'copy', 'copies')} failed"
        if errors
        else f"{amounts.words(grown)} more wait"
    )
    state: vocabulary.FindingState = "pending" if cut else "firing"
    return report.finding(
        f"Segments of {topic or about.id} do not reach the remote store: {said} in "
        f"{words.duration(seen.now - start)}.",
        state=state,
        since=start,
    )
