"""A running Headgate: its threads, started together and ended together.

Per cluster one thread looks and one thinks; the engine has its own per cluster; one more keeps
house. None waits for another cluster.
"""

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator

import structlog

from headgate.app import context, deciding, proposing, service, thinking, watching
from headgate.changes import engine, lease, pace, process, transitions
from headgate.domain import finding, observation, vocabulary
from headgate.ports import store as ports

_log = structlog.get_logger(__name__)

HOUSEKEEPING_S = 300.0
STOP_S = 4.0
"""All threads have so long to end; what is written stays, whatever they were at."""
_REMEMBERED = 5_000


class Runtime:
    """Everything that goes on by itself. ``start`` once, ``stop`` once."""

    def __init__(self, running: context.Context, use: service.Service) -> None:
        self.running = running
        self.headgate = use
        self.holder = process.holder()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._keeper: lease.Keeper | None = None
        self.overtaken_by = ""
        """The process that took the database from this one; empty: none did."""
        self._states: dict[str, vocabulary.ChangeState] = {}
        decide = deciding.Deciding(running)
        self._thinker = thinking.Thinker(running, proposing.Proposer(running, decide))
        self._engine = engine.Engine(
            store=running.store,
            catalogue=running.desk.catalogue,
            worlds={name: running.world(one) for name, one in running.clusters.items()},
            boundary=running.desk.boundary,
            clock=running.clock,
            holder=self.holder,
            on_change=self._on_change,
            pace=pace.Pace(lease_s=running.settings.engine.lease_s),
        )
        running.wake = self._engine.wake

    @contextlib.contextmanager
    def sole(self) -> Iterator[None]:
        """This process is the one server on its database until the end of the block.

        Raises:
            store.Busy: another server holds it; says which, and what to do.
        """
        running = self.running
        with lease.server(
            running.store,
            running.clock,
            holder=self.holder,
            seconds=running.settings.engine.lease_s,
        ) as self._keeper:
            yield

    def start(self, overtaken: Callable[[], None]) -> None:
        """All threads run, until ``stop`` or another server takes the database.

        ``overtaken`` is called then, from one of the threads: a process that slept past its lease,
        as a suspended machine does, must not go on beside the one that took over.
        """
        for name, one in self.running.clusters.items():
            self._run(f"look-{name}", functools.partial(one.run_looking, self._stop))
            self._run(
                f"think-{name}",
                functools.partial(one.run_thinking, self._stop, self._think),
            )
            self._run(f"keep-{name}", functools.partial(one.run_recording, self._stop))
        for teller in self.running.tellers:
            self._run(
                f"tell-{teller.name}",
                functools.partial(teller.run, self._stop, self.running.hub),
            )
        self._run("engine", lambda: self._engine.run(self._stop))
        self._run("house", self._keep_house)
        self._run("owner", functools.partial(self._watch_owner, overtaken))

    def look_once(self, watched: watching.Watched) -> None:
        """One look at a cluster is made and thought about, in the caller's thread.

        Raises:
            store.StoreError: the database cannot be used.
        """
        self._think(watched, *watched.look())

    def carry_on(self) -> bool:
        """Changes have gone on by one durable step each, in the caller's thread; whether any did.

        Raises:
            store.StoreError: the database cannot be used.
        """
        return self._engine.run_once()

    def stopping(self) -> None:
        """Threads end soon, and live pages are let go; may be called from a signal handler."""
        self._stop.set()
        threading.Thread(target=self.running.hub.close, name="let-go", daemon=True).start()

    def stop(self) -> None:
        """All threads have ended, or their time was up; connections are closed."""
        self._stop.set()
        self.running.hub.close()
        until = time.monotonic() + STOP_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        late = [thread.name for thread in self._threads if thread.is_alive()]
        if late:
            _log.warning(
                "Threads were still busy at the end; what they did is in the journal",
                event_key="runtime.late",
                threads=late,
            )
        self._keep_known()
        closers = [
            threading.Thread(target=one.close, name=f"close-{name}", daemon=True)
            for name, one in self.running.clusters.items()
        ]
        closers += [
            threading.Thread(target=one.close, name=f"close-{one.name}", daemon=True)
            for one in self.running.tellers
        ]
        for closer in closers:
            closer.start()
        for closer in closers:
            closer.join(max(0.1, until - time.monotonic()))

    def unready(self) -> str:
        """Why it cannot do its work now; empty: it can."""
        if self._stop.is_set():
            return "it is stopping"
        dead = [thread.name for thread in self._threads if not thread.is_alive()]
        if dead:
            return f"threads have ended: {', '.join(dead)}"
        try:
            with self.running.store.read() as work:
                work.switches.get(context.KILL)
        except ports.StoreError as error:
            return f"the database cannot be read: {error}"
        return ""

    def has_people(self) -> bool:
        """Whether anybody can log in."""
        with self.running.store.read() as work:
            return any(not user.disabled for user in work.people.users())

    @property
    def clusters(self) -> tuple[watching.Watched, ...]:
        """The clusters being watched."""
        return tuple(self.running.clusters.values())

    def _run(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _think(
        self,
        watched: watching.Watched,
        seen: observation.Observation,
        found: finding.Detection,
    ) -> None:
        """The look is thought about, and what became different is on the timeline."""
        try:
            self._thinker.think(watched, seen, found)
        finally:
            self.running.chronicle(watched.name).note(seen.snapshot)

    def _keep_known(self) -> None:
        """What is known of each cluster is there at the next start."""
        for name in self.running.clusters:
            try:
                self.running.chronicle(name).close()
            except ports.StoreError as error:
                _log.warning(
                    "What is known of a cluster could not be kept",
                    event_key="chronicle.unkept",
                    cluster=name,
                    reason=str(error),
                )

    def _on_change(self, change_id: str) -> None:
        """After each commit of the engine: pages hear of it, and the incident of a new state."""
        with self.running.store.read() as work:
            item = work.changes.get(change_id)
        if item is None:
            return
        before = self._states.get(change_id)
        if before != item.state:
            self._states[change_id] = item.state
            if item.incident:
                with self.running.store.begin() as work:
                    deciding.link(work, item, self.running)
                self.running.changed("incident", item.cluster, item.incident)
            if item.state in ("verifying", "rolled_back"):
                # what was altered is seen at the next look, not at the next reading of all
                self.running.clusters[item.cluster].reread_settings()
        if item.state in transitions.FINAL:
            self._states.pop(change_id, None)
        self.running.changed("change", item.cluster, change_id)

    def _watch_owner(self, overtaken: Callable[[], None]) -> None:
        while not self._stop.wait(self.running.settings.engine.lease_s / 3):
            if self._keeper is None or self._keeper.held() is not None:
                continue
            try:
                with self.running.store.read() as work:
                    other = work.leases.get(lease.SERVER)
            except ports.StoreError:
                continue  # a database that fails for us fails for others, too
            if other is None or other.holder in ("", self.holder):
                continue
            self.overtaken_by = process.words(other.holder)
            _log.critical(
                "Another server has taken the database; this one ends",
                event_key="runtime.overtaken",
                by=self.overtaken_by,
            )
            self.stopping()
            overtaken()

    def _keep_house(self) -> None:
        while not self._stop.is_set():
            try:
                self.running.auth.purge()
            except ports.StoreError as error:
                _log.warning(
                    "Old sessions could not be cleared away",
                    event_key="house.failed",
                    reason=str(error),
                )
            self._stop.wait(HOUSEKEEPING_S)
