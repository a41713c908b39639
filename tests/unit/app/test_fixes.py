"""What ran lately is read where something ran since, and not at each look."""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from headgate.app import fixes as keeping
from headgate.domain import fixes, vocabulary
from headgate.domain.unknown import Unknown
from headgate.ports import store

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Kept:
    """A database that counts how often runs are read."""

    def __init__(self) -> None:
        self.runs: list[fixes.Run] = []
        self.read_times = 0
        self.broken = False

    def ran(self, at: datetime, state: vocabulary.ChangeState = "succeeded") -> None:
        self.runs.append(
            fixes.Run(
                at=at,
                action="connector.restart",
                cause="connect.transient",
                target="connector:sink",
                state=state,
            )
        )

    def began(self, *, cluster: str) -> datetime | None:
        assert cluster == "shop"
        return max((one.at for one in self.runs), default=None)

    def fixes(self, *, cluster: str, since: datetime, limit: int) -> Sequence[fixes.Run]:
        assert (cluster, limit) == ("shop", keeping.MOST)
        self.read_times += 1
        return [one for one in self.runs if one.at >= since]

    @contextlib.contextmanager
    def read(self) -> Iterator[Any]:
        if self.broken:
            raise store.Busy("The database is locked")
        yield SimpleNamespace(changes=self)


def keeper(kept: Kept) -> keeping.Keeper:
    return keeping.Keeper(cast("store.Store", kept), "shop")


def test_nothing_is_read_where_nothing_ran() -> None:
    kept = Kept()
    known = keeper(kept)
    assert [known.now(AT), known.now(AT)] == [(), ()]
    assert kept.read_times == 0


def test_what_ran_is_read_once_and_again_after_the_next() -> None:
    kept = Kept()
    known = keeper(kept)
    kept.ran(AT)
    assert known.now(AT) == known.now(AT) == tuple(kept.runs)
    assert kept.read_times == 1
    kept.ran(AT + timedelta(seconds=5))
    assert known.now(AT) == tuple(kept.runs)
    assert kept.read_times == 2


def test_what_is_under_way_is_read_until_it_is_over() -> None:
    kept = Kept()
    known = keeper(kept)
    kept.ran(AT, "verifying")
    known.now(AT)
    known.now(AT)
    assert kept.read_times == 2
    kept.runs.clear()
    kept.ran(AT)
    assert cast("fixes.Runs", known.now(AT))[0].state == "succeeded"
    known.now(AT)
    assert kept.read_times == 3


def test_a_database_that_does_not_answer_is_no_quiet_week() -> None:
    kept = Kept()
    kept.ran(AT)
    known = keeper(kept)
    kept.broken = True
    told = known.now(AT)
    assert isinstance(told, Unknown)
    assert "The database is locked" in told.reason
    kept.broken = False
    assert known.now(AT) == tuple(kept.runs)
