"""When log dirs are full, from what is kept of them."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from tests.unit import observations

from headgate.app import filling, past
from headgate.domain import forecast, snapshot, storage
from headgate.domain.unknown import Unknown
from headgate.observe import recall, slots, tiers

HOUR = 3_600.0


class Kept(past.Past):
    """A disk of a billion bytes that takes ten million a day, for so many hours."""

    hours = 0.0

    def read(self, kind: Any, **asked: Any) -> recall.Recalled:
        assert kind == "disk"
        now = observations.AT.timestamp()
        step = tiers.reaching(self.steps, asked["span_s"]).step_s
        at = np.arange(now - self.hours * HOUR, now, step)
        left = 700_000_000 - 10_000_000 * (at - now) / 86_400
        key = slots.Key("1", "/data", "")
        sizes = np.stack([np.full(len(at), 10**9), left], axis=1).astype(np.int64)
        return recall.Recalled(times=at, columns=((key, 0), (key, 1)), values=sizes)


def dirs(*paths: str) -> snapshot.Part[Any]:
    held = storage.LogDirs(
        partitions=observations.Scene().seen().snapshot.partitions.value,  # type: ignore[arg-type]
        dirs=tuple(
            storage.LogDir(broker=1, path=path, total_bytes=10**9, usable_bytes=7 * 10**8)
            for path in paths
        ),
        ordinal=np.zeros(0, np.int32),
        place=np.zeros(0, np.int32),
        size_bytes=np.zeros(0, np.int64),
        offset_lag=np.zeros(0, np.int64),
        future=np.zeros(0, np.bool_),
    )
    return snapshot.Part(value=held, source="kafka", how="", at=observations.AT)


def told(hours: float, steps: tuple[tiers.Tier, ...] | None = None) -> Any:
    store: Any = None
    kept = Kept(store, "shop", tiers.of() if steps is None else steps)
    Kept.hours = hours
    seen = observations.Scene().seen()
    now = dataclasses.replace(seen.snapshot, log_dirs=dirs("/data", "/new"))
    return filling.of(kept, dataclasses.replace(seen, snapshot=now))


@pytest.mark.parametrize("hours", [7.0, 100.0])
def test_a_disk_is_full_when_its_rise_says_so(hours: float) -> None:
    found = told(hours)
    days = found[1, "/data"]
    assert isinstance(days, forecast.Forecast)
    assert days.days == pytest.approx(70, rel=0.1)
    assert found[1, "/new"] == Unknown("no history of it is kept yet")


def test_too_little_history_is_unknown() -> None:
    assert isinstance(told(1.0)[1, "/data"], Unknown)
    assert told(9.0, ())[1, "/data"] == Unknown("no history is kept")
