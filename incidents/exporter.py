"""The process that reads what exporters show, and its readings so far."""

import json
import subprocess
import sys
import threading

from headgate.lab import lab as lab_
from incidents import baseline

_AGAIN_S = 1.0


class Exporter:
    """Readings of a lab until it is closed.

    The process is started anew where it ends: an exporter that crashes is a gap in the readings,
    and no end of the run.
    """

    def __init__(self, lab: lab_.Lab) -> None:
        """The first reading begins at once."""
        self._argv = [sys.executable, "-m", "incidents.gauges", str(lab.folder)]
        self._stopping = threading.Event()
        self._process = self._start()
        self.course: list[baseline.Gauges] = []
        self._thread = threading.Thread(target=self._follow, name="exporter", daemon=True)
        self._thread.start()

    def since(self, at: float) -> list[baseline.Gauges]:
        """The readings from then on.

        Raises:
            RuntimeError: there are none though there should be.
        """
        found = [one for one in list(self.course) if one.at >= at]
        if not found:
            raise RuntimeError("the exporter read nothing")
        return found

    def close(self) -> None:
        """Nothing is read any more."""
        self._stopping.set()
        self._process.kill()
        self._thread.join(30)

    def _start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self._argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def _follow(self) -> None:
        while True:
            with self._process as process:
                assert process.stdout is not None  # noqa: S101 - it is a pipe
                for line in process.stdout:
                    self.course.append(baseline.Gauges(**json.loads(line)))
            if self._stopping.wait(_AGAIN_S):
                return
            self._process = self._start()
            if self._stopping.is_set():  # closed meanwhile: nobody else ends it
                self._process.kill()
