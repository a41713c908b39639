"""An incident's title is its answer, in one sentence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from headgate.detect import words
from headgate.detect.cluster import truncation
from headgate.detect.pipelines import traces
from headgate.diagnose import interface
from headgate.diagnose.clients import titles as clients
from headgate.diagnose.cluster import titles as cluster
from headgate.diagnose.consumers import groups, records, said
from headgate.diagnose.pipelines import sayings, sinks
from headgate.domain import diagnosis, finding, resource
from headgate.domain.unknown import Unknown


@dataclass(frozen=True, slots=True)
class _Told:
    """What a title is made of."""

    case: interface.Case
    item: finding.Finding
    top: diagnosis.Cause


_Write = Callable[[_Told], str]


def title(
    case: interface.Case,
    root: resource.Resource,
    causes: Sequence[diagnosis.Cause],
    listed: Sequence[finding.Finding],
) -> str:
    """What is wrong and why, as far as it is known, without a full stop.

    ``listed`` are the incident's findings, the leading one first.
    """
    leading = listed[0]
    hit = {name for item in listed for name in item.partitions}
    known = causes and causes[0].is_answer
    told = known and (leading.resource.kind, causes[0].code) in cluster.BY_CAUSE
    if root.kind == "broker" and leading.resource.kind == "partition" and len(hit) > 1 and not told:
        return _missing(root, listed)
    if root.kind == "cluster" and leading.resource.kind == "group":
        return _together(causes, listed)
    top = causes[0] if causes else None
    if top is not None and top.is_answer:
        if top.code == "traffic.burst" and leading.code == "lag.growing":
            return _burst(_Told(case, leading, top))
        if top.code == "election.unclean" and leading.code == truncation.CODE:
            return cluster.cut_off([item for item in listed if item.code == leading.code])
        said = sayings.say(case, leading, top)
        if said:
            return said
        for item in (leading, *listed):
            write = _BY_CAUSE.get((item.resource.kind, top.code))
            if write is not None:
                return write(_Told(case, item, top))
    if top is not None and leading.code in ("broker.down", "broker.fenced"):
        return _broker(_Told(case, leading, top))
    return leading.summary.rstrip(".")


def _missing(root: resource.Resource, listed: Sequence[finding.Finding]) -> str:
    """What a broker's absence does, while nothing says yet what became of the broker."""
    hit = {name for item in listed for name in item.partitions}
    text = f"{words.many(len(hit), 'partition')} {'miss' if len(hit) > 1 else 'misses'} broker"
    blocked = {
        name
        for item in listed
        if item.code in ("partition.offline", "partition.under_min_isr")
        for name in item.partitions
    }
    tail = f"; {words.partitions(blocked)} {'take' if len(blocked) > 1 else 'takes'} no writes"
    return f"{text} {root.id}{tail if blocked else ''}"


def _together(causes: Sequence[diagnosis.Cause], listed: Sequence[finding.Finding]) -> str:
    """What many groups have in common, while nothing on the cluster explains it."""
    urgent = [item for item in listed if item.is_urgent]
    groups = {item.resource.id for item in urgent if item.resource.kind == "group"}
    since = [item.since for item in urgent if item.code == listed[0].code]
    within = words.duration((max(since) - min(since)).total_seconds())
    does = {"lag.stopped": "stopped", "lag.stalled": "came to stand"}.get(
        listed[0].code, "began to have trouble"
    )
    text = f"{words.many(len(groups), 'group')} {does} within {within} of each other"
    top = causes[0] if causes else None
    if top is not None and top.code == "downstream.outage" and top.verdict != "possible":
        return f"{text}: something that they all call does not answer"
    return f"{text} ({words.names(sorted(groups))})"


def _poison(told: _Told) -> str:
    standing = told.case.on(told.item.resource, "lag.stalled") or (told.item,)
    for each in records.before(told.case, standing[0]):
        if str(each.name) == told.top.resource.id:
            offset = words.count(each.offset)
            if told.top.verdict != "confirmed":
                return (
                    f"{told.item.resource.id} is stuck on {each.name}, probably at a record that "
                    f"it cannot read (offset {offset})"
                )
            return (
                f"{told.item.resource.id} is stuck on {each.name}: "
                f"it cannot read the record at offset {offset}"
            )
    where = (
        told.top.resource.id
        if told.top.resource.kind == "partition"
        else words.partitions(told.item.partitions)
    )
    return f"{told.item.resource.id} is stuck on {where}, probably at a record that it cannot read"


