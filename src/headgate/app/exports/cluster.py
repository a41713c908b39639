"""Brokers, disks, quorum, Connect and registries under Headgate's own names."""

from headgate.app.exports import interface, view
from headgate.domain.unknown import Unknown

_G = "gauge"
BROKER = interface.Metric(
    name="headgate_broker_info", kind=_G, help="1, labelled with a broker's address and rack."
)
IN_SERVICE = interface.Metric(
    name="headgate_broker_in_service",
    kind=_G,
    help="1 where a broker is listed, not fenced and its port answers, else 0.",
)
LEADERS = interface.Metric(
    name="headgate_broker_leaders", kind=_G, help="Partitions that a broker leads."
)
REPLICAS = interface.Metric(
    name="headgate_broker_replicas", kind=_G, help="Replicas that a broker holds."
)
OUT_OF_SYNC = interface.Metric(
    name="headgate_broker_out_of_sync_replicas",
    kind=_G,
    help="Replicas on a broker that are not in sync.",
)
DISK = interface.Metric(
    name="headgate_log_dir_total_bytes", kind=_G, help="Bytes of the disk under a log dir."
)
FREE = interface.Metric(
    name="headgate_log_dir_usable_bytes", kind=_G, help="Bytes left on the disk under a log dir."
)
WORKS = interface.Metric(
    name="headgate_log_dir_works", kind=_G, help="1 where a log dir works, 0 where it has failed."
)
CONTROLLER = interface.Metric(
    name="headgate_quorum_leader", kind=_G, help="Id of the controller quorum's leader."
)
QUORUM_LAG = interface.Metric(
    name="headgate_quorum_lag_records",
    kind=_G,
    help="Records that a voter or observer of the quorum is behind its leader.",
)
MOVING = interface.Metric(
    name="headgate_reassigning_partitions",
    kind=_G,
    help="Partitions whose replicas are being moved.",
)
HANGING = interface.Metric(
    name="headgate_open_producers",
    kind=_G,
    help="Producers with an open transaction on partitions whose readers it holds back.",
)
CONNECTOR = interface.Metric(
    name="headgate_connector_state", kind=_G, help="1, labelled with a connector's state."
)
TASKS = interface.Metric(
    name="headgate_connector_tasks", kind=_G, help="Tasks of a connector, by state."
)
SUBJECTS = interface.Metric(
    name="headgate_registry_subjects", kind=_G, help="Subjects of a schema registry."
)

METRICS = (
    BROKER,
    IN_SERVICE,
    LEADERS,
    REPLICAS,
    OUT_OF_SYNC,
    DISK,
    FREE,
    WORKS,
    CONTROLLER,
    QUORUM_LAG,
    MOVING,
    HANGING,
    CONNECTOR,
    TASKS,
    SUBJECTS,
)


def write(page: interface.Page, seen: view.View) -> None:
    """The cluster's programs and what they say of themselves."""
    _brokers(page, seen)
    _disks(page, seen)
    _controller(page, seen)
    _around(page, seen)


def _brokers(page: interface.Page, seen: view.View) -> None:
    known, held = seen.brokers, seen.partitions
    for one in known.brokers if known else ():
        named = {**seen.own, "broker": str(one.id)}
        where = {"address": f"{one.host}:{one.port}", "rack": one.rack or ""}
        page.one(BROKER, {**named, **where}, 1)
        told = one.port_state != "not_probed" and not isinstance(one.fenced, Unknown)
        works = one.listed and not one.fenced and one.port_state == "answers"
        page.one(IN_SERVICE, named, float(works) if told or not one.listed else None)
        if held is not None:
            replicas = int((held.replicas == one.id).sum())
            page.one(LEADERS, named, int((held.leader == one.id).sum()))
            page.one(REPLICAS, named, replicas)
            page.one(OUT_OF_SYNC, named, replicas - int((held.isr == one.id).sum()))


def _disks(page: interface.Page, seen: view.View) -> None:
    for one in seen.log_dirs.dirs if seen.log_dirs else ():
        named = {**seen.own, "broker": str(one.broker), "dir": one.path}
        page.one(DISK, named, one.total_bytes)
        page.one(FREE, named, one.usable_bytes)
        page.one(WORKS, named, 0 if one.error else 1)


def _controller(page: interface.Page, seen: view.View) -> None:
    quorum = seen.snapshot.quorum.value
    if not isinstance(quorum, Unknown):
        page.one(CONTROLLER, seen.own, quorum.leader)
        for role, replicas in (("voter", quorum.voters), ("observer", quorum.observers)):
            for one in replicas:
                page.one(QUORUM_LAG, {**seen.own, "node": str(one.id), "role": role}, one.lag)
    moving = seen.snapshot.reassignments.value
    page.one(MOVING, seen.own, None if isinstance(moving, Unknown) else len(moving))
    open_ = seen.snapshot.transactions.value
    page.one(HANGING, seen.own, None if isinstance(open_, Unknown) else len(open_.open_producers))


def _around(page: interface.Page, seen: view.View) -> None:
    for name, part in seen.snapshot.connects.items():
        if isinstance(part.value, Unknown):
            continue
        for one in part.value.connectors.values():
            named = {**seen.own, "connect": name, "connector": one.name}
            page.one(CONNECTOR, {**named, "state": one.state}, 1)
            for state in sorted({task.state for task in one.tasks}):
                count = sum(task.state == state for task in one.tasks)
                page.one(TASKS, {**named, "state": state}, count)
    for name, registry in seen.snapshot.registries.items():
        if not isinstance(registry.value, Unknown):
            page.one(SUBJECTS, {**seen.own, "registry": name}, len(registry.value.subjects))
