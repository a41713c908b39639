"""What a restore point holds, what it says it does not hold, and what two of them differ in."""

import dataclasses
import json
import zlib
from datetime import timedelta
from typing import Any

from tests.unit import observations
from tests.unit.domain.test_differences import ACL, looked, part

from headgate.connect import masking
from headgate.domain import access, comparison, restore, snapshot
from headgate.domain.timeline import HIDDEN
from headgate.domain.unknown import Unknown


def scene(commit: int = 1_000) -> observations.Scene:
    made = observations.Scene(samples=2)
    made.topic("orders", 2)
    made.group("billing", "b-1")
    made.read("billing", "orders", 0, observations.flat(commit), "b-1")
    made.connector(
        "sink",
        ("RUNNING", ""),
        config={"topics": "orders", "connection.password": masking.MASK, "url": "jdbc:x"},
    )
    return made


def seen(commit: int = 1_000, **changed: Any) -> snapshot.Snapshot:
    quota = access.Quota(entity={"user": "a=b,c"}, limits={"request_percentage": 50.0})
    whole = dataclasses.replace(
        looked(scene(commit)),
        acls=part((ACL,)),
        quotas=part((quota,)),
        scram_users=part((access.ScramUser(name="alice", mechanisms={"SCRAM-SHA-256": 4096}),)),
        broker_configs=part({}),
    )
    return dataclasses.replace(whole, **changed)


def contents(packed: restore.Packed) -> dict[restore.Name, restore.Part]:
    return {
        one.name: restore.unpack(one, packed.bodies.get(one.digest, b""))
        for one in packed.point.parts
    }


def test_it_holds_what_was_read() -> None:
    found = contents(restore.point("rp-1", seen()))
    assert found["offsets"].content == {"group:billing": {"orders-0": 1000}}
    assert found["topic_configs"].content == {"topic:orders": {"min.insync.replicas": "2"}}
    assert found["quotas"].content == {"quota:user=a%3Db%2Cc": {"request_percentage": 50.0}}
    assert found["connectors"].content == {
        "connector:main/sink": {
            "topics": "orders",
            "connection.password": HIDDEN,
            "url": "jdbc:x",
        }
    }


def test_an_acl_can_be_had_back_from_its_entry() -> None:
    odd = dataclasses.replace(ACL, resource_name="a name with spaces", host="10.0.0.1")
    found = contents(restore.point("rp-1", seen(acls=part((ACL, odd)))))["acls"].content
    assert isinstance(found, dict)
    rules = {restore.acl_of("User:alice", key) for key in found["principal:User:alice"]}
    assert rules == {ACL, odd}


def test_masked_secrets_are_marked_as_such() -> None:
    assert restore.MASK == masking.MASK
    kept = {one.name: one for one in restore.point("rp-1", seen()).point.parts}
    assert (kept["connectors"].values, kept["connectors"].hidden) == (3, 1)
    assert kept["scram_users"].hidden == 1
    assert not restore.restorable(f"jdbc:x?password={masking.MASK}")


def test_a_part_that_was_not_read_says_why_and_is_not_empty() -> None:
    packed = restore.point("rp-1", seen(acls=part(Unknown("not authorised"))))
    kept = {one.name: one for one in packed.point.parts}
    assert (kept["acls"].complete, kept["acls"].reason) == (False, "not authorised")
    assert kept["quotas"].complete
    assert not packed.point.complete
    assert not packed.point.empty
    assert restore.nothing("rp-2", "lab", observations.AT, "no answer").point.empty


def test_a_connect_cluster_that_is_silent_is_named() -> None:
    whole = seen()
    silent = {**whole.connects, "other": part(Unknown("refused"))}
    kept = {one.name: one for one in restore.point("rp-1", seen(connects=silent)).point.parts}[
        "connectors"
    ]
    assert (kept.complete, kept.missing) == (False, ("connect:other: refused",))


def test_equal_content_has_one_digest_whatever_the_order() -> None:
    one, other = restore.point("rp-1", seen()), restore.point("rp-2", seen())
    assert [part.digest for part in one.point.parts] == [part.digest for part in other.point.parts]
    body = next(iter(one.bodies.values()))
    assert json.loads(zlib.decompress(body))


def test_what_was_not_read_anew_is_not_packed_anew() -> None:
    first = restore.point("rp-1", seen())
    acls = part((ACL, dataclasses.replace(ACL, principal="User:bob")))
    same = restore.point("rp-2", seen(acls=acls), before=first)
    assert same.point.parts[3] is first.point.parts[3], "the reading bears the same time"
    later = dataclasses.replace(acls, at=acls.at + timedelta(seconds=1))
    anew = restore.point("rp-3", seen(acls=later), before=first)
    assert anew.point.parts[3].resources == 2


def test_two_points_differ_by_resource() -> None:
    before = contents(restore.point("rp-1", seen()))
    after = contents(restore.point("rp-2", seen(commit=1_500, acls=part(()))))
    found = comparison.compare(before, after)
    assert [
        (one.part, one.resource, one.what, one.before, one.after) for one in found.differences
    ] == [
        ("offsets", "group:billing", "orders-0", 1000, 1500),
        ("acls", "principal:User:alice", "ALLOW READ TOPIC PREFIXED * or", "present", None),
    ]
    assert found.not_compared == ()


def test_what_was_not_read_is_not_compared() -> None:
    before = contents(restore.point("rp-1", seen()))
    lost = snapshot.Missing(what="group:billing", reason="the coordinator is loading")
    whole = seen()
    commits = dataclasses.replace(
        whole.commits,
        missing=(lost,),
        value=snapshot.Commits(
            groups=(),
            group_index=whole.commits.value.group_index[:0],  # type: ignore[union-attr]  # was read
            ordinal=whole.commits.value.ordinal[:0],  # type: ignore[union-attr]  # was read
            offset=whole.commits.value.offset[:0],  # type: ignore[union-attr]  # was read
        ),
    )
    after = contents(
        restore.point("rp-2", seen(commits=commits, acls=part(Unknown("not authorised"))))
    )
    found = comparison.compare(before, after)
    assert found.differences == ()
    assert found.not_compared == (
        ("offsets", "group:billing: the coordinator is loading"),
        ("acls", "in the second: not authorised"),
    )


def test_past_the_named_ones_nothing_absent_is_a_difference() -> None:
    before = contents(restore.point("rp-1", seen()))
    lost = tuple(
        snapshot.Missing(what=f"topic:t{number}", reason="not authorised") for number in range(99)
    )
    whole = seen()
    configs = dataclasses.replace(whole.configs, value={}, missing=lost)
    found = comparison.compare(before, contents(restore.point("rp-2", seen(configs=configs))))
    assert found.differences == ()
    assert ("topic_configs", "79 more resources that could not be read") in found.not_compared
