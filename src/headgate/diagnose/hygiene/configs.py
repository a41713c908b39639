"""Why a setting is as it is: made on the resource itself, inherited, or changed lately."""

from collections.abc import Sequence
from typing import ClassVar

from headgate.detect.hygiene import brokers, internals, keeping
from headgate.detect.hygiene import configs as detected
from headgate.diagnose import interface
from headgate.diagnose.clients import lately
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import diagnosis, evidence, finding
from headgate.domain.unknown import Unknown

_MIN_ISR = "min.insync.replicas"
_UNCLEAN = "unclean.leader.election.enable"
_SETTING = {
    "config.min_isr_ge_rf": _MIN_ISR,
    "config.min_isr_weak": _MIN_ISR,
    "config.unclean_election": _UNCLEAN,
    "config.auto_create": brokers.AUTO_CREATE,
    "config.retention_short": keeping.RETENTION,
    "config.internal_topic": internals.POLICY,
    "config.size_mismatch": "max.message.bytes",
}
"""The setting that each hazard is about."""
_CHANGED = ("config.retention_short", "config.internal_topic")
"""Hazards of which a change may be the story."""


class Hazards:
    """Explains configuration hazards."""

    explains: ClassVar[tuple[str, ...]] = ("config.rf_one", *_SETTING)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """The setting's source, and what would change it."""
        argument = interface.Argument(case, about)
        if about.code == "config.rf_one":
            _single(argument)
            return argument.explained()
        if about.code == "config.min_isr_ge_rf":
            cited = argument.own("min-isr", "replicas")
            argument.weigh(
                "min_isr.too_strict",
                f"{_MIN_ISR} leaves no room for a single broker to be away.",
                requires("it is at least the number of replicas", True, *cited),
                decides("one stop blocks writes with acks=all", True, *cited),
                next=_alter(about),
            )
        elif about.code == "config.retention_short":
            _outran(argument)
        elif about.code == "config.size_mismatch":
            _oversize(argument)
        if about.code in _CHANGED:
            _changed(argument)
        _source(argument)
        return argument.explained()


def _single(argument: interface.Argument) -> None:
    cited = argument.own("replicas")
    argument.weigh(
        "replica.single_copy",
        "The topic was made with one replica.",
        requires("there is one replica only", bool(cited), *cited),
        decides("there is one replica only", bool(cited), *cited),
        next=[interface.suggest("topic.change_rf", "Add replicas by a reassignment.")],
    )


def _outran(argument: interface.Argument) -> None:
    about = argument.about
    lost = [
        one
        for one in argument.case.findings("group.offset_out_of_range", "lag.near_retention")
        if any(name.topic == about.resource.id for name in one.partitions)
    ]
    facts = [
        argument.fact(f"loss-{place}", f"{one.code} on {one.resource}", one.summary)
        for place, one in enumerate(lost)
    ]
    cited = argument.own("retention", "late")
    argument.weigh(
        "retention.outran",
        "Records are deleted about as fast as the group can read them.",
        requires("a group is behind by much of the time that records are kept", True, *cited),
        expects("a group there is near to losing records, or has lost some", bool(lost), *facts),
        next=_alter(about),
    )


def _oversize(argument: interface.Argument) -> None:
    cited = argument.own("limit", "target")
    refused = argument.case.on(argument.about.resource, "produce.too_large")
    argument.weigh(
        "message.oversize",
        "Records that the topic takes are too large for the topic that they are copied to.",
        requires("the copy's limit is lower", bool(cited), *cited),
        decides("records were refused for their size", bool(refused)),
    )


def _changed(argument: interface.Argument) -> None:
    case, about = argument.case, argument.about
    name = _SETTING[about.code]
    entries = [
        one
        for one in reversed(case.seen.observation.timeline)
        if one.kind == "config"
        and one.what.startswith(name)
        and (one.resource == about.resource or one.resource.kind in ("broker", "cluster"))
    ]
    cited = lately.cite(argument, entries[:3], "changed")
    source = _value(about, "source")
    seen: bool | Unknown = True
    if not entries and isinstance(source, str) and source != detected.OWN:
        seen, cited = False, argument.own("source")
    elif not entries:
        seen = Unknown("it was so when Headgate came; nobody saw it become so")
    argument.weigh(
        "config.changed",
        f"{name} was changed{_by(entries[0].before, entries[0].after) if entries else ''}.",
        requires("it was changed lately", seen, *cited),
        decides("the timeline shows the change", bool(entries), *cited),
        next=_alter(about),
    )


def _by(before: str, after: str) -> str:
    return f" from {before or 'nothing'} to {after or 'nothing'}"


def _source(argument: interface.Argument) -> None:
    about = argument.about
    cited = argument.own("source")
    source = _value(about, "source")
    own: bool | Unknown
    if isinstance(source, Unknown):
        own = source
    else:
        # A cluster's own settings are those of its brokers; only a built-in default is nobody's.
        own = source == detected.OWN if about.resource.kind == "topic" else source != "default"
    explicit = "it" if about.resource.kind == "cluster" else "the topic"
    argument.weigh(
        "config.set_explicitly",
        "Somebody set it on the topic itself."
        if about.resource.kind == "topic"
        else "Somebody set it on the brokers.",
        requires(f"{explicit} carries the setting itself", own, *cited),
        decides("its source is the resource itself", own, *cited),
        next=_alter(about),
    )
    inherited = own if isinstance(own, Unknown) else not own
    argument.weigh(
        "config.inherited",
        f"It is inherited ({source}).",
        requires("the value comes from elsewhere", inherited, *cited),
        decides("its source is a default", inherited, *cited),
        next=_alter(about),
    )


def _value(about: finding.Finding, label: str) -> evidence.Value:
    for item in about.evidence:
        if item.id.endswith(f"/{label}"):
            return item.value
    return Unknown(f"{label} was not read")


def _alter(about: finding.Finding) -> Sequence[diagnosis.Suggestion]:
    """A change of the topic's own setting, where the hazard is a topic's."""
    if about.resource.kind != "topic":
        return [interface.suggest("broker.alter_config", "Change the cluster's default.")]
    if about.code == "config.unclean_election":
        return [_set(about, "Only replicas that have every record may lead.", _UNCLEAN, "false")]
    if about.code == "config.internal_topic":
        if not isinstance(_value(about, "policy"), str) or _value(about, "policy") == "compact":
            return [interface.suggest("owner.notify", "Make it anew with one partition.")]
        return [_set(about, "Keep the newest value of each key.", internals.POLICY, "compact")]
    if about.code == "config.retention_short":
        late = _value(about, "late")
        if not isinstance(late, int | float):
            return []
        return [
            _set(about, "Keep records for twice the lag.", keeping.RETENTION, str(int(late * 3000)))
        ]
    replicas = _value(about, "replicas")
    if isinstance(replicas, Unknown) or not isinstance(replicas, int):
        return [interface.suggest("owner.notify", "Change both limits together.")]
    why = (
        f"Let one of {replicas} replicas be away."
        if about.code == "config.min_isr_ge_rf"
        else "Confirm a write only when a second replica has it."
    )
    return [_set(about, why, _MIN_ISR, str(max(1, replicas - 1)))]


def _set(about: finding.Finding, why: str, name: str, value: str) -> diagnosis.Suggestion:
    return interface.suggest(
        "topic.alter_config", why, topic=about.resource.id, set={name: value}, unset=[]
    )
