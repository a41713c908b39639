"""The lab itself, on real processes: up, down, crashes, and what answers."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from headgate.lab import broker, ending, errors, parts, processes, ready, settings, state
from headgate.lab import lab as lab_

pytestmark = pytest.mark.lab

STARTER = """
import sys, time
from pathlib import Path
from headgate.lab import lab, settings
lab.Lab.up(settings.Options(folder=Path(sys.argv[1]), brokers=1, connect_workers=0,
                            postgres=False, dies_with_starter=sys.argv[2] == "dies"))
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    place = (tmp_path / "lab").resolve()
    yield place
    ending.take_down(place)


def small(folder: Path) -> settings.Options:
    return settings.Options(folder=folder, brokers=1, connect_workers=0, postgres=False)


@contextlib.contextmanager
def starter(folder: Path, mode: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(folder), mode], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        yield process
        process.kill()


def within(seconds: float, holds: str, check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, holds
        time.sleep(0.1)


def test_one_broker_comes_up_and_leaves_nothing(folder: Path) -> None:
    lab = lab_.Lab.up(small(folder))
    [part] = lab.brokers
    assert part.life is parts.Life.RUNNING
    assert part.rss_bytes > 50 * 2**20
    assert broker.Census(lab.bootstrap).ids() == {1}
    with pytest.raises(errors.AlreadyUp) as refused:
        lab_.Lab.up(small(folder))
    assert str(folder) in refused.value.where
    lab.down()
    assert not folder.exists()
    assert processes.members(folder) == ()
    with pytest.raises(errors.NotUp):
        lab_.Lab.attach(folder)


def test_nothing_listens_beyond_this_machine(folder: Path) -> None:
    lab = lab_.Lab.up(small(folder))
    shown = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
    own = [line.split() for line in shown.splitlines() if f"pid={lab.brokers[0].pid}," in line]
    addresses = {line[3].rpartition(":")[0] for line in own}
    assert len(own) == 3, "client, controller and metrics port"
    assert addresses <= {"127.0.0.1", "[::ffff:127.0.0.1]"}


def test_a_folder_with_other_things_in_it_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("do not lose me")
    with pytest.raises(errors.LabError, match="not empty"):
        lab_.Lab.up(small(tmp_path))
    assert (tmp_path / "thesis.txt").read_text() == "do not lose me"


def test_three_brokers_in_three_racks_can_be_broken_and_mended(lab_cluster: lab_.Lab) -> None:
    assert [each.id for each in lab_cluster.brokers] == [1, 2, 3]
    census = broker.Census(lab_cluster.bootstrap)
    within(10, "all take part", lambda: census.ids() == {1, 2, 3})

    lab_cluster.pause("broker-2")
    assert lab_cluster.part("broker-2").life is parts.Life.PAUSED
    lab_cluster.resume("broker-2")
    assert lab_cluster.part("broker-2").life is parts.Life.RUNNING

    before = lab_cluster.part("broker-3")
    lab_cluster.kill("broker-3")
    assert lab_cluster.part("broker-3").life is parts.Life.DEAD
    with pytest.raises(errors.LabError, match="not running"):
        lab_cluster.pause("broker-3")
    lab_cluster.start("broker-3")
    after = lab_cluster.part("broker-3")
    assert after.port == before.port
    assert after.pid != before.pid

    lab_cluster.terminate("broker-1")
    assert lab_cluster.part("broker-1").life is parts.Life.DEAD
    lab_cluster.start("broker-1")
    within(20, "all take part again", lambda: census.ids() == {1, 2, 3})


def test_each_broker_tells_its_metrics(lab_cluster: lab_.Lab) -> None:
    for part in lab_cluster.brokers:
        text = read(part.metrics_url)
        for name in (
            "kafka_server_replicamanager_underreplicatedpartitions",
            "kafka_controller_kafkacontroller_activecontrollercount",
            "kafka_server_raft_metrics_current_leader",
        ):
            assert f"\n{name} " in text


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310  # the lab's own
        return str(answer.read().decode())


def test_a_process_is_found_and_ended_with_the_lab(folder: Path) -> None:
    lab = lab_.Lab.up(small(folder))
    with pytest.raises(errors.LabError, match="there already"):
        lab.spawn("broker-1", ["sleep", "600"])
    shell = "echo hello $NAME; sleep 600 & sleep 600"
    part = lab.spawn("shop", ["sh", "-c", shell], env={"NAME": "world"})
    within(5, "its log", lambda: part.log.read_text().endswith("hello world\n"))
    assert lab_.Lab.attach(folder).part("shop").life is parts.Life.RUNNING
    process = processes.identify(part.pid)
    lab.down()
    assert processes.find(process) is None
    assert processes.members(folder) == ()


def test_a_killed_starter_leaves_nothing_when_the_lab_dies_with_it(folder: Path) -> None:
    with starter(folder, "dies") as process:
        assert len(processes.members(folder)) >= 2
        process.send_signal(signal.SIGKILL)
        process.wait()
        within(15, "folder gone", lambda: not folder.exists())
        within(5, "processes gone", lambda: processes.members(folder) == ())


def test_a_killed_starter_leaves_a_lab_that_lives_on(folder: Path) -> None:
    with starter(folder, "lives") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    lab = lab_.Lab.attach(folder)
    assert broker.Census(lab.bootstrap).ids() == {1}
    lab.pause("broker-1")
    ending.take_down(folder)
    assert processes.members(folder) == ()


def test_a_crashed_lab_is_cleared_away_by_the_next_start(folder: Path) -> None:
    lab = lab_.Lab.up(small(folder))
    first = lab.part("broker-1").pid
    os.kill(first, signal.SIGKILL)
    within(5, "it is dead", lambda: lab.part("broker-1").life is parts.Life.DEAD)
    with pytest.raises(errors.NotUp, match="crashed"):
        lab_.Lab.attach(folder)
    again = lab_.Lab.up(small(folder))
    assert again.part("broker-1").life is parts.Life.RUNNING


def test_a_start_that_was_cut_off_is_taken_down(folder: Path) -> None:
    lab = lab_.Lab.up(small(folder))
    process = processes.identify(lab.part("broker-1").pid)
    known = state.read(folder)
    state.write(folder, state.State(starter=known.starter))  # the broker was not written down yet
    ending.take_down(folder)
    assert processes.find(process) is None


def test_connect_answers_and_has_its_plugins(lab_connect: lab_.Lab) -> None:
    assert lab_connect.connect_url is not None
    plugins = read(f"{lab_connect.connect_url}/connector-plugins")
    for name in (
        "io.debezium.connector.jdbc.JdbcSinkConnector",
        "org.apache.kafka.connect.file.FileStreamSinkConnector",
        "org.apache.kafka.connect.file.FileStreamSourceConnector",
    ):
        assert name in plugins


def test_postgres_pauses_crashes_and_comes_back_with_its_data(lab_connect: lab_.Lab) -> None:
    access = lab_connect.postgres
    assert access is not None
    with psycopg.connect(access.dsn, connect_timeout=10, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (id int PRIMARY KEY)")
        connection.execute("INSERT INTO kept VALUES (7)")
    lab_connect.pause("postgres")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(access.dsn, connect_timeout=2)
    lab_connect.resume("postgres")
    lab_connect.kill("postgres")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(access.dsn, connect_timeout=2)
    lab_connect.start("postgres")
    with psycopg.connect(access.dsn, connect_timeout=10) as connection:
        assert connection.execute("SELECT id FROM kept").fetchall() == [(7,)]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(access.dsn.replace(access.password, "wrong"), connect_timeout=5)


def test_a_taken_port_is_told_with_the_log(folder: Path) -> None:
    lab = lab_.Lab.up(small(folder))
    port = lab.part("broker-1").port
    lab.kill("broker-1")
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(errors.StartFailed, match="broker-1 ended") as failed,
    ):
        lab.start("broker-1")
    assert "Address already in use" in failed.value.what
    assert failed.value.where.endswith("broker-1.log")


def test_ready_tells_late_from_dead(folder: Path) -> None:
    lab = lab_.Lab.up(small(folder))
    record = state.read(folder).record("broker-1")
    with pytest.raises(errors.StartFailed, match="not ready in time"):
        ready.wait(record, lambda: False, timeout_s=0.2)
    lab.down()
    with pytest.raises(errors.StartFailed, match="ended while"):
        ready.wait(record, lambda: False, timeout_s=5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_start_that_is_interrupted_leaves_nothing(folder: Path, number: signal.Signals) -> None:
    with command(folder) as process:
        within(20, "a broker begins", lambda: (folder / "logs" / "broker-1.log").exists())
        process.send_signal(number)
        assert process.wait(20) == 130
        assert process.stderr is not None
        assert "interrupted" in process.stderr.read()
    assert not folder.exists()
    assert processes.members(folder) == ()


def test_a_start_that_is_killed_is_cleared_away_by_the_next(folder: Path) -> None:
    with command(folder) as process:
        within(20, "a broker begins", lambda: (folder / "logs" / "broker-1.log").exists())
        process.kill()
        process.wait(20)
    left = processes.members(folder)
    with pytest.raises(errors.NotUp):
        lab_.Lab.attach(folder)
    lab = lab_.Lab.up(small(folder))
    assert not {each.pid for each in left} & {each.pid for each in processes.members(folder)}
    assert lab.part("broker-1").life is parts.Life.RUNNING


@contextlib.contextmanager
def command(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `headgate lab up` for three brokers."""
    program = Path(sys.executable).with_name("headgate")
    with subprocess.Popen(
        [program, "lab", "up", "--no-connect", "--folder", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()
