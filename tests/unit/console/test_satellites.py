"""Pages of what stands around a cluster: connectors, Connect clusters, subjects."""

import re
from collections.abc import Callable
from urllib.parse import quote

import httpx2
import pytest
from fastapi import testclient
from tests.unit.console import stand as stand_

Looker = Callable[[str], testclient.TestClient]
LOST = quote("lost/on a dead worker", safe="")
ODD = quote("odd/<b> 100%?#é", safe="")
API = "/api/v1/clusters/shop"


def text(page: httpx2.Response) -> str:
    """The page's words."""
    assert page.status_code == 200, page.text
    body = page.text.split("<main", 1)[1].split("</main>", 1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_the_tab_of_connectors_leads_to_them_and_to_their_workers(looker: Looker) -> None:
    page = looker("vera").get("/clusters/shop?tab=connectors")
    assert 'href="/clusters/shop/connect/connect"' in page.text
    assert 'href="/clusters/shop/connectors/orders-to-warehouse?connect=connect"' in page.text
    said = text(page)
    assert "1 of 2 do not answer" in said
    assert "1 of 1 failed" in said
    assert "1 of 1 on a dead worker" in said


def test_a_connect_cluster_shows_workers_connectors_and_plugins(looker: Looker) -> None:
    said = text(looker("vera").get("/clusters/shop/connect/connect"))
    assert "1 of 2 Connect workers does not answer" in said
    assert "10.0.0.9:8083 not configured is down: nothing listens on its port" in said
    assert "org.apache.kafka.connect.file.FileStreamSinkConnector sink 4.3.1" in said
    assert looker("vera").get("/clusters/shop/connect/nope").status_code == 404


def test_a_failed_connector_shows_its_cause_and_a_way_to_restart_it(looker: Looker) -> None:
    page = looker("vera").get("/clusters/shop/connectors/orders-to-warehouse?connect=connect")
    said = text(page)
    assert "1 of 1 tasks of orders-to-warehouse has failed" in said
    assert "PSQLException: Connection to 127.0.0.1:5432 refused" in said
    assert "<details" in page.text
    assert "action=connector.restart_failed_tasks" in page.text
    assert looker("vera").get(f"{API}/connectors/orders-to-warehouse").json()["version"] == "4.3.1"


def test_a_task_on_a_dead_worker_is_not_called_running(looker: Looker) -> None:
    said = text(looker("vera").get(f"/clusters/shop/connectors/{LOST}"))
    assert "1 of 1 tasks of lost/on a dead worker is on a worker that does not answer" in said
    assert "running, says Connect" in said
    assert "audit-0 3" in said
    [task] = looker("vera").get(f"{API}/connectors/{LOST}").json()["tasks"]
    assert (task["state"], task["lost"]) == ("RUNNING", True)


def test_subjects_are_listed_with_their_rules(looker: Looker) -> None:
    page = looker("vera").get("/clusters/shop?tab=subjects")
    said = text(page)
    assert "rule BACKWARD" in said
    assert "orders-value AVRO 1 2 BACKWARD READWRITE 0" in said
    assert "FULL its own" in said
    assert "gone" not in said
    assert "Show 1 deleted" in said
    assert "gone deleted" in text(looker("vera").get("/clusters/shop?tab=subjects&deleted=1"))


@pytest.mark.parametrize(
    ("sort", "first"), [("versions", "audit-value"), ("compatibility&down=1", "odd/")]
)
def test_subjects_are_sorted_on_the_server(looker: Looker, sort: str, first: str) -> None:
    page = looker("vera").get(f"/clusters/shop?tab=subjects&sort={sort}")
    assert first in page.text.split("<tbody>")[1].split("</tr>")[0]


def test_one_subject_shows_versions_and_the_schema(looker: Looker) -> None:
    page = looker("vera").get("/clusters/shop/subjects/orders-value")
    said = text(page)
    assert "orders-value has 1 version" in said
    assert "rule, inherited from the registry" in said
    assert "describes topic orders" in said
    assert "Schema of version 2" in said
    assert "&#34;fields&#34;: [" in page.text
    assert "Used by audit-value" in said
    assert "Schema of version 1" in text(
        looker("vera").get("/clusters/shop/subjects/orders-value?version=1")
    )


def test_odd_names_and_deleted_subjects_have_pages(looker: Looker) -> None:
    page = looker("vera").get(f"/clusters/shop/subjects/{ODD}")
    assert "rule of its own" in text(page)
    assert "<b> 100%" not in page.text
    said = text(looker("vera").get("/clusters/shop/subjects/gone"))
    assert "gone is deleted; its schema ids still resolve" in said
    assert looker("vera").get("/clusters/shop/subjects/nope").status_code == 404


def test_a_registry_that_does_not_answer_leaves_the_rest(stand: stand_.Stand) -> None:
    stand.registry.go_down()
    said = text(stand.browser("vera").get("/clusters/shop/subjects/orders-value"))
    assert "The text is not known" in said
    assert "nothing listens" in said
    assert "has 1 version" in said


def test_a_subject_is_read_when_it_is_looked_at(stand: stand_.Stand) -> None:
    stand.registry.set_compatibility("FULL_TRANSITIVE", "orders-value")
    client = stand.browser("vera")
    assert "FULL_TRANSITIVE rule of its own" in text(
        client.get("/clusters/shop/subjects/orders-value")
    )
    held = client.get(f"{API}/subjects/orders-value").json()
    assert held["compatibility"] == "FULL_TRANSITIVE"


def test_the_api_gives_subjects_page_by_page_and_the_text_on_demand(looker: Looker) -> None:
    client = looker("vera")
    first = client.get(f"{API}/subjects?limit=2&sort=name&descending=true").json()
    assert [one["name"] for one in first["items"]] == ["orders-value", "odd/<b> 100%?#é"]
    assert first["total"] == 3
    assert first["registries"]["registry"]["compatibility"] == "BACKWARD"
    rest = client.get(
        f"{API}/subjects?limit=2&sort=name&descending=true&cursor={first['next_cursor']}"
    ).json()
    assert ([one["name"] for one in rest["items"]], rest["next_cursor"]) == (["audit-value"], "")
    assert client.get(f"{API}/subjects?sort=colour").status_code == 422
    held = client.get(f"{API}/subjects/orders-value").json()
    assert "schema" not in held
    assert (held["used_by"], held["topic"]) == (["audit-value"], "orders")
    shown = client.get(f"{API}/subjects/orders-value?version=1").json()
    assert shown["schema"]["text"] == '{"type":"record","name":"Order","fields":[]}'
    assert client.get(f"{API}/subjects/orders-value?version=9").status_code == 404
    assert client.get(f"{API}/connects").json()["items"][0]["workers"][0]["state"] == "refuses"
