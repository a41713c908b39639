"""Causes that the finding itself nearly names: quotas, racks, versions, tiers, neighbours."""

from typing import ClassVar

from headgate.detect import words
from headgate.detect.cluster import gauges
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import access, finding, resource
from headgate.domain.unknown import Unknown


class Quotas:
    """Explains clients that are held back."""

    explains: ClassVar[tuple[str, ...]] = ("quota.throttling",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """A quota does its work, or the client floods the broker."""
        argument = interface.Argument(case, about)
        quotas = case.seen.read(case.seen.snapshot.quotas)
        fits: bool | Unknown
        listed = ""
        if isinstance(quotas, Unknown):
            fits = Unknown(f"quotas were not read: {quotas.reason}")
        else:
            found = [one for one in quotas if covers(one, about.resource.id)]
            fits = bool(found)
            listed = "; ".join(
                f"{one.name}: " + ", ".join(f"{k}={v:g}" for k, v in one.limits.items())
                for one in found
            )
        fact = argument.fact(
            "quota",
            f"quotas that cover {about.resource.id}",
            fits if isinstance(fits, Unknown) else listed or "none",
            how="DescribeClientQuotas",
        )
        busy = case.findings("broker.handlers_saturated")
        reason = gauges.lacking(case.seen, "broker.handler_idle")
        said: bool | Unknown = bool(busy) if busy or not reason else Unknown(reason)
        load = argument.fact(
            "load", "whether a broker's request handlers are busy", said, source="metrics"
        )
        argument.weigh(
            "quota.throttled",
            f"{about.resource.id} wants more than its quota gives.",
            requires("it is held back", True, *argument.own("throttle")),
            decides("a quota covers it", fits, fact),
            expects("the brokers have time", said if isinstance(said, Unknown) else not said, load),
            next=[interface.suggest("quota.set", "Give it more, if the brokers have room.")],
        )
        argument.weigh(
            "client.request_flood",
            f"{about.resource.id} floods the brokers with requests.",
            requires("a broker's request handlers are busy", said, load),
            requires("it is held back", True, *argument.own("throttle")),
        )
        return argument.explained()


def covers(quota: access.Quota, name: str) -> bool:
    """Whether a quota is about the user and client of that name; a default is about all."""
    held = dict(part.split("=", 1) for part in name.split(",") if "=" in part)
    return any(
        kind in held and each in (held[kind], "<default>") for kind, each in quota.entity.items()
    )


class Racks:
    """Explains replicas that share a rack."""

    explains: ClassVar[tuple[str, ...]] = ("placement.rack_violation",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """They were placed so: by hand, before the racks were set, or by a move."""
        argument = interface.Argument(case, about)
        argument.weigh(
            "placement.uneven",
            "Its replicas were placed without regard to the racks: by hand, by a move, or before "
            "the brokers had racks.",
            requires("two replicas share a rack", True, *argument.own("racks")),
            expects("there are racks enough", True, *argument.own("there")),
            next=[interface.suggest("placement.rebalance", "Move one replica to another rack.")],
        )
        return argument.explained()


class Versions:
    """Explains listed bugs and old protocols."""

    explains: ClassVar[tuple[str, ...]] = ("version.known_bug", "client.old_protocol")

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """The version has the bug; the client is old."""
        argument = interface.Argument(case, about)
        own = [fact.id for fact in about.evidence]
        if about.code == "version.known_bug":
            argument.weigh(
                "bug.known",
                "The running version has it; whether it was met is another question.",
                requires("version and use match a listed bug", True, *own),
                expects("the list names its source", True, *own[1:]),
                next=[interface.suggest("owner.notify", "Plan the upgrade that mends it.")],
            )
        else:
            argument.weigh(
                "client.outdated",
                "A client's library is older than what the next major release serves.",
                requires("deprecated requests arrive", True, *own),
                expects("the software names itself", "a client:" not in about.summary, *own),
                next=[interface.suggest("owner.notify", "Upgrade it before the brokers.")],
            )
        return argument.explained()


class Certificates:
    """Explains certificates that end."""

    explains: ClassVar[tuple[str, ...]] = ("cert.expiring",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Nobody renewed it in time, or the renewed one is not served yet."""
        argument = interface.Argument(case, about)
        own = argument.own("not-after", "expired")
        argument.weigh(
            "cert.not_rotated",
            f"The certificate that {about.resource.id} serves was not renewed in time; a renewed "
            "file is served only after a dynamic change or a restart.",
            requires("the served certificate ends soon or has ended", True, *own),
            decides("the handshake says so", True, *own),
            next=[
                interface.suggest("owner.notify", "Renew it, listener by listener."),
                interface.suggest(
                    "broker.alter_config", "Name the keystore again: the broker reads it anew."
                ),
            ],
        )
        return argument.explained()


class Neighbours:
    """Explains signs of another controller."""

    explains: ClassVar[tuple[str, ...]] = ("neighbour.active",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """It is there; what it plans is not seen."""
        argument = interface.Argument(case, about)
        argument.weigh(
            "neighbour.controller",
            "Another controller looks after this cluster, too; two that act undo each other's "
            "work.",
            requires("it left signs", True, *[fact.id for fact in about.evidence]),
            decides("it moves something now", Unknown("its plan cannot be read from here")),
            next=[interface.suggest("owner.notify", "Agree on who moves what.")],
        )
        return argument.explained()


class Tiers:
    """Explains copies to the remote store that stand still."""

    explains: ClassVar[tuple[str, ...]] = ("tier.copy_stalled",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """The store fails, a quota holds copies back, or their metadata cannot be written."""
        argument = interface.Argument(case, about)
        failed = bool(argument.own("errors"))
        errors = argument.own("errors", "lag")
        held = [
            one.latest
            for one in gauges.told(case.seen, "broker.remote_copy_throttle")
            if isinstance(one.latest, float)
        ]
        reason = gauges.lacking(case.seen, "broker.remote_copy_throttle")
        slow: bool | Unknown = Unknown(reason) if reason else max(held, default=0.0) > 0
        throttle = argument.fact(
            "throttle", "whether copies are held back by a quota", slow, source="metrics"
        )
        log = "__remote_log_metadata"
        sick = [
            item
            for item in case.findings("partition.offline", "partition.under_min_isr")
            if any(name.topic == log for name in item.partitions)
        ]
        metadata = argument.fact(
            "metadata",
            f"partitions of {log} that take no writes",
            words.names([item.resource.id for item in sick]) or "none",
        )
        argument.weigh(
            "tier.metadata_unwritable",
            f"{log} takes no writes, so no copy can be noted.",
            requires(f"{log} is offline or under its min ISR", bool(sick), metadata),
            decides(f"{log} is offline or under its min ISR", bool(sick), metadata),
            on=resource.Resource("topic", log) if sick else None,
            next=[interface.suggest("topic.alter_durability", "Bring its replicas back.")],
        )
        argument.weigh(
            "tier.store_failing",
            "The remote store refuses or does not answer.",
            requires("copies fail", failed, *errors),
            expects("their metadata can be written", not sick, metadata),
            expects(
                "no quota holds them back",
                slow if isinstance(slow, Unknown) else not slow,
                throttle,
            ),
            next=[interface.suggest("incident.channel", "Look at the store and its login.")],
        )
        argument.weigh(
            "tier.copy_throttled",
            "The copy quota is below what arrives.",
            requires("copies are held back by a quota", slow, throttle),
            requires("copies do not fail", not failed, *errors),
            next=[interface.suggest("broker.alter_config", "Raise the copy quota.")],
        )
        return argument.explained()
