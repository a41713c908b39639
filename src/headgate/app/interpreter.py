"""Python's own settings for a process that decodes large answers while it serves others."""

import gc
import sys

COLLECT_AT = (100_000, 20, 20)
"""Thresholds for collecting garbage: decoding makes many values and hardly a cycle, and looking for
one took a fifth of a large sweep (0.3 to 1.2 s), during which nothing else runs."""
SWITCH_S = 0.001
"""For how long a thread that computes keeps Python's lock from one that waits for it; by default
0.005 s, which a thread that reads from sockets pays at every piece."""


def settle() -> None:
    """The process hands over its lock quickly and looks for garbage seldom."""
    gc.set_threshold(*COLLECT_AT)
    sys.setswitchinterval(SWITCH_S)
