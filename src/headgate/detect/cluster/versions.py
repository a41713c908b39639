"""What the running versions bring with them: listed bugs, and clients that speak old protocols."""

import functools
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.detect.cluster import gauges
from headgate.domain import finding, resource
from headgate.domain.unknown import Unknown

_BUG = "version.known_bug"
_OLD = "client.old_protocol"
_REQUESTS = "broker.deprecated_requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """One listed bug."""

    id: str
    of: str
    """``cluster`` or ``connect``."""
    first: tuple[int, ...]
    until: tuple[int, ...]
    """The first release without it."""
    use: str
    says: str
    source: str


@functools.cache
def bugs() -> tuple[Bug, ...]:
    """Every listed bug, from ``bugs.toml`` beside this module."""
    text = resources.files(__package__).joinpath("bugs.toml").read_text(encoding="utf-8")
    return tuple(
        Bug(
            id=one["id"],
            of=one["of"],
            first=parsed(one["from"]),
            until=parsed(one["until"]),
            use=one["use"],
            says=one["says"],
            source=one["source"],
        )
        for one in tomllib.loads(text)["bug"]
    )


def parsed(version: str) -> tuple[int, ...]:
    """The numbers of a version: ``3.9.1-ccs`` -> (3, 9, 1); empty where it is none."""
    numbers: list[int] = []
    for piece in version.partition("-")[0].split("."):
        if not piece.isdecimal():
            break
        numbers.append(int(piece))
    return tuple(numbers)


def _new_protocol(seen: view.View) -> bool:
    groups = seen.groups
    return not isinstance(groups, Unknown) and any(g.kind == "consumer" for g in groups.values())


_USES: Mapping[str, Callable[[view.View], bool]] = {
    "any": lambda _seen: True,
    "new_protocol_groups": _new_protocol,
}


class Bugs:
    """Says which listed bugs the running versions have and this cluster's use can meet."""

    codes: ClassVar[tuple[str, ...]] = (_BUG,)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding for the cluster and one for each Connect cluster."""
        findings: list[finding.Finding] = []
        not_seen: tuple[finding.NotSeen, ...] = ()
        running = seen.snapshot.version
        if isinstance(running, Unknown):
            not_seen = interface.not_seen(self.codes, seen.cluster, running.reason)
        else:
            findings += _hit(seen, "cluster", seen.cluster, running)
        for name, connect in seen.connects.items():
            if not isinstance(connect, Unknown):
                about = resource.Resource("connect", name)
                findings += _hit(seen, "connect", about, connect.version)
        return interface.Found(findings=tuple(findings), not_seen=not_seen)


def _hit(seen: view.View, of: str, about: resource.Resource, running: str) -> list[finding.Finding]:
    version = parsed(running)
    met = [
        bug
        for bug in bugs()
        if bug.of == of and version and bug.first <= version < bug.until and _USES[bug.use](seen)
    ]
    if not met:
        return []
    report = interface.Report(seen, _BUG, about)
    report.fact("version", f"version of {about.id}", running)
    for bug in met:
        report.fact(bug.id, bug.says, bug.source, source="history")
    text = "; ".join(f"{bug.id}: {bug.says}" for bug in met)
    return [report.finding(f"{about.id} runs {running}, which has listed bugs: {text}.")]


class OldClients:
    """Says whether clients use versions of requests that the next major release drops."""

    codes: ClassVar[tuple[str, ...]] = (_OLD,)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding, naming the software and its requests."""
        reason = gauges.lacking(seen, _REQUESTS)
        if reason:
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        used: dict[str, float] = {}
        for meter in gauges.told(seen, _REQUESTS):
            grown = meter.rise(float("inf"))
            if isinstance(grown, float) and grown > 0:
                who = meter.labels.get("software", "") or "a client"
                what = f"{who}: {meter.labels.get('request', '?')}"
                used[what] = used.get(what, 0.0) + grown
        if not used:
            return interface.Found()
        report = interface.Report(seen, _OLD, seen.cluster)
        for what, count in sorted(used.items()):
            report.fact(what, f"deprecated requests of {what}", round(count), source="metrics")
        return interface.Found(
            findings=(
                report.finding(
                    f"Clients use request versions that will be dropped: "
                    f"{words.names(sorted(used))}."
                ),
            )
        )
