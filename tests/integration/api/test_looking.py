"""What the API shows of clusters, findings, incidents, the audit and itself."""

import re

import pytest
from tests.integration.api import conftest
from tests.unit.app import stands

from headgate.app import metrics

TRACE = "org.apache.kafka.common.errors.TimeoutException: Call timed out"


def test_a_cluster_in_one_line_and_in_full(asker: conftest.Asker) -> None:
    viewer = asker("vera")
    (line,) = viewer.get("/api/v1/clusters").json()["items"]
    assert (line["name"], line["topics"], line["environment"]) == ("shop", 2, "lab")
    shown = viewer.get("/api/v1/clusters/shop").json()
    told = {one["code"]: one["verdict"] for one in shown["capabilities"]["capabilities"]}
    assert told["read.partitions"] == "possible"
    assert shown["parts"]["partitions"]["complete"] is True
    assert shown["parts"]["partitions"]["how"]


def test_topics_groups_brokers_and_connectors(asker: conftest.Asker) -> None:
    viewer = asker("vera")
    at = "/api/v1/clusters/shop"
    topics = viewer.get(f"{at}/topics").json()["items"]
    assert [one["name"] for one in topics] == ["audit", "orders"]
    everything = viewer.get(f"{at}/topics", params={"internal": "true"}).json()["items"]
    assert "__consumer_offsets" in [one["name"] for one in everything]
    topic = viewer.get(f"{at}/topics/orders").json()
    assert [one["number"] for one in topic["partition_list"]] == [0, 1]
    assert topic["settings"]
    (group,) = viewer.get(f"{at}/groups").json()["items"]
    assert (group["id"], group["lag"]) == ("billing", 90)
    positions = viewer.get(f"{at}/groups/billing").json()["positions"]
    assert (positions[0]["partition"], positions[0]["lag"]) == ("orders-0", 90)
    assert len(viewer.get(f"{at}/brokers").json()["items"]) == 3
    (connector,) = viewer.get(f"{at}/connectors").json()["items"]
    assert (connector["name"], connector["tasks"]) == ("warehouse", 1)
    assert viewer.get(f"{at}/connectors/warehouse").json()["connect"] == "connect"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/clusters/none",
        "/api/v1/clusters/none/topics",
        "/api/v1/clusters/shop/topics/none",
        "/api/v1/clusters/shop/groups/none",
        "/api/v1/clusters/shop/connectors/none",
        "/api/v1/incidents/none",
        "/api/v1/changes/none",
        "/api/v1/none",
        "/api/v2/clusters",
        "/api",
    ],
)
def test_what_is_not_there_is_told(asker: conftest.Asker, path: str) -> None:
    if path == "/api":
        assert asker("vera").get(path).status_code == 404
        return
    assert conftest.problem(asker("vera").get(path), 404)["next"]


def test_lists_are_paged_by_cursor(stand: stands.Stand, asker: conftest.Asker) -> None:
    for number in range(25):
        stand.kafka.add_topic(f"t{number:02d}")
    stand.runtime.running.watched("shop").look()
    viewer = asker("vera")
    names: list[str] = []
    cursor, pages = "", 0
    while pages == 0 or cursor:
        page = viewer.get(
            "/api/v1/clusters/shop/topics", params={"limit": 10, "filter": "t", "cursor": cursor}
        ).json()
        names += [one["name"] for one in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert names == ["audit", *[f"t{number:02d}" for number in range(25)]]
    assert pages == 3


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/v1/clusters/shop/topics?cursor=%ff", "cursor"),
        ("/api/v1/clusters/shop/topics?limit=0", "limit"),
        ("/api/v1/clusters/shop/topics?limit=many", "limit"),
        ("/api/v1/changes?cursor=x", "cursor"),
        ("/api/v1/incidents?cursor=x", "cursor"),
        ("/api/v1/audit?cursor=x", "cursor"),
        ("/api/v1/changes?state=asleep", "state"),
        ("/api/v1/incidents?state=asleep", "state"),
    ],
)
def test_a_bad_parameter_is_named(asker: conftest.Asker, path: str, field: str) -> None:
    body = conftest.problem(asker("vera").get(path), 422)
    assert field in body["fields"]


