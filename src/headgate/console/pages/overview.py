"""A cluster at a glance: brokers and disks, quorum, features, what moves, what was read."""

from dataclasses import dataclass

from fastapi.responses import Response

from headgate.app.tables import brokers
from headgate.console import tab
from headgate.console.pages import incidents, past
from headgate.domain import capability
from headgate.domain.unknown import Unknown

VERDICTS: tuple[tuple[capability.Verdict, str], ...] = (
    ("not_allowed", "Not allowed"),
    ("not_possible", "Not possible"),
    ("unknown", "Not known"),
    ("possible", "Possible"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """The capabilities with one verdict."""

    verdict: capability.Verdict
    name: str
    items: tuple[capability.Capability, ...]


def fill(asked: tab.Asked) -> Response | None:
    """The overview."""
    now = asked.seen.snapshot
    asked.values.update(
        brokers=brokers.rows(asked.seen),
        snap=now,
        no_past=Unknown("it was not there at the newest look"),
        filling=asked.front.headgate.filling(asked.viewer.actor, asked.cluster),
        parts=now.parts(),
        lacking=sum(part.lacking for part in now.parts().values()),
        happened=past.of(asked.front, asked.viewer, asked.cluster, ""),
        incidents=asked.front.headgate.incidents(
            asked.viewer.actor, cluster=asked.cluster, states=incidents.TABS["open"][1]
        ).items,
    )
    return None


def fill_capabilities(asked: tab.Asked) -> Response | None:
    """What can be seen and done, worst first."""
    found = asked.front.headgate.capabilities(asked.viewer.actor, asked.cluster)
    asked.values["matrix"] = found
    if not isinstance(found, Unknown):
        asked.values["verdicts"] = [
            Verdicts(
                verdict=verdict,
                name=name,
                items=tuple(one for one in found.capabilities if one.verdict == verdict),
            )
            for verdict, name in VERDICTS
        ]
    return None
