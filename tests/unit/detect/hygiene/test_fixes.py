"""A fix that returns, however well it worked each time."""

from datetime import timedelta

import pytest
from tests.unit.detect.hygiene.kept import DAY_S, causes, found, gaps, on, shop, verdicts
from tests.unit.observations import AT, Scene

from headgate.domain import fixes, thresholds, vocabulary

CODE = "fix.recurring"


def run(
    days: float,
    *,
    action: str = "connector.restart_failed_tasks",
    cause: str = "connect.transient",
    target: str = "connector:orders-sink",
    state: vocabulary.ChangeState = "succeeded",
) -> fixes.Run:
    at = AT - timedelta(seconds=days * DAY_S)
    return fixes.Run(at=at, action=action, cause=cause, target=target, state=state)


def ran(*runs: fixes.Run) -> Scene:
    scene = shop()
    scene.fixes = tuple(sorted(runs, key=lambda one: one.at))
    return scene


def test_three_runs_within_a_week_are_no_fix_though_each_worked() -> None:
    [item] = found(ran(run(1), run(3), run(6)), CODE)
    assert str(item.resource) == "connector:orders-sink"
    assert (item.state, item.since) == ("firing", AT - timedelta(days=1))
    assert "ran 3 times in 6 d on orders-sink, each time for connect.transient" in item.summary


@pytest.mark.parametrize(
    "runs",
    [
        (run(1), run(3), run(8)),
        (run(1), run(2), run(3, cause="connect.worker_lost")),
        (run(1), run(2), run(3, target="connector:other")),
        (run(1), run(2), run(3, action="connector.restart")),
        tuple(run(day, cause="") for day in range(4)),
        tuple(run(day, action="incident.watch") for day in range(4)),
        tuple(run(day, action="owner.notify") for day in range(4)),
        (),
    ],
    ids=["long ago", "causes", "places", "actions", "no cause", "watches", "notices", "nothing"],
)
def test_what_is_not_the_same_fix_again(runs: tuple[fixes.Run, ...]) -> None:
    scene = ran(*runs)
    assert not on(scene, CODE)
    assert not gaps(scene, CODE)


def test_limits_by_resource() -> None:
    scene = ran(run(1), run(3))
    scene.rules = (thresholds.Rule(resources="connector:orders-*", code=CODE, values={"count": 2}),)
    assert on(scene, CODE) == ["connector:orders-sink"]


def test_without_kept_changes_nobody_knows() -> None:
    scene = shop()
    scene.fixes = fixes.NOT_KEPT
    assert gaps(scene, CODE) == [fixes.NOT_KEPT.reason]
    assert not on(scene, CODE)


def test_a_fix_that_held_each_time_is_a_debt_of_design() -> None:
    scene = ran(run(1, state="verifying"), run(3), run(6))
    [top] = causes(scene, CODE)
    assert (top.code, top.verdict) == ("fix.design_debt", "confirmed")
    assert [one.action for one in top.next] == ["review.open"]


def test_one_that_held_sometimes_probably_is() -> None:
    scene = ran(run(1), run(3), run(6, state="rolled_back"))
    assert verdicts(scene, CODE) == {"fix.design_debt": "likely"}


def test_what_never_held_never_was_a_fix() -> None:
    scene = ran(*(run(day, state="rolled_back") for day in (1, 3, 6)))
    assert verdicts(scene, CODE) == {"unknown": "possible", "fix.design_debt": "ruled_out"}
