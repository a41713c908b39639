"""What the tests of consumers have in common: a shop, and how findings of it are read."""

from collections.abc import Callable

from tests.unit.observations import Scene

from headgate import detect
from headgate.domain import finding, measures
from headgate.domain.resource import Resource

PAGE = "http://127.0.0.1:9404/metrics"
BROKER = Resource("broker", "1")


def shop(*, samples: int = 70, members: int = 2, rate: float = 10) -> Scene:
    """A topic and a group that reads all of it."""
    scene = Scene(samples=samples)
    scene.topic("orders", 4, rate=rate)
    scene.follow("billing", "orders", behind=3, members=members)
    return scene


def at_first_sight(scene: Scene) -> Scene:
    """The same as a one-shot look of 10 s."""
    scene.samples, scene.interval_s, scene.cut_s = 6, 2.0, 10.0
    return scene


def found(scene: Scene, code: str) -> tuple[finding.Finding, ...]:
    """The findings with that code; no detector may fail."""
    detection = detect.run(scene.seen())
    assert not [item for item in detection.not_seen if "the detector failed" in item.reason]
    return tuple(item for item in detection.findings if item.code == code)


def unseen(scene: Scene, code: str) -> str:
    """Why the code was not judged; empty where it was."""
    gaps = detect.run(scene.seen()).not_seen
    return next((item.reason for item in gaps if item.code == code), "")


def fact(item: finding.Finding, label: str) -> object:
    """The value of a finding's evidence."""
    return next(each.value for each in item.evidence if each.id.endswith(f"/{label}"))


def counter(name: str, value: float, about: Resource = BROKER, **labels: str) -> measures.Measure:
    return measures.Measure(name=name, resource=about, value=value, labels=labels)


def tells(scene: Scene, course: Callable[[int], tuple[measures.Measure, ...]]) -> Scene:
    """The scene with a metrics source."""
    scene.measured[PAGE] = course
    return scene


def errors(
    request: str, error: str, per_sample: float = 1.0
) -> Callable[[int], tuple[measures.Measure, ...]]:
    """Brokers answer with that error again and again."""
    return lambda i: (
        counter("broker.errors", 100 + i, request=request, error="NONE"),
        counter("broker.errors", per_sample * i, request=request, error=error),
    )


def client(name: str, value: float, who: str = "billing-0") -> measures.Measure:
    return counter(name, value, Resource("client", who))
