"""Why a group stands still: stopped, hung, crashing, or before a record that it cannot read.

Facts that decide, from ``lag.stalled`` and ``lag.stopped``: whether a member owns the partition,
whether its id is always the same one, whether its other partitions move, and whether the record at
the commit decodes as its neighbours do.
"""

from typing import ClassVar

import numpy as np

from headgate.detect import words
from headgate.diagnose import interface
from headgate.diagnose.consumers import groups, neighbours, records
from headgate.diagnose.pipelines import sinks
from headgate.domain import diagnosis, finding, resource
from headgate.domain.unknown import Unknown

_WATCH_S = 300.0
_LSO = "the last stable offset (an open transaction would hold readers there): not read"
_CLIENT = "the consumer's own metrics and log: no address of them is known"


class Standstill:
    """Explains commits that do not move."""

    explains: ClassVar[tuple[str, ...]] = ("lag.stalled", "lag.stopped")

    def questions(
        self, about: finding.Finding, case: interface.Case
    ) -> tuple[diagnosis.Question, ...]:
        """Whether the next records decode, where a member stands before them."""
        if about.code == "lag.stalled" or sinks.failed(case, about.resource.id):
            return records.questions(case, about)
        return ()

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Causes of the standstill; those of its tasks where the group is a sink's."""
        sink = sinks.of_group(case, about)
        if sink is not None:
            return sink
        argument = interface.Argument(case, about)
        group = groups.facts(case, about.resource.id)
        neighbours.blocked_by_brokers(argument, group)
        if about.code == "lag.stalled":
            _stalled(argument, group)
        else:
            _stopped(argument, group)
        return argument.explained()


def _stalled(argument: interface.Argument, group: groups.Facts) -> None:
    scene = _Scene(argument, group)
    if argument.case.on(argument.about.resource, "group.offset_out_of_range"):
        argument.cause(
            "offset.out_of_range",
            "confirmed",
            f"{group.id} stands at an offset that is no longer in the log.",
            for_=argument.own(*scene.commits),
        )
    _poison(argument, group, scene)
    _crash_loop(argument, group, scene)
    _hung(argument, group, scene)
    neighbours.downstream(argument, group)
    argument.cause(
        "consumer.slow",
        "ruled_out",
        "A slow consumer still commits; here the offset does not move.",
        against=argument.own(*scene.commits),
    )
    argument.cause(
        "consumer.stopped",
        "ruled_out",
        "A member owns the partition.",
        against=(scene.owners,),
    )


class _Scene:
    """What is to be seen around partitions that stand still."""

    def __init__(self, argument: interface.Argument, group: groups.Facts) -> None:
        about, case = argument.about, argument.case
        self.next = records.before(case, about)
        self.bad = [item for item in self.next if item.undecodable]
        self.unread = [item for item in self.next if item.why_not_read]
        self.sound = bool(self.next) and all(item.sound for item in self.next)
        self.commits = tuple(f"commit-{item.name}" for item in self.next)
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


