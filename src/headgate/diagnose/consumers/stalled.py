"""What a group that stands still is made of: who owned it, what it stands before, what else moves.

Facts that decide: whether a member owns the partition, whether its id is always the same one,
whether its other partitions move, whether the record at the commit decodes as its neighbours do,
and whether an open transaction lets it read no further.
"""

import numpy as np

from headgate.detect import words
from headgate.detect.consumers import clients, failovers
from headgate.diagnose import interface
from headgate.diagnose.consumers import (
    churn,
    committing,
    groups,
    neighbours,
    reconciling,
    records,
    serving,
    stable,
)
from headgate.diagnose.hypothesis import Prediction, decides, expects, requires
from headgate.domain import diagnosis, resource
from headgate.domain.unknown import Unknown

_BEAT_S = 10.0
"""A heartbeat younger than this is one of a process that runs (they come every 3 s)."""


class Scene:
    """What is to be seen around partitions that stand still, as evidence."""

    def __init__(self, argument: interface.Argument, group: groups.Facts) -> None:
        about, case = argument.about, argument.case
        self.next = records.before(case, about)
        self.bad = [item for item in self.next if item.undecodable]
        self.unread = [item for item in self.next if item.why_not_read]
        self.sound = bool(self.next) and all(item.sound for item in self.next)
        self.commits = argument.own(*(f"commit-{item.name}" for item in self.next))
        places = group.places(about.partitions)
        since = about.since.timestamp()
        ids = dict.fromkeys(
            member
            for place in places
            for member in groups.owners_in(case.seen, int(group.columns[place]), since)
        )
        self.ids = tuple(ids)
        self.crashes = group.crashes(since)
        self.churn = self.crashes > 0
        owners = set(group.owner[places][group.owner[places] >= 0].tolist())
        elsewhere = np.ones(len(group.names), dtype=np.bool_)
        elsewhere[places] = False
        self.others_move = int((group.moving & elsewhere).sum())
        self.same_member_moves = int(
            (group.moving & elsewhere & np.isin(group.owner, list(owners))).sum()
        )
        self.owner = case.seen.history.member_ids[min(owners)] if owners else ""
        self.called = groups.member_name(case, group.id, self.owner)
        self.static = _static(group, self.owner)
        self.owners = argument.fact(
            "owners",
            f"member ids that owned {words.partitions(about.partitions)} meanwhile",
            words.names(self.ids) or "none",
            source="history",
        )
        self.members = argument.fact(
            "crashes",
            f"members of {group.id} that came and were gone again since it stands still",
            self.crashes,
            source="history",
        )
        self.moving = argument.fact(
            "others",
            f"other partitions of {group.id} whose commits move",
            self.others_move,
            source="history",
        )
        self.decoding = tuple(
            argument.fact(
                f"record-{item.name}-{item.offset}",
                f"whether the record of {item.name} at offset {words.count(item.offset)} decodes "
                "as its neighbours do",
                item.answer.decodes if not isinstance(item.answer, Unknown) else item.answer,
                source="records",
                how=f"Fetch {item.name} from offset {item.offset}, without a group",
            )
            for item in self.next
        )
        self.stable = stable.standing(argument, self.next)

    @property
    def decodes(self) -> bool | Unknown:
        """Whether every record that it stands before decodes, or is none."""
        if self.bad:
            return False
        if self.sound:
            return True
        why = self.unread[0].why_not_read if self.unread else "no record was asked for"
        return Unknown(f"the record that it stands before: {why}")

    def decodable(self) -> Prediction:
        """That the record it stands before is not what holds it."""
        says = "the record that it stands before decodes"
        if isinstance(self.decodes, Unknown):
            return expects(says, self.decodes, *self.decoding)
        kind = expects if self.decodes else requires
        return kind(says, self.decodes, *self.decoding)


def _static(group: groups.Facts, owner: str) -> str | None:
    """The group.instance.id of the owner; None: it is a dynamic member."""
    if isinstance(group.group, Unknown) or isinstance(group.group.members, Unknown):
        return None
    return next((m.instance_id for m in group.group.members if m.id == owner), None)


