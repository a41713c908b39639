"""Runs detectors over one observation, so that none can spoil another or be silent unheard."""

import dataclasses
from collections.abc import Sequence

import structlog

from headgate.detect import interface, view
from headgate.domain import finding

_log = structlog.get_logger(__name__)


def run(seen: view.View, detectors: Sequence[interface.Detector]) -> finding.Detection:
    """All findings, and all codes that could not be judged, each with its reason."""
    findings: list[finding.Finding] = []
    not_seen: list[finding.NotSeen] = []
    for detector in detectors:
        gaps = (interface.freshness(seen, part) for part in detector.needs)
        reasons = [gap.reason for gap in gaps if gap is not None]
        if reasons:
            not_seen += interface.not_seen(detector.codes, seen.cluster, "; ".join(reasons))
            continue
        try:
            found = detector.find(seen)
        except Exception as error:  # noqa: BLE001  # a broken detector must not blind the others
            name = type(detector).__name__
            _log.error(
                f"The detector {name} failed.",
                event_key="detector.failed",
                detector=name,
                cluster=seen.snapshot.cluster,
                exc_info=True,
            )
            not_seen += interface.not_seen(
                detector.codes, seen.cluster, f"the detector failed: {type(error).__name__}"
            )
            continue
        findings += found.findings
        not_seen += found.not_seen
    return finding.Detection(
        cluster=seen.snapshot.cluster,
        at=seen.at,
        findings=tuple(_cut(seen, _excused(seen, item)) for item in findings),
        not_seen=tuple(not_seen),
    )


def _excused(seen: view.View, item: finding.Finding) -> finding.Finding:
    """The finding, suppressed where it is declared to be as it should be."""
    held = seen.observation.thresholds.excuse(item.code, item.resource, seen.at)
    if held is None:
        return item
    return dataclasses.replace(item, state="suppressed", excuse=held.why)


def _cut(seen: view.View, item: finding.Finding) -> finding.Finding:
    """The finding, marked where only the shortness of the look keeps it from firing."""
    if seen.observation.cut_s is None or item.state != "pending":
        return item
    return dataclasses.replace(item, cut=True)
