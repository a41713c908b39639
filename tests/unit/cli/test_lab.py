"""``headgate lab`` where no lab is: words and exit codes."""

import json
import os
from pathlib import Path

import pytest
from typer import testing

from headgate.cli import lab
from headgate.lab import parts, processes, state

RUN = testing.CliRunner()


def test_status_without_a_lab_says_how_to_start_one(tmp_path: Path) -> None:
    done = RUN.invoke(lab.app, ["status", "--folder", str(tmp_path), "-o", "json"])
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "No lab is up" in done.stderr
    assert str(tmp_path) in done.stderr
    assert "headgate lab up" in done.stderr


def test_down_without_a_lab_is_no_error(tmp_path: Path) -> None:
    done = RUN.invoke(lab.app, ["down", "--folder", str(tmp_path)])
    assert done.exit_code == 0
    assert "nothing to stop" in done.stderr
    assert tmp_path.is_dir()


def test_down_in_somebody_elses_folder_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "lab.json").write_text('{"laboratory": "chemistry"}')
    done = RUN.invoke(lab.app, ["down", "--folder", str(tmp_path)])
    assert done.exit_code == 0
    assert (tmp_path / "lab.json").exists()


def test_up_in_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = RUN.invoke(lab.app, ["up", "--folder", str(tmp_path)])
    assert done.exit_code == 3
    assert "not empty" in done.stderr


def test_too_many_brokers_are_wrong_usage() -> None:
    assert RUN.invoke(lab.app, ["up", "--brokers", "99"]).exit_code == 2


@pytest.fixture
def pretended(tmp_path: Path) -> Path:
    """A lab whose one component is this very process."""
    me = processes.identify(os.getpid())
    record = state.Record(
        name="broker-1",
        kind=parts.Kind.BROKER,
        argv=("java",),
        log=tmp_path / "logs" / "broker-1.log",
        port=19092,
        metrics_url="http://127.0.0.1:7071/metrics",
        process=me,
    )
    with state.held(tmp_path):
        state.write(tmp_path, state.State(starter=me, ready=True, records=(record,)))
    return tmp_path


def test_status_as_json_holds_every_address(pretended: Path) -> None:
    done = RUN.invoke(lab.app, ["status", "--folder", str(pretended), "-o", "json"])
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    assert document["schema"] == "headgate.lab/1"
    assert document["bootstrap"] == "127.0.0.1:19092"
    assert document["connect"] == []
    assert document["registry"] is None
    [component] = document["components"]
    assert component["name"] == "broker-1"
    assert component["state"] == "running"
    assert component["rss_bytes"] > 0


def test_status_as_a_table_names_state_and_folder(pretended: Path) -> None:
    done = RUN.invoke(lab.app, ["status", "--folder", str(pretended)])
    assert done.exit_code == 0
    assert "broker-1" in done.stdout
    assert "running" in done.stdout
    assert str(pretended) in done.stdout


def test_a_second_start_says_that_it_is_up(pretended: Path) -> None:
    done = RUN.invoke(lab.app, ["up", "--folder", str(pretended)])
    assert done.exit_code == 1
    assert "already up" in done.stderr
    assert "headgate lab down" in done.stderr
