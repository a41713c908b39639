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
APART_BYTES = 256 * 1024
"""Larger pieces of memory go back to the system when they are freed. Both together took a sixth to
a quarter off the memory of a server that watches 100,000 partitions."""
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
    given = ((_ARENA_MAX, ARENAS), (_MMAP_THRESHOLD, APART_BYTES), (_TRIM_THRESHOLD, APART_BYTES))
    told = [tell(name, value) == 1 for name, value in given]
    return all(told)
