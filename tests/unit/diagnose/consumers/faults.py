"""Scenes of what goes wrong with consumers, as functions that make them."""

from collections.abc import Callable

from tests.unit.diagnose import scenes
from tests.unit.diagnose.consumers.looking import (
    answered,
    client,
    counter,
    flapping,
    made_static,
    reconciling,
    tells,
)
from tests.unit.observations import AT, START, Scene, flat, line

from headgate.domain import access, observation, snapshot, timeline
from headgate.domain.resource import Resource, TopicPartition

DEPLOY = (observation.Planned(at=AT, what="deploy 1.2", resource="group:billing"),)


def hung_alive() -> Scene:
    """The static owner sends heartbeats, and polls no more."""
    return tells(
        made_static(scenes.hung()),
        lambda i: (client("consumer.heartbeat_age", 1), client("consumer.poll_age", 5.0 * i)),
    )


def reads_on(**errors: float) -> Callable[[], Scene]:
    """The clients of a standing group count records; brokers answer commits so."""

    def scene() -> Scene:
        return tells(
            scenes.hung(),
            lambda i: (
                client("consumer.records_consumed", 40.0 * i),
                client("consumer.commits_per_second", 0.0 if not errors else 1.0),
                *answered(i, **errors),
            ),
        )

    return scene


def blocked_standing() -> Scene:
    scene = reconciling()
    for p in (0, 1, 2, 3, 4, 5):
        scene.read("billing", "orders", p, line(START - 3, 10, until=40), "billing-0")
    return scene