def argue(argument: interface.Argument, group: groups.Facts) -> None:
    """Weighs everything that can hold a group though a member owns its partitions."""
    scene = Scene(argument, group)
    told = churn.cite(argument, group.id)
    outside = bool(argument.case.on(argument.about.resource, "group.offset_out_of_range"))
    argument.weigh(
        "offset.out_of_range",
        f"{group.id} stands at an offset that is not in the log.",
        requires("its commit lies outside the log", outside, *scene.commits),
        decides("it cannot read on from there", outside, *scene.commits),
        next=[interface.suggest("group.reset_offsets", "Go on at an offset that the log has.")],
    )
    _poison(argument, group, scene)
    stable.weigh(argument, scene.stable)
    _crash_loop(argument, told, scene)
    reconciling.weigh(argument, group.id)
    _ghost(argument, group, scene)
    commits = committing.Scene(argument)
    _hung(argument, group, scene, commits, serving.held_back(argument, group))
    # a reader that closes when a record makes it fail leaves by request, too
    alone = not isinstance(scene.decodes, Unknown) or not scene.others_move
    churn.poll_timeout(argument, told, scene.decodable(), alone=alone)
    churn.session_timeout(argument, told, scene.decodable())
    neighbours.downstream(argument, group)
    able = (stable.past_it(scene.stable), scene.decodable())
    committing.failing(argument, commits, *able)
    committing.absent(argument, commits, *able)
    argument.weigh(
        "consumer.slow",
        "A slow consumer still commits.",
        requires("its commit moves", False, *scene.commits),
    )
    argument.weigh(
        "consumer.stopped",
        "No process reads any more.",
        requires("no member owns the partition", False, scene.owners),
    )


def _poison(argument: interface.Argument, group: groups.Facts, scene: Scene) -> None:
    first = scene.bad[0] if scene.bad else scene.next[0] if scene.next else None
    on = resource.partition(first.name) if first is not None else argument.about.resource
    steps: list[diagnosis.Suggestion]
    if scene.bad and first is not None and not isinstance(first.answer, Unknown):
        restarts = f", the same after {words.many(scene.crashes, 'restart')}" if scene.churn else ""
        text = (
            f"{first.name} stands at offset {words.count(first.offset)}{restarts}; that record "
            f"does not decode ({first.answer.why or 'unlike its neighbours'}), "
            f"{words.many(first.answer.neighbours, 'neighbour')} of it do."
        )
        steps = [_quarantine(group.id, item) for item in scene.bad]
        steps.append(
            interface.suggest(
                "owner.notify", "Tell the producer: it writes what the reader cannot decode."
            )
        )
        predictions = [
            requires("the record that it stands before does not decode", True, *scene.decoding),
            decides("its neighbours decode", True, *scene.decoding, *scene.commits, scene.members),
        ]
    else:
        text = "It stands before a record that it cannot read."
        steps = [interface.suggest("owner.notify", "Read the record, then decide.")]
        wrong = scene.decodes if isinstance(scene.decodes, Unknown) else not scene.decodes
        kind = expects if isinstance(wrong, Unknown) else requires
        predictions = [
            kind("the record that it stands before does not decode", wrong, *scene.decoding),
            expects("members die and come back", scene.churn, scene.members),
            expects("one place stands while others move", scene.others_move > 0, scene.moving),
        ]
    argument.weigh(
        "record.poison", text, *predictions, stable.past_it(scene.stable), on=on, next=steps
    )


def _quarantine(group_id: str, item: records.Next) -> diagnosis.Suggestion:
    return interface.suggest(
        "group.quarantine_record",
        f"Keep a copy of the record at offset {words.count(item.offset)} of {item.name} and let "
        f"{group_id} go on behind it.",
        group=group_id,
        topic=item.name.topic,
        partition=item.name.partition,
        offset=item.offset,
    )


def _crash_loop(argument: interface.Argument, told: churn.Told, scene: Scene) -> None:
    """A loop that stands in one place and whose record nobody read may as well be poison."""
    sound = scene.decodable()
    one_place = scene.others_move > 0
    if isinstance(sound.seen, Unknown) and one_place:
        sound = requires(sound.says, sound.seen, *sound.facts)
    churn.crashes(
        argument,
        told,
        requires(
            "members come and are gone again",
            _unless_moved(argument, scene.churn),
            scene.members,
            scene.owners,
        ),
        sound,
        *(() if one_place else (expects("it stands everywhere", True, scene.moving),)),
        *(
            ()
            if isinstance(told.after, Unknown)
            else (
                expects(
                    "the next one is there before the last is missed", not told.after, told.order
                ),
            )
        ),
    )


