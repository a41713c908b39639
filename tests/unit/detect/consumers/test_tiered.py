"""Groups that read from the remote store."""

from collections.abc import Callable

import numpy as np
from tests.unit.detect.consumers.reading import at_first_sight, counter, fact, found, unseen
from tests.unit.observations import START, Scene

from headgate import diagnose
from headgate.domain import diagnosis, positions, snapshot
from headgate.domain.unknown import Unknown

CODE = "tier.cold_reads"
UNTOLD = Unknown("no topic was known to be tiered when it was read")
Course = Callable[[int], int]


def reading(*, tiered: bool = True, slow: int = 10, end: int = 20) -> Scene:
    """billing reads half as fast as records arrive."""
    scene = Scene(samples=140)
    scene.topic("orders", 2, rate=end)
    scene.group("billing", "b1")
    for p in range(2):
        scene.read("billing", "orders", p, lambda i: START + slow * i, "b1")
    if tiered:
        scene.topics["orders"].configs["remote.storage.enable"] = snapshot.ConfigValue(
            value="true", source="dynamic_topic"
        )
    return scene


def local(scene: Scene, course: Course | None) -> Scene:
    """What the brokers' own disks hold begins there; None: the listing does not tell."""

    def told(i: int) -> positions.Positions:
        table = scene._partitions()
        some = np.full(table.count, 10_000, np.int64)
        return positions.Positions(
            partitions=table,
            stable=some,
            newest_ms=some,
            newest_offset=some,
            held=np.zeros(table.count, np.bool_),
            local=UNTOLD if course is None else np.full(table.count, course(i), np.int64),
        )

    scene.others["positions"] = told
    return scene


def causes(scene: Scene, code: str) -> dict[str, diagnosis.Cause]:
    detection, diagnoses, _, _ = diagnose.look(scene.seen(), {})
    [item] = [one for one in detection.findings if one.code == code]
    [of] = [one for one in diagnoses if one.finding == item.key]
    return {one.code: one for one in of.causes}


def test_a_commit_below_what_the_disks_hold() -> None:
    scene = local(reading(), lambda i: START + 15 * i + 100)
    [item] = found(scene, CODE)
    assert (str(item.resource), item.state, item.severity) == ("group:billing", "firing", "info")
    assert len(item.partitions) == 2
    assert fact(item, "cold") == 2 * (5 * 139 + 100)
    top = next(iter(causes(scene, CODE).values()))
    assert (top.code, top.verdict) == ("consumer.cold_read", "confirmed")
    assert top.next[0].action == "incident.watch"


def test_a_reader_at_the_tail_or_of_what_the_disks_hold() -> None:
    assert not found(local(reading(), lambda _i: START), CODE)
    assert not unseen(local(reading(), lambda _i: START), CODE)
    assert not found(local(reading(slow=20), lambda i: START + 19 * i), CODE)


def test_one_who_has_just_come_to_it_or_is_past_it() -> None:
    assert not found(local(reading(), lambda i: 0 if i < 130 else START + 15 * i), CODE)
    assert not found(local(reading(), lambda i: START + 15 * i if i < 139 else 0), CODE)


def test_what_the_disks_hold_is_not_known() -> None:
    assert UNTOLD.reason in unseen(local(reading(), None), CODE)
    assert "own disks" in unseen(reading(), CODE)
    assert unseen(local(reading(), lambda _i: -1), CODE) == (
        "no leader told the earliest offset on its own disk"
    )
    assert not unseen(reading(tiered=False), CODE)


def test_a_one_shot_look() -> None:
    scene = at_first_sight(local(reading(), lambda i: START + 15 * i + 100))
    [item] = found(scene, CODE)
    assert item.state == "pending"


def test_the_cold_read_among_the_reasons_to_fall_behind() -> None:
    below = local(reading(), lambda i: START + 15 * i + 100)
    below.measured["http://b1/metrics"] = lambda i: (
        counter("broker.remote_fetches", 3.0 * i, topic="orders"),
    )
    cold = causes(below, "lag.growing")["consumer.cold_read"]
    assert (cold.verdict, len(cold.for_)) == ("confirmed", 3)
    _, _, drafts, _ = diagnose.look(below.seen(), {})
    assert [one.title for one in drafts] == [
        "billing reads old records of orders from the remote store, which takes longer"
    ]
    untold = causes(local(reading(), lambda i: START + 15 * i + 100), "lag.growing")
    assert untold["consumer.cold_read"].verdict == "likely"
    above = causes(local(reading(), lambda _i: START), "lag.growing")["consumer.cold_read"]
    assert above.verdict == "ruled_out"
    unknown = causes(local(reading(), None), "lag.growing")["consumer.cold_read"]
    assert unknown.verdict == "possible"
    assert causes(reading(tiered=False), "lag.growing")["consumer.cold_read"].verdict == "ruled_out"
