"""What could not be read of a cluster, in as few lines as it takes."""

import dataclasses
from collections.abc import Sequence

from tests.unit import observations

from headgate.app import summaries
from headgate.domain import observation, snapshot


def lacking(missing: Sequence[snapshot.Missing]) -> observation.Observation:
    seen = observations.Scene().seen()
    offsets = dataclasses.replace(seen.snapshot.offsets, missing=tuple(missing))
    return dataclasses.replace(seen, snapshot=dataclasses.replace(seen.snapshot, offsets=offsets))


def test_items_with_one_reason_are_one_line() -> None:
    silent = [snapshot.Missing(what=f"partition:t-{n}", reason="b1 is silent") for n in range(9999)]
    other = snapshot.Missing(what="partition:u-0", reason="b2 refuses")
    assert summaries.unread(lacking([*silent[:5], other, *silent[5:]])) == (
        "offsets, partition:t-0 and 9,998 more: b1 is silent",
        "offsets, partition:u-0: b2 refuses",
    )


def test_many_reasons_are_cut_and_counted() -> None:
    each = [snapshot.Missing(what=f"partition:t-{n}", reason=f"why {n}") for n in range(8)]
    said = summaries.unread(lacking(each))
    assert len(said) == summaries.REASONS + 1
    assert said[0] == "offsets, partition:t-0: why 0"
    assert said[-1] == "offsets: 3 more, for other reasons"


def test_what_was_read_whole_is_not_spoken_of() -> None:
    assert not [text for text in summaries.unread(lacking([])) if text.startswith("offsets")]
