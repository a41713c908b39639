"""Reads what exporters show (kafka_exporter, the brokers' JMX exporter, Connect's REST API).

Plain clients and plain HTTP; nothing of Headgate but the lab's handle takes part. It is a process,
as exporters are: ``python -m incidents.gauges FOLDER`` writes one line of JSON for each reading
until its input ends. Each kind of reading has a thread of its own: what a dead broker holds up
holds up nothing else.
"""

import concurrent.futures
import contextlib
import dataclasses
import json
import os
import re
import shutil
import socket
import struct
import sys
import threading
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import confluent_kafka
import httpx2

from headgate.lab import lab as lab_
from headgate.lab import ports
from headgate.lab.workloads import cluster
from incidents import baseline, stops

with warnings.catch_warnings():  # it reads its schemas in a way that Python 3.11 deprecates
    warnings.simplefilter("ignore", DeprecationWarning)
    import kafka
    import kafka.errors

EVERY_S = 4.0
_CALL_S = 4.0
_FRESH_S = 15.0
"""A reading that is older shows nothing, as after a scrape that failed."""
_LATEST = -1
"""The timestamp that asks ListOffsets for a log's end."""
_API_VERSIONS = 18
"""The request that needs no login."""
_LINE = re.compile(r"^([a-z_0-9]+)(?:\{(.*)\})? ([-0-9.eE+]+|NaN)$")
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_MEASURES = {
    "kafka_controller_kafkacontroller_activecontrollercount": "controllers",
    "kafka_log_logmanager_offlinelogdirectorycount": "offline_dirs",
    "kafka_server_replicamanager_isrshrinks": "isr_shrinks",
    "kafka_server_replicamanager_isrexpands": "isr_expands",
    "kafka_server_replicamanager_underminisrpartitioncount": "under_min_isr",
    "kafka_controller_controllerstats_uncleanleaderelections": "unclean",
    "kafka_server_kafkarequesthandlerpool_requesthandleravgidle": "handler_idle",
    "kafka_network_socketserver_networkprocessoravgidle": "network_idle",
    "kafka_server_fetch_throttle": "throttle_ms",
    "kafka_server_produce_throttle": "throttle_ms",
}
"""Beginnings of names in lower case without the usual separators' variants -> our measure."""
_NO_ANSWER = (
    confluent_kafka.KafkaException,
    kafka.errors.KafkaError,
    httpx2.HTTPError,
    OSError,
    ValueError,
)


