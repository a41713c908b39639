"""A source of metrics in memory, for tests and for trying things without an exporter."""

from headgate.domain import measures
from headgate.ports import errors


class FakeMetrics:
    """Implements ``ports.metrics.Metrics``: says what it was told to say."""

    def __init__(
        self,
        *said: measures.Measure,
        url: str = "http://fake:7071/metrics",
        absent: tuple[measures.Absent, ...] = (),
    ) -> None:
        self.said: tuple[measures.Measure, ...] = said
        self.absent = absent
        self.fails: errors.PortError | None = None
        """What reading raises instead; None: it answers."""
        self.reads = 0
        """How often it was read."""
        self._url = url
        self._closed = False

    @property
    def url(self) -> str:
        """Its address; also its name."""
        return self._url

    def read(self, *, deadline_s: float) -> measures.Measures:
        """What it was told to say.

        Raises:
            ports.errors.PortError: it was told to fail, is closed, or has no time.
        """
        self.reads += 1
        if self._closed:
            raise errors.Unreachable(f"nothing listens at {self._url}", where=self._url)
        if deadline_s <= 0:
            raise errors.TimedOut(f"{self._url} gave no answer in time", where=self._url)
        if self.fails is not None:
            raise self.fails
        return measures.Measures(
            source=self._url, dialect="jmx", measures=self.said, absent=self.absent
        )

    def close(self) -> None:
        """It answers no more."""
        self._closed = True
