"""A right to read that a group's clients have lost."""

from collections.abc import Iterator

from headgate.diagnose import interface
from headgate.diagnose.clients import lately
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding, timeline
from headgate.domain.unknown import Unknown

_READS = ("READ", "ALL")
_ASKED = frozenset(
    {
        "Fetch",
        "FetchConsumer",
        "FindCoordinator",
        "JoinGroup",
        "SyncGroup",
        "Heartbeat",
        "ConsumerGroupHeartbeat",
        "OffsetCommit",
        "OffsetFetch",
    }
)
"""What only readers ask."""


def removed(argument: interface.Argument) -> None:
    """Weighs that brokers deny what its clients ask, where they deny readers anything at all."""
    case, about = argument.case, argument.about
    onset = about.since.timestamp()
    rules = [
        one
        for one in lately.changes(case, ("acl",), until=onset)
        if lately.takes_away(one) and _concerns(one, about)
    ]
    denied = tuple(_denied(case))
    if not rules and not denied:
        return
    refused: bool | Unknown = bool(denied)
    if not denied and not case.seen.meters.courses:
        refused = Unknown("no metrics source is known; broker.errors would tell what is denied")
    went: bool | Unknown = bool(rules)
    if not rules:
        went = lately.watched(case, onset) or False
    commits = case.seen.snapshot.commits.value
    had: bool | Unknown = (
        Unknown(f"commits were not read: {commits.reason}")
        if isinstance(commits, Unknown)
        else bool(commits.of_group(about.resource.id))
    )
    held = argument.fact(
        "had", f"whether {about.resource.id} has commits, as who may read has", had, source="kafka"
    )
    argument.weigh(
        "acl.removed",
        f"{rules[0].resource.id} lost the right to read: {rules[0].before or rules[0].after}."
        if rules
        else "Brokers deny what readers ask: a right that it had was taken away.",
        requires("brokers deny what readers ask", refused, *denied),
        expects("it had the right: it has committed", had, held),
        decides(
            "a rule by which it reads went before it stood still, or with that",
            went,
            *lately.cite(argument, rules[:3], "rule"),
        ),
        on=rules[0].resource if rules else None,
        next=[interface.suggest("acl.create", "Put the rule back, if it was meant to stay.")],
    )


def _denied(case: interface.Case) -> Iterator[str]:
    """Ids of the facts that tell how often readers' requests were denied."""
    for item in case.findings("acl.denied"):
        for fact in item.evidence:
            if fact.id.rpartition("/")[2].partition("-")[0] in _ASKED:
                yield fact.id


def _concerns(one: timeline.Entry, about: finding.Finding) -> bool:
    """Whether the rule, such as ``ALLOW READ on TOPIC orders*``, is by what the group reads."""
    words = (one.before or one.after).split()
    if len(words) < 5 or words[1] not in _READS:
        return False
    kind, pattern = words[3], words[4]
    if kind == "GROUP":
        return _fits(pattern, about.resource.id)
    return kind == "TOPIC" and any(_fits(pattern, name.topic) for name in about.partitions)


def _fits(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
