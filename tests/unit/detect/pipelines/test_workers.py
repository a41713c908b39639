"""Workers that are gone, tasks that nobody runs, tasks that are bunched."""

import pytest
from tests.unit.detect.pipelines.around import (
    WORKERS,
    cluster,
    connector,
    gaps,
    on,
    shop,
    verdicts,
    why,
    with_past,
)

from headgate.domain import connects, observation
from headgate.domain.unknown import Unknown


def lost(state: connects.PortState = "refuses", *, samples: int = 70) -> observation.Observation:
    """The second worker's port went dead at sample 40; Connect still names it."""
    sink = connector(on=WORKERS)
    return with_past(
        shop(samples).seen(),
        "connect:main",
        lambda i: cluster(
            sink,
            states={WORKERS[0]: "answers", WORKERS[1]: "answers" if i < 40 else state},
        ),
        samples,
    )


@pytest.mark.parametrize("state", ["refuses", "silent", "accepts"])
def test_a_worker_with_a_dead_port_is_lost(state: connects.PortState) -> None:
    seen = lost(state)
    [item] = on(seen, "connect.worker_lost")
    assert (str(item.resource), item.state) == (f"worker:{WORKERS[1]}", "firing")
    assert "1 task of it does no work" in item.summary
    assert why(seen, "connect.worker_lost")[0].code == "connect.worker_dead"


def test_a_worker_that_answers_is_not_lost() -> None:
    assert not on(lost("answers"), "connect.worker_lost")


def test_a_worker_that_ran_nothing_is_nobodys_loss() -> None:
    seen = with_past(
        shop().seen(),
        "connect:main",
        lambda _: cluster(connector(), states={WORKERS[0]: "answers", "127.0.0.1:1": "refuses"}),
        70,
    )
    assert not on(seen, "connect.worker_lost")


def test_a_worker_whose_tasks_were_given_away_is_still_lost() -> None:
    seen = with_past(
        shop().seen(),
        "connect:main",
        lambda i: cluster(
            connector(on=WORKERS if i < 60 else (WORKERS[0], WORKERS[0])),
            states={WORKERS[0]: "answers", WORKERS[1]: "answers" if i < 40 else "refuses"},
        ),
        70,
    )
    [item] = on(seen, "connect.worker_lost")
    assert "no work" not in item.summary


def test_a_short_look_lists_it_as_pending() -> None:
    scene = shop(cut=True)
    seen = with_past(
        scene.seen(),
        "connect:main",
        lambda _: cluster(
            connector(on=WORKERS), states={WORKERS[0]: "answers", WORKERS[1]: "refuses"}
        ),
        6,
    )
    [item] = on(seen, "connect.worker_lost")
    assert item.state == "pending"


def test_connect_that_was_not_read_hides_its_workers() -> None:
    scene = shop()
    scene.connects["main"] = Unknown("timed out")
    assert gaps(scene.seen(), "connect.worker_lost") == ["Connect main was not read: timed out"]


def unassigned(since: int, *, gone: bool) -> observation.Observation:
    scene = shop(160)
    scene.connector("orders-sink", ("UNASSIGNED", ""), failed_at=since)
    states: dict[str, connects.PortState] = {WORKERS[0]: "answers"}
    states[WORKERS[1]] = "refuses" if gone else "answers"
    held = scene.connects["main"]
    assert not isinstance(held, Unknown)
    sink = held["orders-sink"]
    other = connector("other", on=(WORKERS[1],))
    return with_past(
        scene.seen(), "connect:main", lambda _: cluster(sink, other, states=states), 160
    )


def test_a_task_that_nobody_runs_is_told_once_the_delay_is_over() -> None:
    assert not on(unassigned(120, gone=False), "connect.task_unassigned")
    seen = unassigned(40, gone=False)
    [item] = on(seen, "connect.task_unassigned")
    assert item.state == "firing"
    causes = why(seen, "connect.task_unassigned")
    assert causes[0].code == "connect.rebalance_stuck"
    assert verdicts(causes)["connect.worker_dead"] == "ruled_out"


def test_a_task_waits_for_a_worker_that_is_gone() -> None:
    causes = why(unassigned(40, gone=True), "connect.task_unassigned")
    assert causes[0].code == "connect.worker_dead"
    assert str(causes[0].resource) == f"worker:{WORKERS[1]}"
    assert verdicts(causes)["connect.rebalance_stuck"] == "ruled_out"


def bunched(count: int, *, alive: bool = True) -> observation.Observation:
    sink = connector(on=[WORKERS[0]] * count)
    return with_past(
        shop(220).seen(),
        "connect:main",
        lambda _: cluster(
            sink, states={WORKERS[0]: "answers", WORKERS[1]: "answers" if alive else "refuses"}
        ),
        220,
    )


def test_tasks_that_are_bunched_are_listed() -> None:
    [item] = on(bunched(4), "connect.worker_imbalance")
    assert item.severity == "info"
    assert why(bunched(4), "connect.worker_imbalance")[0].code == "connect.tasks_uneven"
    assert not on(bunched(2), "connect.worker_imbalance")
    assert not on(bunched(4, alive=False), "connect.worker_imbalance")
