"""The cluster page shows what metrics tell of brokers, or that no address is given."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fastapi import testclient
from tests.unit.console import stand as stand_

from headgate.domain import measures, resource, snapshot
from headgate.domain.unknown import Unknown

Looker = Callable[[str], testclient.TestClient]


def test_without_an_address_the_page_says_so(looker: Looker) -> None:
    text = looker("vera").get("/clusters/shop").text
    assert "no metrics address is given" in text
    assert 'id="vitals"' not in text


def test_with_one_the_page_shows_it_and_what_is_not_known(tmp_path: Path) -> None:
    made = stand_.build(tmp_path)
    made.look()
    watched = made.runtime.running.watched(stand_.CLUSTER)
    seen, found = watched.observed(), watched.detected()
    assert not isinstance(seen, Unknown)
    assert not isinstance(found, Unknown)
    idle = measures.Measure(
        name="broker.handler_idle", resource=resource.Resource("broker", "1"), value=0.125
    )
    part: snapshot.Part[measures.Measures] = snapshot.Part(
        value=measures.Measures(source="http://k1", dialect="jmx", measures=(idle,)),
        source="metrics",
        how="GET",
        at=seen.snapshot.at,
    )
    shown = replace(seen.snapshot, measures={"http://k1": part})
    watched._latest = (replace(seen, snapshot=shown), found)
    browser = made.browser("vera")
    page = browser.get("/clusters/shop").text
    assert "12.5 %" in page
    assert "does not tell broker.network_idle" in page
    rows = browser.get("/api/v1/clusters/shop/brokers").json()["items"]
    assert rows[0]["vitals"]["handler_idle"] == 0.125
    assert "does not tell" in rows[0]["vitals"]["gc_share"]["unknown"]
