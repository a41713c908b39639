"""Whatever is sent to the API, no answer is a defect, and every error is a problem in words."""

from collections.abc import Iterator
from typing import Any

import fastapi
import hypothesis
import pytest
import schemathesis
from fastapi import testclient
from hypothesis import strategies as st
from tests.integration.api import conftest
from tests.unit.app import stands

from headgate.api import site


def _described() -> Any:
    app = fastapi.FastAPI()
    for member in site.ROUTERS:
        app.include_router(member.router, prefix=site.PREFIX)
    return schemathesis.openapi.from_dict(app.openapi())


SCHEMA = _described()
LEFT_OUT = {"/api/v1/events", "/api/v1/session"}
"""A stream has no end, and whoever guesses passwords has to wait."""
OPERATIONS = [
    (method.upper(), path)
    for path, methods in SCHEMA.raw_schema["paths"].items()
    for method in methods
    if path not in LEFT_OUT
]

NAMES = {
    "cluster": stands.CLUSTER,
    "topic": "orders",
    "group": "billing",
    "connector": "warehouse",
    "action": "group.reset_offsets",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[testclient.TestClient]:
    """Asks as somebody who may do everything."""
    made = stands.build(tmp_path_factory.mktemp("fuzz"))
    made.kafka.add_topic("orders", partitions=2)
    made.kafka.set_commit("billing", {conftest.PARTITION: 10})
    made.connect.put("warehouse", topics=("orders",))
    made.people.put_user("ada", stands.PASSWORD, ["admin", "approver"], by="test")
    _, secret = made.people.add_token("ada", "fuzz", (), by="test")
    made.runtime.running.watched(stands.CLUSTER).look()
    asked_for = made.use.propose(
        stands.MIRA,
        cluster=stands.CLUSTER,
        action="group.reset_offsets",
        parameters=conftest.RESET["parameters"],  # type: ignore[arg-type]  # JSON
        rationale="",
    )
    NAMES["change_id"] = asked_for.id
    with testclient.TestClient(
        site.application(made.runtime),
        base_url="http://headgate.example",
        headers={"Authorization": f"Bearer {secret}"},
    ) as asked:
        yield asked
    made.store.close()


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda part: part)
def test_no_request_finds_a_defect(client: testclient.TestClient, method: str, path: str) -> None:
    @hypothesis.settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=SCHEMA[path][method].as_strategy(), known=st.booleans())
    def hold(case: Any, known: bool) -> None:
        if known:
            # names that there are, or nothing but the first look-up would be tried
            for part in (case.path_parameters, case.query, case.body):
                if isinstance(part, dict):
                    part |= {name: NAMES[name] for name in part if name in NAMES}
        sent = case.as_transport_kwargs()
        sent["headers"] = {
            name: value
            for name, value in dict(sent.get("headers") or {}).items()
            if name.lower() != "authorization"
        }
        sent.pop("cookies", None)
        url = sent.pop("url").removeprefix("http://127.0.0.1")
        answer = client.request(sent.pop("method"), url, **sent)
        assert answer.status_code != 500, answer.text
        if answer.status_code >= 400:
            conftest.problem(answer, answer.status_code)

    hold()
