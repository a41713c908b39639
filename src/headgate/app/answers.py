"""Answers already given to requests that carried a key of their own, kept for a day."""

from dataclasses import dataclass

from headgate.app import permissions, translate
from headgate.domain import person
from headgate.ports import clock
from headgate.ports import store as ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer."""

    fingerprint: str
    """Of the request that it was given to."""
    status: int
    body: str


class Answers:
    """Answers in the store; any thread may use it."""

    def __init__(self, store: ports.Store, ticks: clock.Clock) -> None:
        self._store = store
        self._clock = ticks

    def get(self, who: str, key: str) -> Answer | None:
        """What was answered; None: nothing yet."""
        with translate.translated(), self._store.read() as work:
            found = work.answers.get(who, key)
        if found is None:
            return None
        return Answer(fingerprint=found[0], status=found[1], body=found[2])

    def put(self, who: str, key: str, fingerprint: str, status: int, body: str) -> None:
        """The answer is kept."""
        with translate.translated(), self._store.begin() as work:
            work.answers.put(who, key, fingerprint, status, body, at=self._clock.now())


def owner(actor: person.Actor) -> str:
    """Under whose name the answers to an actor are kept."""
    return permissions.signature(actor)
