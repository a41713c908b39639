"""What is asked of a registry again, and what is not; and how bad answers are told apart."""

import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from tests.unit.registry import server as server_

from headgate.domain import registry
from headgate.domain.unknown import Unknown
from headgate.ports import errors
from headgate.registry import rest
from headgate.web import deadline

NEVER = 1e9


@pytest.fixture
def server() -> Iterator[server_.Server]:
    made = server_.Server()
    yield made
    made.close()


@pytest.fixture
def port(server: server_.Server) -> Iterator[rest.RestRegistry]:
    made = rest.RestRegistry("main", server.url, recheck_s=NEVER)
    yield made
    made.close()


def read_whole(port: rest.RestRegistry) -> registry.Registry:
    """Reads until every subject was read."""
    for _ in range(100):
        found = port.registry(deadline_s=10)
        if not any(isinstance(one.versions, Unknown) for one in found.subjects.values()):
            return found
    pytest.fail("the registry was never read whole")


def test_what_does_not_change_costs_a_dozen_calls(
    server: server_.Server, port: rest.RestRegistry
) -> None:
    server.fill(100)
    found = read_whole(port)
    assert len(found.subjects) == 100
    # versions, the version, the rule, the mode; and the four lists
    assert sum(server.kinds().values()) == 100 * 4 + 4 + rest.PROBED_IDS
    assert port.registry(deadline_s=10) == found
    assert server.kinds() == {"subjects": 2, "config": 1, "mode": 1, "schemas": rest.PROBED_IDS}


def test_only_what_changed_is_read_again(server: server_.Server, port: rest.RestRegistry) -> None:
    server.fill(100)
    before = read_whole(port)
    server.kinds()
    server.add("topic-00007-value", 105)  # a gap: refused registrations use up ids
    server.add("new-value", 3)  # an old schema under a new subject has no new id
    server.deleted.add(("topic-00009-value", 1))
    found = port.registry(deadline_s=10)
    changed = {name for name, one in found.subjects.items() if one != before.subjects.get(name)}
    assert changed == {"topic-00007-value", "topic-00009-value", "new-value"}
    grown = found.subjects["topic-00007-value"].versions
    assert isinstance(grown, tuple)
    assert [one.schema_id for one in grown] == [8, 105]
    assert found.subjects["topic-00009-value"].deleted
    calls = list(server.asked)
    assert "/subjects/topic-00007-value/versions/2" in "".join(calls)
    assert not [path for path in calls if "topic-00007-value/versions/1" in path]
    assert len(calls) < 4 + 3 * rest.PROBED_IDS + 3 * 6


def test_what_is_removed_for_good_is_forgotten(
    server: server_.Server, port: rest.RestRegistry
) -> None:
    server.fill(3)
    read_whole(port)
    del server.subjects["topic-00001-value"]
    assert sorted(port.registry(deadline_s=10).subjects) == [
        "topic-00000-value",
        "topic-00002-value",
    ]


def test_every_subject_is_asked_about_again_in_its_time(server: server_.Server) -> None:
    server.fill(5)
    port = rest.RestRegistry("main", server.url, recheck_s=0.0)
    read_whole(port)
    server.rules["topic-00003-value"] = "FULL"  # nothing points at it
    found = port.registry(deadline_s=10).subjects["topic-00003-value"]
    port.close()
    assert (found.compatibility, found.own_compatibility) == ("FULL", True)


def test_subjects_follow_the_registrys_rule(
    server: server_.Server, port: rest.RestRegistry
) -> None:
    server.fill(2)
    server.rules["topic-00001-value"] = "FULL"
    before = read_whole(port).subjects
    assert [one.own_compatibility for one in before.values()] == [False, True]
    server.rule = "NONE"
    server.kinds()
    found = port.registry(deadline_s=10).subjects
    assert [one.compatibility for one in found.values()] == ["NONE", "FULL"]
    assert server.kinds()["config"] == 1


def test_a_rule_that_may_be_inherited_is_not_called_the_subjects_own(
    server: server_.Server, port: rest.RestRegistry
) -> None:
    """Apicurio gives the registry's rule for a subject that has none."""
    server.fill(1)
    server.fixed["/config/topic-00000-value"] = (200, '{"compatibilityLevel": "BACKWARD"}')
    own = read_whole(port).subjects["topic-00000-value"].own_compatibility
    assert isinstance(own, Unknown)
    assert "alike" in own.reason


