"""The port to Kafka Connect, over its REST interface.

One call reads every connector with its tasks and settings, so a sweep costs one round trip however
many connectors there are; what is dearer is read in turn at a slower rhythm (``details``). What
Connect gives in the clear is masked here, before anything else of Headgate sees it.
"""

import threading
import time
from collections.abc import Collection, Mapping
from urllib.parse import quote, urlsplit

import pydantic

from headgate.connect import details, masking, probing, shapes, wire, workers
from headgate.domain import snapshot
from headgate.ports import errors
from headgate.web import deadline

_LONGEST_TRACE = 32_768
"""Characters. A trace's first line and its deepest cause stand at its two ends."""

_PLUGIN_RETRY_S = 300.0
"""How long to wait before asking again about a plugin that could not be described."""

_ABOUT_AGE_S = 300.0
"""How long a worker's version is taken as known; it changes only when a worker is replaced."""

_DETAILS_SHARE = 0.3
"""Of what time is left, for what is read at a slower rhythm."""

_DETAILS_S = 0.5
"""And no more than that: with very many connectors the rhythm slows down, not the sweep."""


class RestConnect:
    """Implements ``ports.connect.Connect`` for one Connect cluster; safe for several threads."""

    def __init__(
        self,
        name: str,
        *urls: str,
        username: str = "",
        password: str = "",
        ca_file: str = "",
        details_every_s: float = details.EVERY_S,
    ) -> None:
        """Nothing is sent yet. ``urls`` are addresses of its workers, at least one; credentials
        may also stand in them. ``details_every_s``: how often what is dearer is read again.

        Raises:
            ValueError: there is no address, or one is not an http or https address.
        """
        if not urls:
            raise ValueError("no Connect address is given")
        self._name = name
        self._workers = workers.Workers(
            [wire.Wire(url, username=username, password=password, ca_file=ca_file) for url in urls]
        )
        self._details = details.Details(self._workers, details_every_s)
        self._probes = probing.Probes()
        self._probing = threading.Lock()
        self._lock = threading.Lock()
        self._about: dict[str, tuple[float, shapes.Worker]] = {}
        """Address -> when it was asked, and what it said of itself."""
        self._kafka_cluster_id = ""
        self._passwords: dict[str, tuple[float, frozenset[str] | None]] = {}
        """Plugin class -> when asked, and its password settings (None: could not be asked)."""
        self._ask_plugins_after = 0.0
        """After a time-out no plugin is asked for a while, so that many cost no more than one."""
        self._masked: dict[str, tuple[int, dict[str, str]]] = {}
        """Connector -> hash of its settings, and those settings masked: masking is the dearest
        part of a sweep, and settings seldom change."""

    @property
    def name(self) -> str:
        """The name Headgate knows it by."""
        return self._name

    @property
    def url(self) -> str:
        """Its first REST address, without credentials."""
        return self._workers.urls[0]

    def cluster(self, *, deadline_s: float) -> snapshot.ConnectCluster:
        """All connectors with tasks, traces and configs; secrets are masked.

        Raises:
            errors.PortError: nothing there, no answer in time, not Connect, not allowed.
        """
        left = deadline.Remaining(deadline_s)
        if not self._about:  # what is no Connect at all shows here first
            self._worker(left)
        path = "/connectors?expand=status&expand=info"
        body = self._workers.read(path, left)
        url = self._workers.url
        try:
            expanded = shapes.EXPANDED.validate_json(body)
        except pydantic.ValidationError as error:
            raise self._misread(path, error) from error
        about = self._worker(left)
        self._details.refresh(
            expanded, deadline.Remaining(min(_DETAILS_S, left.seconds * _DETAILS_SHARE))
        )
        connectors = {
            name: self._connector(name, both.status, both.info, left)
            for name, both in sorted(expanded.items())
        }
        with self._lock:
            for gone in self._masked.keys() - connectors.keys():
                del self._masked[gone]
        return snapshot.ConnectCluster(
            name=self._name,
            url=url,
            version=about.version,
            connectors=connectors,
            kafka_cluster_id=about.kafka_cluster_id,
            workers=self._worker_states(connectors.values(), url, left),
            plugins=self._details.plugins,
        )

    def connector(self, name: str, *, deadline_s: float) -> snapshot.Connector:
        """One connector, read now.

        Raises:
            errors.Refused: there is no such connector.
            errors.PortError: nothing there, no answer in time, not Connect, not allowed.
        """
        left = deadline.Remaining(deadline_s)
        path = f"/connectors/{_quoted(name)}"
        try:
            status = shapes.Status.model_validate_json(self._workers.read(f"{path}/status", left))
            info = shapes.Info.model_validate_json(self._workers.read(path, left))
        except pydantic.ValidationError as error:
            raise self._misread(path, error) from error
        except wire.Unaddressable:
            return self._listed(name, left)
        return self._connector(name, status, info, left)

    def restart_failed(self, name: str, *, deadline_s: float) -> None:
        """Restarts the failed tasks (and the connector itself if it failed); returns when asked.

        Raises:
            errors.NotNow: the workers rebalance; nothing was changed.
            errors.Refused: there is no such connector.
            errors.OutcomeUnknown: the answer was lost.
        """
        self._workers.write(
            f"/connectors/{_quoted(name)}/restart?includeTasks=true&onlyFailed=true",
            deadline.Remaining(deadline_s),
        )

    def close(self) -> None:
        """Connections are closed."""
        self._workers.close()

    def _listed(self, name: str, left: deadline.Remaining) -> snapshot.Connector:
        """The connector out of the list of all, for a name that no address can hold."""
        found = self.cluster(deadline_s=left.seconds).connectors.get(name)
        if found is None:
            raise errors.Refused(
                f"Connect has no connector named {name}",
                where=self.url,
                next_step="List the connectors to see the names",
            )
        return found

    def _worker(self, left: deadline.Remaining) -> shapes.Worker:
        """What the worker that answered says of itself.

        Raises:
            errors.Misunderstood: it belongs to another Kafka cluster than the one asked before.
        """
        known = self._about.get(self._workers.url)
        if known and time.monotonic() - known[0] < _ABOUT_AGE_S:
            return known[1]
        try:
            about = shapes.Worker.model_validate_json(self._workers.read("/", left))
        except pydantic.ValidationError as error:
            raise self._misread("/", error) from error
        url = self._workers.url
        expected = self._kafka_cluster_id
        if expected and about.kafka_cluster_id and about.kafka_cluster_id != expected:
            raise errors.Misunderstood(
                f"{url} is a worker of another Connect cluster: it works on Kafka cluster "
                f"{about.kafka_cluster_id}, the others on {expected}",
                where=url,
                next_step="Give each Connect cluster an entry of its own",
            )
        self._kafka_cluster_id = expected or about.kafka_cluster_id
        self._about[url] = (time.monotonic(), about)
        return about

    def _worker_states(
        self, found: Collection[snapshot.Connector], answered: str, left: deadline.Remaining
    ) -> tuple[snapshot.Worker, ...]:
        """Configured workers and those that run something, by id, each with its port's state."""
        given = {_worker_id(url): url for url in self._workers.urls}
        named = {one.worker for one in found} | {task.worker for one in found for task in one.tasks}
        ids = sorted((given.keys() | named) - {""})
        with self._probing:
            states = self._probes.states(
                ids,
                secure=answered.startswith("https:"),
                heard=[_worker_id(answered)],
                left_s=left.seconds,
            )
        return tuple(
            snapshot.Worker(id=one, state=states[one], configured=one in given) for one in ids
        )

    def _connector(
        self,
        name: str,
        status: shapes.Status | None,
        info: shapes.Info | None,
        left: deadline.Remaining,
    ) -> snapshot.Connector:
        raw = {key: value or "" for key, value in (info.config if info else {}).items()}
        passwords = self._password_settings(raw.get("connector.class", ""), left)
        secrets: frozenset[str] | None = None

        def trace(text: str | None) -> str:
            nonlocal secrets
            if not text:
                return ""
            if secrets is None:
                secrets = masking.secrets_of(raw, passwords)
            return _shortened(masking.text(text, secrets))

        kind = shapes.kind((status and status.type) or (info and info.type) or None)
        offsets, used = self._details.of(name)
        told = status.connector.version if status else None
        return snapshot.Connector(
            name=name,
            type=kind,
            state=status.connector.state if status else "UNKNOWN",
            worker=status.connector.worker_id if status else "",
            trace=trace(status.connector.trace) if status else "",
            tasks=tuple(
                snapshot.Task(
                    number=task.id,
                    state=task.state,
                    worker=task.worker_id,
                    trace=trace(task.trace),
                )
                for task in sorted(status.tasks if status else (), key=lambda task: task.id)
            ),
            config=self._masked_config(name, raw, passwords),
            topics=_topics(kind, raw),
            version=told or self._details.version(raw.get("connector.class", "")),
            offsets=offsets,
            topics_used=used,
        )

    def _masked_config(
        self, name: str, raw: Mapping[str, str], passwords: Collection[str]
    ) -> Mapping[str, str]:
        fingerprint = hash((frozenset(raw.items()), frozenset(passwords)))
        with self._lock:
            held = self._masked.get(name)
        if held is None or held[0] != fingerprint:
            held = (fingerprint, masking.config(raw, passwords))
            with self._lock:
                self._masked[name] = held
        return held[1]

    def _password_settings(self, plugin: str, left: deadline.Remaining) -> frozenset[str]:
        """The settings that the plugin itself declares as passwords, asked once per plugin.

        Names alone decide where the plugin cannot be asked: its answer is an addition to them.
        """
        if not plugin:
            return frozenset()
        asked, found = self._passwords.get(plugin, (0.0, None))
        if found is not None or (asked and time.monotonic() - asked < _PLUGIN_RETRY_S):
            return found or frozenset()
        if time.monotonic() < self._ask_plugins_after:
            return frozenset()
        try:
            body = self._workers.read(
                f"/connector-plugins/{_quoted(plugin)}/config",
                deadline.Remaining(min(1.0, left.seconds)),
                patient=False,
            )
            settings = shapes.SETTINGS.validate_json(body)
        except errors.TimedOut:
            self._ask_plugins_after = time.monotonic() + _PLUGIN_RETRY_S
            return frozenset()
        except (errors.PortError, pydantic.ValidationError):
            self._passwords[plugin] = (time.monotonic(), None)
            return frozenset()
        names = frozenset(item.name for item in settings if item.type.upper() == "PASSWORD")
        self._passwords[plugin] = (time.monotonic(), names)
        return names

    def _misread(self, path: str, error: pydantic.ValidationError) -> errors.Misunderstood:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the answer"
        return errors.Misunderstood(
            f"{self.url} does not answer GET {path} like Kafka Connect: {place}: {first['msg']}",
            where=self.url,
            next_step="Give the address of a Connect worker's REST listener (often port 8083)",
        )


def _quoted(name: str) -> str:
    """The name as one segment of a path, slashes and percents included."""
    return quote(name, safe="")


def _worker_id(url: str) -> str:
    """``host:port`` of an address, as a worker that advertises it calls itself."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _shortened(trace: str) -> str:
    if len(trace) <= _LONGEST_TRACE:
        return trace
    half = _LONGEST_TRACE // 2
    left_out = len(trace) - 2 * half
    return f"{trace[:half]}\n... {left_out} characters left out ...\n{trace[-half:]}"


def _topics(kind: shapes.Kind, raw: Mapping[str, str]) -> tuple[str, ...]:
    listed = raw.get("topics", "") if kind == "sink" else raw.get("topic", "")
    return tuple(topic for part in listed.split(",") if (topic := part.strip()))
