"""One root is one incident, whatever hangs on it; two roots are two."""

import time
from datetime import timedelta

import pytest
from tests.unit.detect.clients import meeting
from tests.unit.detect.cluster import parts
from tests.unit.diagnose import scenes
from tests.unit.observations import AT, START, Scene, line

from headgate import diagnose
from headgate.diagnose import downstreams, edges
from headgate.domain import diagnosis, incident, observation, resource, thresholds, vocabulary
from headgate.domain.unknown import Unknown

MANY = 500


def drafts(scene: Scene) -> list[incident.Draft]:
    return [d for d in diagnose.look(scene.seen(), {})[2] if d.severity != "info"]


def keys(scene: Scene) -> list[str]:
    return sorted(draft.key for draft in drafts(scene))


def broken(scene: Scene, group: str, at: int, *, members: bool = True, topic: str = "") -> None:
    """A group that reads one partition and commits no more from a sample on."""
    topic = topic or f"t-{group}"
    if topic not in scene.topics:
        scene.topic(topic, 1, rate=10)
    if members:
        scene.group(group, f"{group}-m", coordinator=1)
        scene.read(group, topic, 0, line(START, 10, until=at), f"{group}-m")
    else:
        scene.group(group, came=lambda i: frozenset({"m"}) if i <= at else frozenset())
        scene.read(group, topic, 0, line(START, 10, until=at), lambda i: "m" if i <= at else "")


# two roots at once


def test_a_group_that_stopped_has_nothing_to_do_with_a_broker_that_crashed() -> None:
    scene = scenes.crashed()()
    broken(scene, "late", 41, members=False)
    assert keys(scene) == ["broker@broker:2", "group@group:late"]


def test_a_record_that_cannot_be_read_has_nothing_to_do_with_the_broker_that_holds_it() -> None:
    """Its partition lost a copy when the broker crashed: that wrote no record."""
    scene = scenes.crashing(stands=0)
    scene.broker(
        2,
        fenced=True,
        port="refuses",
        at=lambda i: scene.sample(i, fenced=i >= 22, port="answers" if i < 20 else "refuses"),
    )
    scene.lose(2, isr_at=21, leaders_at=22)
    seen = scene.seen()
    bad = diagnosis.RecordAnswer(exists=True, decodes=False, format="json", neighbours=2)
    asked = diagnose.Examination(seen).questions()
    found = {draft.key: draft for draft in diagnose.look(seen, dict.fromkeys(asked, bad))[2]}
    poisoned = [one for one in found.values() if one.causes[0].code == "record.poison"]
    assert len(poisoned) == 1
    assert "broker@broker:2" in found
    assert found["broker@broker:2"].causes[0].code == "broker.crashed"


def test_a_group_that_stood_long_before_is_not_blamed_on_the_broker() -> None:
    """The broker even coordinates it: what began after its consequence did not bring it about."""
    scene = scenes.crashed()()
    scene.group("old", "o1", coordinator=2)
    scene.topic("older", 1, rate=10)
    scene.read("old", "older", 0, line(START, 10, until=15), "o1")
    assert keys(scene) == ["broker@broker:2", "group@group:old"]


@pytest.mark.parametrize("leader", [1, 3])
def test_writes_that_wait_for_a_lost_copy_are_its_brokers_doing(leader: int) -> None:
    """With acks=all the leaders that are left time out until the copy leaves the ISR."""
    scene = scenes.crashed()()
    meeting.measure(
        scene,
        lambda i: (meeting.error("Produce", "REQUEST_TIMED_OUT", 3 * max(0, i - 40), leader),),
    )
    codes = {one.code for one in meeting.found(scene, "produce.failing")}
    assert codes == {"produce.failing"}
    assert keys(scene) == ["broker@broker:2"]


@pytest.mark.parametrize("first", [3, 43])
def test_writes_that_wait_for_a_copy_that_comes_and_goes_are_its_brokers_doing(first: int) -> None:
    """A counter is dated by the reading before it grew: a little before its cause is seen."""
    scene = parts.shop()
    for p, replicas in enumerate(scene.topics["orders"].replicas):
        if replicas[0] != 3:
            scene.topics["orders"].isr_sizes[p] = lambda i: (
                3 - (i >= first and (i - first) % 8 in (0, 1))
            )
    meeting.measure(
        scene, lambda i: (meeting.error("Produce", "REQUEST_TIMED_OUT", 3 * max(0, i - 40), 1),)
    )
    assert [one.resource.id for one in meeting.found(scene, "produce.failing")] == ["1"]
    assert keys(scene) == ["broker@broker:3"]


