"""Questions that one answer settles, and questions to every broker: retried while it is worth it,
refused with the right that is lacking.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from headgate.domain import snapshot
from headgate.kafka import complaint, failure, library
from headgate.kafka.nodes import Nodes, outcome
from headgate.kafka.wire import Lane
from headgate.ports import errors, kafka

PAUSE_S = 0.1
"""Before the same is asked again after an error that passes; doubled each time."""

Code = Callable[[Any], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What every broker told."""

    answers: Mapping[int, Any]
    missing: tuple[snapshot.Missing, ...]
    """The brokers that told nothing, and why."""


def code_of(answer: Any) -> int:
    """The error code of a whole answer."""
    return int(answer.error_code)


def any_broker(
    nodes: Nodes,
    make: Callable[[], Any],
    api: str,
    *,
    deadline: float,
    lane: Lane = "read",
    code: Code = code_of,
) -> Any:
    """The answer of whichever broker answers first.

    Raises:
        errors.NotAllowed: the caller lacks the right; it is named.
        errors.NotNow: an error that passes did not pass before the deadline.
        errors.PortError: no broker answers, or one refused for another reason.
    """
    pause_s = PAUSE_S
    while True:
        answer = nodes.any(make, deadline=deadline, lane=lane)
        found = code(answer)
        if not found:
            return answer
        failed = _failed(found, answer, api)
        if not failed.retriable:
            complaint.check(found, _message(answer), nodes.name, api=api)
        if time.monotonic() + pause_s > deadline:
            raise errors.NotNow(f"{failed.name}: {failed.reason}", where=nodes.name)
        time.sleep(pause_s)
        pause_s *= 2


def every_broker(
    nodes: Nodes,
    make: Callable[[], Any],
    api: str,
    *,
    deadline: float,
    code: Code = code_of,
) -> Gathered:
    """What every live broker tells, all asked at once; one that fails is missing.

    A broker with an error that passes is asked again, the others are not.

    Raises:
        errors.PortError: there is nothing but failures, and the brokers' own reason is it.
    """
    answers: dict[int, Any] = {}
    failures: dict[int, kafka.Failure] = {}
    problems: list[errors.PortError] = []
    for broker, answer in nodes.every(make, deadline=deadline):
        told = _settled(nodes, broker, answer, make, api, deadline, code)
        if isinstance(told, errors.PortError):
            problems.append(told)
            failures[broker] = failure.of_error(told)
        else:
            answers[broker] = told
    if not answers and problems:
        raise problems[0]
    return Gathered(
        answers=answers,
        missing=tuple(
            snapshot.Missing(
                what=f"broker:{broker}",
                reason=failures[broker].reason,
                needs=failures[broker].needs,
            )
            for broker in sorted(failures)
        ),
    )


def _settled(
    nodes: Nodes,
    broker: int,
    answer: Any,
    make: Callable[[], Any],
    api: str,
    deadline: float,
    code: Code,
) -> Any | errors.PortError:
    """A broker's answer once its error has passed, or what keeps it from telling."""
    pause_s = PAUSE_S
    while not isinstance(answer, errors.PortError) and code(answer):
        failed = _failed(code(answer), answer, api)
        if not failed.retriable or time.monotonic() + pause_s > deadline:
            what = f"{failed.name}: {failed.reason}"
            if failed.not_allowed:
                return errors.NotAllowed(what, where=nodes.name, needs=failed.needs)
            return errors.Refused(what, where=nodes.name)
        time.sleep(pause_s)
        pause_s *= 2
        answer = outcome(nodes.ask(broker, make(), deadline=deadline))
    return answer


def _failed(code: int, answer: Any, api: str) -> kafka.Failure:
    name = library.error_name(code)
    return failure.of_code(code, _message(answer), name=name, api=api)


def _message(answer: Any) -> str:
    return str(getattr(answer, "error_message", None) or "")
