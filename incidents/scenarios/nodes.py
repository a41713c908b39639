"""What is done to the brokers of a lab, with Kafka's own clients and plain processes."""

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import confluent_kafka
import kafka.admin
from confluent_kafka import admin, cimpl

from headgate.lab import broker, parts
from headgate.lab import lab as lab_
from headgate.lab.workloads import cluster
from incidents import scenario, stand

IN_SYNC_WITHIN_S = 40.0
_CALL_S = 6.0


@contextlib.contextmanager
def tool(bootstrap: str) -> Iterator[kafka.admin.KafkaAdminClient]:
    """A client that knows what librdkafka does not: reassignments, log dirs, unclean elections."""
    made = kafka.admin.KafkaAdminClient(
        bootstrap_servers=bootstrap.split(","), request_timeout_ms=8_000, client_id="incidents"
    )
    try:
        yield made
    finally:
        made.close()


def listed(bootstrap: str) -> frozenset[int]:
    """The brokers that Kafka names in its metadata: those that are not fenced."""
    try:
        return frozenset(cluster.client(bootstrap).list_topics(timeout=_CALL_S).brokers)
    except confluent_kafka.KafkaException:
        return frozenset()


def in_sync(bootstrap: str) -> bool:
    """Whether every replica of every partition is in sync, and nothing is being moved."""
    try:
        found = cluster.partitions(bootstrap)
    except confluent_kafka.KafkaException:
        return False
    return all(set(each.in_sync) == set(each.replicas) and each.leader >= 0 for each in found)


def restore(lab: lab_.Lab) -> None:
    """Everything of the lab runs, in sync, and led where it should be."""
    for each in lab.status():
        if each.life is not parts.Life.RUNNING and each.kind is not parts.Kind.WORKLOAD:
            lab.start(each.name)
    end = time.monotonic() + IN_SYNC_WITHIN_S
    while not in_sync(lab.bootstrap):
        if time.monotonic() > end:
            raise RuntimeError("the brokers did not come in sync again")
        time.sleep(0.3)
    cluster.elect_preferred(lab.bootstrap)


def placed(
    place: stand.Stand, name: str, replicas: Sequence[Sequence[int]], **config: object
) -> str:
    """The topic exists with just these replicas; it goes with the stand."""
    settings = {key.replace("_", "."): str(value) for key, value in config.items()}
    desk = cluster.client(place.bootstrap)
    new = cimpl.NewTopic(
        name, len(replicas), replica_assignment=[list(each) for each in replicas], config=settings
    )
    desk.create_topics([new], request_timeout=cluster.CALL_S)[name].result()
    place.later(lambda: cluster.delete_topic(place.bootstrap, name))
    place.own(name)
    return name


def set_broker(bootstrap: str, number: int, values: Mapping[str, str | None]) -> None:
    """Settings of a running broker are different; None removes one."""
    kinds = admin.AlterConfigOpType  # type: ignore[attr-defined] # public, but not in its types
    entries = [
        admin.ConfigEntry(  # type: ignore[attr-defined] # public, but not in its types
            name,
            value or "",
            incremental_operation=kinds.DELETE if value is None else kinds.SET,
        )
        for name, value in values.items()
    ]
    of = admin.ConfigResource(  # type: ignore[attr-defined] # public, but not in its types
        admin.ConfigResource.Type.BROKER,  # type: ignore[attr-defined] # public, but not in its types
        str(number),
        incremental_configs=entries,
    )
    desk = cluster.client(bootstrap)
    desk.incremental_alter_configs([of], request_timeout=cluster.CALL_S)[of].result()


def rewrite(lab: lab_.Lab, number: int, values: Mapping[str, object]) -> None:
    """Settings in the file of a broker are different: it reads them when it starts."""
    file = home(lab, number) / "server.properties"
    kept = [
        line
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.partition("=")[0] not in values
    ]
    kept += [f"{key}={value}" for key, value in values.items()]
    file.write_text("\n".join(kept) + "\n", encoding="utf-8")


def home(lab: lab_.Lab, number: int) -> Path:
    """Where a broker's files are."""
    return lab.folder / f"broker-{number}"


def restart(lab: lab_.Lab, *numbers: int) -> None:
    """These brokers are stopped in order and started, each when all is as it was."""
    for number in numbers:
        lab.terminate(f"broker-{number}")
        lab.start(f"broker-{number}")
        restore(lab)


def small_disk(place: stand.Stand, number: int, mebibytes: int) -> Path:
    """The broker has a second log dir, a disk of this size, where its next replicas go.

    Raises:
        NotConfirmed: this user may not mount one.
    """
    lab = place.lab
    disk = home(lab, number) / "disk-2"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise scenario.NotConfirmed(f"no small disk can be made here: {done.stderr.strip()}")
    place.beyond(lambda: subprocess.run(["umount", "-l", str(disk)], check=False))
    first = home(lab, number) / "data"
    told = dict(
        line.split("=", 1)
        for line in (first / "meta.properties").read_text(encoding="utf-8").splitlines()
        if "=" in line
    )
    (disk / "meta.properties").write_text(
        f"version=1\ncluster.id={told['cluster.id']}\nnode.id={number}\n"
        f"directory.id={broker.new_id()}\n",
        encoding="utf-8",
    )
    rewrite(lab, number, {"log.dirs": f"{first},{disk}"})
    restart(lab, number)
    return disk


class Pulses:
    """A broker stands still again and again for a moment, until the end."""

    def __init__(self, lab: lab_.Lab, number: int, *, stands_s: float, runs_s: float) -> None:
        """It begins at once."""
        self._lab = lab
        self._name = f"broker-{number}"
        self._stands_s, self._runs_s = stands_s, runs_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulses", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """It runs on."""
        self._over.set()
        self._thread.join(20)

    def _run(self) -> None:
        while not self._over.is_set():
            self._lab.pause(self._name)
            self._over.wait(self._stands_s)
            self._lab.resume(self._name)
            self._over.wait(self._runs_s)
