"""What is read seldom has its place on the pages, in the API and on the command line."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from fastapi import testclient
from tests.unit.console import stand as stand_
from typer import testing

from headgate import cli as cli_
from headgate.cli import client
from headgate.domain import access
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.ports import errors

RUN = testing.CliRunner()
ROOT = f"/clusters/{stand_.CLUSTER}"
API = f"/api/v1{ROOT}"
ACL = access.Acl(
    principal="User:billing",
    host="*",
    operation="READ",
    permission="ALLOW",
    resource_type="TOPIC",
    resource_name="order",
    pattern="PREFIXED",
)
DENY = access.Acl(
    principal="User:<b>",
    host="10.0.0.1",
    operation="ALL",
    permission="DENY",
    resource_type="CLUSTER",
    resource_name="kafka-cluster",
    pattern="LITERAL",
)
QUOTA = access.Quota(
    entity={"user": "<default>", "client-id": "shop"}, limits={"producer_byte_rate": 2_000_000.0}
)
USER = access.ScramUser(name="alice", mechanisms={"SCRAM-SHA-512": 8192})
MOVED = TopicPartition("orders", 1)


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> stand_.Stand:
    made = stand_.cluster()
    made.set_authorizer(True)
    made.set_acls(ACL, DENY)
    made.set_quotas(QUOTA)
    made.set_scram_users(USER)
    made.set_disk(1, total_bytes=1_000_000_000, usable_bytes=250_000_000)
    made.begin_transaction("pay", {TopicPartition("orders", 0): [b"x"]})
    made.begin_transaction("lost", {TopicPartition("orders", 2): [b"x"]})
    made.lose_transaction("lost")
    made.start_move(MOVED, [2, 3])
    made.set_note("billing", TopicPartition("orders", 3), "a note of the client")
    held = stand_.build(tmp_path_factory.mktemp("inspected"), kafka=made)
    look_until_both_sides_are_read(held)
    return held


def look_until_both_sides_are_read(held: stand_.Stand) -> None:
    """Which partitions a transaction holds open is known from one look, who does from a later."""
    watched = held.runtime.running.watched(stand_.CLUSTER)
    for _ in range(200):
        held.look()
        seen = watched.observed()
        assert not isinstance(seen, Unknown)
        both = seen.snapshot.transactions.value
        if not isinstance(both, Unknown) and len(both.open_producers) == 2:
            return
        watched.reread_settings()  # what is read seldom, too
        time.sleep(0.05)
    pytest.fail("the producers that hold a transaction open were never read")


@pytest.fixture(scope="module")
def vera(stand: stand_.Stand) -> testclient.TestClient:
    return stand.browser("vera")


Page = Callable[[str], str]


@pytest.fixture(scope="module")
def page(vera: testclient.TestClient) -> Page:
    def read(path: str) -> str:
        answer = vera.get(path)
        assert answer.status_code == 200, answer.text[:500]
        return answer.text

    return read


def test_the_overview_shows_disks_quorum_and_moves(page: Page) -> None:
    text = page(ROOT)
    assert "750 MB of 1.0 GB" in text
    assert 'aria-label="Log dirs"' in text
    assert "leader, epoch" in text
    assert f'<a href="{ROOT}/topics/orders">orders-1</a>' in text


def test_acls_say_who_may_and_who_may_not(page: Page) -> None:
    text = page(f"{ROOT}?tab=access")
    assert "User:billing" in text
    assert "names that begin with <code>order</code>" in text
    assert "User:&lt;b&gt;" in text
    assert "not all" in text
    assert "User:billing" not in page(f"{ROOT}?tab=access&filter=%3Cb%3E")
    assert "Nothing matches" in page(f"{ROOT}?tab=access&filter=nobody")


def test_quotas_and_users_have_their_lists(page: Page) -> None:
    text = page(f"{ROOT}?tab=access&show=quotas")
    assert "user=&lt;default&gt;,client-id=shop" in text
    assert "2.0 MB/s" in text
    assert "no limit" in text
    assert "SCRAM-SHA-512 (8,192)" in page(f"{ROOT}?tab=access&show=users")


def test_access_can_be_had_as_csv(vera: testclient.TestClient) -> None:
    lines = vera.get(f"{ROOT}?tab=access&format=csv").text.splitlines()
    assert lines[0] == "principal,permission,operation,type,name,pattern,host"
    assert len(lines) == 3


def test_a_transaction_that_hangs_is_told_from_one_that_is_open(page: Page) -> None:
    text = page(f"{ROOT}?tab=transactions")
    assert ">pay<" in text
    assert text.count("it may hang") == 1
    assert 'href="/clusters/shop/topics/orders">orders-2<' in text


def test_the_capabilities_say_what_the_cluster_is(page: Page) -> None:
    text = page(f"{ROOT}?tab=capabilities")
    assert 'id="is-possible"' in text
    assert "read.log_dirs" in text
    assert "act.topic.alter_config" in text


def test_a_topic_shows_what_is_on_disk_who_reads_and_who_writes(page: Page) -> None:
    text = page(f"{ROOT}/topics/orders")
    assert 'aria-label="Readers"' in text
    assert f'href="{ROOT}/groups/billing"' in text
    assert 'aria-label="Writers"' in text
    assert "Defaults in force" in text


def test_a_topic_that_nobody_holds_open_says_why_no_writer_is_known(page: Page) -> None:
    assert "Kafka names producers only while" in page(f"{ROOT}/topics/audit")


def test_a_group_shows_its_place_in_the_log_and_its_members(page: Page) -> None:
    text = page(f"{ROOT}/groups/billing")
    assert "Read of what is held" in text
    assert "a note of the client" in text
    assert "Rebalances seen" in text


def test_what_may_not_be_read_names_the_acl_that_would_show_it(tmp_path: Path) -> None:
    made = stand_.cluster()
    needs = "Describe on Cluster"
    for method in ("log_dirs", "acls", "quorum", "transactions", "quotas", "reassignments"):
        made.fail_next(method, errors.NotAllowed("the cluster may not be used so", needs=needs))
    held = stand_.build(tmp_path, kafka=made)
    held.look()
    browser = held.browser("vera")
    for path in (ROOT, f"{ROOT}?tab=access", f"{ROOT}?tab=transactions"):
        text = browser.get(path).text
        assert f"It takes the ACL {needs}." in text, path
    told = browser.get(f"{ROOT}?tab=capabilities").text
    assert 'id="is-not_allowed"' in told
    answer = browser.get(f"{API}/acls")
    assert answer.status_code == 503
    assert answer.json()["next"] == f"Grant {needs}"


def test_the_api_lists_access_and_transactions(vera: testclient.TestClient) -> None:
    acls = vera.get(f"{API}/acls?limit=1").json()
    assert len(acls["items"]) == 1
    assert acls["next_cursor"]
    rest = vera.get(f"{API}/acls?limit=1&cursor={acls['next_cursor']}").json()
    assert {acls["items"][0]["principal"], rest["items"][0]["principal"]} == {
        "User:billing",
        "User:<b>",
    }
    assert vera.get(f"{API}/quotas").json()["items"][0]["limits"]["producer_byte_rate"] == 2e6
    assert vera.get(f"{API}/scram-users").json()["items"][0]["name"] == "alice"
    found = vera.get(f"{API}/transactions").json()
    assert [one["id"] for one in found["items"]] == ["pay"]
    assert [one["partition"] for one in found["hanging"]] == ["orders-2"]
    shown = vera.get(API).json()
    assert shown["reassignments"][0]["partition"] == "orders-1"
    assert shown["capabilities"]["flavour"]


def test_partitions_and_positions_come_in_pages(vera: testclient.TestClient) -> None:
    for path, field in (("topics/orders", "partition_list"), ("groups/billing", "positions")):
        whole = vera.get(f"{API}/{path}").json()
        assert len(whole[field]) == 6
        assert whole["next_cursor"] == ""
        first = vera.get(f"{API}/{path}?limit=4").json()
        rest = vera.get(f"{API}/{path}?limit=4&cursor={first['next_cursor']}").json()
        assert [*first[field], *rest[field]] == whole[field]
        wrong = vera.get(f"{API}/{path}?cursor=eA")
        assert wrong.status_code == 422 or wrong.status_code == 400


@pytest.fixture
def cli(vera: testclient.TestClient, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The command line before the stand's server; gives what is printed."""

    def send(self: Any, method: str, path: tuple[str, ...], **sent: Any) -> httpx2.Response:
        del self
        address = "/api/v1/" + "/".join(quote(part, safe="") for part in path)
        answer = vera.request(method, address, **sent)
        assert answer.status_code == 200, answer.text
        return answer

    monkeypatch.setattr(client.Client, "_send", send)

    def run(*words: str) -> str:
        said = RUN.invoke(cli_.app, list(words))
        assert said.exit_code == 0, said.output
        return said.stdout

    return run


def test_the_command_line_shows_the_same(cli: Callable[..., str]) -> None:
    shown = cli("clusters", "show", "shop")
    assert "storage" in shown
    assert "750 MB" in shown
    assert "User:billing" in cli("acls", "list")
    assert "2.0 MB/s" in cli("quotas", "list")
    topic = cli("topics", "show", "orders")
    assert "retention.ms" in topic
    assert "billing" in topic
    assert "orders-3" in cli("groups", "show", "billing")
    found = cli("search", "orders")
    assert "orders-value" in found
    assert '"total"' in cli("search", "orders", "-o", "json")
