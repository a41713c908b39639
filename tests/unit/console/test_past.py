"""The list of restore points says in words what each holds, and what it does not."""

import re
from collections.abc import Mapping
from typing import get_args

import pytest
from tests.unit.console import stand as stand_
from tests.unit.observations import AT

from headgate.console.pages import past
from headgate.domain import restore

PAGE = "/clusters/shop/restore-points"


def rows(stand: stand_.Stand) -> dict[str, str]:
    page = stand.browser("ada").get(PAGE).text
    listed = re.findall(r'restore-points/(rp-\w+)">.*?<td class="hg-said">(.*?)</td>', page)
    return {name: " ".join(re.sub(r"<[^>]+>", " ", said).split()) for name, said in listed}


def test_a_point_says_what_it_holds_and_leaves_out_what_is_empty(stand: stand_.Stand) -> None:
    held = rows(stand)
    assert re.search(r"^\d+ offsets, \d+ topic settings?,", held["rp-test"])
    assert not re.search(r"\b0 ", held["rp-test"])
    assert not held["rp-test"].endswith(",")


def test_a_part_that_was_not_read_is_said_with_its_reason(stand: stand_.Stand) -> None:
    held = rows(stand)
    assert "not offsets" in held["rp-other"]
    assert "not offsets" not in held["rp-test"]
    page = stand.browser("ada").get(PAGE).text
    assert 'title="the coordinator is loading"' in page


@pytest.mark.parametrize(
    ("values", "reason", "said"),
    [
        ({"offsets": 12, "quotas": 1, "acls": 0}, "", "12 offsets, 1 quota"),
        ({"acls": 1, "scram_users": 1}, "", "1 ACL, 1 SCRAM user"),
        ({"acls": 0}, "", "nothing"),
        ({"acls": 0}, "not allowed", ""),
    ],
)
def test_what_a_point_holds_in_words(
    values: Mapping[restore.Name, int], reason: str, said: str
) -> None:
    parts = tuple(
        restore.Kept(name=name, at=AT, digest="", reason=reason, values=count)
        for name, count in values.items()
    )
    assert past.holds(restore.Point(id="rp", cluster="shop", at=AT, parts=parts)) == said


def test_every_part_has_a_name() -> None:
    assert tuple(past.PART_NAMES) == get_args(restore.Name)
