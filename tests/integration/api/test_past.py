"""The timeline and the restore points, as programs ask for them."""

from typing import Any

import pytest
from tests.integration.api import conftest
from tests.unit.app import stands

from headgate.domain import resource, timeline

TIMELINE = "/api/v1/clusters/shop/timeline"
POINTS = "/api/v1/clusters/shop/restore-points"


@pytest.fixture(autouse=True)
def _two_looks(stand: stands.Stand) -> None:
    """Between two looks a topic was made and a group's offsets were moved."""
    stand.pass_time()
    stand.kafka.add_topic("refunds", partitions=3)
    stand.kafka.set_commit("billing", {conftest.PARTITION: 11})
    stand.pass_time()


def got(client: conftest.Client, path: str, **query: Any) -> Any:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_became_different_and_what_was_deployed_are_one_list(
    asker: conftest.Asker,
) -> None:
    sent = {"cluster": "shop", "what": "billing 4.2", "resource": "group:billing"}
    assert asker("mira").post("/api/v1/timeline", json=sent).status_code == 201
    vera = asker("vera")
    items = got(vera, TIMELINE)["items"]
    assert [(one["resource"], one["kind"], one["what"]) for one in items] == [
        ("group:billing", "deploy", "billing 4.2"),
        ("topic:refunds", "topic", "was created"),
    ]
    assert items[0]["by"].startswith("token:mira/")
    assert items[1]["after"].startswith("3 partitions, replication factor 3, id ")
    assert items[1]["since"] < items[1]["at"]
    first = got(vera, TIMELINE, limit=1)
    rest = got(vera, TIMELINE, limit=1, cursor=first["next_cursor"])
    assert [first["items"][0], rest["items"][0]] == items
    assert rest["next_cursor"] == ""
    for query in ({"resource": "topic:refunds"}, {"kind": "topic"}, {"text": "REFUNDS"}):
        assert got(vera, TIMELINE, **query)["items"] == items[1:], query


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (TIMELINE, {"kind": "miracle"}, 422),
        (TIMELINE, {"resource": "moon"}, 422),
        (TIMELINE, {"since": "2026-03-01T12:00:00"}, 422),
        (TIMELINE, {"cursor": "xyz"}, 422),
        ("/api/v1/clusters/none/timeline", {}, 404),
        (f"{POINTS}/rp-none", {}, 404),
        (f"{POINTS}/now", {"part": "moon"}, 422),
        (f"{POINTS}/now/compare", {"with": "rp-none"}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(
    asker: conftest.Asker, path: str, query: dict[str, str], status: int
) -> None:
    conftest.problem(asker("vera").get(path, params=query), status)


def test_a_restore_point_is_listed_shown_and_compared_with_now(asker: conftest.Asker) -> None:
    vera = asker("vera")
    (point,) = got(vera, POINTS)["items"]
    assert point["change"] == ""
    shown = got(vera, f"{POINTS}/{point['id']}", part="offsets")
    assert shown["values"]["items"] == [
        {"part": "offsets", "resource": "group:billing", "what": "orders-0", "value": 10}
    ]
    found = got(vera, f"{POINTS}/{point['id']}/compare", part="offsets")
    assert found["items"] == [
        {
            "part": "offsets",
            "resource": "group:billing",
            "what": "orders-0",
            "before": 10,
            "after": 11,
        }
    ]
    assert got(vera, f"{POINTS}/now/compare")["items"] == []


def test_before_a_change_starts_a_restore_point_is_kept(
    asker: conftest.Asker, stand: stands.Stand
) -> None:
    change = asker("mira").post("/api/v1/changes", json=conftest.RESET).json()
    path = f"/api/v1/changes/{change['id']}"
    sent = {"digest": change["digest"]}
    assert asker("jonas").post(f"{path}/approve", json=sent).status_code == 200
    stand.pass_time(3)
    vera = asker("vera")
    assert got(vera, path)["started_at"]
    point = got(vera, f"{POINTS}/rp-{change['id']}", part="offsets")
    assert point["change"] == change["id"]
    assert [one["value"] for one in point["values"]["items"]] == [11], "as it was before"
    found = got(vera, f"{POINTS}/rp-{change['id']}/compare", part="offsets")
    moved = {one["what"]: (one["before"], one["after"]) for one in found["items"]}
    assert moved["orders-0"] == (11, 100)


def test_deploys_and_settings_that_changed_are_marked_on_charts(stand: stands.Stand) -> None:
    stand.use.post_timeline(
        stands.MIRA, stands.CLUSTER, what="orders 7", resource="topic:orders", at=None
    )
    with stand.store.begin() as work:
        for name in ("orders", "audit"):
            entry = timeline.Entry(
                at=stand.clock.now(),
                resource=resource.Resource("topic", name),
                kind="config",
                what="retention.ms was changed",
                source="kafka",
            )
            work.timeline.add(stands.CLUSTER, (entry,))
    marks = stand.use.chart(stands.VERA, stands.CLUSTER, "topic", "orders", "rate").marks
    assert [(one.kind, one.text, one.ref) for one in marks] == [
        ("config", "retention.ms was changed", "topic:orders"),
        ("deploy", "orders 7", "topic:orders"),
    ]
