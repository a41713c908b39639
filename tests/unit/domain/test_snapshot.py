"""What a part of a snapshot says of its completeness."""

from datetime import UTC, datetime

import pytest

from headgate.domain import snapshot
from headgate.domain.unknown import Unknown

AT = datetime(2026, 3, 1, tzinfo=UTC)
ITEM = snapshot.Missing(what="topic:a", reason="not allowed")


@pytest.mark.parametrize(
    ("value", "missing", "complete", "lacking"),
    [
        ((), (), True, False),
        ((), (ITEM,), False, True),
        (Unknown("no answer"), (), False, True),
        (Unknown("not allowed", "not_allowed"), (), False, True),
        (Unknown("this cluster has no authorizer", "not_possible"), (), False, False),
    ],
)
def test_what_the_other_side_cannot_tell_is_not_lacking(
    value: object, missing: tuple[snapshot.Missing, ...], complete: bool, lacking: bool
) -> None:
    part: snapshot.Part[object] = snapshot.Part(
        value=value, source="kafka", how="DescribeAcls", at=AT, missing=missing
    )
    assert (part.complete, part.lacking) == (complete, lacking)