def left(per_leave: float, until: int = 1_000, samples: int = 140) -> Callable[[], Scene]:
    """A member is away for two samples in every eight; brokers count requests to leave, and tell
    of that until some sample.
    """

    def scene() -> Scene:
        return tells(
            flapping(away=2, samples=samples),
            lambda i: (
                (
                    counter(
                        "broker.errors",
                        per_leave * ((i + 2) // 8),
                        request="LeaveGroup",
                        error="NONE",
                    ),
                    counter("broker.errors", 10.0 * i, request="Heartbeat", error="NONE"),
                )
                if i <= until
                else ()
            ),
        )

    return scene


def planned(scene: Callable[[], Scene]) -> Callable[[], Scene]:
    def made() -> Scene:
        one = scene()
        one.planned = DEPLOY
        return one

    return made


def with_quota(rate: float) -> Callable[[], Scene]:
    """A slow group whose clients have a quota, and logs of 100 bytes a record."""

    def scene() -> Scene:
        made = scenes.slow()
        made.others["quotas"] = lambda _: (
            access.Quota(entity={"client-id": "m1"}, limits={"consumer_byte_rate": rate}),
        )
        return made

    return scene


def throttled(ms: float) -> Callable[[], Scene]:
    def scene() -> Scene:
        return tells(with_quota(1_000)(), lambda _: (client("consumer.fetch_throttle", ms, "m1"),))

    return scene


def waiting(share: float) -> Callable[[], Scene]:
    """The clients of a slow group say how much of their time they wait for records."""

    def scene() -> Scene:
        made = tells(scenes.slow(), lambda _: (client("consumer.poll_idle", share, "m1"),))
        made.others["quotas"] = lambda _: ()
        return made

    return scene


def cut_off(retention_ms: str) -> Callable[[], Scene]:
    """The log start jumps past the commits at once."""

    def scene() -> Scene:
        made = scenes.shop()
        made.topic("orders", 6, rate=10, retention_ms=retention_ms)
        made.group("billing", "m1")
        for p in range(6):
            made.topics["orders"].starts[p] = lambda i: START + 400 if i > 50 else START
            made.read("billing", "orders", p, line(START, 1), "m1")
        return made

    return scene


def reset() -> Scene:
    """The log end fell behind a group's commits; its clients began at the log start again."""
    scene = scenes.shop()
    scene.group("billing", "m1")
    for p in range(6):
        scene.topics["orders"].starts[p] = flat(START)
        scene.topics["orders"].ends[p] = lambda i: START + (10 * i if i < 40 else 200 + i)
        scene.read("billing", "orders", p, lambda i: START + (10 * i if i < 50 else i - 50), "m1")
    return scene


def lost(minutes: str, *, empty_from: int = 20, recreated: bool = False) -> Callable[[], Scene]:
    def scene() -> Scene:
        made = scenes.shop()
        made.group(
            "billing",
            came=lambda i: frozenset({"m1"} if i < empty_from else ()),
        )
        for p in range(6):
            made.read("billing", "orders", p, lambda i: START + 5 if i < 60 else -1, "")
        made.others["broker_configs"] = lambda _: {
            1: {
                "offsets.retention.minutes": snapshot.ConfigValue(
                    value=minutes, source="static_broker"
                )
            }
        }
        if recreated:
            made.timeline = (
                timeline.Entry(
                    at=AT,
                    resource=Resource("topic", "orders"),
                    kind="topic",
                    what="was deleted and created anew: its records and offsets are others",
                    source="kafka",
                ),
            )
        return made

    return scene


def share(*members: str) -> Callable[[], Scene]:
    def scene() -> Scene:
        made = scenes.shop()
        made.group("picking", *members, kind="share", protocol="share")
        held = {TopicPartition("orders", 0): snapshot.ShareStart(offset=START, lag=50)}
        made.shares["picking"] = lambda _: held
        return made

    return scene


def without_home() -> Scene:
    """Groups whose offsets live in one partition that has no leader."""
    scene = scenes.shop()
    offsets = scene.topic("__consumer_offsets", 1, internal=True)
    offsets.leader[0], offsets.leaders[0] = -1, flat(-1)
    gaps = []
    for name in ("billing", "audit", "mail"):
        scene.follow(name, "orders", behind=2)
        for p in range(6):
            scene.read(name, "orders", p, lambda i: START + 10 * i if i < 50 else -1, "?")
        gaps.append(
            snapshot.Missing(what=f"group:{name}", reason="the group has no coordinator now")
        )
    scene.missing["groups"] = scene.missing["commits"] = tuple(gaps)
    return scene


def forgotten() -> Scene:
    """A group is down for a moment; its commits are deleted, and it begins at the log start. Its
    topic is younger than Headgate's first look."""
    scene = scenes.shop()
    scene.group(
        "billing", "m2", came=lambda i: frozenset({"m1"} if i < 30 else {"m2"} if i > 45 else ())
    )
    for p in range(6):
        scene.topics["orders"].starts[p] = flat(START)
        scene.topics["orders"].ends[p] = lambda i: START + 10 * i if i > 5 else -1
        scene.read(
            "billing",
            "orders",
            p,
            lambda i: START + 10 * min(i, 30) if 5 < i < 40 else -1 if i < 50 else START + i - 50,
            lambda i: "m1" if i < 30 else "m2" if i > 45 else "",
        )
    scene.others["broker_configs"] = lambda _: {
        1: {
            "offsets.retention.minutes": snapshot.ConfigValue(
                value="10080", source="default", default=True
            )
        }
    }
    return scene


def forgotten_but_for_one() -> Scene:
    """The same, when all but one partition have caught up; the commit of that one came again so
    soon that no look saw it gone."""
    scene = forgotten()
    for p in range(6):
        course = (
            (lambda i: START + 10 * min(i, 30) if i < 50 else START + i - 50)
            if p == 0
            else (lambda i: START + 10 * min(i, 30) if i < 40 else -1 if i < 50 else START + 10 * i)
        )
        owner = lambda i: "m1" if i < 30 else "m2" if i > 45 else ""  # noqa: E731
        scene.read("billing", "orders", p, course, owner)
    return scene


def seldom_there(*, there: tuple[int, ...], now: bool) -> Callable[[], Scene]:
    """A look of 10 s at a group that nobody reads for; a member is there in these samples only,
    and owns nothing."""

    def scene() -> Scene:
        made = scenes.shop()
        made.samples, made.interval_s, made.cut_s = 6, 2.0, 10.0
        made.group("billing", *(("late",) if now else ()), state="PreparingRebalance")
        made.members["billing"] = lambda i: frozenset({"late"} if i in there else ())
        for p in range(6):
            made.read("billing", "orders", p, flat(START - 50), lambda _: "")
        return made

    return scene


def broker_gone(home: str, *, elsewhere: bool = False) -> Callable[[], Scene]:
    """A group stands since broker 3 was fenced, or but ``elsewhere`` goes on later. What its
    offsets are written to ``waits`` for that broker, ``moved`` from it, or ``stayed`` where it was.
    """

    def scene() -> Scene:
        made = scenes.shop()
        made.broker(3, fenced=True, port="refuses", at=lambda i: made.sample(i, fenced=i >= 40))
        made.group("billing", "m1", coordinator=1)
        for p in range(6):
            goes_on = elsewhere and p > 0
            course = line(START, 10, until=40)
            again = line(START - 100, 10)
            made.read(
                "billing",
                "orders",
                p,
                (lambda i: max(course(i), again(i))) if goes_on else course,  # noqa: B023 - alike
                f"m{1 + goes_on}",
            )
        offsets = made.topic("__consumer_offsets", 1, internal=True)
        if home != "waits":
            offsets.isr[0] = (1, 2)
            offsets.isr_sizes[0] = lambda i: 3 if i < 42 else 2
        if home == "moved":
            offsets.leader[0], offsets.leaders[0] = 1, lambda i: 3 if i < 42 else 1
        return made

    return scene
