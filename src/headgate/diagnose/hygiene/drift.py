"""Why a cluster is not as it was declared: somebody changed it, or another controller did."""

from collections.abc import Sequence
from typing import ClassVar

from headgate.diagnose import interface
from headgate.diagnose.clients import lately
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding, timeline
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown

_TOGETHER = 3
"""Resources that become different in one look are more than a person's typing (judgment)."""
_KINDS: frozenset[timeline.Kind] = frozenset({"topic", "partitions", "replicas", "config", "acl"})


class Drift:
    """Explains drift from the declared state."""

    explains: ClassVar[tuple[str, ...]] = ("config.drift",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """A change on the timeline, another controller, a value of its own or an inherited one."""
        argument = interface.Argument(case, about)
        entries = case.once("drifting", lambda: _entries(case)).get(about.resource, [])
        _changed(argument, entries)
        _controller(argument, entries)
        if about.resource.kind == "topic" and _values(about):
            _source(argument)
        return argument.explained()


def _entries(case: interface.Case) -> dict[Resource, list[timeline.Entry]]:
    """What the timeline tells of each resource that drifted, newest first."""
    drifted = {one.resource for one in case.findings("config.drift")}
    found: dict[Resource, list[timeline.Entry]] = {}
    for one in reversed(case.seen.observation.timeline):
        if one.kind in _KINDS and one.resource in drifted:
            found.setdefault(one.resource, []).append(one)
    return found


def _changed(argument: interface.Argument, entries: Sequence[timeline.Entry]) -> None:
    cited = lately.cite(argument, entries[:5], "changed")
    seen: bool | Unknown = (
        True if entries else Unknown("it was so when Headgate came; nobody saw it become so")
    )
    argument.weigh(
        "config.changed",
        "Somebody changed it on the cluster, and not in the declaration (or the other way).",
        requires("it became different while Headgate looked", seen, *cited),
        decides("the timeline shows the change", bool(entries), *cited),
        next=[
            interface.suggest(
                "owner.notify", "Ask which of the two is meant; then change the other."
            )
        ],
    )


def _controller(argument: interface.Argument, entries: Sequence[timeline.Entry]) -> None:
    case = argument.case
    together: bool | Unknown = Unknown("nobody saw it become so")
    facts: list[str] = []
    if entries:
        alike = sum(
            any(one.at == entries[0].at for one in told)
            for told in case.once("drifting", lambda: _entries(case)).values()
        )
        together = alike >= _TOGETHER
        facts.append(
            argument.fact(
                "together",
                "resources that drifted in the same look",
                alike,
                source="timeline",
            )
        )
    owners = case.once("neighbours", lambda: case.findings("neighbour.active"))
    named = [
        argument.fact("neighbour", "another controller is at work", one.summary)
        for one in owners[:1]
    ]
    argument.weigh(
        "neighbour.controller",
        "Another controller keeps it as its own declaration says.",
        requires("several resources became different at once", together, *facts),
        decides("another controller is at work on the cluster", bool(owners), *named),
        next=[interface.suggest("owner.notify", "Agree on who keeps what.")],
    )


def _values(about: finding.Finding) -> list[tuple[str, str]]:
    """(Id, value as it is) of the settings that differ."""
    return [
        (one.id, str(one.value))
        for one in about.evidence
        if one.id.endswith("/effective") and str(one.value).endswith(")")
    ]


def _source(argument: interface.Argument) -> None:
    values = _values(argument.about)
    own = [name for name, value in values if value.endswith("(dynamic_topic)")]
    other = [name for name, value in values if not value.endswith("(dynamic_topic)")]
    argument.weigh(
        "config.set_explicitly",
        "The topic itself carries another value than is declared.",
        requires("a value that differs is set on the topic itself", bool(own), *(own or other)),
        expects("all of them are", not other, *other),
        next=[interface.suggest("topic.alter_config", "Set what is declared, or declare what is.")],
    )
    argument.weigh(
        "config.inherited",
        "The topic carries no value of its own, so it has the brokers' default.",
        requires("a value that differs is inherited", bool(other), *(other or own)),
        expects("all of them are", not own, *own),
        next=[interface.suggest("topic.alter_config", "Set what is declared on the topic.")],
    )
