"""Runs simulated clusters in a process of their own and tells it what breaks."""

import contextlib
import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Literal

from benchmarks.simulated.shape import Shape

Mood = Literal["up", "slow", "down", "hangs", "cut", "short"]
"""Of a broker: answers; answers late; listens no more; accepts and says nothing; hangs up in the
middle of an answer; sends answers whose end is missing though their length says otherwise."""


class Simulation:
    """Clusters that run until the end of ``start``'s block."""

    def __init__(self, process: "subprocess.Popen[str]", ports: list[list[int]]) -> None:
        self._process = process
        self.ports = ports
        """Of each cluster, by broker."""

    @property
    def pid(self) -> int:
        """The process that they all live in."""
        return self._process.pid

    def bootstrap(self, cluster: int = 0, *, brokers: int = 3) -> str:
        """Addresses of a cluster's first brokers."""
        return ",".join(f"127.0.0.1:{port}" for port in self.ports[cluster][:brokers])

    def set(self, mood: Mood, *brokers: int, cluster: int = 0) -> None:
        """Those brokers, by id, behave so from now on; the cluster has learned of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"cluster": cluster, "brokers": brokers, "mood": mood}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if answer.strip() != "done":
            raise RuntimeError(f"the simulation says: {answer!r}")


@contextlib.contextmanager
def start(*shapes: Shape) -> Iterator[Simulation]:
    """One cluster of each shape listens until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.simulated.brokers", _text(shapes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield Simulation(process, json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _text(shapes: Sequence[Shape]) -> str:
    return json.dumps([dataclasses.asdict(shape) for shape in shapes])