def _hung(told: _Told) -> str:
    whose = f": its member {_called(told)} hangs" if _called(told) else ": a member hangs"
    return (
        f"{told.item.resource.id} stands still on {words.partitions(told.item.partitions)}{whose}"
    )


def _called(told: _Told) -> str:
    """The name of the member that the cause is about; empty where it is about none."""
    if told.top.resource.kind != "member":
        return ""
    member = resource.unescape(told.top.resource.id.partition("/")[2])
    return groups.member_name(told.case, told.item.resource.id, member)


def _crash(told: _Told) -> str:
    group = groups.facts(told.case, told.item.resource.id)
    beat = f" about every {words.duration(group.beat_s)}" if group.beat_s else ""
    standing = told.item.code == "lag.stalled"
    result = f" and reads nothing on {words.partitions(told.item.partitions)}" if standing else ""
    return f"{told.item.resource.id} crashes again and again{beat}{result}"


def _stopped(told: _Told) -> str:
    wait = next((f.value for f in told.item.evidence if f.id.endswith("/lag")), 0)
    many = words.many(wait, "record") if isinstance(wait, int) else "records"
    topics = words.names(dict.fromkeys(name.topic for name in told.item.partitions))
    return f"{told.item.resource.id} has stopped: it has no member, and {many} of {topics} wait"


def _task(told: _Told) -> str:
    found = sinks.connector(told.case, told.item.resource)
    name = found[1].name if found else told.item.resource.id
    failed = [t for t in found[1].tasks if t.state == "FAILED"] if found else []
    trace = next((t.trace for t in failed if t.trace), "")
    reading = traces.read(trace)
    if told.top.code == "record.poison" and told.top.resource.kind == "partition":
        return f"{name} has failed: it cannot take a record of {told.top.resource.id}"
    return f"{name} has failed: {reading.rule or str(reading.cause)}"


def _outage(told: _Told) -> str:
    names = sorted(
        {
            owner[1].name
            for each in told.case.findings("connect.task_failed")
            if (owner := sinks.connector(told.case, each.resource)) is not None
        }
    )
    if len(names) < 2 and told.top.verdict == "confirmed" and "takes no" in told.top.summary:
        name = names[0] if names else told.item.resource.id
        return f"{name} has failed: {told.top.summary.rstrip('.').removesuffix(' now')}"
    if len(names) < 2:
        return _task(told)
    return f"{words.names(names)} failed together: what they write to does not answer"


def _broker(told: _Told) -> str:
    brokers = told.case.seen.brokers
    name = f"Broker {told.item.resource.id}"
    if told.top.code == "broker.planned_stop":
        return f"{name} was stopped as planned and is not back yet"
    if told.top.code == "broker.hung":
        return f"{name} hangs: its process is there and answers nothing"
    if told.top.code == "network.partition":
        return f"{name} is cut off from the controllers"
    count = sum(
        len(each.partitions)
        for each in told.case.findings("partition.under_replicated", "partition.offline")
    )
    left = (
        ""
        if isinstance(brokers, Unknown) or not count
        else f"; {words.many(count, 'partition')} {'misses' if count == 1 else 'miss'} a replica"
    )
    crashed = (told.top.code, told.top.verdict) == ("broker.crashed", "confirmed")
    return f"{name} {'crashed' if crashed else 'is down'}{left}"


def _single(told: _Told) -> str:
    return f"{words.partitions(told.item.partitions)} is offline: its only replica is gone"


def _strict(told: _Told) -> str:
    return (
        f"{words.partitions(told.item.partitions)} takes no writes: min.insync.replicas allows no "
        "replica to be away, and one is"
    )


def _lag(told: _Told) -> str:
    wait = next((f.value for f in told.item.evidence if f.id.endswith("/lag")), 0)
    many = words.many(wait, "record") if isinstance(wait, int) else "records"
    topics = words.names(dict.fromkeys(name.topic for name in told.item.partitions))
    return f"{told.item.resource.id} falls behind on {topics} ({many} wait): "


def _slow(told: _Told) -> str:
    return f"{_lag(told)}it reads more slowly than records arrive"


