"""Roots that fell at the same time by one thing behind them that Headgate does not see itself.

What connectors write to, what handlers call, the platform that members run on: none of them is a
part of the cluster. That several things which hang on it began to fail within a minute, and that
each one's best cause says the same, is what shows it. An election in which several partitions lose
the end of their logs is such a thing, too.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from headgate.detect.cluster import truncation
from headgate.diagnose import downstreams, interface, roots
from headgate.diagnose.pipelines import sinks
from headgate.domain import finding, resource

TOGETHER_S = 60.0
"""What began within so many seconds of the first may have one cause; judgment."""
WAVE = 10
"""So many groups with one finding and one cause that began together are one incident, whatever the
cause is: that so many fail by themselves within a minute is no accident; judgment."""

Led = Mapping[str, tuple[roots.Root, finding.Finding]]
"""Key of a root -> the root and its leading finding."""


def together(case: interface.Case, known: roots.Known, led: Led) -> dict[str, roots.Root]:
    """Key of a root -> the root that it shares with others; those that stand alone are left out."""
    made = dict(_connectors(case, led)) | dict(_truncated(case, led))
    for keys, number in _bursts(_of_outages(known, led)):
        if len(keys) > 1:
            # groups that wait for what connectors lost at the same time join them
            joined = next((made[key] for key in keys if key in made), None)
            root = joined or _of_cluster(case, "downstream", number)
            made |= {key: root for key in keys if key not in made}
    for (code, _), alike in _alike(case, known, led, made).items():
        for keys, number in _bursts(alike):
            if len(keys) >= WAVE:
                made |= dict.fromkeys(keys, _of_cluster(case, f"wave/{code}", number))
    return made


def _of_cluster(case: interface.Case, family: str, number: int) -> roots.Root:
    """The root of the n-th burst of its kind: the cluster stands for what is not seen."""
    name = family if number == 0 else f"{family}/{number}"
    return roots.Root(family=name, about=case.seen.cluster)


def _connectors(case: interface.Case, led: Led) -> Iterator[tuple[str, roots.Root]]:
    """Connectors that lost one downstream together are one incident of their Connect cluster."""
    for key, (root, lead) in led.items():
        if root.about.kind != "connector":
            continue
        found = sinks.connector(case, root.about)
        if found is None or not lead.is_urgent:
            continue
        mine = downstreams.named(found[1].config)
        others = [
            sinks.connector(case, resource.Resource("connector", name))
            for name in sinks.failed_together(case, root.about.id)
        ]
        same = [one for one in others if one is not None and _same(mine, one[1].config)]
        if same:
            about = resource.Resource("connect", found[0])
            name = "downstream"
            if mine and any(not _same(mine, one[1].config) for one in others if one is not None):
                name = f"downstream/{mine}"  # another downstream failed at the same time
            yield key, roots.Root(family=name, about=about)


def _truncated(case: interface.Case, led: Led) -> Iterator[tuple[str, roots.Root]]:
    """Logs that went back together lost their end in one election: one incident of their topic,
    or of the cluster where they are of several.
    """
    cut = [
        (lead.since.timestamp(), key)
        for key, (_, lead) in led.items()
        if lead.code == truncation.CODE
    ]
    for keys, number in _bursts(cut):
        topics = {name.topic for key in keys for name in led[key][1].partitions}
        if len(keys) < 2:
            continue
        root = _of_cluster(case, "election", number)
        if len(topics) == 1:
            root = dataclasses.replace(root, about=resource.Resource("topic", topics.pop()))
        for key in keys:
            yield key, root


def _same(mine: str, config: Mapping[str, str]) -> bool:
    """Whether the settings may name the same downstream; what names none may be any."""
    other = downstreams.named(config)
    return not mine or not other or mine == other


def _of_outages(known: roots.Known, led: Led) -> list[tuple[float, str]]:
    """(When it began, key) of every root whose best cause is that something it calls is away."""
    found = []
    for key, (_root, lead) in led.items():
        top = roots.decisive(known, lead)
        if lead.is_urgent and top is not None and top.code == "downstream.outage":
            found.append((lead.since.timestamp(), key))
    return found


def _alike(
    case: interface.Case, known: roots.Known, led: Led, made: Mapping[str, roots.Root]
) -> dict[tuple[str, str], list[tuple[float, str]]]:
    """(Leading finding, best cause) -> when each group with them began; those that may have been
    so before the first look are left out.
    """
    times = case.seen.history.times
    first = float(times[0]) + case.seen.sample_s if len(times) else case.seen.now
    found: dict[tuple[str, str], list[tuple[float, str]]] = {}
    for key, (root, lead) in led.items():
        if key in made or root.about.kind != "group" or not lead.is_urgent:
            continue
        top = roots.decisive(known, lead)
        since = lead.since.timestamp()
        if since > first:
            said = top.code if top is not None else ""
            found.setdefault((lead.code, said), []).append((since, key))
    return found


def _bursts(items: Sequence[tuple[float, str]]) -> Iterator[tuple[list[str], int]]:
    """(Keys that began within a minute of the first of them, which burst it is), oldest first."""
    held: list[str] = []
    first, number = 0.0, 0
    for at, key in sorted(items):
        if held and at - first > TOGETHER_S:
            yield held, number
            held, number = [], number + 1
        if not held:
            first = at
        held.append(key)
    if held:
        yield held, number
