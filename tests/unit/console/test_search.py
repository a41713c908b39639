"""Search: a name leads to its page."""

from collections.abc import Callable

import pytest
from fastapi import testclient

Looker = Callable[[str], testclient.TestClient]


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("orders", "/clusters/shop/topics/orders"),
        ("billing", "/clusters/shop/groups/billing"),
        (" shop ", "/clusters/shop"),
        ("orders-to-warehouse", "/clusters/shop/connectors/orders-to-warehouse?connect=connect"),
        ("orders-value", "/clusters/shop/subjects/orders-value"),
        ("inc_open", "/incidents/inc_open"),
        ("chg_failed", "/changes/chg_failed"),
        ("inc_x/../y", "/incidents/inc_x%2F..%2Fy"),
    ],
)
def test_one_exact_name_is_gone_to(looker: Looker, query: str, target: str) -> None:
    answer = looker("vera").get("/search", params={"q": query})
    assert (answer.status_code, answer.headers["location"]) == (303, target)


def test_parts_of_names_are_listed_and_beginnings_come_first(looker: Looker) -> None:
    text = looker("vera").get("/search?q=B").text
    assert text.index("/groups/billing") < text.index("/groups/a%20group")
    assert "names hold" in text


def test_brokers_incidents_and_changes_are_found_too(looker: Looker) -> None:
    text = looker("vera").get("/search?q=broker+1").text
    assert 'href="/clusters/shop#brokers"' in text
    text = looker("vera").get("/search?q=cannot+read+the+record").text
    assert "/incidents/inc_open" in text
    text = looker("vera").get("/search?q=skip+1+record").text
    assert "/changes/chg_waiting_approval" in text


def test_the_api_gives_the_same(looker: Looker) -> None:
    found = looker("vera").get("/api/v1/search?q=orders&limit=2").json()
    assert [(one["kind"], one["name"]) for one in found["items"]] == [
        ("topic", "orders"),
        ("subject", "orders-value"),
    ]
    assert found["total"] > 2
    assert looker("vera").get("/api/v1/search").json() == {
        "items": [],
        "next_cursor": "",
        "total": 0,
    }


def test_what_is_not_there_is_said(looker: Looker) -> None:
    text = looker("vera").get('/search?q="><script>').text
    assert "Nothing is named" in text
    assert "<script>" not in text
    assert "Write a part of the name" in looker("vera").get("/search").text
