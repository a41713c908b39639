"""ACLs that allow more than anybody needs, and clusters where a topic without rules is open."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from headgate.detect import interface, view, words
from headgate.domain import access, finding, resource
from headgate.domain.differences import access as told
from headgate.domain.unknown import Unknown

EVERYONE = "allow.everyone.if.no.acl.found"
AUTHORIZER = "authorizer.class.name"
_CODE = "acl.over_broad"
_CHANGES = frozenset({"WRITE", "ALTER", "DELETE", "ALL"})


class Broad:
    """Says who may change more than has a name."""

    codes: ClassVar[tuple[str, ...]] = (_CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """One finding per principal; one for the cluster where everybody may do everything."""
        findings = list(_everyone(seen))
        acls = seen.read(seen.snapshot.acls)
        if isinstance(acls, Unknown):
            # Without an authorizer there are no rules, and nobody said that there should be.
            gaps = (
                ()
                if acls.kind == "not_possible"
                else interface.not_seen(self.codes, seen.cluster, f"ACLs: {acls.reason}")
            )
            return interface.Found(findings=tuple(findings), not_seen=gaps)
        least = seen.observation.number(_CODE, "prefix")
        found: dict[str, list[access.Acl]] = {}
        for one in acls:
            if _broad(one, least):
                found.setdefault(one.principal, []).append(one)
        findings += [_finding(seen, name, rules) for name, rules in sorted(found.items())]
        return interface.Found(findings=tuple(findings))


def _broad(one: access.Acl, least: float) -> bool:
    if one.permission != "ALLOW" or one.operation not in _CHANGES:
        return False
    if one.principal == "User:*":
        return True
    if one.pattern == "PREFIXED":
        return len(one.resource_name) < least
    return one.resource_name == "*"


def _finding(seen: view.View, principal: str, rules: Sequence[access.Acl]) -> finding.Finding:
    report = interface.Report(seen, _CODE, resource.Resource("principal", principal))
    texts = [told.rule(one) for one in sorted(rules)]
    for place, text in enumerate(texts[:10]):
        report.fact(f"rule-{place}", f"rule for {principal}", text, how="DescribeAcls")
    report.fact("rules", "rules that are so wide", len(texts), how="DescribeAcls")
    who = "Everybody" if principal == "User:*" else principal
    return report.finding(
        f"{who} may change more than has a name: {words.names(texts)}.",
    )


def _everyone(seen: view.View) -> Iterator[finding.Finding]:
    configs = seen.read(seen.snapshot.broker_configs)
    if isinstance(configs, Unknown):
        return
    open_ = sorted(
        broker
        for broker, one in configs.items()
        if (held := one.get(EVERYONE)) is not None
        and (held.value or "").lower() == "true"
        and ((guard := one.get(AUTHORIZER)) is not None and guard.value)
    )
    if not open_:
        return
    report = interface.Report(seen, _CODE, seen.cluster)
    report.fact("brokers", f"brokers with {EVERYONE}", words.names(open_), how="DescribeConfigs")
    yield report.finding(
        f"Whatever has no ACL is open to everybody: {EVERYONE} is true.", severity="critical"
    )