def _poison(argument: interface.Argument, group: groups.Facts, scene: _Scene) -> None:
    ids = [
        argument.fact(
            f"record-{item.name}-{item.offset}",
            f"whether the record of {item.name} at offset {words.count(item.offset)} decodes "
            "as its neighbours do",
            item.answer.decodes if not isinstance(item.answer, Unknown) else item.answer,
            source="records",
            how=f"Fetch {item.name} from offset {item.offset}, without a group",
        )
        for item in scene.next
    ]
    about = resource.partition(scene.bad[0].name) if scene.bad else argument.about.resource
    if scene.bad:
        first = scene.bad[0]
        assert not isinstance(first.answer, Unknown)  # noqa: S101  # `undecodable` looked
        restarts = f", the same after {words.many(scene.crashes, 'restart')}" if scene.churn else ""
        argument.cause(
            "record.poison",
            "confirmed",
            f"{first.name} stands at offset {words.count(first.offset)}{restarts}; that record "
            f"does not decode ({first.answer.why or 'unlike its neighbours'}), "
            f"{words.many(first.answer.neighbours, 'neighbour')} of it do.",
            on=about,
            for_=(*ids, *argument.own(*scene.commits), scene.members),
            not_looked_at=(_LSO,),
            next=[_quarantine(group.id, item) for item in scene.bad]
            + [interface.suggest("owner.notify", "The producer writes what the reader cannot.")],
        )
    elif scene.sound:
        argument.cause(
            "record.poison",
            "ruled_out",
            "The record that it stands before decodes as its neighbours do.",
            against=ids,
        )
    else:
        why = scene.unread[0].why_not_read if scene.unread else "no record was asked for"
        likely = scene.churn and scene.others_move > 0
        argument.cause(
            "record.poison",
            "likely" if likely else "possible",
            "Its members die and come back while one place does not move."
            if likely
            else "It may stand before a record that it cannot read.",
            on=resource.partition(scene.next[0].name) if scene.next else about,
            for_=(*argument.own(*scene.commits), scene.members, scene.moving) if likely else (),
            not_looked_at=(f"the record that it stands before: {why}", _LSO),
            next=[interface.suggest("owner.notify", "Read the record, then decide.")],
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


def _crash_loop(argument: interface.Argument, group: groups.Facts, scene: _Scene) -> None:
    beat = f", about every {words.duration(group.beat_s)}" if group.beat_s else ""
    if not scene.churn:
        argument.cause(
            "consumer.crash_loop",
            "ruled_out",
            "Its members are the same ones all the time.",
            against=(scene.members, scene.owners),
        )
    elif scene.bad:
        argument.cause(
            "consumer.crash_loop",
            "ruled_out",
            "It does crash again and again, but because of the record that it cannot read.",
            against=[
                f"{argument.about.code}/{argument.about.resource.id}/why/"
                f"record-{item.name}-{item.offset}"
                for item in scene.bad
            ],
        )
    else:
        argument.cause(
            "consumer.crash_loop",
            "likely" if scene.sound else "possible",
            f"Members of {group.id} come and go{beat}: {scene.crashes} came and were gone "
            "again" + (", and the record that they stand before decodes." if scene.sound else "."),
            for_=(scene.members, scene.owners),
            not_looked_at=(_CLIENT,),
            next=[
                interface.suggest("diagnostics.collect", "The crash is in the consumer's log."),
                interface.suggest("owner.notify", f"{group.id} crashes again and again."),
            ],
        )


def _hung(argument: interface.Argument, group: groups.Facts, scene: _Scene) -> None:
    on = resource.member(group.id, scene.owner) if scene.owner else argument.about.resource
    if not scene.churn and not scene.bad and len(scene.ids) > 1:
        argument.cause(
            "consumer.hung",
            "possible",
            "Its partitions went from one member to another meanwhile, and neither moved on.",
            on=on,
            not_looked_at=(_CLIENT,),
        )
        return
    if scene.churn or scene.same_member_moves or scene.bad:
        reason, against = (
            ("Its members come and go; a hung one stays.", (scene.members, scene.owners))
            if scene.churn
            else (
                "The same member goes on reading its other partitions.",
                (scene.moving, scene.owners),
            )
            if scene.same_member_moves
            else ("The record that it stands before cannot be read.", (scene.owners,))
        )
        argument.cause("consumer.hung", "ruled_out", reason, on=on, against=against)
        return
    unread = (
        (f"the record that it stands before: {scene.unread[0].why_not_read}",)
        if scene.unread
        else ()
    )
    argument.cause(
        "consumer.hung",
        "likely",
        "One and the same member owns the partition, stays in the group, and commits nothing on "
        "any partition that it owns.",
        on=on,
        for_=(scene.owners, scene.members, *argument.own(*scene.commits)),
        not_looked_at=(*unread, _CLIENT, _LSO),
        next=[
            interface.suggest(
                "diagnostics.collect", "A stack of its threads shows what it waits for."
            ),
            interface.suggest("workload.restart", f"Restart the instance behind {scene.called}."),
        ],
    )


def _stopped(argument: interface.Argument, group: groups.Facts) -> None:
    about = argument.about
    places = group.places(about.partitions)
    wrote = bool((np.nan_to_num(group.in_rate[places]) > 0).any())
    members = argument.fact(
        "members",
        f"members of {group.id}",
        group.members,
        how="DescribeGroups",
    )
    written = argument.fact(
        "written", "whether records were written there meanwhile", wrote, source="history"
    )
    count = group.members
    state = "not known" if isinstance(group.group, Unknown) else group.group.state
    planned = [
        item
        for item in argument.case.seen.observation.planned
        if item.resource == str(about.resource)
    ]
    if planned:
        argument.cause(
            "deploy.rolling",
            "likely",
            f"{planned[-1].what} is on the timeline.",
            for_=(
                argument.fact("planned", "on the timeline", planned[-1].what, source="timeline"),
            ),
            next=[interface.watch(about.resource, _WATCH_S, "It should come back by itself.")],
        )
    if isinstance(count, Unknown):
        argument.cause(
            "consumer.stopped",
            "possible",
            f"{group.id} may have no member.",
            not_looked_at=(f"its members: {count.reason}",),
        )
    elif count == 0:
        argument.cause(
            "consumer.stopped",
            "confirmed" if wrote else "likely",
            f"{group.id} has no member (state {state})"
            + (", and records go on arriving." if wrote else "; nothing new arrives either."),
            for_=(members, written),
            not_looked_at=("why the process ended: no actuator of it is declared",),
            next=_start_again(about, group.id),
        )
    else:
        argument.cause(
            "consumer.stopped",
            "ruled_out",
            f"{group.id} has {words.many(count, 'member')}.",
            against=(members,),
        )
    abandoned = not wrote or (not isinstance(count, Unknown) and count > 0)
    argument.cause(
        "resource.abandoned",
        ("likely" if not isinstance(count, Unknown) and count > 0 else "possible")
        if abandoned
        else "ruled_out",
        "Its members own other partitions and none of these: they no longer subscribe to them."
        if not isinstance(count, Unknown) and count > 0
        else "Nothing was written or read there in all the time looked at."
        if abandoned
        else "Records go on arriving.",
        for_=(members, written) if abandoned else (),
        against=() if abandoned else (written,),
        not_looked_at=("how long ago it last committed: longer than Headgate has looked",)
        if abandoned
        else (),
        next=[interface.suggest("owner.notify", f"Ask whether {group.id} is still needed.")],
    )
    argument.cause(
        "consumer.hung",
        "ruled_out",
        "No member owns the partition; a hung one would.",
        against=(members,),
    )


def _start_again(about: finding.Finding, group_id: str) -> list[diagnosis.Suggestion]:
    steps = [
        interface.suggest("owner.notify", f"{group_id} stopped: start it again."),
        interface.suggest("workload.restart", f"Start the application behind {group_id}."),
    ]
    if about.deadline is not None:
        steps.append(
            interface.suggest(
                "topic.extend_retention",
                f"Records are lost from {about.deadline:%Y-%m-%d %H:%M} UTC if it is not back.",
            )
        )
    return steps
