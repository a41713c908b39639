"""What other groups and the brokers do: causes that no single group can show."""

import numpy as np
from numpy.typing import NDArray

from headgate.detect import words
from headgate.detect.cluster import absence
from headgate.detect.consumers import ages, coordinators, lags
from headgate.diagnose import hypothesis, interface
from headgate.diagnose.cluster import brokers
from headgate.diagnose.consumers import groups
from headgate.domain import finding, resource
from headgate.domain.unknown import Unknown

_FAILOVER_S = 30.0
"""A group that came to stand so soon after a broker left may have lost its coordinator or leader:
a broker session is 9 s, and clients take as long again to find the new one (seen in the lab)."""
_RECOVERED_S = 300.0
"""So long after a broker left, clients have found the new one: then something else holds them."""
_TOGETHER_S = 60.0
"""Trouble that began within so many seconds of each other may have one cause."""
_FAR = np.iinfo(np.int64).max
_SMALL = 0.2
"""Lag of this share of what it is now is as good as none: it began to grow then."""
_SHARING = 2
"""Besides it, so many that fail together likely share something."""
_WRONG = ("lag.stalled", "lag.stopped", "lag.growing")


def downstream(argument: interface.Argument, group: groups.Facts) -> None:
    """Weighs an outage of something that several groups depend on, by who else waits."""
    about, case = argument.about, argument.case
    mine = about.resource
    others, with_it = _others(case, about)
    healthy = _healthy(case, group.id)
    waits = argument.fact(
        "others-wait",
        "other groups and tasks that began to fail at the same time",
        words.names(others) or "none",
        source="history",
    )
    names = words.names([each.id for each in others])
    text = (
        f"{names} began to fail at the same time: they may depend on one thing."
        if others
        else "What its handler calls does not answer."
    )
    together: bool | Unknown
    if with_it:
        together = True
    elif others:
        together = Unknown("the look is too short to see who began when")
    elif healthy:
        together = False
    else:
        together = Unknown("no other group reads, so it cannot be compared")
    shared: tuple[hypothesis.Prediction, ...] = ()
    if together is True and len(others) < _SHARING:
        reason = Unknown("what they depend on is not declared")
        shared = (hypothesis.requires("both depend on one thing", reason),)
    argument.weigh(
        "downstream.outage",
        text,
        hypothesis.requires("others that need it began to fail with it", together, waits),
        *shared,
        hypothesis.decides(
            "what it calls does not answer", Unknown("what its handler calls is not declared")
        ),
        next=[interface.watch(mine, 300, "It should go on when what it calls answers.")],
    )


def _others(case: interface.Case, about: finding.Finding) -> tuple[list[resource.Resource], bool]:
    """(What else began to fail within a minute of it or nobody saw when, whether any surely did).

    In a one-shot look only what was timed can tell.
    """
    # five hundred groups that fail together ask this of each other: begun is found once for all
    failing, began = case.once("onsets", lambda: _onsets(case))
    own = _onset(case, about)
    untold = np.isnan(began) | (own is None)
    near = untold | (np.abs(began - (own or 0.0)) <= _TOGETHER_S)
    other = [at for at in np.flatnonzero(near).tolist() if failing[at] != about.resource]
    return [failing[at] for at in other], not untold[other].all()


def _onsets(
    case: interface.Case,
) -> tuple[tuple[resource.Resource, ...], NDArray[np.float64]]:
    """What fails, by name, and when that began, in Unix seconds; NaN: nobody saw it."""
    failing = case.findings("lag.stalled", "lag.growing", "connect.task_failed")
    found = {
        item.resource: _onset(case, item)
        for item in sorted(failing, key=lambda item: str(item.resource))
    }
    began = [np.nan if at is None else at for at in found.values()]
    return tuple(found), np.array(began, dtype=np.float64)


def _onset(case: interface.Case, item: finding.Finding) -> float | None:
    """When the trouble began, Unix seconds; None: nobody saw it. Computed once per look."""
    return case.once(("onset", item.key), lambda: _began(case, item))


