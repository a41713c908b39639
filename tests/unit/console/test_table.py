"""Tables: filter, order and place live in the address, and a file of it is safe to open."""

import csv
import io
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.console import stand as stand_

from headgate.console import table
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import fake


@dataclass(frozen=True)
class Row:
    name: str
    size: int | Unknown


COLUMNS: tuple[table.Column[Row], ...] = (
    table.Column(key="name", value=lambda row: row.name),
    table.Column(key="size", value=lambda row: row.size),
)
ROWS = [Row(f"row-{n:03}", n if n % 50 else Unknown("not read")) for n in range(250)]


def asked(query: str, rows: Sequence[Row] = ROWS) -> table.Table[Row]:
    request = Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/things",
            "query_string": query.encode(),
            "headers": [],
            "server": ("headgate.example", 80),
            "scheme": "http",
        }
    )
    return table.make(
        request, rows, COLUMNS, text=lambda row: row.name, sort="name", kept={"tab": "x"}
    )


def names(made: table.Table[Row]) -> list[str]:
    return [row.name for row in made.rows]


def follow(href: str) -> table.Table[Row]:
    return asked(href.partition("?")[2])


def test_pages_follow_each_other_and_lead_back() -> None:
    first = asked("")
    second = follow(first.next_href)
    third = follow(second.next_href)
    assert names(first) + names(second) + names(third) == [row.name for row in ROWS]
    assert (third.first, third.last, third.total) == (201, 250, 250)
    assert third.next_href == ""
    assert names(follow(third.previous_href)) == names(second)
    assert follow(second.previous_href).previous_href == ""


def test_sorting_keeps_the_filter_and_turns_round() -> None:
    made = follow(asked("filter=ROW-1").sort_href("size"))
    assert (made.filter, made.sort, made.descending, made.total) == ("ROW-1", "size", False, 100)
    turned = follow(made.sort_href("size"))
    assert turned.descending
    assert turned.rows[0].name == "row-199"
    assert "tab=x" in turned.sort_href("name")


def test_what_is_not_known_comes_last_whichever_the_direction() -> None:
    for query in ("sort=size", "sort=size&down=1"):
        whole = follow(asked(query).csv_href)
        assert {row.size for row in whole.rows[-5:]} == {Unknown("not read")}


@pytest.mark.parametrize(
    "query", ["sort=moon", "offset=-1", "offset=x", "offset=%C2%B2", "down=yes", "format=xml"]
)
def test_a_nonsense_address_gives_the_table_as_it_is(query: str) -> None:
    assert names(asked(query))[:2] == ["row-000", "row-001"]


def test_past_the_end_there_is_nothing() -> None:
    made = asked("offset=1000")
    assert (names(made), made.first, made.next_href) == ([], 0, "")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"),
        ("+1", "'+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"),
        ("\t=1", "'\t=1"),
        ("\n", "'\n"),
        ("orders", "orders"),
        ("", ""),
        (-5, "-5"),
        (0.25, "0.25"),
        (TopicPartition("orders", 3), "orders-3"),
        (("a", "b"), "a, b"),
        (Unknown("it was not read"), "not known: it was not read"),
    ],
)
def test_a_cell_is_never_a_formula(value: object, cell: str) -> None:
    assert table._safe(value) == cell


@given(st.text())
def test_no_text_becomes_a_formula(text: str) -> None:
    assert table._safe(text).strip(" ")[:1] not in {"=", "+", "-", "@"}


def test_a_file_of_the_groups_can_be_opened(stand: stand_.Stand) -> None:
    browser = stand.browser("vera")
    answer = browser.get("/clusters/shop?tab=groups&format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["id"] for row in rows} == {
        "billing",
        "done",
        "silent",
        "a group/with ümlaut & <b>",
        "'=cmd|'/c calc'!A1",
    }
    for path in ("?tab=topics", "/topics/orders", "/groups/billing"):
        base = "/clusters/shop" + path
        answer = browser.get(f"{base}{'&' if '?' in path else '?'}format=csv")
        assert answer.headers["content-disposition"].startswith("attachment"), path


def test_a_file_may_be_called_like_any_group(stand: stand_.Stand) -> None:
    name = 'x"; evil=1 ümlaut'
    stand.kafka.add_group(name)
    stand.look()
    path = f"/clusters/shop/groups/{urllib.parse.quote(name, safe='')}"
    answer = stand.browser("vera").get(f"{path}?format=csv")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''x%22%3B%20evil%3D1%20%C3%BCmlaut.csv"
    )


def test_a_thousand_topics_are_paged_filtered_and_sorted_by_the_server(tmp_path: Path) -> None:
    kafka = fake.Fake("shop")
    for number in range(1000):
        kafka.add_topic(f"topic-{number:04}")
    made = stand_.build(tmp_path, kafka=kafka)
    made.look()
    browser = made.browser("vera")
    text = browser.get("/clusters/shop?tab=topics").text
    assert text.count("data-row") == table.LIMIT
    assert "1 to 100 of 1,000" in text
    text = browser.get("/clusters/shop?tab=topics&filter=TOPIC-099&sort=name&down=1").text
    assert text.index("topic-0999") < text.index("topic-0990")
    assert 'aria-sort="descending"' in text
    assert 'value="TOPIC-099"' in text
