"""The series against a plain model: what comes and goes, what is unread, what stays immutable."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit import observations

from headgate.domain import history, snapshot, thresholds
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import fake
from headgate.observe import collector, series, watch
from headgate.ports import clock

START = datetime(2026, 11, 21, 4, tzinfo=UTC)
UNKNOWN = Unknown("not read")


@dataclass(frozen=True)
class Look:
    """What one sweep saw, in plain terms."""

    logs: Mapping[TopicPartition, tuple[int, int]] | None
    """(earliest, latest); None: partitions were not read."""
    commits: Mapping[tuple[str, TopicPartition], int] | None = None
    owners: Mapping[tuple[str, TopicPartition], str] | None = None
    """None: groups were not read."""
    leader: int = 1


def part(value: snapshot.T | Unknown, at: datetime) -> snapshot.Part[snapshot.T]:
    return snapshot.Part(value=value, source="kafka", how="test", at=at)


def seen_in(look: Look, number: int) -> snapshot.Snapshot:
    at = START + timedelta(seconds=5 * number)
    partitions: snapshot.Partitions | Unknown = UNKNOWN
    offsets: snapshot.Offsets | Unknown = UNKNOWN
    commits: snapshot.Commits | Unknown = UNKNOWN
    groups: snapshot.Groups | Unknown = UNKNOWN
    if look.logs is not None:
        names = sorted(look.logs)
        topics = sorted({name.topic for name in names})
        counts = [sum(name.topic == topic for name in names) for topic in topics]
        total = len(names)
        partitions = snapshot.Partitions(
            topics=tuple(topics),
            topic_ids=tuple(f"id-{topic}" for topic in topics),
            internal=np.zeros(len(topics), np.bool_),
            first=np.cumsum([0, *counts]).astype(np.int32),
            leader=np.full(total, look.leader, np.int32),
            leader_epoch=np.zeros(total, np.int32),
            replica_start=np.arange(total + 1, dtype=np.int32),
            replicas=np.ones(total, np.int32),
            isr_start=np.arange(total + 1, dtype=np.int32),
            isr=np.ones(total, np.int32),
        )
        offsets = snapshot.Offsets(
            earliest=np.array([look.logs[name][0] for name in names], np.int64),
            latest=np.array([look.logs[name][1] for name in names], np.int64),
        )
        if look.commits is not None:
            ids = sorted({group for group, _ in look.commits})
            rows = sorted(
                (ids.index(group), partitions.ordinal(name) or 0, offset)
                for (group, name), offset in look.commits.items()
                if name in look.logs
            )
            table = np.array(rows, np.int64).reshape(-1, 3)
            commits = snapshot.Commits(
                groups=tuple(ids),
                group_index=table[:, 0].astype(np.int32),
                ordinal=table[:, 1].astype(np.int32),
                offset=table[:, 2],
            )
    if look.owners is not None:
        ids = sorted({group for group, _ in look.owners} | {g for g, _ in look.commits or {}})
        groups = {group: group_of(group, look.owners) for group in ids}
    brokers = snapshot.Brokers(
        cluster_id="x",
        brokers=(
            snapshot.Broker(
                id=1,
                host="h",
                port=1,
                rack=None,
                listed=True,
                fenced=UNKNOWN,
                port_state="answers",
            ),
        ),
        controller=1,
    )
    return snapshot.Snapshot(
        cluster="x",
        at=at,
        took_s=0.1,
        brokers=part(brokers, at),
        partitions=part(partitions, at),
        offsets=part(offsets, at),
        configs=part(UNKNOWN, at),
        groups=part(groups, at),
        commits=part(commits, at),
    )


def group_of(group: str, owners: Mapping[tuple[str, TopicPartition], str]) -> snapshot.Group:
    members = sorted({member for (name, _), member in owners.items() if name == group})
    return snapshot.Group(
        id=group,
        kind="classic",
        state="Stable" if members else "Empty",
        protocol="consumer",
        coordinator=1,
        members=tuple(
            snapshot.Member(
                id=member,
                client_id="c",
                host="h",
                instance_id=None,
                assigned=tuple(
                    name for (g, name), owner in owners.items() if (g, owner) == (group, member)
                ),
            )
            for member in members
        ),
    )


NAMES = [TopicPartition(topic, number) for topic in ("a", "b") for number in range(3)]
LOGS = st.sampled_from(
    [
        [],
        NAMES[:1],
        NAMES[:3],
        NAMES[3:5],
        NAMES,
        [*NAMES[:2], *NAMES[3:]],
    ]
).flatmap(
    lambda names: st.fixed_dictionaries(
        {name: st.tuples(st.integers(0, 5), st.integers(5, 50)) for name in names}
    )
)
KEYS = st.tuples(st.sampled_from(["g", "h"]), st.sampled_from(NAMES))
LOOKS = st.builds(
    Look,
    logs=st.none() | LOGS,
    commits=st.none() | st.dictionaries(KEYS, st.integers(0, 9), max_size=4),
    owners=st.none() | st.dictionaries(KEYS, st.sampled_from(["m1", "m2", "m3"]), max_size=4),
    leader=st.integers(1, 2),
)


def check(past: history.History, looks: list[Look]) -> None:
    """The history says what the looks say, for every column that it has."""
    assert past.ends.shape == past.starts.shape == past.leaders.shape == past.isr_sizes.shape
    assert past.ends.shape == (len(looks), len(past.partitions))
    assert past.commits.shape == past.owners.shape == (len(looks), len(past.commit_keys))
    newest = next((look.logs for look in reversed(looks) if look.logs is not None), {})
    assert past.partitions == tuple(sorted(newest))
    lived = dict.fromkeys(newest, 0)
    for row, look in enumerate(looks):
        for name in lived:
            if look.logs is not None and name not in look.logs:
                lived[name] = row + 1  # gone and made again: what was before is not its history
    for row, look in enumerate(looks):
        for column, name in enumerate(past.partitions):
            known = look.logs is not None and name in look.logs and row >= lived[name]
            if look.logs is not None and known:
                assert past.starts[row, column] == look.logs[name][0]
                assert past.ends[row, column] == look.logs[name][1]
                assert past.leaders[row, column] == look.leader
                assert past.isr_sizes[row, column] == 1
            elif row >= lived[name]:
                assert past.ends[row, column] == past.starts[row, column] == history.UNREAD
                assert past.leaders[row, column] == history.UNREAD_LEADER
        for column, key in enumerate(past.commit_keys):
            read = look.commits is not None and look.logs is not None and key[1] in look.logs
            expected = (look.commits or {}).get(key, history.UNREAD) if read else history.UNREAD
            assert past.commits[row, column] == expected
    wanted = {
        key
        for look in looks
        if look.logs is not None and look.commits is not None
        for key in look.commits
        if key[1] in look.logs
    }
    assert wanted <= set(past.commit_keys)


def check_owners(past: history.History, looks: list[Look], since: int) -> None:
    for row in range(since, len(looks)):
        look = looks[row]
        for column, key in enumerate(past.commit_keys):
            owner = int(past.owners[row, column])
            if look.owners is None:
                assert owner == history.UNREAD_OWNER
            elif key in look.owners:
                assert past.member_ids[owner] == look.owners[key]
            else:
                listed = any(g == key[0] for g, _ in [*look.owners, *(look.commits or {})])
                assert owner == (history.NO_OWNER if listed else history.UNREAD_OWNER)


@settings(max_examples=60, deadline=None)
@given(st.lists(LOOKS, min_size=1, max_size=25))
def test_the_history_is_what_was_seen_and_stays_so(looks: list[Look]) -> None:
    kept = series.Series(30)
    handed_out: list[tuple[history.History, list[list[int]], list[list[int]]]] = []
    for number, look in enumerate(looks):
        kept.add(seen_in(look, number))
        past = kept.history()
        check(past, looks[: number + 1])
        check_owners(past, looks[: number + 1], number)
        handed_out.append((past, past.ends.tolist(), past.owners.tolist()))
    for past, ends, owners in handed_out:
        assert past.ends.tolist() == ends
        assert past.owners.tolist() == owners


@settings(max_examples=60, deadline=None)
@given(st.lists(LOOKS, min_size=1, max_size=40), st.integers(2, 8))
def test_a_short_window_shows_the_end_of_a_long_one(looks: list[Look], length: int) -> None:
    short, long = series.Series(length), series.Series(100)
    for number, look in enumerate(looks):
        seen = seen_in(look, number)
        short.add(seen)
        long.add(seen)
    near, far = short.history(), long.history()
    rows = min(length, len(looks))
    assert near.times.tolist() == far.times[-rows:].tolist()
    assert near.partitions == far.partitions
    for name in ("ends", "starts", "leaders", "isr_sizes"):
        assert getattr(near, name).tolist() == getattr(far, name)[-rows:].tolist()
    columns = [far.commit_keys.index(key) for key in near.commit_keys]
    assert near.commits.tolist() == far.commits[-rows:, columns].tolist()
    gone = set(range(len(far.commit_keys))) - set(columns)
    assert (far.commits[-rows:, sorted(gone)] == history.UNREAD).all()
    for row in range(rows):
        for place, column in enumerate(columns):
            one, other = int(near.owners[row, place]), int(far.owners[row - rows, column])
            if one == history.UNREAD_OWNER != other:
                # A column without a commit in the whole window was forgotten, its owners with it.
                assert near.commits[row, place] == history.UNREAD
            elif min(one, other) < 0:
                assert one == other
            else:
                assert near.member_ids[one] == far.member_ids[other]


LOG = {NAMES[0]: (0, 10), NAMES[1]: (0, 20)}


def test_a_topic_made_again_under_its_name_starts_empty() -> None:
    kept = series.Series(10)
    first = seen_in(Look(logs=LOG), 0)
    kept.add(first)
    partitions = first.partitions.value
    assert not isinstance(partitions, Unknown)
    again = seen_in(Look(logs=LOG), 1)
    kept.add(replace(again, partitions=part(replace(partitions, topic_ids=("other",)), again.at)))
    assert kept.history().ends.tolist() == [[-1, -1], [10, 20]]


def test_owners_and_members_through_a_rebalance() -> None:
    kept = series.Series(10)
    key = ("g", NAMES[0])
    commits = {key: 3, ("g", NAMES[1]): 4}
    for number, owners in enumerate([{key: "m1"}, {}, {key: "m2"}, None, {key: "m1"}]):
        kept.add(seen_in(Look(logs=LOG, commits=commits, owners=owners), number))
    past = kept.history()
    shown = [past.member_ids[o] if o >= 0 else int(o) for o in past.owners[:, 0]]
    assert shown == ["m1", -1, "m2", -2, "m1"]
    assert [sorted(sample.members) for sample in past.groups["g"]] == [["m1"], [], ["m2"], ["m1"]]


def test_member_ids_of_a_crash_loop_do_not_pile_up() -> None:
    kept = series.Series(20)
    key = ("g", NAMES[0])
    for number in range(500):
        look = Look(logs=LOG, commits={key: 3}, owners={key: f"m{number}"})
        kept.add(seen_in(look, number))
    past = kept.history()
    assert len(past.member_ids) <= 20 + 5
    assert [past.member_ids[o] for o in past.owners[:, 0]] == [f"m{n}" for n in range(480, 500)]


def test_groups_that_are_gone_leave_the_window() -> None:
    kept = series.Series(8)
    both = {("g", NAMES[0]): 3, ("h", NAMES[1]): 4}
    for number in range(40):
        commits = both if number < 5 else {("g", NAMES[0]): 3}
        kept.add(seen_in(Look(logs=LOG, commits=commits, owners={}), number))
    past = kept.history()
    assert past.commit_keys == (("g", NAMES[0]),)
    assert set(past.groups) == {"g"}


def test_times_rise_even_when_the_clock_does_not() -> None:
    kept = series.Series(8)
    for _ in range(5):
        kept.add(seen_in(Look(logs=LOG), 0))
    assert (np.diff(kept.history().times) > 0).all()


def test_a_history_cannot_be_written_to() -> None:
    kept = series.Series(8)
    kept.add(seen_in(Look(logs=LOG, commits={("g", NAMES[0]): 3}, owners={}), 0))
    past = kept.history()
    for name in ("times", "ends", "starts", "leaders", "isr_sizes", "commits", "owners"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(past, name)[...] = 0


def test_samples_reach_a_quarter_of_an_hour_back() -> None:
    assert series.window(5.0) == 180
    assert series.window(60.0) == 24
    assert series.window(0.01) == 2_000


def test_ten_thousand_partitions_and_five_thousand_commits_stay_below_50_mb() -> None:
    names = [
        TopicPartition(f"t{topic:04}", number) for topic in range(1000) for number in range(10)
    ]
    keys = [
        (f"g{group:03}", names[group * 10 + number]) for group in range(500) for number in range(10)
    ]
    kept = series.Series(series.window(5.0))
    base = seen_in(
        Look(
            logs=dict.fromkeys(names, (0, 100)),
            commits=dict.fromkeys(keys, 50),
            owners={key: f"{key[0]}-m" for key in keys},
        ),
        0,
    )
    for number in range(250):
        at = base.at + timedelta(seconds=5 * number)
        offsets = base.offsets.value
        assert not isinstance(offsets, Unknown)
        moved = replace(offsets, latest=offsets.latest + number)
        kept.add(replace(base, offsets=part(moved, at)))
    assert kept.history().ends.shape == (180, 10_000)
    assert kept.nbytes < 50e6


def test_a_watch_turns_sweeps_into_observations() -> None:
    cluster = fake.Fake("main")
    cluster.add_topic("orders")
    source = collector.Collector(cluster, clock=clock.SystemClock(), interval_s=5)
    limits = thresholds.Thresholds(cluster={"lag.growing": {"hold": "1s"}})
    looking = watch.Watch(source, environment="lab", limits=limits)
    before = looking.latest
    assert before is None
    for count in (1, 2, 3):
        cluster.fill("orders", 0, 1)
        seen = looking.look()
        assert len(seen.history.times) == count
    assert looking.latest is seen
    assert seen.history.ends[:, 0].tolist() == [1, 2, 3]
    assert (seen.environment, seen.interval_s) == ("lab", 5)
    assert seen.seconds("lag.growing", "hold") == 1.0


@settings(max_examples=40)
@given(st.lists(LOOKS, min_size=1, max_size=40), st.integers(200, 3_000))
def test_large_samples_are_thinned_and_those_left_are_as_they_were(
    looks: list[Look], most_bytes: int
) -> None:
    whole, thin = series.Series(30), series.Series(30, most_bytes=most_bytes)
    for number, look in enumerate(looks):
        seen = seen_in(look, number)
        whole.add(seen)
        thin.add(seen)
    full, left = whole.history(), thin.history()
    assert left.times[-1] == full.times[-1]
    # what is beyond the window of the whole one may linger for one thinning
    rows = np.searchsorted(full.times, left.times)
    there = full.times[np.minimum(rows, len(full.times) - 1)] == left.times
    assert left.partitions == full.partitions
    for name in ("ends", "starts", "leaders", "isr_sizes"):
        expected, found = getattr(full, name)[rows[there]], getattr(left, name)[there]
        assert np.array_equal(expected, found), name
    for column, key in enumerate(left.commit_keys):
        other = full.commit_keys.index(key)
        found = left.commits[there, column]
        assert np.array_equal(full.commits[rows[there], other], found)


def test_a_large_cluster_stays_within_its_memory_and_reaches_as_far_back() -> None:
    wide = {TopicPartition("a", number): (0, number) for number in range(500)}
    kept = series.Series(180, most_bytes=400_000)  # 50 samples of 8,000 bytes
    held = []
    for number in range(400):
        kept.add(seen_in(Look(logs=wide), number))
        held.append(kept.nbytes)
    past = kept.history()
    assert max(held) < 500_000
    assert past.span_s >= 0.8 * 180 * 5
    newest = past.times[past.times > past.times[-1] - 100]
    assert (np.diff(newest) == 5).all(), "the newest samples are all there"


def test_where_a_share_group_starts_is_kept_and_of_others_nothing() -> None:
    scene = observations.Scene(samples=3)
    scene.topic("orders", 1)
    scene.follow("billing", "orders")
    scene.group("picking", "p1", kind="share", protocol="share")
    held = {TopicPartition("orders", 0): snapshot.ShareStart(offset=7, lag=3)}
    scene.shares["picking"] = lambda _: held
    window = series.Series(4)
    window.add(scene.seen().snapshot)
    groups = window.history().groups
    assert groups["picking"][-1].starts == held
    assert groups["billing"][-1].starts is None
