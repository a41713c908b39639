"""One deadline for a whole HTTP call."""

import time
from typing import Any


class Remaining(dict[str, float]):
    """Stands in for the client's table of timeouts and gives each phase only what time is left.

    The HTTP client has a timeout per phase (connecting, sending, each read) but none for the whole
    call; it looks every phase up by ``get``.
    """

    def __init__(self, deadline_s: float) -> None:
        """The call must be over in that many seconds."""
        super().__init__()
        self._end = time.monotonic() + deadline_s

    @property
    def seconds(self) -> float:
        """What is left; never below a millisecond, for 0 would mean not to wait at all."""
        return max(self._end - time.monotonic(), 0.001)

    @property
    def over(self) -> bool:
        """Whether the time is used up."""
        return time.monotonic() >= self._end

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ARG002 - every phase alike
        """What is left, whichever phase asks."""
        return self.seconds
