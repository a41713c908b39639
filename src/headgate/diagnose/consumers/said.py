"""Titles of incidents of consumers: the answer in one sentence, by the cause that leads."""

from collections.abc import Mapping

from headgate.detect import words
from headgate.diagnose import interface
from headgate.diagnose.consumers import groups
from headgate.domain import diagnosis, finding, resource

_LONE: Mapping[str, str] = {
    "member.duplicate_instance": (
        "Two processes use one group.instance.id and put each other out of their group"
    ),
    "assignor.mixed": (
        "New members are turned away: they share no assignor with the group they want to join"
    ),
}
"""Where the counters of brokers do not tell the group."""
_SAID: Mapping[str, str] = {
    "retention.outran": "{lost}: retention deleted them before they were read",
    "records.deleted": "{lost}: somebody deleted them before they were read",
    "topic.recreated": "{group} lost its place on {where}: the topic was made anew",
    "offset.expired": "{group} was away for so long that Kafka forgot its commits on {where}",
    "offset.deleted": "Somebody deleted the commits of {group} on {where}",
    "txn.open": "{group} waits on {where} for an open transaction to end",
    "txn.hanging": "{group} waits on {where} for a transaction that nobody will end",
    "member.static_ghost": (
        "{group} stands still on {where}: its static member {who} is gone and keeps its place"
    ),
    "member.duplicate_instance": (
        "Two processes of {group} use one group.instance.id and put each other out"
    ),
    "member.revocation_blocked": (
        "{group} does not come to rest: its member {who} does not give up its partitions"
    ),
    "member.poll_timeout": (
        "{group} rebalances again and again: a member takes too long between two polls"
    ),
    "member.session_timeout": (
        "{group} rebalances again and again: heartbeats of a member come too late"
    ),
    "deploy.rolling": "{group} is being deployed",
    "assignor.mixed": "New members of {group} are turned away: they share no assignor with it",
    "assignor.eager": "Each rebalance of {group} stops all of its members",
    "commit.failing": "{group} reads {where} and cannot commit: brokers refuse it",
    "commit.absent": "{group} reads {where} and commits nothing",
    "coordinator.unavailable": "{group} has no coordinator that works",
    "quota.throttled": "{group} falls behind on {where}: a quota holds it back ({who})",
    "acl.removed": "{group} may not read {where} any more: brokers deny what its clients ask",
    "share.handler_stuck": "{group} holds records of {where} and does not finish them",
    "downstream.outage": ("{group} and others fell behind together: what they call may not answer"),
}
CODES: Mapping[resource.Kind, tuple[str, ...]] = {"group": tuple(_SAID), "cluster": tuple(_LONE)}
"""Kind of the finding's resource -> causes that have a title here."""


def of(case: interface.Case, item: finding.Finding, top: diagnosis.Cause) -> str:
    """The title of an incident whose leading cause is one of ``CODES``."""
    said = _LONE if item.resource.kind == "cluster" else _SAID
    where = words.partitions(item.partitions) if item.partitions else "its partitions"
    lost = next((fact.value for fact in item.evidence if fact.id.endswith("/lost")), 0)
    many = words.many(lost, "record") if isinstance(lost, int) and lost > 0 else "records"
    return said[top.code].format(
        group=item.resource.id,
        who=_called(case, item, top),
        where=where,
        lost=f"{item.resource.id} lost {many} of {where}",
    )


def _called(case: interface.Case, item: finding.Finding, top: diagnosis.Cause) -> str:
    if top.resource.kind != "member":
        return top.resource.id
    member = resource.unescape(top.resource.id.partition("/")[2])
    return groups.member_name(case, item.resource.id, member)
