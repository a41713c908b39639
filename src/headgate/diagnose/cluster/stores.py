"""Why the object store under the log is in trouble: it fails by itself, or for one broker only."""

from typing import ClassVar

from headgate.detect.cluster import stores
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding
from headgate.domain.unknown import Unknown


class Stores:
    """Explains an object store that does not do its work."""

    explains: ClassVar[tuple[str, ...]] = (stores.CODE,)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """The store itself, where requests fail and all who ask see it."""
        argument = interface.Argument(case, about)
        errors, slow = argument.own("errors"), argument.own("slow")
        count = {
            one.id.rpartition("/")[2]: one.value
            for one in about.evidence
            if one.id.endswith(("/sources", "/all"))
        }
        everybody: bool | Unknown = (
            count.get("sources") == count.get("all")
            if count.get("all") != 1
            else Unknown("only one source tells of the store")
        )
        argument.weigh(
            "tier.store_failing",
            "The object store refuses requests, throttles them or answers slowly.",
            requires("requests fail, or writes take far longer", bool(errors or slow)),
            decides("requests fail", bool(errors), *errors),
            expects("all who ask the store see it", everybody, *argument.own("sources", "all")),
            next=[
                interface.suggest(
                    "incident.channel",
                    "Look at the store: its status page, its limits of requests, the login that "
                    "the brokers use, and the way there.",
                )
            ],
        )
        return argument.explained()
