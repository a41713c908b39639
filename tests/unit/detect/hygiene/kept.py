"""A cluster with settings, positions and declarations, and what is found on it."""

from collections.abc import Mapping

import numpy as np
from tests.unit.observations import AT, Scene

from headgate import detect, diagnose
from headgate.domain import declared, diagnosis, finding, positions, snapshot
from headgate.domain.unknown import Unknown

DAY_S = 86_400.0


def shop(samples: int = 20, *, short: bool = False) -> Scene:
    scene = Scene(samples=11 if short else samples)
    if short:
        scene.interval_s, scene.cut_s = 1.0, 10.0
    scene.topic("orders", 3, rate=10, max_message_bytes="1048588", cleanup_policy="delete")
    scene.follow("billing", "orders", behind=3)
    return scene


def value(text: str, source: str = "dynamic_topic") -> snapshot.ConfigValue:
    return snapshot.ConfigValue(value=text, source=source, default=source == "default")


def aged(scene: Scene, ages_s: Mapping[str, float]) -> None:
    """The newest record of each topic is so old; of those not named, a second."""
    listed = scene.seen().snapshot.partitions.value
    assert not isinstance(listed, Unknown)
    newest = np.array(
        [int((AT.timestamp() - ages_s.get(n.topic, 1.0)) * 1000) for n in listed.names()], np.int64
    )
    told = positions.Positions(
        partitions=listed,
        stable=np.full(listed.count, 1000, np.int64),
        newest_ms=newest,
        newest_offset=np.full(listed.count, 999, np.int64),
        held=np.zeros(listed.count, np.bool_),
    )
    scene.others["positions"] = lambda _: told


def topic(name: str = "orders", **given: object) -> declared.Topic:
    return declared.Topic(name=name, place="topics.toml:3", **given)  # type: ignore[arg-type]


def declare(scene: Scene, *topics: declared.Topic, **given: object) -> None:
    scene.declared = declared.Declared(
        where="cluster",
        topics={one.name: one for one in topics},
        **given,  # type: ignore[arg-type]
    )


def found(scene: Scene, code: str) -> list[finding.Finding]:
    return [one for one in detect.run(scene.seen()).findings if one.code == code]


def on(scene: Scene, code: str) -> list[str]:
    return [str(one.resource) for one in found(scene, code)]


def gaps(scene: Scene, code: str) -> list[str]:
    return [one.reason for one in detect.run(scene.seen()).not_seen if one.code == code]


def causes(scene: Scene, code: str) -> list[diagnosis.Cause]:
    detection, diagnoses, _drafts, _hazards = diagnose.look(scene.seen(), {})
    item = next(one for one in detection.findings if one.code == code)
    return list(next(one for one in diagnoses if one.finding == item.key).causes)


def verdicts(scene: Scene, code: str) -> dict[str, str]:
    """Cause -> verdict, the best first."""
    return {one.code: one.verdict for one in causes(scene, code)}


def hazards(scene: Scene) -> list[str]:
    """All that would be listed as a hazard, and every incident."""
    _, _, drafts, listed = diagnose.look(scene.seen(), {})
    return [one.title for one in drafts] + [one.key for one in listed]
