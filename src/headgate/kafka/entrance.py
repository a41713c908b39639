"""The one way into the cluster in memory: each call is noted, and fails as a test arranged it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from headgate.kafka import failure, scenery, stage
from headgate.ports import errors, kafka

K = TypeVar("K")
T = TypeVar("T")

_LOST = kafka.Failure(code=0, name="ANSWER_LOST", reason=failure.LOST, unknown_outcome=True)


class Entrance(scenery.Scenery):
    """A cluster in memory whose calls are noted and can fail."""

    def _enter(self, method: str, *arguments: object) -> kafka.Failure | None:
        """Notes the call and gives the failure a test arranged for it; raises a whole failure."""
        self.calls.append(stage.Call(method, arguments))
        if self._down is not None:
            raise self._down
        waiting = self._failures.get(method)
        if waiting:
            arranged = waiting.pop(0)
            if isinstance(arranged, errors.PortError):
                raise arranged
            return arranged
        if method in self._denied:
            raise errors.NotAllowed(
                f"{method} is not allowed", where=self._name, needs=self._denied[method]
            )
        return None

    def _each(
        self, method: str, items: Sequence[K], one: Callable[[K], T], *arguments: object
    ) -> dict[K, T | kafka.Failure]:
        with self._lock:
            arranged = self._denial(method, *(arguments or (tuple(items),)))
            if arranged is not None:
                return dict.fromkeys(items, arranged)
            answers: dict[K, T | kafka.Failure] = {item: one(item) for item in items}
            return dict.fromkeys(items, _LOST) if self._loses(method) else answers

    def _one(self, method: str, argument: object, do: Callable[[], T]) -> T | kafka.Failure:
        with self._lock:
            arranged = self._denial(method, argument)
            if arranged is not None:
                return arranged
            answer = do()
            return _LOST if self._loses(method) else answer

    def _denial(self, method: str, *arguments: object) -> kafka.Failure | None:
        try:
            return self._enter(method, *arguments)
        except errors.NotAllowed as denied:
            return failure.of_error(denied)

    def _loses(self, method: str) -> bool:
        left = self._lost.get(method, 0)
        self._lost[method] = max(left - 1, 0)
        return left > 0
