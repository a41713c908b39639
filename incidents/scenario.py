"""What a scenario is: a fault with its variants, its proof, and what should be said of it."""

import abc
import random
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeVar

import confluent_kafka

from incidents import stand as stand_

T = TypeVar("T")
Kind = Literal["single", "compound", "healthy"]
How = Literal["real", "replayed", "simulated"]
POLL_S = 0.4


class NotConfirmed(Exception):
    """The fault's effect was not seen by anybody: the run does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a lab must have for a scenario."""

    brokers: int = 3
    connect: int = 0
    """Connect workers; with them comes PostgreSQL."""
    registry: bool = False
    secure: bool = False
    alone: bool = False
    """Nothing else may run on the lab meanwhile; it must be as before afterwards."""

    @property
    def shape(self) -> tuple[int, int, bool, bool]:
        """Scenarios of one shape can use the same lab."""
        return self.brokers, self.connect, self.registry, self.secure


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """One thing that is broken, and what a good diagnostician says of it."""

    findings: tuple[str, ...]
    """Codes of the vocabulary; one of them must be found."""
    causes: tuple[str, ...]
    """Codes of the vocabulary; the first cause named must be one of them."""
    on: str = ""
    """Part of the name of what is broken; empty: anything of the scenario's."""
    also: tuple[str, ...] = ()
    """Codes of findings that rightly stand beside it."""
    culprit: str = ""
    """Part of the name of the resource that the cause must name; empty: any."""


class Draw:
    """Draws one variant from the seed, and remembers what was drawn."""

    def __init__(self, seed: int, name: str, variant: int) -> None:
        self._chance = random.Random(f"{seed}/{name}/{variant}")
        self.variant = variant
        self.tag = "".join(self._chance.choices(string.ascii_lowercase + string.digits, k=4))
        self.facts: dict[str, object] = {}

    def whole(self, what: str, low: int, high: int) -> int:
        """A whole number from low to high."""
        return self._keep(what, self._chance.randint(low, high))

    def real(self, what: str, low: float, high: float) -> float:
        """A number from low to high."""
        return self._keep(what, round(self._chance.uniform(low, high), 1))

    def choice(self, what: str, *of: T) -> T:
        """One of these."""
        return self._keep(what, self._chance.choice(of))

    def either(self, what: str, first: T, second: T) -> T:
        """The first for even variants and the second for odd ones, so that both are run."""
        return self._keep(what, second if self.variant % 2 else first)

    def name(self, *of: str) -> str:
        """A name that nothing else in the run has."""
        return f"{self._chance.choice(of)}-{self.tag}"

    def part(self, place: int) -> "Draw":
        """A draw of its own for one part of a compound scenario."""
        made = Draw(self._chance.randrange(2**32), f"part {place}", self.variant)
        self.facts[f"part {place}"] = made.facts
        return made

    def _keep(self, what: str, value: T) -> T:
        self.facts[what] = value
        return value


@dataclass
class Scenario(abc.ABC):
    """One fault, or one odd but healthy state, in one variant."""

    name: ClassVar[str]
    breaks: ClassVar[str]
    """One sentence: what goes wrong, or what looks odd and is not."""
    kind: ClassVar[Kind] = "single"
    how: ClassVar[How] = "real"
    needs: ClassVar[Needs] = Needs()
    quick: ClassVar[bool] = False
    """Whether it belongs to the quick part."""
    within_s: ClassVar[float] = 45.0
    """Headgate has so long after the confirmation; a healthy state is watched so long."""
    claims: ClassVar[tuple[str, ...]] = ()
    """Finding codes that name no resource of the scenario's (those of broker metrics): whatever is
    said with one of them is about it; or any other word for what cannot be shared. Two scenarios
    with the same claim never run together."""
    doctor: ClassVar[bool] = True
    """Whether the real command may be asked, too."""
    spoils: ClassVar[bool] = False
    """Whether the lab cannot be as before afterwards, and is not used again."""

    stand: stand_.Stand
    draw: Draw
    said: list[str] = field(default_factory=list)

    @abc.abstractmethod
    def roots(self) -> tuple[Root, ...]:
        """What is expected to be said; known once ``prepare`` is over."""

    @abc.abstractmethod
    def prepare(self) -> None:
        """All that the scenario needs is there, healthy and at work."""

    @abc.abstractmethod
    def inject(self) -> None:
        """It is broken."""

    @abc.abstractmethod
    def confirm(self) -> str:
        """One sentence on how the effect was seen without Headgate.

        Raises:
            NotConfirmed: it was not seen in time.
        """

    def heal(self) -> None:  # noqa: B027 - most have nothing to do here
        """What goes beyond the stand's own things is as before."""

    def until(
        self, read: Callable[[], T], wanted: Callable[[T], bool], what: str, *, within_s: float = 25
    ) -> T:
        """What was read once it is as wanted; a read that Kafka refuses is made again.

        Raises:
            NotConfirmed: it was not within so many seconds.
        """
        end = time.monotonic() + within_s
        last: T | confluent_kafka.KafkaException
        while True:
            try:
                last = read()
            except confluent_kafka.KafkaException as error:  # such as an epoch that moves on
                last = error
            else:
                if wanted(last):
                    return last
            if time.monotonic() > end:
                raise NotConfirmed(f"{what}: not within {within_s:g} s; last seen {last!r}")
            time.sleep(POLL_S)


class Healthy(Scenario):
    """An odd but healthy state: Headgate stays silent."""

    kind: ClassVar[Kind] = "healthy"

    def roots(self) -> tuple[Root, ...]:
        """Nothing is wrong."""
        return ()
