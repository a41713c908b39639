"""What goes to and fro on the timeline: whether it ended as it began."""

from datetime import UTC, datetime

import pytest

from headgate.domain import resource, timeline

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def entry(before: str, after: str, times: int = 2) -> timeline.Entry:
    return timeline.Entry(
        at=AT,
        resource=resource.Resource("group", "billing"),
        kind="members",
        what="members changed: 1 joined",
        before=before,
        after=after,
        source="kafka",
        times=times,
        last_at=AT,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Stable", "Stable"),
        ("1 RUNNING", "1 RUNNING (task 0)"),
        ("2 members; left: a at 127.0.0.1", "2 members; joined: b at 127.0.0.1"),
        ("2 members", "2 members; joined: b at 127.0.0.1"),
    ],
)
def test_it_came_back_whoever_moved(before: str, after: str) -> None:
    assert entry(before, after).came_back


@pytest.mark.parametrize(
    ("before", "after", "times"),
    [
        ("Stable", "Empty", 2),
        ("1 RUNNING", "1 RUNNING, 1 UNASSIGNED (task 1)", 2),
        ("2 members", "3 members; joined: b at 127.0.0.1", 2),
        ("", "", 2),
        ("2 members; left: a", "2 members; joined: b", 1),
    ],
)
def test_what_is_otherwise_by_now_or_moved_once_did_not(
    before: str, after: str, times: int
) -> None:
    assert not entry(before, after, times).came_back
