"""Certificates of listeners that end soon."""

from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.domain import endpoints, finding, resource, vocabulary
from headgate.domain.unknown import Unknown

CODE = "cert.expiring"


class Certificates:
    """Says which listeners serve a certificate that ends soon or has ended."""

    codes: ClassVar[tuple[str, ...]] = (CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ("endpoints",)

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding per listener."""
        held: endpoints.Endpoints = interface.certain(seen.snapshot.endpoints.value)
        findings: list[finding.Finding] = []
        not_seen: list[finding.NotSeen] = []
        for one in held:
            about = resource.Resource("endpoint", one.address)
            if one.expired:
                findings.append(_expired(seen, about))
            elif isinstance(one.not_after, Unknown):
                not_seen += interface.not_seen(self.codes, about, one.not_after.reason)
            else:
                found = _ending(seen, about, one, one.not_after.timestamp())
                findings += [found] if found else []
        return interface.Found(findings=tuple(findings), not_seen=tuple(not_seen))


def _limit(seen: view.View, name: str, about: resource.Resource) -> float:
    """A horizon, which no look cuts: it is no time to wait."""
    return vocabulary.seconds(str(seen.observation.thresholds.value(CODE, name, about)))


def _expired(seen: view.View, about: resource.Resource) -> finding.Finding:
    report = interface.Report(seen, CODE, about)
    report.fact(
        "expired",
        f"whether the certificate of {about.id} has ended",
        True,
        source="tls_probe",
        how="TLS handshake",
    )
    return report.finding(
        f"The certificate of {about.id} has expired: clients that verify it cannot connect.",
        severity="critical",
    )


def _ending(
    seen: view.View, about: resource.Resource, one: endpoints.Endpoint, ends: float
) -> finding.Finding | None:
    left_s = ends - seen.now
    if left_s > _limit(seen, "warn", about):
        return None
    report = interface.Report(seen, CODE, about)
    who = f" ({one.subject})" if one.subject else ""
    report.fact(
        "not-after",
        f"when the certificate of {about.id}{who} ends",
        words.utc(ends).isoformat(),
        source="tls_probe",
        how="TLS handshake",
    )
    urgent = left_s <= _limit(seen, "crit", about)
    return report.finding(
        f"The certificate of {about.id}{who} ends in {words.duration(left_s)}.",
        severity="critical" if urgent else None,
        deadline=ends,
    )
