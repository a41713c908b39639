"""Commits stop by their own pace."""

from incidents import stops


def test_a_partition_stops_when_its_window_took_less_than_it_stands() -> None:
    followed = stops.Stops(least_s=10)
    for at in (0, 4, 8, 12):
        assert followed.follow("billing", {"orders-0": at}, {"orders-0": 99}, at) == 0
    assert followed.follow("billing", {"orders-0": 12}, {"orders-0": 99}, 20) < 1
    assert followed.follow("billing", {"orders-0": 12}, {"orders-0": 99}, 25) > 1
    assert followed.follow("billing", {"orders-0": 12}, {"orders-0": 12}, 25) == 0, (
        "it has read all"
    )


def test_a_group_that_commits_seldom_stops_late() -> None:
    followed = stops.Stops(least_s=10)
    for at in (0, 30, 60, 90):
        followed.follow("sink", {"orders-0": at}, {"orders-0": 999}, at)
    assert followed.follow("sink", {"orders-0": 90}, {"orders-0": 999}, 150) < 1
    assert followed.follow("sink", {"orders-0": 90}, {"orders-0": 999}, 200) > 1


def test_too_few_commits_tell_no_pace() -> None:
    followed = stops.Stops(least_s=10)
    assert followed.follow("billing", {"orders-0": 5}, {"orders-0": 99}, 0) == 0
    assert followed.follow("billing", {"orders-0": 5}, {"orders-0": 99}, 500) == 0