def _parallel(told: _Told) -> str:
    return f"{_lag(told)}it has too few members for its load"


def _hot(told: _Told) -> str:
    if told.top.verdict == "confirmed":
        return f"{_lag(told)}one key sends too much to {told.top.resource.id}"
    return f"{_lag(told)}{told.top.resource.id} takes far more than the others"


def _cold(told: _Told) -> str:
    topics = words.names(dict.fromkeys(name.topic for name in told.item.partitions))
    return (
        f"{told.item.resource.id} reads old records of {topics} from the remote store, which takes "
        "longer"
    )


def _given_up(told: _Told) -> str:
    return (
        f"{told.item.resource.id} gives up records of {words.partitions(told.item.partitions)}: "
        "its members never accept them"
    )


def _member(told: _Told) -> str:
    return f"{_lag(told)}its member {_called(told)} is slow"


def _burst(told: _Told) -> str:
    return f"{_lag(told)}more records arrive than usual"


def _abandoned(told: _Told) -> str:
    topics = words.names(dict.fromkeys(name.topic for name in told.item.partitions))
    return f"{told.item.resource.id} no longer reads {topics}: its members own none of it"


def _outside(told: _Told) -> str:
    lost = next((f.value for f in told.item.evidence if f.id.endswith("/lost")), 0)
    where = words.partitions(told.item.partitions)
    if isinstance(lost, int) and lost > 0:
        return (
            f"{told.item.resource.id} lost {words.many(lost, 'record')} of {where}: they were "
            "deleted before it read them"
        )
    return f"{told.item.resource.id} stands at an offset of {where} that the log does not have"


def _moved(told: _Told) -> str:
    where = words.partitions(told.item.partitions)
    return f"Somebody set {told.item.resource.id} back on {where}"


def _blocked(told: _Told) -> str:
    found = sinks.connector(told.case, told.item.resource)
    name = found[1].name if found else told.top.resource.id
    return f"{name} says RUNNING and writes nothing: a task is blocked"


def _worker(told: _Told) -> str:
    why = told.top.summary.removesuffix(".")
    return f"Connect {told.item.resource.id} does not answer: {why[0].lower()}{why[1:]}"


def _drifted(told: _Told) -> str:
    count = words.many(len(told.item.partitions), "partition")
    return f"{count} of {told.item.resource.id} are not led by their preferred replica"


def _said(write: clients.Write) -> _Write:
    """A family's own sentence, which needs no more than the finding and its cause."""
    return lambda told: write(told.item, told.top)


def _consumer(told: _Told) -> str:
    return said.of(told.case, told.item, told.top)


_BY_CAUSE: Mapping[tuple[str, str], _Write] = {
    **{(kind, code): _consumer for kind, codes in said.CODES.items() for code in codes},
    ("group", "record.poison"): _poison,
    ("group", "consumer.hung"): _hung,
    ("group", "consumer.crash_loop"): _crash,
    ("group", "consumer.stopped"): _stopped,
    ("group", "consumer.slow"): _slow,
    ("group", "consumer.under_parallel"): _parallel,
    ("group", "partition.hot_key"): _hot,
    ("group", "member.slow"): _member,
    ("group", "consumer.cold_read"): _cold,
    ("group", "share.delivery_limit"): _given_up,
    ("group", "resource.abandoned"): _abandoned,
    ("group", "offset.out_of_range"): _outside,
    ("group", "offset.moved_by_operator"): _moved,
    ("connector", "connect.blocked_task"): _blocked,
    ("connect", "connect.worker_dead"): _worker,
    ("cluster", "leader.drifted"): _drifted,
    ("task", "connect.transient"): _task,
    ("task", "connect.misconfigured"): _task,
    ("task", "connect.credentials"): _task,
    ("task", "record.poison"): _task,
    ("task", "downstream.outage"): _outage,
    ("broker", "broker.crashed"): _broker,
    ("broker", "broker.planned_stop"): _broker,
    ("broker", "broker.hung"): _broker,
    ("broker", "network.partition"): _broker,
    ("partition", "replica.single_copy"): _single,
    ("partition", "min_isr.too_strict"): _strict,
    **{key: _said(write) for key, write in clients.BY_CAUSE.items()},
    **{key: _said(write) for key, write in cluster.BY_CAUSE.items()},
}
"""(Kind of the finding's resource, cause) -> how it is said."""
