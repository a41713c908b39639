"""Why a mirror falls behind, has no translation for a group, or differs from its source."""

from typing import ClassVar

from headgate.detect.pipelines import links, traces
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.diagnose.pipelines import failures
from headgate.domain import finding, resource, snapshot
from headgate.domain.unknown import Unknown

REFRESH_S = 600.0
"""refresh.topics.interval.seconds and its like, by default."""
_NO_CLIENT = Unknown("the mirror's own client metrics are not read")
_NO_LINK = Unknown("the link is not there any more")


class Mirrors:
    """Explains findings about mirrors."""

    explains: ClassVar[tuple[str, ...]] = ("mirror.lagging", "mirror.offset_gap", "mirror.drift")

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """A failed task, a target that refuses, a filter, a refresh that is still to come."""
        argument = interface.Argument(case, about)
        name = next(
            (str(i.value) for i in about.evidence if i.id.endswith("/link")), about.resource.id
        )
        link = links.of(case.seen).get(name)
        if link is None:
            return argument.explained()
        if about.code == "mirror.lagging":
            _lagging(argument, link)
        elif about.code == "mirror.offset_gap":
            _gap(argument, link)
        else:
            _drift(argument, link)
        return argument.explained()


def _lagging(argument: interface.Argument, link: links.Link) -> None:
    case, copier = argument.case, link.copier
    cited = argument.own("state")
    failed = [] if copier is None else [task for task in copier.tasks if task.state == "FAILED"]
    trace = next((task.trace for task in failed if task.trace), "")
    reading = traces.read(trace)
    on = argument.about.resource
    connector = on if copier is None else resource.Resource("connector", copier.name)
    restart = interface.suggest(
        "connector.restart_failed_tasks",
        "The failure is of a kind that passes.",
        connect=link.connect,
        connector=connector.id,
    )
    refused = reading.context in ("oversize", "access") or reading.cause.type.startswith(
        ("NotEnoughReplicas", "ThrottlingQuota")
    )
    argument.weigh(
        "mirror.target_rejects",
        "The target does not take what is copied.",
        requires("a task of it failed", bool(failed), *cited),
        requires("the target refused a write", refused, *cited),
        decides("its trace is the target's answer to a write", refused, *cited),
        on=connector,
        next=[interface.suggest("topic.alter_config", "Let the target's topic take such records.")],
    )
    argument.weigh(
        "message.oversize",
        "Records are larger than the target takes.",
        requires("a record was too large", reading.context == "oversize", *cited),
        on=connector,
        next=[interface.suggest("topic.alter_config", "Raise max.message.bytes on the target.")],
    )
    passes = bool(failed) and reading.failure == "transient" and not refused
    argument.weigh(
        "connect.transient",
        "A task of it failed in a way that passes.",
        requires("a task of it failed by a refusal or a time-out", passes, *cited),
        decides("its trace asks to be tried again", passes, *cited),
        on=connector,
        next=[restart],
    )
    gone = case.findings("connect.worker_lost", "connect.unreachable")
    argument.weigh(
        "connect.worker_dead",
        "The worker that runs it is gone.",
        requires("a worker of Connect is gone", bool(gone), *cited),
        on=gone[0].resource if gone else on,
        next=[interface.suggest("workload.restart", "Start the worker again.")],
    )
    _slow(argument, copier, cited, failed=bool(failed))