def test_unknown_is_told_with_its_reason(stand: stands.Stand, asker: conftest.Asker) -> None:
    stand.kafka.stop_cluster()
    stand.pass_time(2)
    viewer = asker("vera")
    (line,) = viewer.get("/api/v1/clusters").json()["items"]
    assert set(line["topics"]) == {"unknown"}
    assert line["topics"]["unknown"]
    body = conftest.problem(viewer.get("/api/v1/clusters/shop/topics"), 503)
    assert body["what"].startswith("Not known: ")


def test_findings_and_what_was_not_seen(stand: stands.Stand, asker: conftest.Asker) -> None:
    stand.connect.fail_task("warehouse", trace=TRACE)
    stand.runtime.running.watched("shop").look()
    found = asker("vera").get("/api/v1/findings", params={"code": "connect.task_failed"}).json()
    (one,) = found["items"]
    assert one["resource"] == "task:warehouse-0"
    assert one["evidence"][0]["at"].endswith("Z")
    assert one["cluster"] == "shop"


def test_an_incident_with_causes_and_evidence(stand: stands.Stand, asker: conftest.Asker) -> None:
    stand.connect.fail_task("warehouse", trace=TRACE)
    stand.pass_time(3)
    viewer = asker("vera")
    (line,) = viewer.get("/api/v1/incidents", params={"cluster": "shop"}).json()["items"]
    for states, found in ((["resolved", "open", "acting"], 1), (["merged", "closed"], 0)):
        page = viewer.get("/api/v1/incidents", params={"state": states}).json()
        assert len(page["items"]) == found
    shown = viewer.get(f"/api/v1/incidents/{line['id']}").json()
    cause = shown["draft"]["causes"][0]
    assert cause["verdict"] in ("confirmed", "likely")
    known = {one["id"] for one in shown["draft"]["evidence"]}
    known |= {one["id"] for item in shown["draft"]["findings"] for one in item["evidence"]}
    assert set(cause["for"]) <= known
    assert shown["timeline"]


def test_the_audit_is_whole_and_can_be_taken_away(asker: conftest.Asker) -> None:
    viewer = asker("vera")
    verdict = viewer.get("/api/v1/audit/verify").json()
    assert verdict["intact"]
    records = viewer.get("/api/v1/audit", params={"limit": 2}).json()
    assert len(records["items"]) == 2
    assert records["items"][0]["number"] == verdict["records"]
    lines = viewer.get("/api/v1/audit/export").text.splitlines()
    assert len(lines) == verdict["records"]


def test_the_catalogue_has_a_schema_for_each_action(asker: conftest.Asker) -> None:
    items = asker("vera").get("/api/v1/actions").json()["items"]
    assert len(items) >= 6
    for one in items:
        assert one["schema"]["type"] == "object", one["code"]
        assert one["title"]


def test_metrics_are_those_that_are_declared(stand: stands.Stand, asker: conftest.Asker) -> None:
    stand.pass_time(2)
    answer = asker("vera").get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    declared = {metric.name: metric.kind for metric in metrics.ALL}
    found = dict(re.findall(r"^# TYPE (\S+) (\S+)$", answer.text, re.MULTILINE))
    absent = {"headgate_changes_active", "headgate_registry_subjects"}  # there is none of them
    assert found == {name: kind for name, kind in declared.items() if name not in absent}
    for line in answer.text.splitlines():
        assert line.startswith("#") or re.fullmatch(
            r"[a-z_]+(\{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*\})? ([-+0-9.e]+|[+]Inf)", line
        ), line
    assert 'headgate_sweeps_total{cluster="shop"} 3' in answer.text


def test_the_openapi_describes_every_path(asker: conftest.Asker) -> None:
    described = asker("vera").get("/api/v1/openapi.json").json()
    for path in ("/clusters", "/changes/{change_id}/approve", "/audit/verify", "/events"):
        assert f"/api/v1{path}" in described["paths"]
    for path, methods in described["paths"].items():
        for method, about in methods.items():
            assert about["description"], f"{method} {path}"
