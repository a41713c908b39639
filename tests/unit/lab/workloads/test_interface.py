"""Settings survive storage, and a slip in a hand-edited file is named."""

import dataclasses
from pathlib import Path

import pytest

from headgate.lab.workloads import control, interface

CONSUMER = interface.Consumer(
    name="billing", group="billing", topics=("orders", "payments"), hung=(1,), members=2
)
PRODUCER = interface.Producer(name="storefront", topic="orders", record="order", rate_per_s=12.5)


@pytest.mark.parametrize("workload", [CONSUMER, PRODUCER])
def test_settings_survive_storage(workload: interface.Workload, tmp_path: Path) -> None:
    control.write(tmp_path, workload)
    assert control.read(tmp_path, workload.name) == workload
    assert control.read_all(tmp_path) == {workload.name: workload}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not json", "not JSON"),
        ("[]", "`program`"),
        ('{"program": "streams"}', "`program`"),
        ('{"program": "producer", "colour": 1}', "colour"),
        ('{"program": "producer", "rate_per_s": "many"}', "must be a number"),
        ('{"program": "producer", "rate_per_s": true}', "must be a number"),
        ('{"program": "consumer", "members": 1.5}', "whole number"),
        ('{"program": "consumer", "static": "yes"}', "true or false"),
        ('{"program": "consumer", "topics": "orders"}', "list of str"),
        ('{"program": "consumer", "hung": [true]}', "list of int"),
        ('{"program": "consumer", "protocol": "newest"}', "classic or consumer"),
        ('{"program": "consumer", "name": 7}', "must be text"),
    ],
)
def test_bad_settings_are_named_with_their_file(text: str, says: str) -> None:
    with pytest.raises(interface.BadSettings, match=says) as caught:
        interface.decode(text, where="billing.json")
    assert caught.value.where == "billing.json"


def test_impossible_settings_are_refused() -> None:
    for bad in ({"members": -1}, {"work_ms": -1.0}, {"topics": ()}, {"attempts": 0}):
        with pytest.raises(interface.BadSettings):
            dataclasses.replace(CONSUMER, **bad)
    with pytest.raises(interface.BadSettings, match="hot_share"):
        dataclasses.replace(PRODUCER, hot_share=1.5)


def test_a_running_workload_changes_only_what_it_follows() -> None:
    changed = interface.change(PRODUCER, "rate_per_s", "200")
    assert isinstance(changed, interface.Producer)
    assert changed.rate_per_s == 200
    with pytest.raises(interface.BadSettings, match="topic"):
        interface.change(PRODUCER, "topic", "payments")
    with pytest.raises(interface.BadSettings, match="must be a number"):
        interface.change(PRODUCER, "rate_per_s", "fast")


def test_an_unknown_workload_is_answered_with_the_names_there_are(tmp_path: Path) -> None:
    control.write(tmp_path, PRODUCER)
    with pytest.raises(interface.NoSuchWorkload) as caught:
        control.read(tmp_path, "bilding")
    assert "storefront" in caught.value.next_step
    with pytest.raises(interface.NoSuchWorkload):
        control.consumer(tmp_path, "storefront")


def test_a_watch_follows_changes_and_survives_a_slip(tmp_path: Path) -> None:
    control.write(tmp_path, PRODUCER)
    path = tmp_path / "storefront.json"
    watch = control.Watch(path)
    faster = dataclasses.replace(PRODUCER, rate_per_s=99)
    control.write(tmp_path, faster)
    assert watch.current() == faster
    path.write_text("{ oops")
    assert watch.current() == faster
    path.unlink()
    assert watch.current() == faster


def test_members_survive_storage(tmp_path: Path) -> None:
    assert control.read_members(tmp_path) == ()
    rows = tuple(
        control.Member(workload=name, slot=0, pid=7, starts=1, crashes=0) for name in ("a", "b")
    )
    control.write_members(tmp_path, rows)
    assert control.read_members(tmp_path) == rows
    assert control.read_members(tmp_path, "b") == rows[1:]
