"""Changes through the API: propose, decide, repeat, and every way in which that is refused."""

from collections.abc import Mapping
from concurrent import futures

import pytest
from tests.integration.api import conftest
from tests.unit.app import stands

CHANGES = "/api/v1/changes"


def test_a_change_from_request_to_end(stand: stands.Stand, asker: conftest.Asker) -> None:
    operator, approver = asker("mira"), asker("jonas")
    answer = operator.post(CHANGES, json=conftest.RESET)
    assert answer.status_code == 201
    asked = answer.json()
    assert asked["lane"] == "approve"
    assert asked["reasons"]
    assert asked["preview"][0]["sign"] in "+-~="
    assert asked["may_decide"]["may"] is False
    at = f"{CHANGES}/{asked['id']}"
    assert approver.get(at).json()["may_decide"] == {"may": True, "why_not": ""}
    decided = approver.post(f"{at}/approve", json={"digest": asked["digest"], "comment": "yes"})
    assert decided.json()["state"] == "approved"
    stand.pass_time(3)
    ended = approver.get(at).json()
    assert ended["journal"]
    assert stand.kafka.commit_of("billing", conftest.PARTITION) == 100
    (line,) = operator.get(CHANGES, params={"cluster": "shop"}).json()["items"]
    assert (line["id"], line["journal"]) == (asked["id"], [])


def test_who_may_not_is_told(asker: conftest.Asker) -> None:
    viewer, operator = asker("vera"), asker("mira")
    body = conftest.problem(viewer.post(CHANGES, json=conftest.RESET), 403)
    assert "takes the role operator, held is viewer" in body["what"]
    assert body["where"] == "shop"
    asked = operator.post(CHANGES, json=conftest.RESET).json()
    at = f"{CHANGES}/{asked['id']}"
    for name in ("vera", "mira", "ada"):
        for verb in ("approve", "reject", "conclude-review"):
            answer = asker(name).post(f"{at}/{verb}", json={"digest": asked["digest"]})
            conftest.problem(answer, 403)
    own = asker("jonas").post(CHANGES, json=conftest.RESET).json()
    answer = asker("jonas").post(f"{CHANGES}/{own['id']}/approve", json={"digest": own["digest"]})
    assert "somebody else must decide" in conftest.problem(answer, 403)["what"]


def test_a_stale_approval_is_refused_and_the_new_preview_stands(
    stand: stands.Stand, asker: conftest.Asker
) -> None:
    asked = asker("mira").post(CHANGES, json=conftest.RESET).json()
    stand.kafka.set_commit("billing", {conftest.PARTITION: 50})
    approver, at = asker("jonas"), f"{CHANGES}/{asked['id']}"
    body = conftest.problem(approver.post(f"{at}/approve", json={"digest": asked["digest"]}), 409)
    assert "new preview" in body["what"]
    renewed = approver.get(at).json()
    assert renewed["digest"] != asked["digest"]
    assert approver.post(f"{at}/approve", json={"digest": renewed["digest"]}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({}, 422, "action"),
        ({**conftest.RESET, "action": 7}, 422, "action"),
        ({**conftest.RESET, "action": "topic.explode"}, 422, None),
        ({**conftest.RESET, "cluster": "none"}, 404, None),
        ({**conftest.RESET, "parameters": []}, 422, "parameters"),
        ({**conftest.RESET, "parameters": {}}, 422, "group"),
        ({**conftest.RESET, "parameters": {"moon": 1}}, 422, "moon"),
        ({**conftest.RESET, "incident": "none"}, 422, "incident"),
        ({**conftest.RESET, "rationale": "x" * 3000}, 422, "rationale"),
        ({**conftest.RESET, "lane": "auto"}, 422, "lane"),
        ({**conftest.RESET, "confidence": 1.0}, 422, "confidence"),
        ({**conftest.RESET, "requester": "ada"}, 422, "requester"),
        ({**conftest.RESET, "approvals": []}, 422, "approvals"),
        ({**conftest.RESET, "action": "refused.shell_command"}, 403, None),
        ([], 422, "body"),
        ("text", 422, "body"),
        (None, 422, "body"),
    ],
)
def test_a_bad_request_names_the_field(
    asker: conftest.Asker, sent: object, status: int, field: str | None
) -> None:
    body = conftest.problem(asker("mira").post(CHANGES, json=sent), status)
    if field is not None:
        assert field in body["fields"], body


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"a":' * 5000, b"[" * 100_000])
def test_what_is_not_json_is_told(asker: conftest.Asker, body: bytes) -> None:
    answer = asker("mira").post(CHANGES, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    conftest.problem(answer, answer.status_code)


def test_a_body_without_end_is_cut_off(asker: conftest.Asker) -> None:
    huge = {**conftest.RESET, "rationale": "x" * 1_100_000}
    conftest.problem(asker("mira").post(CHANGES, json=huge), 413)


def test_a_method_that_there_is_not_is_told(asker: conftest.Asker) -> None:
    answer = asker("mira").put(CHANGES, json={})
    conftest.problem(answer, 405)
    assert answer.headers["allow"] == "GET, POST"


# repeated requests


def keyed(client: conftest.Client, key: str, sent: Mapping[str, object]) -> tuple[int, str]:
    answer = client.post(CHANGES, json=sent, headers={"Idempotency-Key": key})
    return answer.status_code, answer.text


def test_the_same_key_gives_the_same_answer_and_does_it_once(asker: conftest.Asker) -> None:
    operator = asker("mira")
    first = keyed(operator, "k1", conftest.RESET)
    assert keyed(operator, "k1", conftest.RESET) == first
    assert keyed(operator, "k2", conftest.RESET) != first
    assert len(operator.get(CHANGES).json()["items"]) == 2


def test_a_refusal_is_repeated_too(asker: conftest.Asker) -> None:
    operator = asker("mira")
    bad = {**conftest.RESET, "parameters": {}}
    first = keyed(operator, "k1", bad)
    assert first[0] == 422
    again = operator.post(CHANGES, json=bad, headers={"Idempotency-Key": "k1"})
    conftest.problem(again, 422)
    assert again.headers["idempotency-replayed"] == "true"


def test_a_key_is_for_one_request_only(asker: conftest.Asker) -> None:
    operator = asker("mira")
    keyed(operator, "k1", conftest.RESET)
    answer = operator.post(
        CHANGES,
        json={**conftest.RESET, "rationale": "another"},
        headers={"Idempotency-Key": "k1"},
    )
    assert "used for another request" in conftest.problem(answer, 422)["what"]


def test_keys_of_different_people_do_not_meet(asker: conftest.Asker) -> None:
    one, other = asker("mira"), asker("jonas")
    assert keyed(one, "k1", conftest.RESET) != keyed(other, "k1", conftest.RESET)


def test_the_same_request_at_once_is_done_once(asker: conftest.Asker) -> None:
    operator = asker("mira")
    with futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: keyed(operator, "k1", conftest.RESET), range(6)))
    assert len(set(answers)) == 1
    assert len(operator.get(CHANGES).json()["items"]) == 1


def test_an_approval_can_be_sent_again(asker: conftest.Asker) -> None:
    asked = asker("mira").post(CHANGES, json=conftest.RESET).json()
    approver, at = asker("jonas"), f"{CHANGES}/{asked['id']}/approve"
    sent = {"digest": asked["digest"]}
    first = approver.post(at, json=sent, headers={"Idempotency-Key": "yes"})
    again = approver.post(at, json=sent, headers={"Idempotency-Key": "yes"})
    assert (again.status_code, again.text) == (200, first.text)
    conftest.problem(approver.post(at, json=sent), 409)
