"""One cluster being watched: a thread that looks at the interval, and one that thinks about it.

Looking never waits for thinking: a diagnosis that reads records takes its time, and the next sweep
comes when it is due. Thinking always takes the newest look and skips those it was too slow for.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from headgate.app import around, fixes, interface, lookout, past, settings
from headgate.app import declared as declared_
from headgate.domain import finding, incident, observation
from headgate.domain import usual as usual_
from headgate.domain.unknown import Unknown
from headgate.observe import collector, recall, recorder, series, tiers, usual, watch
from headgate.ports import clock, connect, kafka, metrics, registry
from headgate.ports import store as ports

_log = structlog.get_logger(__name__)

PLANNED_S = 3600.0
"""How far back deeds of people are looked for that explain what is seen."""

Think = Callable[["Watched", observation.Observation, finding.Detection], None]
"""What is done with each look."""


class Watched:
    """One cluster with its connections and its newest look; any thread may read it."""

    def __init__(
        self,
        about: settings.Cluster,
        *,
        cluster: kafka.Kafka,
        connects: Sequence[connect.Connect],
        registries: Sequence[registry.SchemaRegistry] = (),
        sources: Sequence[metrics.Metrics] = (),
        database: ports.Store,
        ticks: clock.Clock,
        publish: Callable[[interface.Notice], None],
        apart: Callable[[watch.Kept | None], lookout.Lookout] | None = None,
        steps: Sequence[tiers.Tier] = (),
        declared: declared_.Folder = declared_.NOTHING,
    ) -> None:
        """Nothing is read yet. ``apart`` makes a lookout elsewhere; None: this process looks.
        ``steps``: how finely the history is kept, if at all. ``declared``: what should be.
        """
        self.about = about
        self.kafka = cluster
        self.connects: Mapping[str, connect.Connect] = {one.name: one for one in connects}
        self.registries: Mapping[str, registry.SchemaRegistry] = {
            one.name: one for one in registries
        }
        self._sources = tuple(sources)
        kept = self._beginning if steps else None
        self._lookout: lookout.Lookout
        if apart is not None:
            self._lookout = apart(kept)
        else:
            source = collector.Collector(
                cluster,
                tuple(connects),
                clock=ticks,
                interval_s=about.interval_s,
                readings=around.rows(cluster, registries, sources),
            )
            self._lookout = lookout.Local(
                about, source, cluster, ticks, kept=kept, declared=declared
            )
        self.past = past.Past(database, about.name, tuple(steps))
        """What is kept of the time before."""
        self._usual = usual.Keeper(self.past.read) if steps else None
        self._fixes = fixes.Keeper(database, about.name)
        self._recorder = recorder.Recorder(database, about.name, tuple(steps))
        self._recordable = threading.Event()
        self._store = database
        self._clock = ticks
        self._publish = publish
        self._latest: tuple[observation.Observation, finding.Detection] | None = None
        self._fresh = threading.Event()
        self._failure = ""
        self.sweeps = 0
        """Looks since the start."""
        self.last_s = 0.0
        """Seconds that the newest look took."""

    @property
    def name(self) -> str:
        """What Headgate calls the cluster."""
        return self.about.name

    def observed(self) -> observation.Observation | Unknown:
        """The newest observation, or why there is none."""
        latest = self._latest
        return self._why_none() if latest is None else latest[0]

    def detected(self) -> finding.Detection | Unknown:
        """The newest findings, or why there are none."""
        latest = self._latest
        return self._why_none() if latest is None else latest[1]

    def reread_settings(self) -> None:
        """The next look reads all topic settings again."""
        self._lookout.reread_settings()

    def look(self) -> tuple[observation.Observation, finding.Detection]:
        """One look is done and is the newest."""
        began = time.monotonic()
        known = self._usual.now() if self._usual is not None else usual_.Usual()
        told = lookout.Told(
            planned=tuple(self._planned()), usual=known, fixes=self._fixes.now(self._clock.now())
        )
        seen, found = self._lookout.look(told)
        self._latest = (seen, found)
        self.sweeps += 1
        self.last_s = time.monotonic() - began
        self._fresh.set()
        self._recordable.set()
        self._publish(interface.Notice(kind="sweep", cluster=self.name))
        return seen, found

    def explain(self, look: lookout.Look) -> Sequence[incident.Draft] | None:
        """The incidents that a look's findings fold into; None: a newer look has come."""
        return self._lookout.explain(look)

    def run_looking(self, stop: threading.Event) -> None:
        """Looks at the interval until ``stop``; a look that fails is tried again at the next."""
        due = time.monotonic()
        while not stop.is_set():
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - one bad look must not end the watch
                self._failure = f"looking failed: {type(error).__name__}: {error}"
                _log.error(
                    "A look at a cluster failed",
                    event_key="watch.failed",
                    cluster=self.name,
                    exc_info=error,
                )
            # a look that took longer than the interval is followed at once, not made up for
            due = max(due + self.about.interval_s, time.monotonic())
            stop.wait(due - time.monotonic())
        self._fresh.set()
        self._recordable.set()

    def run_recording(self, stop: threading.Event) -> None:
        """Keeps what moves, a minute at a time, until ``stop``; no look waits for it."""
        while not stop.is_set():
            self._recordable.wait()
            self._recordable.clear()
            latest = self._latest
            if stop.is_set() or latest is None:
                continue
            try:
                self._recorder.record(latest[0].snapshot)
                if self._usual is not None:
                    self._usual.refresh(latest[0])
            except ports.StoreError as error:
                _log.warning(
                    "The history could not be kept",
                    event_key="history.unkept",
                    cluster=self.name,
                    reason=str(error),
                )
            except Exception as error:  # noqa: BLE001 - the next sample is kept all the same
                _log.error(
                    "Keeping the history failed",
                    event_key="history.failed",
                    cluster=self.name,
                    exc_info=error,
                )

    def run_thinking(self, stop: threading.Event, think: Think) -> None:
        """Thinks about each newest look until ``stop``."""
        while not stop.is_set():
            self._fresh.wait()
            self._fresh.clear()
            latest = self._latest
            if stop.is_set() or latest is None:
                continue
            try:
                think(self, *latest)
            except Exception as error:  # noqa: BLE001 - the next look is thought about anew
                _log.error(
                    "Thinking about a look failed",
                    event_key="think.failed",
                    cluster=self.name,
                    exc_info=error,
                )

    def close(self) -> None:
        """Connections are closed, and a process that collects has ended."""
        self.kafka.close()
        self._lookout.close()
        for one in (*self.connects.values(), *self.registries.values(), *self._sources):
            close = getattr(one, "close", None)
            if close is not None:
                close()

    def _beginning(self) -> tuple[recall.Recalled, recall.Recalled] | None:
        """Log ends and commits that were kept of the window before the start."""
        try:
            return self.past.beginning(self._clock.now().timestamp(), series.WINDOW_S)
        except ports.StoreError as error:
            _log.warning(
                "The history could not be read",
                event_key="history.unread",
                cluster=self.name,
                reason=str(error),
            )
            return None

    def _planned(self) -> Sequence[observation.Planned]:
        since: datetime = self._clock.now() - timedelta(seconds=PLANNED_S)
        try:
            with self._store.read() as work:
                return work.timeline.since(self.name, since)
        except ports.StoreError as error:
            _log.warning(
                "The timeline could not be read", event_key="watch.timeline", reason=str(error)
            )
            return ()

    def _why_none(self) -> Unknown:
        return Unknown(self._failure or "the first look at the cluster is not over yet")
