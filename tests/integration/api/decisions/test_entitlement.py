"""Changes over HTTP: who may propose, approve, review and withdraw what, and what voids it."""

import pytest
from tests.integration.api.decisions.conftest import PLACE, QUARANTINE, STANDS_AT, Api, problem

GROW = {
    "action": "topic.add_partitions",
    "cluster": "shop",
    "parameters": {"topic": "orders", "total": 6},
    "rationale": "The sale on Friday.",
}


def test_a_proposal_answers_with_lane_reasons_preview_and_digest(api: Api) -> None:
    made = api.of("mira").post("changes", json=QUARANTINE).json()
    assert made["lane"] == "approve"
    assert made["reasons"]
    assert any(line["sign"] == "~" for line in made["preview"])
    assert made["digest"]
    assert made["requester"]["name"] == "mira"
    assert made["may_decide"]["may"] is False
    assert "mira" in made["may_decide"]["why_not"]
    shown = api.of("jonas").get(f"changes/{made['id']}").json()
    assert shown["may_decide"] == {"may": True, "why_not": ""}


def test_another_person_approves_exactly_what_was_shown(api: Api) -> None:
    made = api.proposed()
    answer = api.of("jonas").post(
        f"changes/{made['id']}/approve", json={"digest": made["digest"], "comment": "go on"}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "approved"
    [approval] = answer.json()["approvals"]
    assert (approval["by"], approval["digest"]) == ("jonas", made["digest"])
    again = api.of("jonas").post(f"changes/{made['id']}/approve", json={"digest": made["digest"]})
    problem(again, 409)


def test_a_viewer_may_not_propose(api: Api) -> None:
    said = problem(api.of("vera").post("changes", json=QUARANTINE), 403)
    assert said["what"] == (
        "vera's token test may not propose changes: that takes the role operator, held is viewer"
    )
    assert said["where"] == "shop"
    assert "Ask an admin for the role operator" in said["next"]


@pytest.mark.parametrize("name", ["vera", "mira", "ada"])
def test_who_is_no_approver_may_not_approve(api: Api, name: str) -> None:
    made = api.proposed()
    answer = api.of(name).post(f"changes/{made['id']}/approve", json={"digest": made["digest"]})
    assert "takes the role approver" in problem(answer, 403)["what"]
    assert api.of("vera").get(f"changes/{made['id']}").json()["state"] == "waiting_approval"


def test_the_requester_may_not_approve(api: Api) -> None:
    made = api.of("jonas").post("changes", json=QUARANTINE).json()
    answer = api.of("jonas").post(f"changes/{made['id']}/approve", json={"digest": made["digest"]})
    said = problem(answer, 403)
    assert "jonas" in said["what"]
    assert "requested" in said["what"] or "asked for" in said["what"], said["what"]


def test_an_approval_of_another_preview_is_stale(api: Api) -> None:
    made = api.proposed()
    answer = api.of("jonas").post(f"changes/{made['id']}/approve", json={"digest": "0" * 64})
    said = problem(answer, 409)
    assert "changed" in (said["what"] + said["title"]).lower()
    assert api.of("vera").get(f"changes/{made['id']}").json()["approvals"] == []


def test_an_approval_after_the_cluster_changed_is_stale_and_voids_the_change(api: Api) -> None:
    made = api.proposed()
    api.kafka.set_commit("billing", {PLACE: STANDS_AT + 5})  # somebody stepped past it
    answer = api.of("jonas").post(f"changes/{made['id']}/approve", json={"digest": made["digest"]})
    said = problem(answer, 409)
    assert "What it rests on has changed since it was shown" in said["what"]
    after = api.of("vera").get(f"changes/{made['id']}").json()
    assert after["state"] == "cancelled"
    assert "stands at 15" in after["outcome"]
    assert after["approvals"] == []


def test_an_approval_while_the_cluster_is_away_leaves_everything_as_it_was(api: Api) -> None:
    made = api.proposed()
    api.kafka.stop_cluster()
    answer = api.of("jonas").post(f"changes/{made['id']}/approve", json={"digest": made["digest"]})
    problem(answer, 503)
    assert api.of("vera").get(f"changes/{made['id']}").json()["state"] == "waiting_approval"
    api.kafka.start_cluster()
    answer = api.of("jonas").post(f"changes/{made['id']}/approve", json={"digest": made["digest"]})
    assert answer.status_code == 200, answer.text


def test_rejected_is_over(api: Api) -> None:
    made = api.proposed()
    body = {"digest": made["digest"], "comment": "not today"}
    answer = api.of("jonas").post(f"changes/{made['id']}/reject", json=body)
    assert (answer.status_code, answer.json()["state"]) == (200, "rejected")
    problem(api.of("jonas").post(f"changes/{made['id']}/approve", json=body), 409)


def test_the_requester_withdraws(api: Api) -> None:
    made = api.proposed()
    problem(api.of("vera").post(f"changes/{made['id']}/cancel"), 403)
    answer = api.of("mira").post(f"changes/{made['id']}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")


def test_a_keyed_topic_grows_only_after_a_review_with_a_written_end(api: Api) -> None:
    made = api.of("mira").post("changes", json=GROW).json()
    assert (made["lane"], made["state"]) == ("review", "in_review")
    assert "keyed_partition_growth" in {one["code"] for one in made["reasons"]}
    path = f"changes/{made['id']}/conclude-review"
    problem(api.of("jonas").post(path, json={"digest": made["digest"]}), 422)
    problem(api.of("mira").post(path, json={"digest": made["digest"], "comment": "fine"}), 403)
    answer = api.of("jonas").post(path, json={"digest": made["digest"], "comment": "RFC 12"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "waiting_approval"
    assert api.kafka.partitions(deadline_s=1)[0].of_topic("orders")[-1] == 2, "nothing was done"


@pytest.mark.parametrize(
    "more",
    [{"lane": "auto"}, {"risk": 0}, {"approvals": []}, {"requester": "ada"}, {"confidence": 1}],
    ids=str,
)
def test_nobody_passes_a_lane_a_risk_or_an_approval(api: Api, more: dict[str, object]) -> None:
    [name] = more
    said = problem(api.of("mira").post("changes", json={**QUARANTINE, **more}), 422)
    assert name in said["fields"]
    assert api.of("mira").get("changes").json()["items"] == []


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"cluster": "nowhere"}, 404, "nowhere"),
        ({"action": "topic.explode"}, 422, "topic.explode"),
        ({"action": "refused.unclean_election"}, 403, "Headgate never does that"),
        ({"parameters": {"group": "billing"}}, 422, "topic"),
        ({"parameters": {**QUARANTINE["parameters"], "offset": "ten"}}, 422, "offset"),  # type: ignore[dict-item]  # a table
        ({"parameters": {**QUARANTINE["parameters"], "colour": "red"}}, 422, "colour"),  # type: ignore[dict-item]  # a table
        ({"parameters": {**QUARANTINE["parameters"], "offset": 3}}, 422, "stands at 10"),  # type: ignore[dict-item]  # a table
        ({"parameters": {**QUARANTINE["parameters"], "group": "billin"}}, 422, "billin"),  # type: ignore[dict-item]  # a table
        ({"rationale": "x" * 2001}, 422, "rationale"),
        ({"incident": "inc-none"}, 422, "inc-none"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_proposal_that_cannot_be(
    api: Api, change: dict[str, object], status: int, says: str
) -> None:
    said = problem(api.of("mira").post("changes", json={**QUARANTINE, **change}), status)
    assert says in said["what"]
    assert api.of("mira").get("changes").json()["items"] == []


def test_a_refusal_is_replayed_and_an_outage_is_not(api: Api) -> None:
    key = {"Idempotency-Key": "again"}
    problem(api.of("vera").post("changes", json=QUARANTINE, headers=key), 403)
    again = api.of("vera").post("changes", json=QUARANTINE, headers=key)
    problem(again, 403)
    assert again.headers["Idempotency-Replayed"] == "true"
    api.kafka.stop_cluster()
    problem(api.of("mira").post("changes", json=QUARANTINE, headers=key), 503)
    api.kafka.start_cluster()
    assert api.of("mira").post("changes", json=QUARANTINE, headers=key).status_code == 201


def test_everything_that_was_decided_is_in_the_audit(api: Api) -> None:
    made = api.proposed()
    api.of("jonas").post(f"changes/{made['id']}/approve", json={"digest": made["digest"]})
    records = api.of("vera").get("audit", params={"target": str(made["id"])}).json()["items"]
    told = [(one["event"]["actor"], one["event"]["what"]) for one in reversed(records)]
    assert told[0][0] == "token:mira/test"
    assert "token:jonas/test" in {actor for actor, _ in told}
    assert api.of("vera").get("audit/verify").json()["intact"] is True