def _began(case: interface.Case, item: finding.Finding) -> float | None:
    """Of lag that grows, when it was last a small part of what it is, for its finding begins with
    the window; of a standstill that is older than a one-shot look, when the record was written
    that should have been read next; else since when it is found."""
    seen, since = case.seen, item.since.timestamp()
    times = seen.history.times
    growing = item.code == "lag.growing"
    seen_begin = len(times) > 0 and since > times[0] + seen.sample_s
    if item.resource.kind != "group" or (
        not growing and (seen_begin or seen.observation.cut_s is None)
    ):
        return since
    now = lags.now(seen)
    if isinstance(now, Unknown):
        return None
    wanted, keys = set(item.partitions), seen.history.commit_keys
    mine = now.of_group(item.resource.id)
    columns = np.array([c for c in mine.tolist() if keys[c][1] in wanted and now.lag[c] > 0], int)
    if not len(columns):
        return None
    if growing:
        whole = slice(0, len(times))
        commits = lags.commits_of(seen, columns, whole)
        ends = lags.ends_of(seen, now, columns, whole)
        known = (commits >= 0) & (ends >= 0)
        total = np.where(known, np.maximum(ends - commits, 0), 0).sum(axis=1)
        small = np.flatnonzero(known.all(axis=1) & (total <= _SMALL * total[-1]))
        return float(times[small[-1]]) if len(small) else None
    found = ages.of_columns(seen, now, columns)
    exact = ages.exact(found)
    return float(seen.now - found.age_s[exact].max()) if exact.any() else None


def _healthy(case: interface.Case, but: str) -> bool:
    """Whether other groups read on and have no lag finding."""
    found: frozenset[str] = case.once("healthy", lambda: frozenset(_reading(case)))
    return len(found) > (but in found)


def _reading(case: interface.Case) -> tuple[str, ...]:
    wrong = {item.resource.id for item in case.findings(*_WRONG)}
    past = case.seen.history
    rows = case.seen.rows(case.seen.observation.seconds("lag.growing", "window"))
    commits = past.commits[rows]
    if not len(commits):
        return ()
    high, low = commits[0].copy(), np.full(commits.shape[1], np.iinfo(np.int64).max)
    for row in commits:  # one after the other: all of them are more than a processor's cache
        np.maximum(high, row, out=high)
        np.minimum(low, row, out=low, where=row >= 0)
    moving = high > low
    places = past.places
    names = [places.groups[place] for place in np.unique(places.group_of[moving]).tolist()]
    return tuple(name for name in names if name not in wrong)


def blocked_by_brokers(argument: interface.Argument, group: groups.Facts) -> None:
    """Weighs a coordinator and a leader that are gone."""
    case, about = argument.case, argument.about
    _coordinator(argument, group)
    offline = [
        item
        for item in case.findings("partition.offline")
        if set(item.partitions) & set(about.partitions)
    ]
    if not offline:
        return
    without = sorted({name for item in offline for name in item.partitions} & set(about.partitions))
    shown = [fact.id for item in offline for fact in item.evidence]
    argument.weigh(
        "replica.no_safe_leader",
        f"{words.partitions(without)} has no leader, so nobody can read it.",
        hypothesis.decides("the partition that it stands on has no leader", True, *shown),
        on=resource.partition(without[0]),
        next=[interface.suggest("incident.channel", "Give the partition a leader first.")],
    )


def _was(
    case: interface.Case, group_id: str, broker: int, down: finding.Finding, when: str
) -> hypothesis.Prediction:
    """That the broker coordinated the group until it left."""
    before = coordinators.earlier(case.seen, group_id, down.since.timestamp() - _FAILOVER_S)
    held = before if isinstance(before, Unknown) else before == broker
    kind = hypothesis.requires if held is False else hypothesis.decides
    return kind("that broker coordinated it", held, when)


def _none_since(
    argument: interface.Argument, group: groups.Facts, broker: int
) -> hypothesis.Prediction:
    """That no commit of the group moved since the broker left: one that did found a coordinator.

    What moved by the look after that may have been on its way.
    """
    seen = argument.case.seen
    down = brokers.down(argument.case).get(broker)
    left_at = absence.since(seen, broker, absence.dead) if down is None else down.since.timestamp()
    first = int(np.searchsorted(seen.history.times, left_at + seen.sample_s))
    after = seen.history.commits[first:, group.columns]
    read = after >= 0
    highest = np.where(read, after, -1).max(axis=0, initial=-1)
    moved = (highest > np.where(read, after, highest).min(axis=0, initial=_FAR)) & (highest >= 0)
    unread = Unknown(f"its commits were not read since broker {broker} left")
    known = bool(read.any())
    fact = argument.fact(
        f"commits-after-broker-{broker}",
        f"partitions of {group.id} on which it has committed since broker {broker} left",
        int(moved.sum()) if known else unread,
        source="history",
    )
    says = "it commits nowhere since"
    if not known:  # as where nobody coordinates it: that speaks for neither
        return hypothesis.expects(says, unread)
    return hypothesis.requires(says, not moved.any(), fact)


