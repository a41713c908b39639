"""The Connect clusters that were read, and what cannot be judged on those that were not."""

from collections.abc import Sequence

from headgate.detect import interface, view
from headgate.domain import finding, resource, snapshot
from headgate.domain.unknown import Unknown


def read(
    seen: view.View, codes: Sequence[str]
) -> tuple[list[tuple[str, snapshot.ConnectCluster]], list[finding.NotSeen]]:
    """(Each Connect cluster that was read, the codes that are not judged on the others)."""
    found: list[tuple[str, snapshot.ConnectCluster]] = []
    not_seen: list[finding.NotSeen] = []
    for name, connect in seen.connects.items():
        if isinstance(connect, Unknown):
            about = resource.Resource("connect", name)
            reason = f"Connect {name} was not read: {connect.reason}"
            not_seen += interface.not_seen(codes, about, reason)
        else:
            found.append((name, connect))
    return found, not_seen
