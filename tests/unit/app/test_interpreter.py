"""What a server tells Python and the C library before it begins."""

import subprocess
import sys

SETTLE = """
import gc, sys, platform
from headgate.app import interpreter
interpreter.settle()
assert gc.get_threshold() == interpreter.COLLECT_AT
assert abs(sys.getswitchinterval() - interpreter.SWITCH_S) < 1e-9
print(interpreter.settle_memory(), platform.libc_ver()[0])
"""


def test_a_process_is_settled_and_goes_on() -> None:
    found = subprocess.run([sys.executable, "-c", SETTLE], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    told, _, library = found.stdout.strip().partition(" ")
    if library == "glibc":
        assert told == "True"
