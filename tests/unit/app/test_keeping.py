"""What moves is kept while a cluster is watched, and a start begins with it."""

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headgate.app import courses, settings, watching
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import fake
from headgate.observe import tiers
from headgate.ports import clock, kafka, store
from headgate.store import database

ORDERS = TopicPartition("orders", 0)


def watched(database_: Any, cluster: fake.Fake) -> watching.Watched:
    return watching.Watched(
        settings.Cluster(name="shop", bootstrap="h:1", interval_s=0.5, deadline_s=2.0),
        cluster=cluster,
        connects=[],
        database=database_,
        ticks=clock.SystemClock(),
        publish=lambda _: None,
        steps=tiers.of(),
    )


@pytest.fixture
def cluster() -> fake.Fake:
    made = fake.Fake("shop")
    spec = kafka.TopicSpec(name="orders", partitions=1, replication_factor=1)
    assert made.create_topic(spec, deadline_s=1) is None
    for _ in range(5):
        record = kafka.Record(
            topic="orders",
            partition=0,
            offset=-1,
            timestamp_ms=1,
            timestamp_type="create",
            key=None,
            value=b"x",
        )
        assert isinstance(made.produce(record, deadline_s=1), int)
    assert made.commit("billing", {ORDERS: 3}, deadline_s=1) == {ORDERS: None}
    return made


def kept(one: watching.Watched) -> bool:
    """Whether a recording thread kept the newest look within a while."""
    stop = threading.Event()
    thread = threading.Thread(target=one.run_recording, args=(stop,), daemon=True)
    thread.start()
    one.look()
    until = time.monotonic() + 20
    try:
        while time.monotonic() < until:
            found = one.past.read("end", since=0, span_s=60)
            if len(found.times):
                return True
            time.sleep(0.02)
        return False
    finally:
        stop.set()
        one.look()  # lets the thread see that it is over
        thread.join(10)
        assert not thread.is_alive()


def test_a_restart_goes_on_with_what_was_kept(tmp_path: Path, cluster: fake.Fake) -> None:
    held = database.open_store(f"sqlite:///{tmp_path / 'headgate.db'}")
    try:
        assert kept(watched(held, cluster))
        again = watched(held, cluster)
        seen, _ = again.look()
        assert len(seen.history.times) == 2
        column = seen.history.partitions.index(ORDERS)
        assert seen.history.ends[:, column].tolist() == [5, 5]
        assert seen.history.commits[:, 0].tolist() == [3, 3]
        course = courses.Reader(seen.history, again.past, "6h").commits("billing")
        assert course.values[:, 0].tolist() == [3, 3]
        assert (np.diff(course.times) > 0).all()
    finally:
        held.close()


class Full:
    """A database that cannot be used."""

    def begin(self) -> Any:
        raise store.Full("the disk is full")

    def read(self) -> Any:
        raise store.StoreError("it cannot be read")


def test_a_database_that_fails_holds_up_no_look(cluster: fake.Fake) -> None:
    one = watched(Full(), cluster)
    stop = threading.Event()
    thread = threading.Thread(target=one.run_recording, args=(stop,), daemon=True)
    thread.start()
    for _ in range(3):
        one.look()
    assert not isinstance(one.observed(), Unknown)
    assert thread.is_alive()
    stop.set()
    one.look()
    thread.join(10)
    assert not thread.is_alive()