def _slow(
    argument: interface.Argument,
    copier: snapshot.Connector | None,
    cited: tuple[str, ...],
    *,
    failed: bool,
) -> None:
    """What holds it up where no task of it failed."""
    running = copier is not None and bool(copier.tasks) and not failed
    few: bool | Unknown = _NO_LINK
    if copier is not None:
        wanted = copier.config.get("tasks.max", "1")
        few = wanted.isdecimal() and int(wanted) <= len(copier.tasks) == 1
    argument.weigh(
        "mirror.underscaled",
        "It has too few tasks for what is to be copied.",
        requires("its tasks run", running, *cited),
        expects("it has a single task, and may have no more", few, *cited),
        decides("its tasks have no pause", _NO_CLIENT),
        on=argument.about.resource,
        next=[interface.suggest("connector.update", "Raise tasks.max.")],
    )
    argument.weigh(
        "network.slow_path",
        "The way between the clusters is slow.",
        requires("its tasks run", running, *cited),
        decides("its clients wait long for answers", _NO_CLIENT),
        next=[interface.suggest("owner.notify", "Look at the network between the clusters.")],
    )
    young = failures.shortly_before(
        argument.case,
        argument.about.since.timestamp(),
        argument.about.resource,
        "topic",
        "partitions",
    )
    argument.weigh(
        "mirror.refresh_pending",
        "A topic is so new that the mirror does not know of it yet.",
        requires(
            "a topic or partition came lately",
            young if isinstance(young, Unknown) else bool(young),
            *cited,
        ),
        next=[interface.watch(argument.about.resource, REFRESH_S, "It looks every 10 minutes.")],
    )


def _gap(argument: interface.Argument, link: links.Link) -> None:
    cited = argument.own("checkpoints", "synced", "trailing")
    group = argument.about.resource.id
    values = {item.id.rpartition("/")[2]: item.value for item in argument.about.evidence}
    known, trailing = values.get("checkpoints"), values.get("trailing")
    none = known == 0 if isinstance(known, int) else Unknown("its checkpoints were not read")
    argument.weigh(
        "mirror.not_synced",
        f"{link.name} does not translate the offsets of {group}.",
        requires("there is no checkpoint of it", none, *cited),
        decides("there is no checkpoint of it", none, *cited),
        next=[
            interface.suggest(
                "connector.update",
                "Let the checkpoint connector follow it (groups, groups.exclude).",
            )
        ],
    )
    argument.weigh(
        "mirror.sync_sparse",
        "Offsets are translated only at the last common point: some records would be read twice, "
        "none is lost.",
        requires(
            "there are checkpoints of it", none if isinstance(none, Unknown) else not none, *cited
        ),
        expects(
            "its translated commit trails",
            trailing > 0 if isinstance(trailing, int) else Unknown("the target was not read"),
            *cited,
        ),
        next=[interface.suggest("owner.notify", "Say how many records a failover repeats.")],
    )


def _drift(argument: interface.Argument, link: links.Link) -> None:
    case, about = argument.case, argument.about
    remote = link.remote(about.resource.id)
    names = {about.resource.id, remote}
    young = [
        one
        for one in case.seen.observation.timeline
        if one.resource.kind == "topic"
        and one.resource.id in names
        and one.kind in ("topic", "partitions", "config")
        and case.seen.now - one.at.timestamp() <= REFRESH_S
    ]
    first = case.seen.history.times
    watched = len(first) > 0 and case.seen.now - float(first[0]) >= REFRESH_S
    recent: bool | Unknown = (
        True
        if young
        else False
        if watched
        else Unknown("Headgate has looked for a short time only")
    )
    said = argument.fact(
        "young",
        "what became different on it in the last 10 minutes",
        "; ".join(one.what for one in young) or "nothing that was seen",
        source="timeline",
    )
    argument.weigh(
        "mirror.refresh_pending",
        "It differs since a moment ago, and the mirror looks every 10 minutes only.",
        requires("it was changed in the last 10 minutes", recent, said),
        decides("it was changed in the last 10 minutes", recent, said),
        next=[interface.watch(about.resource, REFRESH_S, "The mirror's next refresh mends it.")],
    )
    off = _switched_off(link)
    setting = argument.fact("off", "what of it is switched off", off or "nothing", source="connect")
    argument.weigh(
        "mirror.not_synced",
        f"{link.name} does not carry it over: {off}."
        if off
        else f"{link.name} leaves it out by a filter, or the target was changed by hand.",
        requires(
            "it has differed for longer than a refresh takes",
            recent if isinstance(recent, Unknown) else not recent,
            said,
        ),
        decides("its settings switch it off", bool(off), setting),
        next=[interface.suggest("connector.update", "Switch it on, or declare it to be meant.")],
    )


def _switched_off(link: links.Link) -> str:
    for name in ("sync.topic.configs.enabled", "refresh.topics.enabled"):
        if link.setting(name, "true").lower() == "false":
            return f"{name} is false"
    return ""
