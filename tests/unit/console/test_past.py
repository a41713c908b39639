"""The list of restore points says in words what each holds, and what it does not."""

import re
from typing import get_args

from tests.unit.console import stand as stand_

from headgate.console.pages import past
from headgate.domain import restore

PAGE = "/clusters/shop/restore-points"


def rows(stand: stand_.Stand) -> dict[str, str]:
    page = stand.browser("ada").get(PAGE).text
    listed = re.findall(r'restore-points/(rp-\w+)">.*?<td class="hg-said">(.*?)</td>', page)
    return {name: " ".join(re.sub(r"<[^>]+>", " ", said).split()) for name, said in listed}


def test_a_point_says_what_it_holds_and_leaves_out_what_is_empty(stand: stand_.Stand) -> None:
    held = rows(stand)
    assert re.search(r"^\d+ offsets, \d+ topic settings", held["rp-test"])
    assert not re.search(r"\b0 ", held["rp-test"])
    assert not held["rp-test"].endswith(",")


def test_a_part_that_was_not_read_is_said_with_its_reason(stand: stand_.Stand) -> None:
    held = rows(stand)
    assert "not offsets" in held["rp-other"]
    assert "not offsets" not in held["rp-test"]
    page = stand.browser("ada").get(PAGE).text
    assert 'title="the coordinator is loading"' in page


def test_every_part_has_a_name() -> None:
    assert tuple(past.PART_NAMES) == get_args(restore.Name)
