"""How long something is waited for on the I/O thread, when it is the thread itself that is late."""

import time
from typing import Any

from headgate.kafka import library

LATE_S = 0.05
"""A timer that fires so late was held up by ourselves, and says nothing about a broker."""


async def within(loop: Any, future: Any, until: float) -> Any:
    """What ``future`` gives, or TimeoutError at ``until`` (monotonic); the future itself goes on.

    A timer that fires late says that this thread did not get to run, as happens while other threads
    decode large answers: then what came meanwhile is read before it gives up.
    """
    if future.is_done:
        return await future
    wrapper = library.Future()
    timer: Any = None

    def give_up(due: float) -> None:
        nonlocal timer
        late_s = time.monotonic() - due
        if late_s > LATE_S:
            again = due + 2 * late_s
            timer = loop.call_at(again, lambda: give_up(again))
        elif not wrapper.is_done:
            wrapper.failure(TimeoutError())

    timer = loop.call_at(until, lambda: give_up(until))
    future.add_callback(lambda value: None if wrapper.is_done else wrapper.success(value))
    future.add_errback(lambda error: None if wrapper.is_done else wrapper.failure(error))
    try:
        return await wrapper
    finally:
        loop.cancel(timer)