def _unless_moved(argument: interface.Argument, comes: bool) -> bool | Unknown:
    """Whether members come and go, where that is not what a lost coordinator makes them do; a look
    too short to see who is gone again cannot tell."""
    seen = argument.case.seen
    moved = failovers.last(seen) if comes and seen.observation.cut_s is not None else None
    if moved is None:
        return comes
    return Unknown(f"broker {moved[0]} left or came back: members may have had to join anew")


def _alive(argument: interface.Argument, group: groups.Facts, scene: Scene) -> bool | Unknown:
    """Whether the owner's process runs, by a second source than its membership."""
    beat = clients.one(argument.case.seen, group.id, scene.owner, "consumer.heartbeat_age")
    value = beat if isinstance(beat, Unknown) else beat.latest
    return value if isinstance(value, Unknown) else value <= _BEAT_S


def _ghost(argument: interface.Argument, group: groups.Facts, scene: Scene) -> None:
    alive = _alive(argument, group, scene)
    static = argument.fact(
        "static",
        f"group.instance.id of {scene.called or 'its owner'}",
        scene.static or "none",
        how="DescribeGroups",
    )
    on = resource.member(group.id, scene.owner) if scene.owner else argument.about.resource
    argument.weigh(
        "member.static_ghost",
        f"The process behind {scene.static or scene.called} is gone, and its place is kept for it "
        "until its session ends.",
        requires("a static member owns the partitions", scene.static is not None, static),
        requires("nobody came or went", not scene.churn, scene.members),
        requires("nothing that it owns moves", not scene.same_member_moves, scene.moving),
        decides(
            "its process is dead by a second source",
            alive if isinstance(alive, Unknown) else not alive,
            static,
        ),
        *(() if alive is not True else (requires("its process is dead", False, static),)),
        scene.decodable(),
        stable.past_it(scene.stable),
        on=on,
        next=[
            interface.suggest(
                "group.remove_member",
                "If its process is gone: take it out of the group, and another member goes on.",
            ),
            interface.suggest(
                "workload.restart", f"Or start {scene.static or scene.called} again."
            ),
        ],
    )


def _hung(
    argument: interface.Argument,
    group: groups.Facts,
    scene: Scene,
    commits: committing.Scene,
    throttled: tuple[Prediction, ...],
) -> None:
    on = resource.member(group.id, scene.owner) if scene.owner else argument.about.resource
    stays: bool | Unknown = not scene.churn
    if stays and len(scene.ids) > 1:
        stays = Unknown("its partitions went from one member to another meanwhile")
    age = clients.one(argument.case.seen, group.id, scene.owner, "consumer.poll_age")
    idle = age if isinstance(age, Unknown) else age.latest
    polls = argument.fact("poll", "seconds since its last poll", idle, source="metrics")
    alive = _alive(argument, group, scene)
    late: bool | Unknown = (
        idle
        if isinstance(idle, Unknown)
        else idle >= argument.case.seen.observation.seconds("lag.stalled", "hold")
    )
    runs: tuple[Prediction, ...] = ()
    if scene.static is not None:
        # A static member that is dead looks just the same: only a second source tells.
        runs = (requires("its process runs and sends heartbeats", alive, scene.owners),)
    argument.weigh(
        "consumer.hung",
        f"{scene.called or 'A member'} stays in the group and does not get on.",
        requires("one and the same member owns it", stays, scene.owners, scene.members),
        requires(
            "nothing that it owns moves", not scene.same_member_moves, scene.moving, scene.owners
        ),
        scene.decodable(),
        stable.past_it(scene.stable),
        decides("it polls no more", late, polls),
        *((requires("it gets no records", False, commits.read),) if commits.reads is True else ()),
        *runs,
        *throttled,
        on=on,
        next=[
            interface.suggest(
                "diagnostics.collect", "A stack of its threads shows what it waits for."
            ),
            interface.suggest("workload.restart", f"Restart the instance behind {scene.called}."),
        ],
    )
