"""Why log-ins fail, and why requests are denied."""

from typing import ClassVar

from headgate.detect.clients import counters
from headgate.diagnose import interface
from headgate.diagnose.clients import lately
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding
from headgate.domain.evidence import Value
from headgate.domain.unknown import Unknown

_SCAN_PER_S = 50.0
"""More attempts than this are no application that was given a wrong password (judgment: a
fleet of clients backs off to a few attempts a second each)."""
_LOG = "names and addresses are in the brokers' logs only"


class Failures:
    """Explains log-ins that fail."""

    explains: ClassVar[tuple[str, ...]] = ("auth.failures",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """A wrong credential, the server's side, a scan, a certificate."""
        argument = interface.Argument(case, about)
        accepted = _accepted(argument)
        _credential(argument, accepted)
        _server(argument, accepted)
        _scan(argument)
        _certificate(argument)
        return argument.explained()


def _accepted(argument: interface.Argument) -> tuple[bool | Unknown, str]:
    """(Whether log-ins succeed meanwhile, the fact that tells)."""
    seen = argument.case.seen
    told = counters.of(
        seen,
        "broker.successful_authentications",
        seen.observation.seconds("auth.failures", "hold"),
    )
    value: Value = Unknown(told.lacking) if told.lacking else round(counters.total(told.grown))
    fact = argument.fact(
        "accepted",
        "log-ins accepted meanwhile",
        value,
        source="metrics",
        how="successful-authentication-total",
    )
    return (Unknown(told.lacking) if told.lacking else bool(told.grown)), fact


def _credential(argument: interface.Argument, accepted: tuple[bool | Unknown, str]) -> None:
    case, about = argument.case, argument.about
    users = lately.changes(case, ("scram_user",), until=about.since.timestamp())
    cited = lately.cite(argument, users[:3], "user")
    pace = _pace(about)
    failures = argument.own("failures")
    argument.weigh(
        "auth.bad_credential",
        "A client logs in with a credential that is wrong or was changed.",
        requires("log-ins are refused", bool(failures), *failures),
        expects("others log in meanwhile", accepted[0], accepted[1]),
        expects("attempts are as few as one client's", pace <= _SCAN_PER_S, *argument.own("pace")),
        decides("a credential was changed shortly before", bool(users), *cited),
        on=users[0].resource if users else None,
        next=[
            interface.suggest(
                "owner.notify", f"Find the client ({_LOG}) and give it the right credential."
            )
        ],
    )


def _server(argument: interface.Argument, accepted: tuple[bool | Unknown, str]) -> None:
    value = accepted[0]
    argument.weigh(
        "auth.server_side",
        "The servers' side is wrong: their log-in settings, authority or identity provider.",
        requires(
            "nobody logs in meanwhile",
            value if isinstance(value, Unknown) else not value,
            accepted[1],
        ),
        next=[interface.suggest("incident.channel", "Compare the brokers' log-in settings.")],
    )


def _scan(argument: interface.Argument) -> None:
    case, about = argument.case, argument.about
    users = lately.changes(case, ("scram_user",), until=about.since.timestamp())
    argument.weigh(
        "auth.scan",
        "Somebody tries names and passwords.",
        requires(
            "there are more attempts than clients make",
            _pace(about) > _SCAN_PER_S,
            *argument.own("pace"),
        ),
        expects("no credential was changed shortly before", not users),
        decides("the names are unknown and the addresses few", Unknown(_LOG)),
        next=[interface.suggest("incident.channel", "Look for the addresses in the log.")],
    )


def _certificate(argument: interface.Argument) -> None:
    listeners = argument.own("listeners")
    text = next(
        (str(one.value) for one in argument.about.evidence if one.id in listeners), "not told"
    )
    encrypted: bool | Unknown = (
        Unknown("the metrics name no listener") if text == "not told" else "ssl" in text.lower()
    )
    argument.weigh(
        "cert.not_rotated",
        "A certificate is out of date.",
        requires("the listener checks certificates", encrypted, *listeners),
        requires(
            "a certificate is past its date", Unknown("certificates of this listener were not read")
        ),
    )


def _pace(about: finding.Finding) -> float:
    """Failures a second at their fastest: an average over quiet times hides a scan."""
    told = next((one.value for one in about.evidence if one.id.endswith("/pace")), 0.0)
    return float(told) if isinstance(told, int | float) else 0.0


class Denied:
    """Explains requests that are denied."""

    explains: ClassVar[tuple[str, ...]] = ("acl.denied",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """A right that was taken away, or one that was never given."""
        argument = interface.Argument(case, about)
        onset = about.since.timestamp()
        rules = [
            one for one in lately.changes(case, ("acl",), until=onset) if lately.takes_away(one)
        ]
        cited = lately.cite(argument, rules[:5], "rule")
        acls = case.seen.read(case.seen.snapshot.acls)
        unsure = (
            Unknown(f"ACLs were not read: {acls.reason}")
            if isinstance(acls, Unknown)
            else lately.watched(case, onset)
        )
        taken: bool | Unknown = True if rules else False if unsure is None else unsure
        denied = [one.id for one in about.evidence]
        argument.weigh(
            "acl.removed",
            f"{rules[0].resource.id} lost a right: {rules[0].before or rules[0].after}."
            if rules
            else "A right was taken away, or a DENY was added.",
            requires("a rule that allowed it was taken away, or a DENY came", taken, *cited),
            decides("the rule went before the denials began or with them", taken, *cited),
            on=rules[0].resource if rules else None,
            next=[interface.suggest("acl.create", "Put the rule back, if it was meant to stay.")],
        )
        none: bool | Unknown = not taken if not isinstance(taken, Unknown) else taken
        argument.weigh(
            "acl.never_granted",
            "A client asks for what no rule ever allowed it: a new principal, or a pattern that "
            "does not match.",
            requires("requests are denied", bool(denied), *denied),
            expects("no rule was taken away before", none, *cited),
            next=[
                interface.suggest(
                    "owner.notify",
                    "Find the principal in the brokers' authorizer log; grant the least that it "
                    "needs.",
                )
            ],
        )
        return argument.explained()
