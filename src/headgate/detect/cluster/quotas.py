"""Clients that a quota holds back."""

from collections.abc import Mapping
from typing import ClassVar

from headgate.detect import interface, view
from headgate.detect.cluster import gauges
from headgate.domain import finding, resource
from headgate.domain.access import Quota
from headgate.domain.unknown import Unknown

CODE = "quota.throttling"


class Throttling:
    """Says which users and clients are throttled."""

    codes: ClassVar[tuple[str, ...]] = (CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding for each user and client."""
        reason = gauges.lacking(seen, "broker.throttle")
        if reason:
            # A meter is there only while somebody is held back; without quotas nobody can be.
            known = seen.read(seen.snapshot.quotas)
            quiet = bool(seen.meters.courses) or (not isinstance(known, Unknown) and not known)
            gap = () if quiet else interface.not_seen(self.codes, seen.cluster, reason)
            return interface.Found(not_seen=gap)
        best: dict[resource.Resource, finding.Finding] = {}
        for meter in gauges.told(seen, "broker.throttle"):
            start = meter.since_beyond(0.0, above=True)
            value = meter.latest
            if not isinstance(start, float) or isinstance(value, Unknown):
                continue
            state = seen.state(CODE, "hold", start)
            if state is None:
                continue
            about = entity(meter.labels)
            report = interface.Report(seen, CODE, about)
            kind = meter.labels.get("quota", "")
            report.fact(
                "throttle",
                f"mean milliseconds for which a {kind} request is held back",
                round(value, 1),
                unit="ms",
                source="metrics",
                how=meter.source,
            )
            found = report.finding(
                f"{about.id} is held back by a {kind} quota, {value:,.0f} ms for each request.",
                state=state,
                since=start,
            )
            best.setdefault(about, found)
        return interface.Found(findings=tuple(best.values()))


def entity(labels: Mapping[str, str]) -> resource.Resource:
    """The user and client that a meter is about, as a quota's resource."""
    held = {
        kind: name
        for kind, label in (("user", "user"), ("client-id", "client"))
        if (name := labels.get(label, ""))
    }
    return resource.Resource("quota", Quota(entity=held, limits={}).name or "all clients")
