"""Why something is used by nobody or owned by nobody, and why rights are too wide."""

from typing import ClassVar

import numpy as np

from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding
from headgate.domain.unknown import Unknown


class Abandoned:
    """Explains orphans and what has no owner."""

    explains: ClassVar[tuple[str, ...]] = ("owner.missing", "orphan.topic", "orphan.group")

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Left over by somebody who is gone."""
        argument = interface.Argument(case, about)
        idle = argument.own("idle")
        held = case.seen.observation.declared
        owned: bool | Unknown = (
            bool(held.owner(about.resource))
            if held.owners
            else Unknown("it is not declared who owns what")
        )
        resting: bool | Unknown = True if idle else _rests(about, case)
        fact = argument.fact(
            "owner",
            "whether somebody is declared to own it",
            owned,
            source="timeline",
        )
        kind = about.resource.kind
        argument.weigh(
            "resource.abandoned",
            f"The {kind} was left over: nobody uses it and nobody owns it.",
            requires("nobody uses it", resting, *idle),
            expects("nobody owns it", owned if isinstance(owned, Unknown) else not owned, fact),
            next=[
                interface.suggest(
                    "owner.notify", "Ask around before it is deleted; give it an owner if not."
                )
            ],
        )
        return argument.explained()


def _rests(about: finding.Finding, case: interface.Case) -> bool | Unknown:
    """Whether nothing moved in it while Headgate looked."""
    if len(case.seen.history.times) < 2:
        return Unknown("it was looked at only once")
    kind, name = about.resource.kind, about.resource.id
    if kind == "topic":
        return name not in case.once("moving topics", lambda: _moving_topics(case))
    if kind == "group":
        groups = case.seen.groups
        if isinstance(groups, Unknown):
            return groups
        one = groups.get(name)
        if one is not None and one.state != "Empty":
            return False
        return name not in case.once("moving groups", lambda: _moving_groups(case))
    return Unknown(f"the use of a {kind} is not read")


def _moving_topics(case: interface.Case) -> frozenset[str]:
    past = case.seen.history
    moved = past.ends[0] != past.ends[-1]
    return frozenset(past.partitions[column].topic for column in np.flatnonzero(moved).tolist())


def _moving_groups(case: interface.Case) -> frozenset[str]:
    past = case.seen.history
    moved = past.commits[0] != past.commits[-1]
    return frozenset(past.commit_keys[column][0] for column in np.flatnonzero(moved).tolist())


class Wide:
    """Explains ACLs that are too wide."""

    explains: ClassVar[tuple[str, ...]] = ("acl.over_broad",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """The rule itself."""
        argument = interface.Argument(case, about)
        cited = [item.id for item in about.evidence]
        argument.weigh(
            "acl.too_wide",
            "The rule itself allows more than has a name."
            if about.resource.kind == "principal"
            else "The brokers allow everybody what no rule speaks of.",
            requires("the rule is there", bool(cited), *cited),
            decides("the rule names no resource", bool(cited), *cited),
            next=[
                interface.suggest(
                    "owner.notify",
                    "Find out which rights are used (the brokers' authorizer log), grant those "
                    "by name, then take this away.",
                )
            ],
        )
        return argument.explained()