def test_what_there_was_no_time_for_is_unknown_and_comes_first_next_time(
    server: server_.Server, port: rest.RestRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time is counted in calls, a second each, however busy the machine is."""
    clock = SimpleNamespace(monotonic=lambda: float(len(server.asked)))
    monkeypatch.setattr(deadline, "time", clock)
    server.fill(100)
    first = port.registry(deadline_s=100.0)
    unread = [n for n, one in first.subjects.items() if isinstance(one.versions, Unknown)]
    assert 0 < len(unread) < 100
    assert first.subjects[unread[-1]].versions == Unknown(
        "not read yet: there was no time for it; it comes first the next time"
    )
    second = port.registry(deadline_s=100.0)
    still = [n for n, one in second.subjects.items() if isinstance(one.versions, Unknown)]
    assert set(still) < set(unread)


def test_a_deleted_subject_that_the_registry_does_not_show(
    server: server_.Server, port: rest.RestRegistry
) -> None:
    """Apicurio lists it and answers 404 for each of its versions."""
    server.fill(1)
    server.deleted.add(("topic-00000-value", 1))
    missing = '{"error_code": 40401, "message": "not found"}'
    server.fixed["/subjects/topic-00000-value/versions/1?deleted=true"] = (404, missing)
    found = port.registry(deadline_s=10).subjects["topic-00000-value"]
    assert found.deleted
    assert isinstance(found.versions, Unknown)
    assert "does not show what was deleted" in found.versions.reason


def test_one_subject_that_fails_does_not_take_the_others(
    server: server_.Server, port: rest.RestRegistry
) -> None:
    server.fill(3)
    server.fixed["/subjects/topic-00001-value/versions?deleted=true"] = (
        500,
        '{"error_code": 50001, "message": "storage fault"}',
    )
    found = port.registry(deadline_s=10).subjects
    assert [bool(one.versions) for one in found.values()] == [True, False, True]
    assert "storage fault" in str(found["topic-00001-value"].versions)


def test_what_may_not_be_read_is_told_and_the_rest_is_read(
    server: server_.Server, port: rest.RestRegistry
) -> None:
    server.fill(3)
    no = (403, '{"error_code": 40301, "message": "no"}')
    server.fixed["/subjects/topic-00001-value/versions?deleted=true"] = no
    for path in ("/mode", "/config/topic-00000-value"):
        server.fixed[path] = no
    found = port.registry(deadline_s=10)
    assert isinstance(found.mode, Unknown)
    first, denied, last = found.subjects.values()
    assert isinstance(first.compatibility, Unknown)
    assert first.compatibility.kind == "not_allowed"
    assert isinstance(denied.versions, Unknown)
    assert denied.versions.needs
    assert isinstance(first.versions, tuple)
    assert isinstance(last.versions, tuple)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"username": "u", "password": "p w"}, "Basic dTpwIHc="),
        ({"token": "t0k"}, "Bearer t0k"),
        ({"username": "u", "password": "p", "token": "t0k"}, "Bearer t0k"),
        ({}, ""),
    ],
)
def test_credentials_are_sent(server: server_.Server, given: dict[str, str], sent: str) -> None:
    port = rest.RestRegistry("main", server.url, **given)  # type: ignore[arg-type]  # all of them are text
    port.registry(deadline_s=10)
    port.close()
    assert set(server.headers) == {sent}


def test_credentials_in_the_address_are_sent_and_never_shown(server: server_.Server) -> None:
    port = rest.RestRegistry("main", server.url.replace("://", "://u:hunter2@"))
    found = port.registry(deadline_s=10)
    server.fixed["/subjects?deleted=true"] = (403, '{"error_code": 403, "message": "no"}')
    with pytest.raises(errors.NotAllowed) as refused:
        port.registry(deadline_s=10)
    port.close()
    assert server.headers[0] == "Basic dTpodW50ZXIy"
    assert "hunter2" not in repr(found) + str(refused.value) + port.url
    with pytest.raises(ValueError, match=r"\*{8}@x") as wrong:
        rest.RestRegistry("main", "ftp://u:hunter2@x")
    assert "hunter2" not in str(wrong.value)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, "<html>", errors.Misunderstood),
        (200, '{"a": 1}', errors.Misunderstood),
        (404, "Not Found", errors.Misunderstood),
        (401, "", errors.NotAllowed),
        (503, "<html>", errors.Unreachable),
        (500, '{"error_code": 50001, "message": "x"}', errors.NotNow),
    ],
)
def test_bad_answers_are_told_apart(
    server: server_.Server,
    port: rest.RestRegistry,
    status: int,
    body: str,
    kind: type[errors.PortError],
) -> None:
    server.fixed["/subjects?deleted=true"] = (status, body)
    with pytest.raises(kind) as told:
        port.registry(deadline_s=5)
    assert told.value.next_step


def test_a_registry_that_accepts_and_never_answers_times_out() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        port = rest.RestRegistry("main", f"http://127.0.0.1:{mute.getsockname()[1]}")
        with pytest.raises(errors.TimedOut):
            port.registry(deadline_s=0.2)
        port.close()


def test_nothing_that_listens_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    port = rest.RestRegistry("main", url)
    with pytest.raises(errors.Unreachable):
        port.registry(deadline_s=5)
    port.close()


def test_no_thread_stays(server: server_.Server, port: rest.RestRegistry) -> None:
    server.fill(20)
    read_whole(port)
    assert not [one for one in threading.enumerate() if "headgate-registry" in one.name]
