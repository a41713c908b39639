"""What an incident of the pipelines is called: its answer, in one plain sentence."""

from collections.abc import Callable, Mapping

from headgate.detect import words
from headgate.detect.pipelines import traces
from headgate.diagnose import interface
from headgate.diagnose.pipelines import sinks
from headgate.domain import amounts, diagnosis, finding
from headgate.domain.unknown import Unknown

Say = Callable[[interface.Case, finding.Finding, diagnosis.Cause], str]


def say(case: interface.Case, item: finding.Finding, top: diagnosis.Cause) -> str:
    """The sentence for a finding with its best cause; empty: there is none."""
    write = _SAYINGS.get((item.code, top.code)) or _SAYINGS.get((item.resource.kind, top.code))
    return write(case, item, top) if write is not None else ""


def _name(case: interface.Case, item: finding.Finding) -> str:
    found = sinks.connector(case, item.resource)
    return found[1].name if found else item.resource.id


def _failed(what: str) -> Say:
    return lambda case, item, _top: f"{_name(case, item)} has failed: {what}"


def _by_trace(case: interface.Case, item: finding.Finding, _top: diagnosis.Cause) -> str:
    """What the trace of a connector that itself failed stands for."""
    found = sinks.connector(case, item.resource)
    failed = [task.trace for task in found[1].tasks if task.trace] if found else []
    reading = traces.read((found[1].trace if found else "") or next(iter(failed), ""))
    return f"{_name(case, item)} has failed: {reading.rule or str(reading.cause)}"


def _fills(why: str) -> Say:
    return lambda _case, item, _top: f"{item.resource.id} fills with dead letters: {why}"


def _unwritable(case: interface.Case, item: finding.Finding, top: diagnosis.Cause) -> str:
    topic = top.resource.id if top.resource.kind == "topic" else ""
    which = f"its dead-letter topic {topic}" if topic else "its dead-letter topic"
    verb = "writes no dead letters" if item.code == "dlq.write_failing" else "has failed"
    return f"{_name(case, item)} {verb}: {which} cannot be made or written"


def _worker(case: interface.Case, item: finding.Finding, top: diagnosis.Cause) -> str:
    worker = top.resource.id if top.resource.kind == "worker" else item.resource.id
    held = sum(
        task.worker == worker
        for connect in case.seen.connects.values()
        if not isinstance(connect, Unknown)
        for one in connect.connectors.values()
        for task in one.tasks
    )
    waits = (
        f"; {words.many(held, 'task')} of it {'does' if held == 1 else 'do'} no work yet"
        if held
        else ""
    )
    return f"Connect worker {worker} is dead{waits}"


def _idle(case: interface.Case, item: finding.Finding, _top: diagnosis.Cause) -> str:
    return (
        f"{_name(case, item)} says RUNNING and writes nothing: what it writes to takes no "
        "connection"
    )


def _link(why: str) -> Say:
    return lambda _case, item, _top: f"The mirror {item.resource.id} falls behind: {why}"


def _log(why: str) -> Say:
    def say(case: interface.Case, item: finding.Finding, _top: diagnosis.Cause) -> str:
        kept = next((one.value for one in item.evidence if one.id.endswith("/retained")), None)
        much = amounts.words(kept) if isinstance(kept, int) else "more and more"
        return f"The database keeps {much} of log for {_name(case, item)}, which {why}"

    return say


_SAYINGS: Mapping[tuple[str, str], Say] = {
    ("task", "acl.never_granted"): _failed("Kafka gives it no right to what it uses"),
    ("task", "acl.removed"): _failed("somebody took away a right that it needs"),
    ("task", "dlq.target_unwritable"): _unwritable,
    ("connector", "dlq.target_unwritable"): _unwritable,
    ("task", "mirror.target_rejects"): _failed("the target cluster does not take what it copies"),
    ("task", "schema.breaking_change"): _failed("records have a schema now that it cannot use"),
    ("task", "schema.foreign_id"): _failed("the registry does not know the schema of a record"),
    ("task", "schema.soft_deleted"): _failed("the schema of a record was deleted"),
    ("task", "registry.process_down"): _failed("it cannot reach the schema registry"),
    ("connect.source_log_growth", "connect.slot_inactive"): _log("does not read it"),
    ("connect.source_log_growth", "connect.slot_unconfirmed"): _log("has nothing to confirm"),
    ("connect.source_log_growth", "connect.blocked_task"): _log("reads it and is stuck"),
    ("connect.connector_failed", "connect.transient"): _by_trace,
    ("connect.connector_failed", "connect.misconfigured"): _by_trace,
    ("connect.connector_failed", "connect.credentials"): _by_trace,
    ("connect.connector_failed", "record.poison"): _by_trace,
    ("connect.connector_failed", "downstream.outage"): _by_trace,
    ("worker", "connect.worker_dead"): _worker,
    ("connect.running_idle", "connect.worker_dead"): _worker,
    ("connect.running_idle", "downstream.outage"): _idle,
    ("dlq.growing", "downstream.outage"): _fills(
        "good records, for what their sink writes to did not take them"
    ),
    ("dlq.growing", "record.undecodable"): _fills("records that cannot be decoded"),
    ("dlq.growing", "record.business_rule"): _fills("records whose contents are refused"),
    ("dlq.growing", "schema.breaking_change"): _fills(
        "records whose schema their reader cannot use"
    ),
    ("dlq.growing", "schema.foreign_id"): _fills("they carry a schema id that is not served here"),
    ("registry", "registry.process_down"): lambda _case, item, _top: (
        f"The schema registry {item.resource.id} is down"
    ),
    ("registry", "registry.no_primary"): lambda _case, item, _top: (
        f"The schema registry {item.resource.id} takes no new schemas: its topic takes no writes"
    ),
    ("link", "mirror.target_rejects"): _link("the target does not take what is copied"),
    ("link", "connect.transient"): _link("a task of it failed in a way that passes"),
    ("link", "mirror.underscaled"): _link("it has too few tasks"),
}
"""(Finding, or kind of its resource; cause) -> how it is said."""