@pytest.mark.parametrize(
    ("code", "roots"),
    [
        ("NOT_ENOUGH_REPLICAS", ["broker@broker:3"]),
        ("UNSUPPORTED_VERSION", ["broker@broker:3", "produce@broker:3"]),
    ],
)
def test_a_broker_that_comes_and_goes_refuses_writes_for_lack_of_copies(
    code: str, roots: list[str]
) -> None:
    """Each time it stood still, the copies of what it leads are behind, too; no old client is."""
    scene = parts.shop()
    for p, replicas in enumerate(scene.topics["orders"].replicas):
        if replicas[0] != 3:
            scene.topics["orders"].isr_sizes[p] = lambda i: 3 - (i >= 3 and (i - 3) % 8 in (0, 1))
    meeting.measure(scene, lambda i: (meeting.error("Produce", code, 3 * max(0, i - 40), 3),))
    assert [one.resource.id for one in meeting.found(scene, "produce.failing")] == ["3"]
    assert keys(scene) == roots


@pytest.mark.parametrize(("ago", "root"), [(3, "broker@broker:3"), (30, "produce@broker:1")])
def test_writes_that_fail_when_a_broker_has_just_stood_still_are_its_doing(
    ago: int, root: str
) -> None:
    """It answers again, and left the ISR too seldom yet to be said to come and go."""
    scene = parts.shop()
    still = range(scene.samples - ago - 2, scene.samples - ago)
    scene.broker(3, at=lambda i: scene.sample(i, port="accepts" if i in still else "answers"))
    meeting.measure(
        scene, lambda i: (meeting.error("Produce", "REQUEST_TIMED_OUT", 3 * max(0, i - 40), 1),)
    )
    assert keys(scene) == [root]


@pytest.mark.parametrize("looks", [2, 3])
def test_writes_that_need_the_copy_of_a_broker_are_its_story_before_it_is_said_to_be_down(
    looks: int,
) -> None:
    """Headgate tells of the refused writes first: what follows joins that incident."""
    scene = Scene(samples=140)
    scene.cut_s = 10.0
    scene.topic("orders", 6, rate=10, min_isr=3)
    at = scene.samples - looks
    scene.broker(
        3,
        fenced=True,
        port="refuses",
        at=lambda i: scene.sample(i, fenced=i >= at, port="refuses" if i >= at else "answers"),
    )
    scene.lose(3, isr_at=at, leaders_at=at)
    meeting.measure(
        scene,
        lambda i: (meeting.error("Produce", "NOT_ENOUGH_REPLICAS", 3 * max(0, i - at + 1), 1),),
    )
    told = {one.code for draft in drafts(scene) for one in draft.findings}
    assert "produce.failing" in told
    assert ("broker.down" in told) == (looks == 3)
    assert keys(scene) == ["broker@broker:3"]


def test_a_partition_that_none_holds_in_sync_any_more_hangs_on_the_broker_that_is_down() -> None:
    """It lacked another's copy long before, whose broker is back; the last one crashed since. With
    eligible leader replicas, nobody is listed as in sync then.
    """
    scene = scenes.crashed()()
    scene.topic("pairs", 1, rf=2, min_isr=1)
    pairs = scene.topics["pairs"]
    pairs.replicas, pairs.isr[0] = ((2, 3),), ()
    pairs.isr_sizes[0] = lambda i: 2 if i < 10 else 1 if i < 41 else 0
    pairs.leader[0] = -1
    pairs.leaders[0] = lambda i: 2 if i < scene.samples - 1 else -1
    assert keys(scene) == ["broker@broker:2"]


