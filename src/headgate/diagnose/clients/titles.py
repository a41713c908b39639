"""How incidents about clients are called: one sentence each, without a full stop."""

from collections.abc import Callable, Mapping

from headgate.detect import words
from headgate.domain import diagnosis, evidence, finding

Write = Callable[[finding.Finding, diagnosis.Cause], str]


def _open(item: finding.Finding, top: diagnosis.Cause) -> str:
    name = top.resource.id if top.resource.kind == "transaction" else ""
    called = f"the transaction {name}" if name else "an open transaction"
    return f"Readers of {words.partitions(item.partitions)} wait for {called}"


def _hanging(item: finding.Finding, _top: diagnosis.Cause) -> str:
    where = words.partitions(item.partitions)
    stable = _value(item, "stable")
    at = f" at offset {words.count(stable)}" if isinstance(stable, int) else ""
    return f"Readers of {where} stand{at}: a transaction hangs there, and nobody will end it"


def _oversize(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"Records for {_called(item)} are refused: they are too large"


def _clock(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"Records for {_called(item)} are refused: a client's clock is wrong"


def _replicas(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"{_called(item)} takes no writes with acks=all: too few replicas are in sync"


def _outdated(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"Writes to {_called(item)} are refused: a client is too old for the brokers"


def _duplicate(item: finding.Finding, _top: diagnosis.Cause) -> str:
    if item.resource.kind != "transaction":
        return "Two producers share a transactional id and fence each other"
    return f"Two producers share the transactional id {item.resource.id} and fence each other"


def _expired(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"The producer of {item.resource.id} is fenced: its transactions run out of time"


def _throttled(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"The producer {item.resource.id} cannot send as fast as it must: a quota holds it back"


def _overloaded(item: finding.Finding, top: diagnosis.Cause) -> str:
    return f"The producer {item.resource.id} cannot send as fast as it must: {_broker(top)} is busy"


def _disk(item: finding.Finding, top: diagnosis.Cause) -> str:
    text = f"The producer {item.resource.id} cannot send as fast as it must"
    return f"{text}: {_broker(top)} writes slowly"


def _network(item: finding.Finding, _top: diagnosis.Cause) -> str:
    text = f"The producer {item.resource.id} cannot send as fast as it must"
    return f"{text}: the way to the brokers is slow"


def _credential(_item: finding.Finding, top: diagnosis.Cause) -> str:
    if top.resource.kind == "principal":
        return f"Log-ins fail since the credential of {top.resource.id} was changed"
    return "Log-ins fail: a client has a wrong credential"


def _server(_item: finding.Finding, _top: diagnosis.Cause) -> str:
    return "Nobody can log in: the brokers' side of authentication is wrong"


def _scan(_item: finding.Finding, _top: diagnosis.Cause) -> str:
    return "Somebody tries names and passwords"


def _removed(_item: finding.Finding, top: diagnosis.Cause) -> str:
    said = top.summary.rstrip(".")
    if top.resource.kind != "principal":
        said = said[:1].lower() + said[1:]
    return f"Requests are denied: {said}"


def _never(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"{item.summary.rstrip('.')}: nobody ever granted it"


def _silent(item: finding.Finding, _top: diagnosis.Cause) -> str:
    return f"{item.resource.id} gets no more records: its producer has stopped"


def _called(item: finding.Finding) -> str:
    return f"Broker {item.resource.id}" if item.resource.kind == "broker" else item.resource.id


def _broker(top: diagnosis.Cause) -> str:
    return f"broker {top.resource.id}" if top.resource.kind == "broker" else "a broker"


def _value(item: finding.Finding, label: str) -> evidence.Value:
    return next((one.value for one in item.evidence if one.id.endswith(f"/{label}")), "")


BY_CAUSE: Mapping[tuple[str, str], Write] = {
    ("partition", "txn.open"): _open,
    ("partition", "txn.hanging"): _hanging,
    ("topic", "message.oversize"): _oversize,
    ("broker", "message.oversize"): _oversize,
    ("topic", "clock.skew"): _clock,
    ("broker", "clock.skew"): _clock,
    ("topic", "min_isr.too_strict"): _replicas,
    ("broker", "min_isr.too_strict"): _replicas,
    ("topic", "client.outdated"): _outdated,
    ("broker", "client.outdated"): _outdated,
    ("transaction", "producer.duplicate_txn_id"): _duplicate,
    ("broker", "producer.duplicate_txn_id"): _duplicate,
    ("transaction", "producer.state_expired"): _expired,
    ("client", "quota.throttled"): _throttled,
    ("client", "leader.overloaded"): _overloaded,
    ("client", "disk.slow"): _disk,
    ("client", "network.slow_path"): _network,
    ("broker", "auth.bad_credential"): _credential,
    ("broker", "auth.server_side"): _server,
    ("broker", "auth.scan"): _scan,
    ("broker", "acl.removed"): _removed,
    ("broker", "acl.never_granted"): _never,
    ("topic", "producer.stopped"): _silent,
}
"""(Kind of the finding's resource, cause) -> how it is said."""
