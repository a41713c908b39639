"""The supervisor's plan: what it starts, ends and leaves alone, for each state of a member."""

import dataclasses

import pytest

from headgate.lab.workloads import interface, supervisor

BILLING = interface.Consumer(name="billing", group="billing", topics=("orders",), members=2)


def wanted(*workloads: interface.Workload) -> dict[str, interface.Workload]:
    return {each.name: each for each in workloads}


def alive(started_s: float = 0.0, leaving_s: float | None = None) -> supervisor.Seen:
    return supervisor.Seen(alive=True, started_s=started_s, leaving_s=leaving_s)


def test_missing_members_are_started() -> None:
    steps = supervisor.plan(wanted(BILLING), {("billing", 0): alive()}, 1.0)
    assert steps == (supervisor.Start(("billing", 1)),)


def test_nothing_to_do_when_all_run() -> None:
    seen = {("billing", 0): alive(), ("billing", 1): alive()}
    assert supervisor.plan(wanted(BILLING), seen, 1.0) == ()


@pytest.mark.parametrize(("now_s", "starts"), [(10.9, False), (11.0, True)])
def test_a_crashed_member_starts_again_after_its_pause(now_s: float, starts: bool) -> None:
    one = dataclasses.replace(BILLING, members=1)
    crashed = supervisor.Seen(alive=False, started_s=0, ended_s=10, crashes=1)
    steps = supervisor.plan(wanted(one), {("billing", 0): crashed}, now_s)
    assert steps == ((supervisor.Start(("billing", 0)),) if starts else ())


def test_a_member_that_must_not_restart_stays_down() -> None:
    one = dataclasses.replace(BILLING, members=1, restarts=False)
    crashed = supervisor.Seen(alive=False, started_s=0, ended_s=10, crashes=1)
    assert supervisor.plan(wanted(one), {("billing", 0): crashed}, 1_000) == ()


@pytest.mark.parametrize(
    "workloads",
    [
        pytest.param((), id="removed"),
        pytest.param((dataclasses.replace(BILLING, running=False),), id="stopped"),
        pytest.param((dataclasses.replace(BILLING, members=0),), id="scaled to zero"),
    ],
)
def test_unwanted_members_are_told_to_leave_once(workloads: tuple[interface.Workload]) -> None:
    slot = ("billing", 0)
    assert supervisor.plan(wanted(*workloads), {slot: alive()}, 1) == (supervisor.Leave(slot),)
    assert supervisor.plan(wanted(*workloads), {slot: alive(leaving_s=1)}, 2) == ()


def test_a_member_that_does_not_leave_is_killed() -> None:
    slot = ("billing", 0)
    assert supervisor.plan({}, {slot: alive(leaving_s=1)}, 100) == (supervisor.Kill(slot),)


def test_a_member_that_left_starts_at_once_when_wanted_again() -> None:
    one = dataclasses.replace(BILLING, members=1)
    left = supervisor.Seen(alive=False, started_s=0, ended_s=10, leaving_s=9.5)
    assert supervisor.plan(wanted(one), {("billing", 0): left}, 10) == (
        supervisor.Start(("billing", 0)),
    )


@pytest.mark.parametrize(
    ("crashes", "limit_s", "pause_s"),
    [(0, 8, 1), (1, 8, 1), (2, 8, 2), (3, 8, 4), (4, 8, 8), (50, 8, 8), (5, 1, 1)],
)
def test_the_pause_doubles_up_to_its_limit(crashes: int, limit_s: float, pause_s: float) -> None:
    workload = dataclasses.replace(BILLING, restart_after_s=1, restart_limit_s=limit_s)
    assert supervisor.pause_s(workload, crashes) == pause_s