def test_writes_that_fail_where_no_copy_was_lost_are_a_story_of_their_own() -> None:
    scene = scenes.crashed()()
    scene.topic("alone", 1, rf=1, min_isr=1)
    scene.topics["alone"].replicas = ((9,),)  # it shares nothing with the broker that crashed
    meeting.measure(
        scene,
        lambda i: (meeting.error("Produce", "REQUEST_TIMED_OUT", 3 * max(0, i - 40), 9),),
    )
    assert "produce@broker:9" in keys(scene)


def test_a_controller_that_crashes_is_one_broker_that_crashes() -> None:
    """The quorum elects another, and does not answer meanwhile: the crash did that."""
    scene = scenes.crashed()()
    scene.others["quorum"] = lambda i: (
        parts.voters(leader=2) if i < 42 else Unknown("no leader: NOT_LEADER_OR_FOLLOWER")
    )
    [draft] = drafts(scene)
    assert draft.key == "broker@broker:2"
    assert draft.title == "Broker 2 crashed"
    assert draft.causes[0].code == "broker.crashed"
    assert "quorum.no_leader" in {one.code for one in draft.findings}


def test_two_brokers_that_crash_are_two_incidents() -> None:
    scene = scenes.shop(samples=140)
    scene.topic("left", 4, rf=1, min_isr=1)
    scene.topics["left"].replicas = ((1,), (1,), (1,), (1,))
    scene.topic("right", 4, rf=1, min_isr=1)
    scene.topics["right"].replicas = ((2,), (2,), (2,), (2,))
    for name in ("orders", "clicks"):
        del scene.topics[name]
    scene.reads.clear()
    scene.groups.clear()
    for each in (1, 2):
        scene.broker(
            each,
            fenced=True,
            port="refuses",
            at=lambda i: scene.sample(i, fenced=i >= 60, port="answers" if i < 58 else "refuses"),
        )
        for topic in ("left", "right"):
            for p, replicas in enumerate(scene.topics[topic].replicas):
                if replicas == (each,):
                    scene.topics[topic].leader[p] = -1
                    scene.topics[topic].leaders[p] = lambda i, b=each: b if i < 60 else -1  # type: ignore[misc]  # bound now
    assert keys(scene) == ["broker@broker:1", "broker@broker:2"]


def test_connectors_that_lost_two_databases_are_two_incidents() -> None:
    scene = scenes.shop()
    trace = scenes.TRACE.replace("{cause}", scenes.REFUSED)
    for name, host in (("a", "one"), ("b", "one"), ("c", "two"), ("d", "two")):
        url = f"jdbc:postgresql://{host}:5432/shop"
        scene.connector(name, ("FAILED", trace), failed_at=42, config={"connection.url": url})
    assert keys(scene) == ["downstream/one:5432@connect:main", "downstream/two:5432@connect:main"]


@pytest.mark.parametrize(
    ("config", "host"),
    [
        ({"connection.url": "jdbc:postgresql://db.example:5432/shop?user=x"}, "db.example:5432"),
        ({"connection.url": "https://u:p@search.example:9200"}, "search.example:9200"),
        ({"database.hostname": "DB.example"}, "db.example"),
        ({"mongodb.connection.string": "mongodb://a:27017,b:27017"}, "a:27017"),
        ({"s3.bucket.name": "lake"}, "lake"),
        ({"topics": "orders"}, ""),
        ({"connection.url": " "}, ""),
    ],
)
def test_the_downstream_is_read_from_the_settings(config: dict[str, str], host: str) -> None:
    assert downstreams.named(config) == host


# many consequences, one root


def test_many_groups_of_one_dead_coordinator_are_one_incident_at_once() -> None:
    scene = scenes.crashed()()
    for number in range(MANY):
        broken(scene, f"g{number:03}", 41, topic=f"t{number % 20}")
        group = f"g{number:03}"
        scene.group(group, f"{group}-m", coordinator=2)
    seen = scene.seen()
    began = time.thread_time()
    found = [d for d in diagnose.look(seen, {})[2] if d.severity != "info"]
    took_s = time.thread_time() - began
    [draft] = found
    assert draft.key == "broker@broker:2"
    assert draft.findings[0].code == "broker.down"
    assert draft.folded >= MANY
    assert len(draft.findings) <= 250
    assert len(draft.chain) <= 12
    assert took_s < 5, "the goal is 1 s; the benchmark holds to it"


