"""Faults that halt a process: refused where it does not run, healed from whatever it is."""

import types
from typing import cast

import pytest

from headgate.lab import lab as lab_
from headgate.lab import parts
from headgate.lab.faults import brokers, halts, interface, workers


class Lab:
    """One process, and how often it was started."""

    def __init__(self, life: parts.Life) -> None:
        self.life = life
        self.starts = 0

    def part(self, name: str) -> types.SimpleNamespace:  # noqa: ARG002 - there is one
        return types.SimpleNamespace(life=self.life)

    def start(self, name: str) -> None:  # noqa: ARG002 - there is one
        self.life = parts.Life.RUNNING
        self.starts += 1


def lab(life: parts.Life) -> lab_.Lab:
    return cast("lab_.Lab", Lab(life))


HALTED = [life for life in parts.Life if life is not parts.Life.RUNNING]


@pytest.mark.parametrize("life", HALTED)
def test_what_does_not_run_is_started_and_runs(life: parts.Life) -> None:
    fault, held = workers.WorkerDown(worker=2), lab(life)
    assert fault.present(held, {})
    did = "runs on" if life is parts.Life.PAUSED else "was started"
    assert fault.heal(held, {}) == (f"connect-2 {did}.",)
    assert not fault.present(held, {})


def test_what_runs_is_left_alone() -> None:
    held = lab(parts.Life.RUNNING)
    assert workers.WorkerHung().heal(held, {}) == ("connect-1 runs already.",)
    assert brokers.BrokerHung().heal(held, {}) == ("broker-3 runs already.",)
    assert cast("Lab", held).starts == 0


def test_a_broker_is_healed_once_it_is_in_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def in_sync(held: lab_.Lab, broker: int) -> tuple[str, ...]:
        asked.append(broker)
        return ("orders-0", "orders-1")

    monkeypatch.setattr(brokers, "_wait_in_sync", in_sync)
    told = brokers.BrokerPlannedStop().heal(lab(HALTED[0]), {})
    assert told[0].endswith("; all 2 partitions are in sync.")
    assert asked == [2]


@pytest.mark.parametrize("life", HALTED)
def test_what_does_not_run_is_not_broken_again(life: parts.Life) -> None:
    with pytest.raises(interface.FaultError, match="broker-3 does not run"):
        brokers.BrokerDown().break_(lab(life))
    with pytest.raises(interface.FaultError, match="connect-1 does not run"):
        workers.WorkerDown().break_(lab(life))
    halts.must_run(lab(parts.Life.RUNNING), "broker-3")


@pytest.mark.parametrize(
    ("fault", "parameter"),
    [
        (brokers.BrokerDown, ("broker", "int", "3")),
        (brokers.BrokerPlannedStop, ("broker", "int", "2")),
        (brokers.BrokerHung, ("broker", "int", "3")),
        (workers.WorkerDown, ("worker", "int", "1")),
        (workers.WorkerHung, ("worker", "int", "1")),
    ],
)
def test_each_names_its_process_by_number(
    fault: type[interface.Fault], parameter: tuple[str, str, str]
) -> None:
    [told] = interface.parameters(fault)
    assert (told.name, told.kind, told.default) == parameter
    assert interface.build(fault, {told.name: "7"}).target.endswith("-7")
