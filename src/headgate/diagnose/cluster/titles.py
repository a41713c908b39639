"""How incidents about the cluster itself are called: one sentence each, without a full stop."""

from collections.abc import Callable, Mapping, Sequence

from headgate.detect import words
from headgate.domain import amounts, diagnosis, evidence, finding, resource

Write = Callable[[finding.Finding, diagnosis.Cause], str]


def _value(item: finding.Finding, label: str) -> evidence.Value | None:
    return next((one.value for one in item.evidence if one.id.endswith(f"/{label}")), None)


def _dir(about: resource.Resource) -> str:
    """A log dir in words."""
    broker, _slash, path = about.id.partition("/")
    return f"{resource.unescape(path)} of broker {broker}"


def _named(about: resource.Resource) -> str:
    return f"{about.kind} {about.id}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _no_leader(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return (
        f"{words.partitions(item.partitions)} is offline: no replica that surely has every record "
        "is alive"
    )


def _unclean(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return cut_off([item])


def cut_off(listed: Sequence[finding.Finding]) -> str:
    """Which logs lost their end in an election, and how many records that was in all."""
    hit = {name for item in listed for name in item.partitions}
    gone = 0
    for item in listed:
        before, after = _value(item, "before"), _value(item, "after")
        if isinstance(before, int) and isinstance(after, int):
            gone += before - after
    lost = f" ({words.many(gone, 'record')} gone)" if gone else ""
    return f"{words.partitions(hit)} lost records: a replica that lacked them became leader{lost}"


def _behind(item: finding.Finding, top: diagnosis.Cause) -> str:
    if item.code == "isr.flapping":
        return f"{_capital(_named(top.resource))} keeps falling out of sync and coming back"
    return f"{_capital(_named(top.resource))} is up and does not keep up with its leaders"


def _leader(item: finding.Finding, top: diagnosis.Cause) -> str:
    if item.code == "broker.hot":
        return f"{_capital(_named(top.resource))} has more work than it can do"
    return f"Followers of {_named(top.resource)} fall out of sync: it serves them too slowly"


def _disk_slow(_item: finding.Finding, top: diagnosis.Cause) -> str:
    return f"The disk of {_named(top.resource)} is slow"


def _memory(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"{_capital(_named(item.resource))} is short of memory: it keeps collecting garbage"


def _flood(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"Clients send {_named(item.resource)} more requests than it can answer"


def _storm(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"Clients connect to {_named(item.resource)} again and again: its network threads drown"


def _cleaner(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"Log compaction has died on {_named(item.resource)}: compacted topics grow"


def _uneven(item: finding.Finding, _top: diagnosis.Cause) -> str:
    if item.resource.kind == "log_dir":
        return f"{_dir(item.resource)} fills: its broker holds more than its share"
    return f"{_capital(_named(item.resource))} carries far more than its peers: replicas lie so"


def _drifted(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return (
        f"{_capital(_named(item.resource))} carries far more than its peers: leaders drifted to it"
    )


def _hot_key(item: finding.Finding, top: diagnosis.Cause) -> str:
    return (
        f"{_capital(_named(item.resource))} carries far more than its peers: {top.resource.id} "
        "alone takes most of it"
    )


def _recovering(item: finding.Finding, top: diagnosis.Cause) -> str:
    about = item.resource if item.resource.kind == "broker" else top.resource
    return (
        f"{_capital(_named(about))} reads its logs after an unclean stop; it comes back by itself"
    )


def _majority(_item: finding.Finding, _top: diagnosis.Cause) -> str:
    return (
        "The controllers have lost their majority: nothing can be changed and no leader elected "
        "until it is back"
    )


def _voter(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"Controller {item.resource.id} does not follow: one more loss may stop the quorum"


def _partitions(_item: finding.Finding, _top: diagnosis.Cause) -> str:
    return "The cluster holds more partitions than its controllers and brokers handle well"


def _churn(_item: finding.Finding, _top: diagnosis.Cause) -> str:
    return "The controller is slow: topics are created and deleted again and again"


def _dir_full(item: finding.Finding, top: diagnosis.Cause) -> str:
    about = item.resource if item.resource.kind == "log_dir" else top.resource
    if about.kind != "log_dir":
        return f"{_capital(_named(about))} went down: its disk ran full"
    return f"The disk under {_dir(about)} ran full: it is offline"


def _dir_failed(item: finding.Finding, top: diagnosis.Cause) -> str:
    about = item.resource if item.resource.kind == "log_dir" else top.resource
    if about.kind != "log_dir":
        return f"{_capital(_named(about))} went down: a log dir failed"
    return f"The log dir {_dir(about)} failed"


def _fills(item: finding.Finding, why: str) -> str:
    free = _value(item, "free")
    room = f" ({amounts.words(free)} free)" if isinstance(free, int) else ""
    return f"{_dir(item.resource)} fills up{room}: {why}"


def _growth(item: finding.Finding, top: diagnosis.Cause) -> str:
    what = top.resource.id if top.resource.kind == "topic" else "topics"
    return _fills(item, f"{what} takes in more than retention gives back")


def _retention(item: finding.Finding, top: diagnosis.Cause) -> str:
    what = top.resource.id if top.resource.kind == "topic" else "topics"
    return _fills(item, f"{what} keeps more than before")


def _copies(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return _fills(item, "a reassignment copies replicas there")


def _foreign(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return _fills(item, "most of what lies there is not Kafka's")


def _tiered(item: finding.Finding, _top: diagnosis.Cause) -> str:
    if item.resource.kind == "log_dir":
        return _fills(item, "segments wait for their copy to the remote store")
    return f"{item.resource.id} is not copied to the remote store: the store refuses or is silent"


def _conflict(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"Two sources differ about {_named(item.resource)}: one of them is not up to date"


def _store(item: finding.Finding, _top: diagnosis.Cause) -> str:
    does = "fails" if _value(item, "errors") is not None else "is slow"
    return f"The object store under {item.resource.id} {does}"


def _copy_throttled(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"{item.resource.id} is copied to the remote store too slowly: a quota holds it back"


def _metadata(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"{item.resource.id} is not copied to the remote store: __remote_log_metadata is down"


def _throttled(item: finding.Finding, _top: diagnosis.Cause) -> str:
    if item.code == "reassignment.stuck":
        where = words.partitions(item.partitions)
        return f"The move of {where} crawls: a throttle leaves next to nothing"
    return "Replicas cannot catch up: a replication throttle holds the copies back"


def _target(item: finding.Finding, top: diagnosis.Cause) -> str:
    return (
        f"The move of {words.partitions(item.partitions)} stands: {_named(top.resource)} cannot "
        "take it"
    )


def _quota(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"{item.resource.id} is held back by its quota"


def _all_down(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"{item.resource.id} does not answer: the ports of its brokers refuse"


def _all_hung(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"{item.resource.id} does not answer: its brokers accept connections and stand still"


BY_CAUSE: Mapping[tuple[str, str], Write] = {
    ("partition", "replica.no_safe_leader"): _no_leader,
    ("partition", "election.unclean"): _unclean,
    ("partition", "follower.slow"): _behind,
    ("partition", "disk.slow"): _disk_slow,
    ("partition", "disk.failed"): _dir_failed,
    ("partition", "disk.full"): _dir_full,
    ("partition", "throttle.foreign"): _throttled,
    ("partition", "throttle.own_leftover"): _throttled,
    ("partition", "reassignment.throttle_low"): _throttled,
    ("partition", "reassignment.target_unavailable"): _target,
    ("partition", "recovery.unclean_start"): _recovering,
    ("broker", "follower.slow"): _behind,
    ("broker", "leader.overloaded"): _leader,
    ("broker", "disk.slow"): _disk_slow,
    ("broker", "disk.full"): _dir_full,
    ("broker", "disk.failed"): _dir_failed,
    ("broker", "jvm.memory_pressure"): _memory,
    ("broker", "client.request_flood"): _flood,
    ("broker", "connection.storm"): _storm,
    ("broker", "cleaner.dead"): _cleaner,
    ("broker", "placement.uneven"): _uneven,
    ("broker", "leader.drifted"): _drifted,
    ("broker", "partition.hot_key"): _hot_key,
    ("broker", "recovery.unclean_start"): _recovering,
    ("cluster", "broker.crashed"): _all_down,
    ("cluster", "broker.hung"): _all_hung,
    ("cluster", "quorum.majority_lost"): _majority,
    ("cluster", "partitions.too_many"): _partitions,
    ("cluster", "topic.churn"): _churn,
    ("controller", "quorum.voter_down"): _voter,
    ("log_dir", "disk.full"): _dir_full,
    ("log_dir", "disk.failed"): _dir_failed,
    ("log_dir", "disk.traffic_growth"): _growth,
    ("log_dir", "disk.retention_raised"): _retention,
    ("log_dir", "disk.reassignment_copies"): _copies,
    ("log_dir", "disk.foreign_files"): _foreign,
    ("log_dir", "placement.uneven"): _uneven,
    ("log_dir", "tier.store_failing"): _tiered,
    ("topic", "tier.store_failing"): _tiered,
    ("cluster", "tier.store_failing"): _store,
    ("topic", "tier.copy_throttled"): _copy_throttled,
    ("topic", "tier.metadata_unwritable"): _metadata,
    ("quota", "quota.throttled"): _quota,
    ("broker", "evidence.source_failing"): _conflict,
    ("connector", "evidence.source_failing"): _conflict,
}
"""(Kind of the finding's resource, cause) -> how it is said."""