def _coordinator(argument: interface.Argument, group: groups.Facts) -> None:
    """The coordinator that does not work, or a broker that left just before."""
    case, about = argument.case, argument.about
    dead = brokers.troubled(case)
    found = Unknown("") if isinstance(group.group, Unknown) else group.group.coordinator
    wait = interface.watch(about.resource, 60, "A new coordinator takes over by itself.")
    if not isinstance(found, Unknown) and found in dead:
        fact = argument.fact(
            "coordinator",
            f"what shows that coordinator {found} does not work",
            dead[found],
            how="FindCoordinator",
        )
        argument.weigh(
            "coordinator.unavailable",
            f"Broker {found}, which coordinates {group.id}, does not work: {dead[found]}.",
            hypothesis.requires("its coordinator does not work", True, fact),
            hypothesis.decides("without one it cannot commit", True, fact),
            _none_since(argument, group, int(found)),
            on=brokers.broker(found),
            next=[wait],
        )
        return
    if _comes_and_goes(argument, group, found):
        return
    if waits := coordinators.waits_for(case.seen, group.id, dead):
        names = words.names([f"broker {each}" for each in sorted(waits)])
        fact = argument.fact(
            "in-sync",
            f"brokers that are gone and in sync where the commits of {group.id} are written",
            words.names([f"{each}: {dead[each]}" for each in sorted(waits)]),
            how="Metadata",
        )
        argument.weigh(
            "coordinator.unavailable",
            f"The commits of {group.id} wait for {names}: gone, and still counted as in sync.",
            hypothesis.requires("what it commits to holds a broker that is gone", True, fact),
            hypothesis.decides("commits wait for every broker in sync (acks=all)", True, fact),
            _none_since(argument, group, min(waits)),
            on=brokers.broker(min(waits)),
            next=[wait],
        )
        return
    left = False
    for each, down in brokers.down(case).items():
        late_s = (about.since - down.since).total_seconds()
        if not -_FAILOVER_S <= late_s <= _FAILOVER_S:
            continue
        left = True
        fresh = (case.seen.at - down.since).total_seconds() <= _RECOVERED_S
        when = argument.fact(
            f"after-broker-{each}",
            f"seconds between broker {each} leaving and the group's last commit",
            round(late_s),
            unit="s",
            source="history",
        )
        argument.weigh(
            "coordinator.unavailable",
            f"It came to stand when broker {each} left, which may have coordinated it.",
            hypothesis.expects(
                "it came to stand when the broker left",
                True,
                when,
                *(item.id for item in down.evidence),
            ),
            hypothesis.expects("clients have had no time yet to find the new one", fresh, when),
            _was(case, group.id, each, down, when),
            _none_since(argument, group, each),
            on=brokers.broker(each),
            next=[wait],
        )
    if not left:
        fact = argument.fact(
            "coordinator", f"broker that coordinates {group.id}", found, how="FindCoordinator"
        )
        works: bool | Unknown = found if isinstance(found, Unknown) else False
        argument.weigh(
            "coordinator.unavailable",
            f"The coordinator of {group.id} does not work.",
            hypothesis.requires("its coordinator does not work", works, fact),
        )


def _comes_and_goes(
    argument: interface.Argument, group: groups.Facts, coordinator: int | Unknown
) -> bool:
    """Weighs a coordinator that stands still again and again; False: it is none.

    While it stands, it takes no commit and no heartbeat: members whose session ends meanwhile are
    put out of the group.
    """
    about = argument.about
    for item in argument.case.findings("isr.flapping"):
        if isinstance(coordinator, Unknown) or item.resource != brokers.broker(coordinator):
            continue
        fact = argument.fact(
            "comes-and-goes",
            f"seconds from the first time that coordinator {coordinator} left the in-sync replicas "
            "to the group's last commit",
            round((about.since - item.since).total_seconds()),
            unit="s",
            source="history",
        )
        argument.weigh(
            "coordinator.unavailable",
            f"Broker {coordinator}, which coordinates {group.id}, stands still again and again.",
            hypothesis.requires("its coordinator comes and goes", True, fact),
            hypothesis.requires(
                "it came to stand after that began", about.since >= item.since, fact
            ),
            hypothesis.decides("meanwhile nobody can commit or stay a member", True, fact),
            on=brokers.broker(coordinator),
            next=[
                interface.watch(about.resource, 60, "It is back once its coordinator is steady.")
            ],
        )
        return True
    return False
