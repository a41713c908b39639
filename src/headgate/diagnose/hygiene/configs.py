"""Why a setting is as it is: set on the resource itself, or inherited."""

from typing import ClassVar

from headgate.detect.hygiene import configs as detected
from headgate.diagnose import interface
from headgate.domain import diagnosis, evidence, finding
from headgate.domain.unknown import Unknown

_MIN_ISR = "min.insync.replicas"


class Hazards:
    """Explains configuration hazards."""

    explains: ClassVar[tuple[str, ...]] = (
        "config.rf_one",
        "config.min_isr_ge_rf",
        "config.min_isr_weak",
        "config.unclean_election",
    )

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """The setting's source, and what would change it."""
        argument = interface.Argument(case, about)
        if about.code == "config.rf_one":
            argument.cause(
                "replica.single_copy",
                "confirmed",
                "The topic was made with one replica.",
                for_=argument.own("replicas"),
                next=[interface.suggest("topic.change_rf", "Add replicas by a reassignment.")],
            )
            return argument.explained()
        if about.code == "config.min_isr_ge_rf":
            argument.cause(
                "min_isr.too_strict",
                "confirmed",
                f"{_MIN_ISR} leaves no room for a single broker to be away.",
                for_=argument.own("min-isr", "replicas"),
                next=_alter(about),
            )
        _source(argument)
        return argument.explained()


def _source(argument: interface.Argument) -> None:
    about = argument.about
    cited = argument.own("source")
    source = _value(about, "source")
    explicit = source == detected.OWN
    argument.cause(
        "config.set_explicitly",
        "confirmed" if explicit else "ruled_out",
        "Somebody set it on the topic itself."
        if explicit
        else "The topic itself does not carry the setting.",
        for_=cited if explicit else (),
        against=() if explicit else cited,
        next=_alter(about),
    )
    argument.cause(
        "config.inherited",
        "ruled_out" if explicit else "confirmed",
        "The topic itself carries the setting." if explicit else f"It is inherited ({source}).",
        for_=() if explicit else cited,
        against=cited if explicit else (),
        next=_alter(about),
    )


def _value(about: finding.Finding, label: str) -> evidence.Value:
    for item in about.evidence:
        if item.id.endswith(f"/{label}"):
            return item.value
    return Unknown(f"{label} was not read")


def _alter(about: finding.Finding) -> list[diagnosis.Suggestion]:
    """A change of the topic's own setting, where the hazard is a topic's."""
    if about.resource.kind != "topic":
        return [interface.suggest("broker.alter_config", "Change the cluster's default.")]
    if about.code == "config.unclean_election":
        return [
            interface.suggest(
                "topic.alter_config",
                "Only replicas that have every record may lead.",
                topic=about.resource.id,
                set={"unclean.leader.election.enable": "false"},
                unset=[],
            )
        ]
    replicas = _value(about, "replicas")
    if isinstance(replicas, Unknown) or not isinstance(replicas, int):
        return []
    better = max(1, replicas - 1)
    why = (
        f"Let one of {replicas} replicas be away."
        if about.code == "config.min_isr_ge_rf"
        else "Confirm a write only when a second replica has it."
    )
    return [
        interface.suggest(
            "topic.alter_config",
            why,
            topic=about.resource.id,
            set={_MIN_ISR: str(better)},
            unset=[],
        )
    ]
