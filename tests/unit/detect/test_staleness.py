"""A part is old by its own rhythm: what is read once a minute is not stale after twenty seconds."""

import dataclasses
from datetime import timedelta

import pytest
from tests.unit import observations

from headgate import detect
from headgate.domain import snapshot


@pytest.mark.parametrize(("every_s", "stale"), [(0.0, True), (60.0, False)])
def test_a_part_is_judged_by_its_own_rhythm(every_s: float, stale: bool) -> None:
    seen = observations.Scene().seen()
    at = seen.snapshot.at - timedelta(seconds=100)
    part: snapshot.Part[tuple[()]] = snapshot.Part(
        value=(), source="kafka", how="DescribeAcls", at=at, every_s=every_s
    )
    seen = dataclasses.replace(seen, snapshot=dataclasses.replace(seen.snapshot, acls=part))
    found = detect.run(seen)
    assert any(one.code == "evidence.stale" for one in found.findings) is stale


def test_a_quick_look_takes_nothing_of_the_last_seconds_for_old() -> None:
    scene = observations.Scene()
    scene.interval_s, scene.cut_s = 0.4, 2.0
    seen = scene.seen()
    at = seen.snapshot.at - timedelta(seconds=4)
    part: snapshot.Part[tuple[()]] = snapshot.Part(
        value=(), source="kafka", how="DescribeAcls", at=at, every_s=0.4
    )
    seen = dataclasses.replace(seen, snapshot=dataclasses.replace(seen.snapshot, acls=part))
    assert "evidence.stale" not in {one.code for one in detect.run(seen).findings}
