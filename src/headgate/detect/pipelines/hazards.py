"""Settings of connectors that lose records without a word, or show secrets to all who may look."""

import re
from collections.abc import Iterator
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.detect.pipelines import clusters
from headgate.domain import deadletters, finding, resource, snapshot

MASK = "********"
"""What stands in place of a secret that a setting holds itself."""
_SECRET = re.compile(
    r"passw|passphrase|pwd|secret|token|credential|jaas|user\.?info|private|signature"
    r"|(api|access|account|shared|auth)[._-]?key|keystore\.key",
    re.IGNORECASE,
)
"""More is hidden than is certainly a secret; a finding needs a name that says so."""
_TOLERANCE = "errors.tolerance"


class Hazards:
    """Says which connectors skip what they cannot take, and which hold secrets."""

    codes: ClassVar[tuple[str, ...]] = ("connect.tolerance_silent", "connect.secret_inline")
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """Findings per connector."""
        findings: list[finding.Finding] = []
        read, not_seen = clusters.read(seen, self.codes)
        for _cluster, connect in read:
            for connector in connect.connectors.values():
                findings += _tolerance(seen, connector)
                findings += _secrets(seen, connector)
        return interface.Found(findings=tuple(findings), not_seen=tuple(not_seen))


def tolerates(connector: snapshot.Connector) -> bool:
    """Whether it skips records that it cannot convert."""
    return connector.config.get(_TOLERANCE, "none").lower() == "all"


def _tolerance(seen: view.View, connector: snapshot.Connector) -> Iterator[finding.Finding]:
    if connector.type != "sink" or not tolerates(connector) or deadletters.letters_of(connector):
        return
    report = interface.Report(
        seen, "connect.tolerance_silent", resource.Resource("connector", connector.name)
    )
    how = f"GET /connectors/{connector.name}"
    report.fact("tolerance", _TOLERANCE, "all", source="connect", how=how)
    report.fact("dlq", deadletters.SETTING, "not set", source="connect", how=how)
    yield report.finding(
        f"{connector.name} drops each record that it cannot convert, and keeps no copy: "
        "errors.tolerance is all, and it has no dead-letter topic."
    )


def _secrets(seen: view.View, connector: snapshot.Connector) -> Iterator[finding.Finding]:
    names = sorted(
        name
        for name, value in connector.config.items()
        if MASK in value and (value != MASK or _SECRET.search(name))
    )
    if not names:
        return
    report = interface.Report(
        seen, "connect.secret_inline", resource.Resource("connector", connector.name)
    )
    report.fact(
        "settings",
        "settings that hold a secret themselves (values not shown)",
        words.names(names),
        source="connect",
        how=f"GET /connectors/{connector.name}",
    )
    yield report.finding(
        f"{connector.name} holds secrets in its settings ({words.names(names)}): "
        "everybody who may read them sees them."
    )
