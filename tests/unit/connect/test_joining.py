"""Addresses of one Connect cluster are one; those of others stay apart."""

import json
import socket
from collections.abc import Iterator

import pytest
from tests.unit.connect.server import Worker, say

from headgate.connect import joining

EXPANDED = "GET /connectors?expand=status&expand=info"


def listing(name: str, *workers: str) -> str:
    state = {"state": "RUNNING", "worker_id": workers[0]}
    tasks = [{"id": i, "state": "RUNNING", "worker_id": each} for i, each in enumerate(workers)]
    info = {"name": name, "type": "sink", "config": {"connector.class": "a.Sink"}}
    return json.dumps(
        {name: {"info": info, "status": {"name": name, "connector": state, "tasks": tasks}}}
    )


@pytest.fixture
def pair() -> Iterator[tuple[Worker, Worker]]:
    one, two = Worker(), Worker()
    yield one, two
    one.close()
    two.close()


def free_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def test_workers_that_name_the_same_are_one(pair: tuple[Worker, Worker]) -> None:
    for each in pair:
        each.answers[EXPANDED] = say(200, listing("sink", pair[0].id, pair[1].id))
    assert joining.joined([one.url for one in pair]) == ((pair[0].url, pair[1].url),)


def test_workers_that_run_other_connectors_stay_apart(pair: tuple[Worker, Worker]) -> None:
    pair[0].answers[EXPANDED] = say(200, listing("sink", pair[0].id))
    pair[1].answers[EXPANDED] = say(200, listing("other", pair[1].id))
    assert joining.joined([one.url for one in pair]) == ((pair[0].url,), (pair[1].url,))


def test_two_that_run_nothing_stay_apart(pair: tuple[Worker, Worker]) -> None:
    for each in pair:
        each.answers[EXPANDED] = say(200, "{}")
    assert len(joining.joined([one.url for one in pair])) == 2


@pytest.mark.parametrize("first", [True, False])
def test_a_dead_worker_belongs_to_those_who_name_it(
    pair: tuple[Worker, Worker], *, first: bool
) -> None:
    gone = free_address()
    pair[0].answers[EXPANDED] = say(200, listing("sink", pair[0].id, gone))
    urls = [f"http://{gone}", pair[0].url] if first else [pair[0].url, f"http://{gone}"]
    assert joining.joined(urls) == ((pair[0].url, f"http://{gone}"),)


def test_a_dead_address_that_nobody_names_stays_apart(pair: tuple[Worker, Worker]) -> None:
    gone = f"http://{free_address()}"
    pair[0].answers[EXPANDED] = say(200, listing("sink", pair[0].id))
    assert joining.joined([pair[0].url, gone]) == ((pair[0].url,), (gone,))


def test_one_address_is_not_asked() -> None:
    assert joining.joined(["http://127.0.0.1:9"]) == (("http://127.0.0.1:9",),)