def test_many_groups_that_wait_for_one_downstream_are_one_incident() -> None:
    scene = scenes.shop()
    for number in range(40):
        broken(scene, f"g{number:02}", 40 + number % 3, topic=f"t{number}")
    [draft] = drafts(scene)
    assert draft.key in ("downstream@cluster:lab", "wave/lag.stalled@cluster:lab")
    assert len({item.resource for item in draft.findings}) == 40


def test_many_groups_that_stop_within_a_minute_are_one_incident() -> None:
    """The platform that they ran on is no part of the cluster, and yet it is the root."""
    scene = scenes.shop()
    for number in range(12):
        broken(scene, f"g{number:02}", 36 + number // 2, members=False)
    [draft] = drafts(scene)
    assert draft.key == "wave/lag.stopped@cluster:lab"
    assert draft.title.startswith("12 groups ")


def test_a_few_that_stop_are_each_their_own() -> None:
    scene = scenes.shop()
    for number in range(3):
        broken(scene, f"g{number}", 36, members=False)
    assert keys(scene) == [f"group@group:g{number}" for number in range(3)]


def test_a_consequence_that_is_louder_never_becomes_the_root() -> None:
    """The broker's own finding is a warning; what hangs on it is critical, and more."""
    scene = scenes.single_copy()
    scene.follow("auditors", "audit", but=(0,))
    scene.read("auditors", "audit", 0, line(START, 0), "auditors-0")
    [draft] = [d for d in drafts(scene) if "partition.offline" in {f.code for f in d.findings}]
    assert draft.severity == "critical"
    assert (draft.key, draft.findings[0].code) == ("broker@broker:2", "broker.down")
    assert draft.findings[0].severity == "warning"


def test_trouble_is_followed_from_broker_over_partition_to_group_and_connector() -> None:
    scene = scenes.single_copy()
    scene.topics["audit"].ends[0] = line(START, 10)
    scene.group("connect-audit-sink", "c1")
    scene.read("connect-audit-sink", "audit", 0, line(START, 10, until=41), "c1")
    scene.connector("audit-sink", ("RUNNING", ""))
    [draft] = drafts(scene)
    assert draft.key == "broker@broker:2"
    assert draft.blast_radius.connectors == ("audit-sink",)
    drawn = {(str(link.source), str(link.target)) for link in draft.chain}
    assert ("broker:2", "partition:audit-0") in drawn


# what was done on purpose, and what is expected


def test_an_innocent_deploy_is_told_and_not_blamed() -> None:
    scene = scenes.crashed()()
    began = AT - timedelta(seconds=29 * scene.interval_s)
    scene.planned = (
        observation.Planned(at=began, what="checkout 4.2", resource="group:checkout"),
        observation.Planned(at=began - timedelta(hours=2), what="old", resource="group:old"),
    )
    [draft] = drafts(scene)
    assert draft.causes[0].code == "broker.crashed"
    assert [line.what for line in draft.beside] == ["checkout 4.2 was posted for group:checkout"]


def test_what_is_expected_is_listed_with_its_reason_under_its_root() -> None:
    scene = scenes.crashed()()
    scene.expected = (
        thresholds.Expectation(
            resources="partition:clicks-*", findings=("partition.*",), why="a test topic"
        ),
    )
    [draft] = drafts(scene)
    assert {item.resource.id for item in draft.expected} == {"clicks-0", "clicks-1", "clicks-2"}
    assert {item.excuse for item in draft.expected} == {"a test topic"}
    assert not {f.resource.id for f in draft.findings} & {"clicks-0", "clicks-1", "clicks-2"}


def test_what_is_only_expected_opens_nothing() -> None:
    scene = scenes.stopped()
    scene.expected = (thresholds.Expectation(resources="group:billing", why="it runs at night"),)
    assert not drafts(scene)


# the table


def test_every_edge_names_kinds_and_findings_that_there_are() -> None:
    codes = vocabulary.findings()
    for edge in edges.EDGES:
        assert edge.source in resource.KINDS
        assert edge.target in resource.KINDS
        assert edge.relation
        assert edge.known_by
        assert set(edge.brings[0]) <= set(codes)
        for pattern in edge.brings[1]:
            stem = pattern.rstrip("*")
            assert any(code.startswith(stem) for code in codes), pattern
