"""The ACLs that Headgate asks for are enough, and each of them is needed."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from tests.integration.security.conftest import GROUP, HIDDEN, READABLE, TRANSACTION, Secured

from headgate.domain import rights, snapshot
from headgate.domain.resource import TopicPartition
from headgate.kafka import cluster
from headgate.ports import errors, kafka

AUDITOR = "auditor"
NEEDED = tuple(one.right for one in rights.READING if not one.optional)
SETTLES_S = 30.0
"""How long a broker may take to hear of an ACL; it takes well under a second."""


@pytest.fixture(scope="module")
def auditor(secured: Secured) -> Iterator[dict[str, str]]:
    """How somebody connects who has exactly what Headgate asks for."""
    client = secured.add_user(AUDITOR)
    secured.grant(AUDITOR, *NEEDED)
    yield client
    secured.revoke_all(AUDITOR)


def lacking(held: cluster.Cluster) -> dict[str, set[str]]:
    """Each part that could not be read in whole, with the rights that would show it."""
    found: dict[str, set[str]] = {}

    def note(name: str, read: Callable[[], Any]) -> Any:
        try:
            value = read()
        except errors.NotAllowed as error:
            found[name] = {error.needs}
            return None
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], tuple):
            value, missing = value
            if missing:
                found[name] = {one.needs for one in missing}
        if isinstance(value, Mapping):
            failed = {one.needs for one in value.values() if isinstance(one, kafka.Failure)}
            if failed:
                found[name] = found.get(name, set()) | failed
        return value

    s = 20.0
    # A user that was made just now is known to the broker a moment later.
    partitions = note("partitions", lambda: held.partitions(deadline_s=s))
    if isinstance(partitions, snapshot.Partitions):
        seen = partitions
        note("configs", lambda: held.configs(seen.topics, deadline_s=s))
        ends = held.offsets(seen, deadline_s=s)
        note("log_dirs", lambda: held.log_dirs(seen, deadline_s=s))
        note("positions", lambda: held.positions(seen, ends.latest, deadline_s=s))
    groups = note("groups", lambda: held.groups(deadline_s=s))
    note("commits", lambda: held.commits(tuple(groups or ()), deadline_s=s))
    note("quorum", lambda: held.quorum(deadline_s=s))
    note("features", lambda: held.features(deadline_s=s))
    note("broker_configs", lambda: held.broker_configs((1,), deadline_s=s))
    note("reassignments", lambda: held.reassignments(deadline_s=s))
    note("transactions", lambda: held.transactions((), deadline_s=s))
    note("quotas", lambda: held.quotas(deadline_s=s))
    note("acls", lambda: held.acls(deadline_s=s))
    note("scram_users", lambda: held.scram_users(deadline_s=s))
    return found


def when(
    secured: Secured, client: dict[str, str], good: Callable[[dict[str, set[str]]], bool]
) -> dict[str, set[str]]:
    """What is lacking, once it is as expected or the time for it is over."""
    end = time.monotonic() + SETTLES_S
    while True:
        held = secured.connect(client)  # anew each time: what may be seen is remembered
        try:
            found = lacking(held)
        finally:
            held.close()
        if good(found) or time.monotonic() > end:
            return found
        time.sleep(0.1)


@pytest.mark.lab
def test_the_acls_asked_for_show_everything(secured: Secured, auditor: dict[str, str]) -> None:
    assert when(secured, auditor, lambda found: not found) == {}
    held = secured.connect(auditor)
    try:
        partitions, _ = held.partitions(deadline_s=20)
        assert {HIDDEN, READABLE, "__consumer_offsets"} <= set(partitions.topics)
        groups, _ = held.groups(deadline_s=20)
        assert GROUP in groups
        told, _ = held.transactions((), deadline_s=20)
        assert TRANSACTION in {one.id for one in told.transactions}
        assert told.complete
        assert AUDITOR in {user.name for user in held.scram_users(deadline_s=20)}
        assert held.acls(deadline_s=20)
    finally:
        held.close()


@pytest.mark.lab
@pytest.mark.parametrize("right", NEEDED, ids=str)
def test_without_any_one_of_them_something_is_told_to_be_missing(
    secured: Secured, auditor: dict[str, str], right: rights.Right
) -> None:
    secured.revoke(AUDITOR, right)
    try:
        found = when(secured, auditor, bool)
        assert found, f"nothing was missed without {right}"
        named = f"{right.operation} on {right.resource_type}"
        wrong = {
            part: needs
            for part, needs in found.items()
            if not any(one.startswith(named) for one in needs)
        }
        assert wrong == {}
    finally:
        secured.grant(AUDITOR, right)
    assert when(secured, auditor, lambda found: not found) == {}


@pytest.mark.lab
def test_who_holds_a_transaction_open_needs_the_right_to_read(
    secured: Secured, auditor: dict[str, str]
) -> None:
    right = rights.on_topic("Read", HIDDEN)
    held = secured.connect(auditor)
    try:
        _, missing = held.transactions((TopicPartition(HIDDEN, 0),), deadline_s=20)
        assert [one.needs for one in missing] == [str(right)]
        secured.grant(AUDITOR, right)
        end = time.monotonic() + SETTLES_S
        while missing and time.monotonic() < end:
            told, missing = held.transactions((TopicPartition(HIDDEN, 0),), deadline_s=20)
        assert missing == ()
        assert [one.partition for one in told.open_producers] == [TopicPartition(HIDDEN, 0)]
    finally:
        held.close()
        secured.revoke(AUDITOR, right)


@pytest.mark.lab
def test_who_may_nothing_is_told_so_and_not_that_there_is_nothing(secured: Secured) -> None:
    client = secured.add_user("stranger")
    found = when(secured, client, bool)
    # What is left out has no right of its own, or needs the name of something that is seen.
    assert set(found) == {
        "partitions",
        "groups",
        "quorum",
        "broker_configs",
        "reassignments",
        "transactions",
        "quotas",
        "acls",
        "scram_users",
    }
    asked = {str(right) for right in NEEDED} - {"DescribeConfigs on Topic *"}
    assert {one for needs in found.values() for one in needs} == asked


@pytest.mark.lab
def test_who_may_see_one_topic_sees_it_and_is_told_of_the_rest(secured: Secured) -> None:
    client = secured.add_user("guest")
    secured.grant("guest", rights.on_topic("Describe", READABLE))
    held = secured.connect(client)
    try:
        end = time.monotonic() + SETTLES_S
        while True:
            partitions, missing = held.partitions(deadline_s=20)
            if partitions.topics or time.monotonic() > end:
                break
        assert partitions.topics == (READABLE,)
        assert [(one.what, one.needs) for one in missing] == [("topics", "Describe on Topic *")]
        told = held.configs((READABLE, HIDDEN), deadline_s=20)
        for name in (READABLE, HIDDEN):
            failed = told[name]
            assert isinstance(failed, kafka.Failure)
            assert failed.needs == f"DescribeConfigs on Topic {name}"
    finally:
        held.close()
        secured.revoke("guest", rights.on_topic("Describe", READABLE))
