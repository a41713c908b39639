"""The lab's fault commands: what they print, to which stream, and with which exit code."""

import json
import types
from pathlib import Path
from typing import cast

import pytest
import typer
from typer import testing

from headgate.cli import lab_faults
from headgate.lab import errors, faults
from headgate.lab import lab as lab_
from headgate.lab.workloads import control, interface, running

STOREFRONT = interface.Producer(name="storefront", topic="orders", record="order", rate_per_s=12)
BILLING = interface.Consumer(name="billing", group="billing", topics=("orders",), members=2)
RUNNER = testing.CliRunner()


def no_part(name: str) -> None:
    raise errors.NoSuchComponent(f"The lab has no component {name!r}.")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> lab_.Lab:
    """A lab of which only the folder exists, with two applications' settings in it."""
    for each in (STOREFRONT, BILLING):
        control.write(tmp_path / control.FOLDER, each)
    fake = cast(lab_.Lab, types.SimpleNamespace(folder=tmp_path, part=no_part))
    monkeypatch.setattr(lab_faults, "_attach", lambda _: fake)
    return fake


def run(*words: str) -> testing.Result:
    app = typer.Typer()
    lab_faults.register(app)
    return RUNNER.invoke(app, words)


def test_break_says_what_it_did_and_what_will_be_seen(lab: lab_.Lab) -> None:
    done = run("break", "slow-consumer", "--group", "billing", "--set", "work_ms=900")
    assert done.exit_code == 0
    assert "now takes 900 ms for a record (before: 2 ms)" in done.stdout
    assert "To be seen: Within 5 s" in done.stdout
    assert "headgate lab heal slow-consumer" in done.stdout
    assert control.consumer(lab.folder / control.FOLDER, "billing").work_ms == 900
    again = run("break", "slow-consumer")
    assert again.exit_code == 0
    assert "is there already, since" in again.stdout
    healed = run("heal", "slow-consumer")
    assert healed.exit_code == 0
    assert control.consumer(lab.folder / control.FOLDER, "billing").work_ms == 2


def test_json_is_the_same_in_fields(lab: lab_.Lab) -> None:
    done = run("break", "key-skew", "-o", "json")
    [outcome] = json.loads(done.stdout)["outcomes"]
    assert (outcome["name"], outcome["target"], outcome["changed"]) == (
        "key-skew",
        "storefront",
        True,
    )
    assert outcome["did"]
    assert outcome["seen"]
    listed = json.loads(run("faults", "-o", "json").stdout)["faults"]
    assert [each["name"] for each in listed] == list(faults.ALL)
    [skew] = [each for each in listed if each["name"] == "key-skew"]
    assert [each["target"] for each in skew["injected"]] == ["storefront"]
    [healed] = json.loads(run("heal", "all", "-o", "json").stdout)["outcomes"]
    assert healed["changed"]
    assert json.loads(run("heal", "all", "-o", "json").stdout)["outcomes"] == []


def test_the_list_needs_no_lab(tmp_path: Path) -> None:
    done = run("faults", "--folder", str(tmp_path))
    assert done.exit_code == 0
    assert "poison-record" in done.stdout
    assert "no lab is up" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("break", "nonsense"), 2, "There is no fault 'nonsense'"),
        (("break", "burst", "--set", "records"), 2, "--set wants NAME=VALUE"),
        (("break", "burst", "--set", "colour=red"), 2, "no parameter 'colour'"),
        (("break", "burst", "--group", "billing"), 2, "no parameter 'group'"),
        (("break", "slow-consumer", "--group", "bill"), 2, "Use one of: billing"),
        (("break", "under-parallel", "--group", "billing", "--set", "members=2"), 2, "1 to 1"),
        (("break", "hung-consumer", "--group", "billing", "--set", "member=5"), 2, "0 to 1"),
        (("heal", "nonsense"), 2, "There is no fault"),
        (("workload", "set", "nobody", "rate_per_s", "1"), 2, "Name one of: billing, storefront"),
        (("workload", "set", "storefront", "topic", "x"), 2, "Use one of: rate_per_s"),
        (("workload", "set", "storefront", "rate_per_s", "fast"), 2, "must be a number"),
        (("break", "broker-down", "--broker", "9"), 1, "no component 'broker-9'"),
    ],
)
@pytest.mark.usefixtures("lab")
def test_mistakes_are_answered_on_standard_error(
    words: tuple[str, ...], code: int, says: str
) -> None:
    done = run(*words)
    assert done.exit_code == code
    assert done.stdout == ""
    assert says in done.stderr


def test_without_a_lab_the_next_step_is_named(tmp_path: Path) -> None:
    done = run("break", "burst", "--folder", str(tmp_path))
    assert done.exit_code == 1
    assert "No lab is up" in done.stderr
    assert "headgate lab up" in done.stderr


def test_workloads_are_listed_and_changed(lab: lab_.Lab) -> None:
    table = run("workload", "list")
    assert "reads orders as group billing (classic)" in table.stdout
    assert "0/2" in table.stdout
    document = json.loads(run("workload", "list", "-o", "json").stdout)
    assert [each["settings"]["name"] for each in document["workloads"]] == ["billing", "storefront"]
    assert run("workload", "set", "storefront", "rate_per_s", "200").exit_code == 0
    assert control.producer(lab.folder / control.FOLDER, "storefront").rate_per_s == 200


def test_a_fault_that_cannot_be_brought_about_leaves_the_settings_as_they_were(
    lab: lab_.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise interface.WorkloadUnchanged("billing has 2 processes, not 0, after 15 s.")

    monkeypatch.setattr(running, "wait_members", never)
    done = run("break", "stopped-consumer", "--group", "billing")
    assert done.exit_code == 3
    assert control.consumer(lab.folder / control.FOLDER, "billing").running
    assert "not injected" in run("heal", "stopped-consumer").stdout
