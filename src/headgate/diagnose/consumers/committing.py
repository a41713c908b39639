"""Commits that are refused or never sent, though records are read."""

from headgate.detect import words
from headgate.detect.consumers import clients, commits, coordinators
from headgate.diagnose import interface
from headgate.diagnose.cluster import brokers
from headgate.diagnose.hypothesis import Prediction, decides, expects, requires
from headgate.domain import diagnosis, resource
from headgate.domain.unknown import Unknown

_WHY = {
    "GROUP_AUTHORIZATION_FAILED": "it may not read the group",
    "TOPIC_AUTHORIZATION_FAILED": "it may not read the topic",
    "OFFSET_METADATA_TOO_LARGE": "the text beside the commit is too long",
    "ILLEGAL_GENERATION": "its processing outlives its membership",
    "UNKNOWN_MEMBER_ID": "its processing outlives its membership",
    "REBALANCE_IN_PROGRESS": "its processing outlives its membership",
    "STALE_MEMBER_EPOCH": "its processing outlives its membership",
    "FENCED_INSTANCE_ID": "another process has its group.instance.id",
    "UNKNOWN_TOPIC_ID": "the topic was deleted or made anew",
}
"""OffsetCommit error -> what it says (incidents: the error code is the diagnosis)."""
_RIGHTS = ("GROUP_AUTHORIZATION_FAILED", "TOPIC_AUTHORIZATION_FAILED")
_COORDINATOR = (
    "COORDINATOR_NOT_AVAILABLE",
    "NOT_COORDINATOR",
    "COORDINATOR_LOAD_IN_PROGRESS",
)
_MANY = 3
"""So many groups of one partition of the offsets topic are its trouble, not theirs."""


class Scene:
    """What metrics tell of the group's reading and committing."""

    def __init__(self, argument: interface.Argument) -> None:
        seen, self.group_id = argument.case.seen, argument.about.resource.id
        over_s = max(seen.now - argument.about.since.timestamp(), seen.sample_s)
        self.consumed = clients.consumed(seen, self.group_id, over_s)
        self.refused = commits.refusals(seen, over_s)
        rates = [
            meter.latest
            for _, meter in clients.of_group(seen, self.group_id, "consumer.commits_per_second")
        ]
        known = [rate for rate in rates if not isinstance(rate, Unknown)]
        self.rate: float | Unknown = (
            sum(known) if known else Unknown("no metrics source tells how often its clients commit")
        )
        self.read = argument.fact(
            "consumed",
            f"records that members of {self.group_id} got meanwhile",
            self.consumed,
            source="metrics",
        )
        errors = self.refused
        self.answers = argument.fact(
            "refused",
            "commits that brokers refused meanwhile, of all groups",
            errors
            if isinstance(errors, Unknown)
            else words.names(f"{name}: {count:.0f}" for name, count in sorted(errors.items()))
            or "none",
            source="metrics",
        )
        self.sent = argument.fact(
            "commit-rate", "commits a second of its clients", self.rate, source="metrics"
        )

    @property
    def reads(self) -> bool | Unknown:
        """Whether its clients get records though nothing is committed."""
        return self.consumed if isinstance(self.consumed, Unknown) else self.consumed > 0

    @property
    def errors(self) -> tuple[str, ...]:
        """The errors with which commits were refused, the most frequent first."""
        held = {} if isinstance(self.refused, Unknown) else self.refused
        return tuple(sorted(held, key=lambda name: (-held[name], name)))


def failing(argument: interface.Argument, scene: Scene, *more: Prediction) -> None:
    """Weighs commits that brokers refuse."""
    own = [error for error in scene.errors if error not in _COORDINATOR]
    why = _WHY.get(own[0], "") if own else ""
    refused: bool | Unknown = scene.refused if isinstance(scene.refused, Unknown) else bool(own)
    steps: list[diagnosis.Suggestion] = []
    if own and own[0] in _RIGHTS:
        steps.append(
            interface.suggest("acl.create", f"Let it read: group {scene.group_id} and its topics.")
        )
    steps.append(
        interface.suggest("owner.notify", f"Read in the log of {scene.group_id} what refused it.")
    )
    argument.weigh(
        "commit.failing",
        f"Brokers refuse the commits of {scene.group_id}"
        + (f" ({own[0]}{': ' + why if why else ''})." if own else "."),
        requires("brokers refuse commits", refused, scene.answers),
        decides("it gets records and commits none", scene.reads, scene.read),
        *more,
        next=steps,
    )


def absent(argument: interface.Argument, scene: Scene, *more: Prediction) -> None:
    """Weighs a client that never commits, or keeps its offsets elsewhere."""
    none: bool | Unknown = scene.refused if isinstance(scene.refused, Unknown) else not scene.errors
    argument.weigh(
        "commit.absent",
        f"{scene.group_id} reads and sends no commits: it keeps its offsets elsewhere, or nowhere.",
        requires("it gets records", scene.reads, scene.read),
        expects("brokers refuse none", none, scene.answers),
        decides(
            "its clients send no commits",
            scene.rate if isinstance(scene.rate, Unknown) else scene.rate == 0,
            scene.sent,
        ),
        *more,
        next=[
            interface.suggest(
                "owner.notify",
                "Ask where its offsets are kept; if that is meant, declare it as expected.",
            )
        ],
    )


def coordinator(argument: interface.Argument, *more: Prediction) -> None:
    """Weighs the partition of the offsets topic that holds the group's commits."""
    case, group_id = argument.case, argument.about.resource.id
    seen = case.seen
    home = coordinators.home_of(seen, group_id)
    if isinstance(home, Unknown):
        trouble: str | Unknown = home
        others: list[str] = []
    else:
        trouble = coordinators.troubled(seen, home)
        others = [
            item.resource.id
            for item in case.findings("group.coordinator_unavailable")
            if coordinators.home_of(seen, item.resource.id) == home
        ]
    silent = [
        item.id
        for item in argument.about.evidence
        if item.id.endswith("/answer") and argument.about.code == "group.coordinator_unavailable"
    ]
    answers = bool(silent) or group_id in others
    state = argument.fact(
        "offsets-partition",
        f"partition that the offsets of {group_id} live in",
        f"{home}: {trouble.reason if isinstance(trouble, Unknown) else trouble}",
        how="Metadata",
    )
    together = argument.fact(
        "same-home", "groups of that partition that have no coordinator", len(others)
    )
    dead = brokers.troubled(case)
    leader = None
    if not isinstance(home, Unknown) and not isinstance(seen.partitions, Unknown):
        ordinal = seen.partitions.ordinal(home)
        leader = None if ordinal is None else int(seen.partitions.leader[ordinal])
    gone = sorted(brokers.down(case))
    on = None
    if isinstance(home, resource.TopicPartition):
        on = resource.partition(home)
    if leader in dead:
        on = brokers.broker(leader if leader is not None else -1)
    elif gone and not isinstance(trouble, Unknown):
        on = brokers.broker(gone[0])
    argument.weigh(
        "coordinator.unavailable",
        f"The coordinator of {group_id} cannot work: its offsets live in {home}.",
        requires("reads of the group find no coordinator", answers, *silent, together),
        decides(
            "that partition has no leader or too few replicas",
            not isinstance(trouble, Unknown) or leader in dead,
            state,
        ),
        decides("many groups of that partition miss it", len(others) >= _MANY, together),
        *more,
        on=on,
        next=[
            interface.watch(argument.about.resource, 120, "A new coordinator takes over by itself.")
        ],
    )
