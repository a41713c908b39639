"""A Connect cluster in memory, for tests and demonstrations of everything that stands on the port.

It keeps the manners of the real one that matter to callers: secrets are masked, a restart is only
*asked for* and shows RESTARTING first, a task whose reason is still there fails again, an answer
can be lost before or after the work was done, a name with a slash cannot be addressed.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from headgate.connect import masking
from headgate.domain import connects, snapshot
from headgate.ports import errors

_WORKER = "127.0.0.1:8083"
_FILES = "org.apache.kafka.connect.file.FileStream"
_PLUGINS = (
    connects.Plugin(name=f"{_FILES}SinkConnector", type="sink", version="4.3.1"),
    connects.Plugin(name=f"{_FILES}SourceConnector", type="source", version="4.3.1"),
)

Restart = Literal["heals", "fails_again", "hangs"]
"""What a restarted task does: runs; fails with the same trace; stays RESTARTING."""


@dataclass(slots=True, kw_only=True)
class _Held:
    value: snapshot.Connector
    on_restart: Restart = "heals"
    restarting_for: int = 0
    """Reads until the restart has taken effect."""
    traces: dict[int, str] = field(default_factory=dict)
    """Why each task failed, to fail it again; -1 is the connector itself."""


class FakeConnect:
    """Implements ``ports.connect.Connect`` over a dictionary; safe to use from several threads."""

    def __init__(
        self,
        name: str = "connect",
        url: str = "http://127.0.0.1:8083",
        *,
        version: str = "4.3.1",
        slow_reads: int = 1,
    ) -> None:
        """``slow_reads``: how many reads after a restart still show RESTARTING."""
        self._name = name
        self._url = url
        self._version = version
        self._slow_reads = slow_reads
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()
        self._talking = threading.Event()
        self._talking.set()
        self._down: errors.PortError | None = None
        self._lost: Literal["", "done", "not_done"] = ""
        self._rebalancing = 0
        self._workers: dict[str, connects.PortState] = {_WORKER: "answers"}
        self.restarts: list[str] = []
        """Names of the connectors whose restart took effect, in order."""

    @property
    def name(self) -> str:
        """The name Headgate knows it by."""
        return self._name

    @property
    def url(self) -> str:
        """Its REST address, without credentials."""
        return self._url

    # what the port promises

    def cluster(self, *, deadline_s: float) -> snapshot.ConnectCluster:
        """All connectors with tasks, traces and masked configs."""
        self._wait(deadline_s)
        with self._lock:
            self._answer()
            return snapshot.ConnectCluster(
                name=self._name,
                url=self._url,
                version=self._version,
                connectors={name: self._look(held) for name, held in sorted(self._held.items())},
                kafka_cluster_id="fake",
                workers=tuple(
                    connects.Worker(id=name, state=state, configured=name == _WORKER)
                    for name, state in sorted(self._workers.items())
                ),
                plugins=_PLUGINS,
            )

    def connector(self, name: str, *, deadline_s: float) -> snapshot.Connector:
        """One connector, read now.

        Raises:
            errors.Refused: there is no such connector.
        """
        self._wait(deadline_s)
        with self._lock:
            self._answer()
            return self._look(self._find(name))

    def restart_failed(self, name: str, *, deadline_s: float) -> None:
        """Restarts what failed; the new state shows in a later read."""
        self._wait(deadline_s)
        with self._lock:
            self._answer()
            if "/" in name or "%" in name:
                raise errors.Refused(
                    "Connect's HTTP server takes no address with an encoded / or % in it",
                    where=self._url,
                    next_step="The connector can be listed but not addressed",
                )
            if self._rebalancing:
                self._rebalancing -= 1
                raise errors.NotNow(
                    f"Connect cannot restart {name} now: the workers are rebalancing",
                    where=self._url,
                    next_step="Nothing was changed; ask again in a few seconds",
                )
            lost, self._lost = self._lost, ""
            if lost != "not_done":
                self._restart(self._find(name))
            if lost:
                raise errors.OutcomeUnknown(
                    f"the answer to the restart of {name} was lost",
                    where=self._url,
                    next_step="Read the connector to learn whether it restarted",
                )

    def close(self) -> None:
        """Nothing is left open."""

    # what tests arrange

    def put(
        self,
        name: str,
        *,
        tasks: int = 1,
        type: Literal["sink", "source"] = "sink",
        config: Mapping[str, str] | None = None,
        topics: tuple[str, ...] = (),
        offsets: Mapping[str, str] | None = None,
        worker: str = _WORKER,
        on_restart: Restart = "heals",
    ) -> None:
        """A running connector with that many running tasks is there, replacing any before."""
        plugin = next(one for one in _PLUGINS if one.type == type)
        raw = {
            "name": name,
            "connector.class": plugin.name,
            "tasks.max": str(tasks),
            **(config or {}),
        }
        if topics and type == "sink":
            raw.setdefault("topics", ",".join(topics))
        value = snapshot.Connector(
            name=name,
            type=type,
            state="RUNNING",
            worker=worker,
            trace="",
            tasks=tuple(
                snapshot.Task(number=number, state="RUNNING", worker=worker)
                for number in range(tasks)
            ),
            config=masking.config(raw),
            topics=topics,
            version=plugin.version,
            offsets=tuple(
                connects.Position(partition=where, offset=at)
                for where, at in sorted((offsets or {}).items())
            ),
            topics_used=tuple(sorted(topics)),
        )
        with self._lock:
            self._held[name] = _Held(value=value, on_restart=on_restart)
            self._workers.setdefault(worker, "answers")

    def set_worker(self, worker: str, state: connects.PortState) -> None:
        """The worker's port is like that; what runs on it keeps showing RUNNING."""
        with self._lock:
            self._workers[worker] = state

    def remove(self, name: str) -> None:
        """The connector is gone."""
        with self._lock:
            del self._held[name]

    def fail_task(self, name: str, number: int = 0, *, trace: str) -> None:
        """The task is FAILED with that trace; the connector itself keeps RUNNING."""
        with self._lock:
            held = self._find(name)
            held.traces[number] = masking.text(trace)
            held.restarting_for = 0
            self._set_task(held, number, "FAILED")

    def fail_connector(self, name: str, *, trace: str) -> None:
        """The connector itself is FAILED; its tasks stay as they are."""
        with self._lock:
            held = self._find(name)
            held.traces[-1] = masking.text(trace)
            held.value = replace(held.value, state="FAILED", trace=held.traces[-1])

    def run_task(self, name: str, number: int = 0) -> None:
        """The task runs, and the reason for its failure is gone."""
        with self._lock:
            held = self._find(name)
            held.traces.pop(number, None)
            self._set_task(held, number, "RUNNING")

    def on_restart(self, name: str, behaviour: Restart) -> None:
        """Restarts of that connector do this from now on."""
        with self._lock:
            self._find(name).on_restart = behaviour

    def go_down(self, error: errors.PortError | None = None) -> None:
        """Every call raises that error (nothing listens, where none is given) until ``come_up``."""
        with self._lock:
            self._down = error or errors.Unreachable(
                f"nothing listens at {self._url}",
                where=self._url,
                next_step="Check the address and that a Connect worker runs there",
            )

    def come_up(self) -> None:
        """Calls are answered again, those that wait included."""
        self._talking.set()
        with self._lock:
            self._down = None

    def lose_next_answer(self, *, done: bool) -> None:
        """The next restart raises OutcomeUnknown; ``done`` says whether it took effect."""
        with self._lock:
            self._lost = "done" if done else "not_done"

    def rebalance(self, answers: int = 1) -> None:
        """The next so many restarts are refused because of a rebalance."""
        with self._lock:
            self._rebalancing = answers

    def go_silent(self) -> None:
        """Every call waits until its deadline and times out, until ``come_up``."""
        self._talking.clear()

    # inside; except for the first, the lock is held

    def _wait(self, deadline_s: float) -> None:
        if deadline_s <= 0 or not self._talking.wait(deadline_s):
            raise errors.TimedOut(
                f"Connect gave no answer within {deadline_s:.3g} s",
                where=self._url,
                next_step="Check that the worker is not frozen or overloaded",
            )

    def _answer(self) -> None:
        if self._down is not None:
            error = self._down
            raise type(error)(error.what, where=error.where, next_step=error.next_step)

    def _find(self, name: str) -> _Held:
        held = self._held.get(name)
        if held is None:
            raise errors.Refused(
                f"Connect has no connector named {name}",
                where=self._url,
                next_step="List the connectors to see the names",
            )
        return held

    def _restart(self, held: _Held) -> None:
        failed = [task.number for task in held.value.tasks if task.state == "FAILED"]
        self.restarts.append(held.value.name)
        if held.value.state == "FAILED":
            held.value = replace(held.value, state="RESTARTING", trace="")
        for number in failed:
            self._set_task(held, number, "RESTARTING")
        held.restarting_for = self._slow_reads
        if held.restarting_for == 0:
            self._settle(held)

    def _look(self, held: _Held) -> snapshot.Connector:
        seen = held.value
        if held.restarting_for > 0:
            held.restarting_for -= 1
            if held.restarting_for == 0:
                self._settle(held)
        return seen

    def _settle(self, held: _Held) -> None:
        if held.on_restart == "hangs":
            return
        heals = held.on_restart == "heals"
        if heals:
            held.traces.clear()
        if held.value.state == "RESTARTING":
            state, trace = ("RUNNING", "") if heals else ("FAILED", held.traces.get(-1, ""))
            held.value = replace(held.value, state=state, trace=trace)
        for task in held.value.tasks:
            if task.state == "RESTARTING":
                self._set_task(held, task.number, "RUNNING" if heals else "FAILED")

    def _set_task(self, held: _Held, number: int, state: str) -> None:
        if number not in {task.number for task in held.value.tasks}:
            raise ValueError(f"connector {held.value.name} has no task {number}")
        trace = held.traces.get(number, "") if state == "FAILED" else ""
        held.value = replace(
            held.value,
            tasks=tuple(
                replace(task, state=state, trace=trace) if task.number == number else task
                for task in held.value.tasks
            ),
        )
