"""The timeline, what was last known, and restore points, on both databases."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from alembic import command
from alembic import config as alembic_config
from tests.unit.domain import test_differences as looks
from tests.unit.domain import test_restore as points

from headgate.domain import (
    differences,
    known,
    observation,
    quorum,
    restore,
    snapshot,
    storage,
    timeline,
)
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown
from headgate.ports import store as ports
from headgate.store import codec, database, migrate, tables

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def entry(number: int, **fields: Any) -> timeline.Entry:
    given: dict[str, Any] = {
        "at": NOW + timedelta(seconds=number),
        "resource": Resource("topic", f"orders-{number % 3}"),
        "kind": "config",
        "what": "retention.ms was changed",
        "before": "1000",
        "after": str(number),
        "source": "kafka",
        "since": NOW,
        **fields,
    }
    return timeline.Entry(**given)


def every(store: database.Database, **wanted: Any) -> list[timeline.Entry]:
    found: list[timeline.Entry] = []
    cursor = ""
    while True:
        with store.read() as work:
            page = work.timeline.page("lab", cursor=cursor, **wanted)
        found += page.items
        cursor = page.next_cursor
        if not cursor:
            return found


def test_entries_come_back_as_they_were_newest_first(store: database.Database) -> None:
    made = [
        entry(1),
        entry(2, away=True, since=None, times=3, last_at=NOW),
        entry(3, kind="group", resource=Resource("group", "a:b/c"), source="connect"),
    ]
    with store.begin() as work:
        assert len(set(work.timeline.add("lab", made))) == 3
        work.timeline.add("other", [entry(9)])
    assert every(store, limit=2) == made[::-1]


def test_entries_of_one_moment_are_paged_whole(store: database.Database) -> None:
    made = [entry(0, after=str(number)) for number in range(7)]
    with store.begin() as work:
        work.timeline.add("lab", made)
    assert [one.after for one in every(store, limit=3)] == list("6543210")


def test_deploys_stand_on_the_same_timeline(store: database.Database) -> None:
    with store.begin() as work:
        work.timeline.add("lab", [entry(1)])
        for resource in ("", "group:billing"):
            deed = observation.Planned(at=NOW, what="billing 4.2", resource=resource)
            work.timeline.post("lab", deed, by="token:ci/ci")
    with store.read() as work:
        assert len(work.timeline.since("lab", NOW)) == 2, "what was seen is no deed"
    found = every(store, kinds=("deploy",))
    assert [(str(one.resource), one.source, one.by) for one in found] == [
        ("group:billing", "timeline", "token:ci/ci"),
        ("cluster:lab", "timeline", "token:ci/ci"),
    ]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({"resource": "topic:orders-1"}, [4, 1]),
        ({"text": "ORDERS-1"}, [4, 1]),
        ({"text": "100%"}, [5]),
        ({"text": "_"}, []),
        ({"since": NOW + timedelta(seconds=3), "until": NOW + timedelta(seconds=4)}, [4, 3]),
        ({"kinds": ["acl", "quota"]}, []),
    ],
)
def test_entries_are_filtered(
    store: database.Database, wanted: dict[str, Any], numbers: list[int]
) -> None:
    with store.begin() as work:
        work.timeline.add("lab", [entry(number) for number in range(5)])
        work.timeline.add("lab", [entry(5, what="100% of it moved", after="")])
    assert [int((one.at - NOW).total_seconds()) for one in every(store, **wanted)] == numbers


def test_an_entry_is_amended(store: database.Database) -> None:
    with store.begin() as work:
        (number,) = work.timeline.add("lab", [entry(1)])
        work.timeline.amend(number, entry(1, times=2, after="again"))
    assert every(store) == [entry(1, times=2, after="again")]


def test_the_timeline_is_bounded(store: database.Database) -> None:
    with store.begin() as work:
        work.timeline.add("lab", [entry(number) for number in range(10)])
        work.timeline.add("other", [entry(0)])
        for number in range(3):
            deed = observation.Planned(
                at=NOW + timedelta(seconds=number), what=f"v{number}", resource=""
            )
            work.timeline.post("lab", deed, by="ci")
    with store.begin() as work:
        assert work.timeline.prune("lab", before=NOW + timedelta(seconds=1), keep=4) == 7
    assert [one.what if one.kind == "deploy" else one.after for one in every(store)] == [
        "9",
        "8",
        "7",
        "6",
        "v2",
        "v1",
    ]


def whole() -> snapshot.Snapshot:
    seen = points.seen(
        registries=looks.registered(looks.subject(1)),
        quorum=looks.part(
            quorum.Quorum(
                leader=1,
                epoch=2,
                high_watermark=3,
                voters=(quorum.Replica(id=1, log_end=5, lag=Unknown("not told")),),
                observers=(),
            )
        ),
        features=looks.part(
            quorum.Features(
                features=(quorum.Feature(name="metadata.version", finalized=1, supported=(1, 2)),),
                versions={1: "4.3", 2: Unknown("broker 2 did not answer")},
            )
        ),
        log_dirs=looks.part(
            known.log_dirs(
                (
                    storage.LogDir(
                        broker=1, path="/a", total_bytes=Unknown("old broker"), usable_bytes=1
                    ),
                )
            )
        ),
    )
    return dataclasses.replace(seen, version="4.3")


def test_what_was_last_known_comes_back(store: database.Database) -> None:
    seen = whole()
    kept = known.reduced(seen)
    with store.begin() as work:
        assert work.looks.get("lab") is None
        work.looks.put(dataclasses.replace(kept, at=NOW))
        work.looks.put(kept)
    with store.read() as work:
        back = work.looks.get("lab")
    assert back is not None
    assert (back.at, back.version) == (seen.at, "4.3")
    for name, part in kept.parts().items():
        if name not in ("partitions", "log_dirs") and not isinstance(part.value, Unknown):
            assert back.parts()[name].value == part.value, name
    was, now = kept.partitions.value, back.partitions.value
    assert isinstance(was, snapshot.Partitions)
    assert isinstance(now, snapshot.Partitions)
    assert np.array_equal(was.replicas, now.replicas)
    assert back.log_dirs.value.dirs == kept.log_dirs.value.dirs  # type: ignore[union-attr]  # read
    assert differences.compare(back, seen) == (), "nothing changed while Headgate was away"
    other = dataclasses.replace(seen, acls=looks.part(()))
    assert [one.kind for one in differences.compare(back, other)] == ["acl"]


def test_what_another_headgate_wrote_is_an_error_not_a_lie(store: database.Database) -> None:
    with store.begin() as work:
        work.looks.put(known.reduced(whole()))
    engine = sa.create_engine(store.url)
    with engine.begin() as connection:
        connection.execute(sa.update(tables.LOOKS).values(body=b"not ours"))
    engine.dispose()
    with store.read() as work, pytest.raises(ports.StoreError, match="cannot be read"):
        work.looks.get("lab")


def taken(number: int, *, change: str = "", **changed: Any) -> restore.Packed:
    at = NOW + timedelta(minutes=number)
    return restore.point(f"rp-{number:03}", points.seen(**changed), at=at, change=change)


def test_a_point_comes_back_with_its_contents(store: database.Database) -> None:
    packed = taken(1, acls=looks.part(Unknown("not authorised")))
    with store.begin() as work:
        assert work.restore_points.put(packed) == packed.point
    with store.read() as work:
        point = work.restore_points.get("rp-001")
        assert point == packed.point
        assert work.restore_points.contents(point) == points.contents(packed)
        assert work.restore_points.get("rp-999") is None


def test_a_point_at_which_nothing_changed_lengthens_the_one_before(
    store: database.Database,
) -> None:
    with store.begin() as work:
        work.restore_points.put(taken(1))
        again = work.restore_points.put(taken(2))
        work.restore_points.put(taken(3, commit=1_001))
        work.restore_points.put(taken(4, change="c1", commit=1_001))
        found = work.restore_points.page("lab").items
    assert (again.id, again.same_until) == ("rp-001", NOW + timedelta(minutes=2))
    assert [one.id for one in found] == ["rp-004", "rp-003", "rp-001"]


def test_points_are_bounded_and_whole_parts_survive(store: database.Database) -> None:
    unread = looks.part(Unknown("not authorised"))
    with store.begin() as work:
        for number in range(1, 13):
            acls = {"acls": unread} if number > 3 else {}
            work.restore_points.put(
                taken(number, commit=1_000 + number, change="c" if number % 4 == 0 else "", **acls)
            )
        assert work.restore_points.prune("lab", keep=2) == 7
        found = [one.id for one in work.restore_points.page("lab").items]
        assert found == ["rp-012", "rp-011", "rp-010", "rp-008", "rp-003"]
        assert "rp-003" in found, "the newest that holds the ACLs"
        point = work.restore_points.get("rp-003")
        assert point is not None
        content = work.restore_points.contents(point)["acls"].content
    assert content


def test_points_are_paged(store: database.Database) -> None:
    with store.begin() as work:
        for number in range(5):
            work.restore_points.put(taken(number, commit=number))
    found: list[str] = []
    cursor = ""
    while True:
        with store.read() as work:
            page = work.restore_points.page("lab", cursor=cursor, limit=2)
        found += [one.id for one in page.items]
        cursor = page.next_cursor
        if not cursor:
            break
    assert found == [f"rp-{number:03}" for number in (4, 3, 2, 1, 0)]


def test_deploys_posted_before_the_timeline_told_more_are_kept(url: str) -> None:
    engine = sa.create_engine(url)
    config = alembic_config.Config()
    config.set_main_option("script_location", str(migrate.FOLDER).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "v0002")
        connection.execute(
            sa.text(
                'INSERT INTO timeline (cluster, at, what, resource, "by") '
                "VALUES ('lab', :at, 'billing 4.1', '', 'ci')"
            ),
            {"at": codec.instant(NOW)},
        )
    engine.dispose()
    opened = database.open_store(url)
    try:
        with opened.begin() as work:
            work.timeline.add("lab", [entry(1)])
        found = every(opened)
    finally:
        opened.close()
    assert [(one.kind, one.what, one.by) for one in found] == [
        ("config", "retention.ms was changed", ""),
        ("deploy", "billing 4.1", "ci"),
    ]