class Reader:
    """Reads in threads of its own."""

    def __init__(self, lab: lab_.Lab) -> None:
        """The first readings begin at once."""
        self._lab = lab
        self._kafka = cluster.client(lab.bootstrap)
        self._asker: Any = None
        self._http = httpx2.Client(timeout=_CALL_S)
        self._stops = stops.Stops(baseline.HOLD_S)
        self._newest: dict[str, tuple[float, dict[str, Any]]] = {}
        self.failed = threading.Event()
        """A reading failed for another reason than that something did not answer."""
        for each in (
            self._brokers,
            self._partitions,
            self._groups,
            self._connect,
            self._registry,
            self._metrics,
            self._disks,
        ):
            threading.Thread(target=self._keep, args=(each,), daemon=True).start()

    def now(self) -> baseline.Gauges:
        """The newest of each kind of reading; what is too old shows nothing."""
        now = time.monotonic()
        found: dict[str, Any] = {}
        for at, read in list(self._newest.values()):
            found |= read if now - at <= _FRESH_S else {}
        return baseline.Gauges(at=now, **found)

    def _keep(self, read: Callable[[], dict[str, Any]]) -> None:
        """Reads again and again; what does not answer keeps what it showed for a while."""
        try:
            while True:
                try:
                    self._newest[read.__name__] = time.monotonic(), read()
                except _NO_ANSWER:
                    continue
                finally:
                    time.sleep(EVERY_S)
        finally:
            self.failed.set()

    def _brokers(self) -> dict[str, Any]:
        """Those that the others do not list, or that do not answer themselves."""
        asked = self._lab.brokers
        with concurrent.futures.ThreadPoolExecutor(len(asked)) as pool:
            there = pool.map(lambda one: answers(ports.HOST, one.port, within_s=_CALL_S), asked)
            down = {one.id for one, well in zip(asked, there, strict=True) if not well}
        with contextlib.suppress(*_NO_ANSWER):
            listed = self._kafka.list_topics(timeout=_CALL_S).brokers
            down |= {one.id for one in asked} - set(listed)
        return {"brokers_down": {f"broker:{one}": 1.0 for one in down}}

    def _partitions(self) -> dict[str, Any]:
        listed = self._kafka.list_topics(timeout=_CALL_S)
        under: dict[str, float] = defaultdict(float)
        offline = 0
        for topic in listed.topics.values():
            for one in topic.partitions.values():
                if one.leader < 0:  # no broker counts it as its own
                    offline += 1
                    continue
                if len(one.isrs) < len(one.replicas):
                    under[f"broker:{one.leader}"] += 1
        return {
            "under_replicated": dict(under),
            "offline": {"cluster:partitions": float(offline)},
        }

    def _groups(self) -> dict[str, Any]:
        listed = self._kafka.list_topics(timeout=_CALL_S)
        names = []
        for broker in listed.brokers:
            with contextlib.suppress(*_NO_ANSWER):
                told = self._admin().list_groups(broker_ids=[broker])
                names += [str(one["group_id"]) for one in told]
        ends = self._ends(listed)
        written: dict[str, float] = defaultdict(float)
        for (topic, _), end in ends.items():
            if not topic.startswith("__"):
                written[f"topic:{topic}"] += end
        lag: dict[str, float] = {}
        stopped: dict[str, float] = {}
        members: dict[str, float] = {}
        described = (
            self._kafka.describe_consumer_groups(names, request_timeout=_CALL_S) if names else {}
        )
        for name in names:
            try:
                held = self._commits(name)
                lag[f"group:{name}"] = sum(
                    max(ends.get(place, offset) - offset, 0) for place, offset in held.items()
                )
                stopped[f"group:{name}"] = self._stops.follow(name, held, ends, time.monotonic())
                members[f"group:{name}"] = len(described[name].result().members)
            except _NO_ANSWER:
                continue
        return {
            "groups_at": time.monotonic(),
            "lag": lag,
            "stopped": stopped,
            "members": members,
            "written": dict(written),
        }

    def _commits(self, group: str) -> Mapping[tuple[str, int], int]:
        found = self._admin().list_group_offsets([group])[group]
        return {
            (place.topic, place.partition): held.offset
            for place, held in found.items()
            if held.offset >= 0
        }

    def _ends(self, listed: Any) -> Mapping[tuple[str, int], int]:
        by_leader: dict[int, dict[Any, int]] = defaultdict(dict)
        for topic in listed.topics.values():
            for one in topic.partitions.values():
                if one.leader >= 0:
                    place = kafka.TopicPartition(str(topic.topic), one.id)
                    by_leader[one.leader][place] = _LATEST
        found: dict[tuple[str, int], int] = {}
        for asked in by_leader.values():
            with contextlib.suppress(*_NO_ANSWER):
                told = self._admin().list_partition_offsets(asked)
                found |= {(place.topic, place.partition): at.offset for place, at in told.items()}
        return found

    def _admin(self) -> Any:
        """Another library: librdkafka's admin client crashes when a coordinator moved
        (confluentinc/librdkafka#5315), and while a broker is away its lists of groups and of
        offsets keep a processor busy until they time out (measured with 2.16: 3.4 s of 4).
        """
        if self._asker is None:
            self._asker = kafka.KafkaAdminClient(
                bootstrap_servers=self._lab.bootstrap.split(","),
                request_timeout_ms=int(_CALL_S * 1000),
            )
        return self._asker

    def _connect(self) -> dict[str, Any]:
        failed: dict[str, float] = {}
        broken: dict[str, float] = {}
        down: dict[str, float] = {}
        for place, url in enumerate(self._lab.connect_urls, start=1):
            try:
                told = self._http.get(f"{url}/connectors?expand=status").json()
            except (httpx2.HTTPError, ValueError):
                down[f"worker:connect-{place}"] = 1.0
                continue
            for name, one in told.items():
                bad = [each for each in one["status"]["tasks"] if each["state"] == "FAILED"]
                state = one["status"]["connector"]["state"]
                failed[f"connector:{name}"] = float(len(bad))
                broken[f"connector:{name}"] = float(state == "FAILED")
        return {"failed_tasks": failed, "failed_connectors": broken, "workers_down": down}

    def _registry(self) -> dict[str, Any]:
        if not self._lab.registry_url:
            return {}
        try:
            self._http.get(f"{self._lab.registry_url}/subjects").raise_for_status()
        except httpx2.HTTPError:
            return {"registry_down": {"registry:registry": 1.0}}
        return {}

    def _metrics(self) -> dict[str, Any]:
        found: dict[str, dict[str, float]] = defaultdict(dict)
        away: dict[str, float] = {}
        asked = [one for one in self._lab.brokers if one.metrics_url]
        with concurrent.futures.ThreadPoolExecutor(max(1, len(asked))) as pool:
            pages = pool.map(self._page, (one.metrics_url for one in asked))
            for broker, page in zip(asked, pages, strict=True):
                if page is None:
                    away[f"broker:{broker.id}"] = 1.0
                    continue
                for measure, resource, value in _samples(page, f"broker:{broker.id}"):
                    found[measure][resource] = value
        return {"broker": dict(found), "unscraped": away}

    def _page(self, url: str) -> str | None:
        """None: it does not come."""
        try:
            return str(self._http.get(url).text)
        except httpx2.HTTPError:
            return None

    def _disks(self) -> dict[str, Any]:
        """Of each broker the fullest of its disks, as an exporter on its host shows them."""
        used: dict[str, float] = {}
        for broker in self._lab.brokers:
            home = self._lab.folder / f"broker-{broker.id}"
            sizes = [shutil.disk_usage(one) for one in (home, *home.iterdir()) if one.is_dir()]
            used[f"broker:{broker.id}"] = max(one.used / one.total for one in sizes)
        return {"disk_used": used}


