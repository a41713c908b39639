"""What stands around a scene's cluster: Connect with workers, registries, dead letters."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.unit.observations import AT, Scene

from headgate import detect, diagnose
from headgate.domain import (
    connects,
    deadletters,
    diagnosis,
    finding,
    observation,
    past,
    registry,
    snapshot,
)
from headgate.domain.unknown import Unknown

WORKERS = ("127.0.0.1:8083", "127.0.0.1:8084")


def part(value: object, name: str, at: datetime = AT) -> snapshot.Part[Any]:
    return snapshot.Part(value=value, source="connect", how=f"GET {name}", at=at)


def with_past(
    seen: observation.Observation, name: str, course: Callable[[int], object], samples: int
) -> observation.Observation:
    """The part's readings at each sample, the newest being that of the snapshot."""
    kept = tuple(
        part(course(i), name, AT - timedelta(seconds=(samples - 1 - i) * seen.interval_s))
        for i in range(samples)
    )
    kind, _, called = name.partition(":")
    held = {"connect": "connects", "registry": "registries"}[kind]
    now: dict[str, Any] = {held: {**getattr(seen.snapshot, held), called: kept[-1]}}
    return dataclasses.replace(
        seen,
        past=past.Past(parts={**seen.past.parts, name: kept}),
        snapshot=dataclasses.replace(seen.snapshot, **now),
    )


def cluster(
    *connectors: snapshot.Connector, states: Mapping[str, connects.PortState] | None = None
) -> snapshot.ConnectCluster:
    """A Connect cluster whose workers do as said."""
    return snapshot.ConnectCluster(
        name="main",
        url="http://127.0.0.1:8083",
        version="4.3.1",
        connectors={one.name: one for one in connectors},
        workers=tuple(
            connects.Worker(id=name, state=state, configured=False)
            for name, state in (states or dict.fromkeys(WORKERS, "answers")).items()
        ),
    )


def connector(
    name: str = "orders-sink",
    *,
    on: Sequence[str] = WORKERS[:1],
    state: str = "RUNNING",
    type_: Any = "sink",
    topics: tuple[str, ...] = ("orders",),
    offsets: Any = connects.UNREAD_OFFSETS,
    **config: str,
) -> snapshot.Connector:
    """A connector with a task on each of the workers."""
    return snapshot.Connector(
        name=name,
        type=type_,
        state=state,
        worker=WORKERS[0],
        trace="",
        tasks=tuple(
            snapshot.Task(number=i, state=state, worker=worker) for i, worker in enumerate(on)
        ),
        config={key.replace("_", "."): value for key, value in config.items()},
        topics=topics,
        offsets=offsets,
    )


def subject(
    name: str, *ids: int, rule: str = "BACKWARD", own: bool | Unknown = False, **more: Any
) -> registry.Subject:
    """A subject with a version for each schema id."""
    return registry.Subject(
        name=name,
        versions=tuple(
            registry.Version(
                number=place + 1, schema_id=each, type="AVRO", fingerprint=f"print-{each}"
            )
            for place, each in enumerate(ids)
        ),
        compatibility=rule,
        own_compatibility=own,
        mode="READWRITE",
        **more,
    )


def schemas(*subjects: registry.Subject, mode: str = "READWRITE", rule: str = "BACKWARD") -> object:
    """A registry that holds the subjects."""
    return registry.Registry(
        name="schemas",
        url="http://127.0.0.1:8081",
        compatibility=rule,
        mode=mode,
        subjects={one.name: one for one in subjects},
    )


def letters(topic: str, **known: Any) -> Mapping[str, deadletters.Letters]:
    """What is known of the dead letters of a topic."""
    told: dict[str, Any] = {
        "recent": 0,
        "window_s": 300.0,
        "day": 0,
        "oldest_ms": int((AT.timestamp() - 60) * 1000),
        **known,
    }
    return {topic: deadletters.Letters(topic=topic, **told)}


def on(seen: observation.Observation, code: str) -> list[finding.Finding]:
    """The findings with that code."""
    return [item for item in detect.run(seen).findings if item.code == code]


def gaps(seen: observation.Observation, code: str) -> list[str]:
    """Why the code could not be judged."""
    return [item.reason for item in detect.run(seen).not_seen if item.code == code]


def why(
    seen: observation.Observation,
    code: str,
    answers: Mapping[diagnosis.Question, diagnosis.Answer] | None = None,
) -> tuple[diagnosis.Cause, ...]:
    """The causes of the first finding with that code, best first."""
    found, diagnoses, _, _ = diagnose.look(seen, answers or {})
    for item, told in zip(found.findings, diagnoses, strict=True):
        if item.code == code:
            return told.causes
    raise AssertionError(f"no {code} among {[item.code for item in found.findings]}")


def verdicts(causes: Sequence[diagnosis.Cause]) -> dict[str, str]:
    return {cause.code: cause.verdict for cause in causes}


def shop(samples: int = 70, *, cut: bool = False) -> Scene:
    """Orders arrive and nobody else is there; ``cut``: as a one-shot look sees it."""
    scene = Scene(samples=samples)
    if cut:
        scene.samples, scene.interval_s, scene.cut_s = 6, 2.0, 10.0
    scene.topic("orders", 3, rate=10)
    return scene


NOW = datetime.fromtimestamp(AT.timestamp(), UTC)
