"""The span of a chart stands in the address of its page."""

from collections.abc import Callable

from fastapi import testclient

Looker = Callable[[str], testclient.TestClient]


def test_a_page_shows_the_span_that_its_address_asks_for(looker: Looker) -> None:
    client = looker("ada")
    page = client.get("/clusters/shop/groups/billing?filter=x&span=6h").text
    assert "what=lag&amp;span=6h" in page
    assert 'href="?filter=x&amp;span=1d"' in page
    other = client.get("/clusters/shop/groups/billing?span=moon").text
    assert "what=lag&amp;span=15m" in other


def test_a_chart_over_a_span_is_drawn_and_a_strange_span_refused(looker: Looker) -> None:
    client = looker("ada")
    asked = "/chart?cluster=shop&subject=group&name=billing&what=behind&span="
    assert client.get(asked + "6h").json()["title"] == "Lag in time of billing"
    refused = client.get(asked + "moon")
    assert refused.status_code == 404
    assert "There is no span of moon" in refused.text