def answers(host: str, port: int, *, within_s: float) -> bool:
    """Whether a broker answers there: it tells anybody which requests it knows."""
    ask = struct.pack(">ihhih", 10, _API_VERSIONS, 0, 1, -1)
    try:
        with socket.create_connection((host, port), within_s) as line:
            line.sendall(ask)
            return bool(line.recv(1))
    except OSError:
        return False


def _samples(page: str, broker: str) -> list[tuple[str, str, float]]:
    """(measure, resource, value) of the few samples that the rules look at."""
    found = []
    for line in page.splitlines():
        if line.startswith("#") or (match := _LINE.match(line.lower())) is None:
            continue
        name, labels, text = match.groups()
        measure = next((held for begin, held in _MEASURES.items() if name.startswith(begin)), None)
        if measure is None or text == "nan" or name.endswith("_mean"):  # a mean since the start
            continue
        held = dict(_LABEL.findall(labels or ""))
        client = held.get("client_id") or held.get("client-id") or held.get("clientid")
        found.append((measure, f"client:{client}" if client else broker, float(text)))
    return found


def main() -> None:
    """Writes readings of the lab in that folder until standard input ends."""
    reader = Reader(lab_.Lab.attach(Path(sys.argv[1])))
    threading.Thread(target=_write, args=(reader,), daemon=True).start()
    sys.stdin.read()
    os._exit(0)  # clients that wait for a dead broker are not waited for


def _write(reader: Reader) -> None:
    while not reader.failed.wait(EVERY_S):
        print(json.dumps(dataclasses.asdict(reader.now())), flush=True)
    os._exit(1)


if __name__ == "__main__":
    main()
