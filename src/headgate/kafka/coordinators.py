"""Which broker coordinates which group: looked up in batches, remembered, and looked up again when
a broker says that it is another."""

import functools
import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent import futures
from typing import Any, NamedTuple, TypeVar

from headgate.kafka import failure, library
from headgate.kafka.nodes import Nodes, finished, outcome
from headgate.kafka.reader import decoding
from headgate.kafka.wire import Lane
from headgate.ports import errors, kafka

T = TypeVar("T")

GROUP = 0
"""FindCoordinator's key type for groups."""
MOVED = frozenset((14, 15, 16))
"""Codes after which the coordinator is looked up again: loading, not available, not this one."""
CHUNK = 100
"""Groups in one request."""
PAUSE_S = 0.1
"""Before a coordinator is looked up again; doubled each time."""


class Told(NamedTuple):
    """What an answer tells of one group: a Kafka error, or the value."""

    group_id: str
    code: int
    message: str
    value: Any


class Coordinators:
    """The coordinators of one cluster's groups. Safe to use from several threads."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._lock = threading.Lock()
        self._brokers: dict[str, int] = {}

    def saw(self, group_ids: Iterable[str], broker: int) -> None:
        """That broker listed these groups just now."""
        with self._lock:
            self._brokers.update(dict.fromkeys(group_ids, broker))

    def known(self) -> tuple[str, ...]:
        """The groups whose coordinator was seen and not forgotten."""
        with self._lock:
            return tuple(self._brokers)

    def get(self, group_id: str) -> int | None:
        """The coordinator last seen; None where none was."""
        return self._brokers.get(group_id)

    def forget(self, group_ids: Iterable[str]) -> None:
        """The coordinators of these groups are looked up when next needed."""
        with self._lock:
            for name in group_ids:
                self._brokers.pop(name, None)

    def ask(
        self,
        group_ids: Sequence[str],
        make: Callable[[Sequence[str]], Any],
        told: Callable[[Any], Iterable[Told]],
        *,
        deadline: float,
        lane: Lane = "read",
        api: str = "",
        moving_s: float = math.inf,
    ) -> dict[str, Any | kafka.Failure]:
        """What each group's coordinator tells, all coordinators asked at once.

        ``api`` names the call, so that a refusal tells the lacking right.
        Groups whose coordinator has moved are asked for again until the deadline, and for
        ``moving_s`` at most; what another error or a silent broker spoils is a failure of those
        groups alone.
        """
        answers: dict[str, Any | kafka.Failure] = {}
        left, pause_s = list(dict.fromkeys(group_ids)), PAUSE_S
        until = min(deadline, time.monotonic() + moving_s)
        while left:
            before = {name: self.get(name) for name in left}
            answers.update(self._round(left, make, told, deadline, lane, api))
            moved = [name for name in left if _moved(answers[name])]
            unsent = [name for name in left if _unsent(answers[name])]
            self.forget(moved + unsent)
            if unsent:
                self.look_up(unsent, deadline=deadline)
            left = moved + [n for n in unsent if self.get(n) not in (None, before[n])]
            if time.monotonic() + pause_s > until:
                break
            if moved:
                time.sleep(pause_s)
                pause_s *= 2
        return answers

    def _round(
        self,
        group_ids: Sequence[str],
        make: Callable[[Sequence[str]], Any],
        told: Callable[[Any], Iterable[Told]],
        deadline: float,
        lane: Lane,
        api: str,
    ) -> dict[str, Any | kafka.Failure]:
        answers: dict[str, Any | kafka.Failure] = dict(self.look_up(group_ids, deadline=deadline))
        by_broker: dict[int, list[str]] = {}
        for name in group_ids:
            if name not in answers:
                by_broker.setdefault(self._brokers[name], []).append(name)
        asked: dict[futures.Future[Any], Sequence[str]] = {}
        for broker, names in by_broker.items():
            for start in range(0, len(names), CHUNK):
                chunk = names[start : start + CHUNK]
                asked[self._nodes.ask(broker, make(chunk), deadline=deadline, lane=lane)] = chunk
        for future in finished(asked, deadline=deadline):
            answer = outcome(future)
            if isinstance(answer, errors.PortError):
                failed = failure.of_error(answer, writing=lane == "write")
                answers.update(dict.fromkeys(asked[future], failed))
                continue
            try:
                with decoding(api or type(answer).__name__, self._nodes.name):
                    answers.update((item.group_id, _value(item, api)) for item in told(answer))
            except errors.Misunderstood as error:
                answers.update(dict.fromkeys(asked[future], failure.of_error(error)))
        for name in group_ids:
            answers.setdefault(name, kafka.Failure(code=0, name="NOT_TOLD", reason="no answer"))
        return answers

    def look_up(
        self, group_ids: Sequence[str], *, deadline: float, anew: bool = False
    ) -> Mapping[str, kafka.Failure]:
        """Every group's coordinator is known, but for those with a failure.

        ``anew``: those already known are looked up again, and kept where that fails.
        """
        unknown = [name for name in group_ids if anew or name not in self._brokers]
        failures: dict[str, kafka.Failure] = {}
        for start in range(0, len(unknown), CHUNK):
            keys = unknown[start : start + CHUNK]
            try:
                answer = self._nodes.any(functools.partial(_find, keys), deadline=deadline)
            except errors.PortError as error:
                failures.update(dict.fromkeys(keys, failure.of_error(error)))
                continue
            for found in answer.coordinators:
                if found.error_code:
                    failures[found.key] = failure.of_code(
                        found.error_code,
                        name=library.error_name(found.error_code),
                        api="FindCoordinator",
                        on=found.key,
                    )
                else:
                    self.saw([found.key], found.node_id)
        return failures


def _value(item: Told, api: str) -> Any | kafka.Failure:
    if not item.code:
        return item.value
    name = library.error_name(item.code)
    return failure.of_code(item.code, item.message, name=name, api=api, on=item.group_id)


def _find(keys: Sequence[str]) -> Any:
    return library.metadata.FindCoordinatorRequest(
        key_type=GROUP, coordinator_keys=list(keys), min_version=4
    )


def _moved(answer: object) -> bool:
    return isinstance(answer, kafka.Failure) and answer.code in MOVED


def _unsent(answer: object) -> bool:
    """Whether the coordinator could not even be asked, so that nothing can have happened."""
    return isinstance(answer, kafka.Failure) and answer.code == 0 and answer.retriable
