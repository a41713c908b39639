"""Python's own settings for a process that decodes large answers while it serves others."""

import ctypes
import gc
import sys

COLLECT_AT = (100_000, 20, 20)
"""Thresholds for collecting garbage: decoding makes many values and hardly a cycle, and looking for
one took a fifth of a large sweep (0.3 to 1.2 s), during which nothing else runs."""
SWITCH_S = 0.001
"""For how long a thread that computes keeps Python's lock from one that waits for it; by default
0.005 s, which a thread that reads from sockets pays at every piece."""
ARENAS = 2
"""Heaps of the C library: by default eight a core, each of which keeps what its threads freed."""
APART_BYTES = 1024 * 1024
"""Larger pieces of memory, such as decoded answers, go back to the system when they are freed."""
KEPT_BYTES = 64 * 1024 * 1024
"""So much that is free is kept at hand: a column of 100,000 partitions takes 0.8 MB, and a
diagnosis makes and drops thousands of them. With 0.25 MB for both limits each came from the system
anew, and a diagnosis took 1.6 s and not 0.8; the memory in use is the same."""
_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1
"""Parameters of mallopt(3)."""


def settle() -> None:
    """The process hands over its lock quickly, looks for garbage seldom, and keeps little memory
    that it does not use.
    """
    gc.set_threshold(*COLLECT_AT)
    sys.setswitchinterval(SWITCH_S)
    settle_memory()


def settle_memory() -> bool:
    """Freed memory goes back to the system; whether the C library can be told so (glibc can)."""
    try:
        tell = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    given = ((_ARENA_MAX, ARENAS), (_MMAP_THRESHOLD, APART_BYTES), (_TRIM_THRESHOLD, KEPT_BYTES))
    told = [tell(name, value) == 1 for name, value in given]
    return all(told)
