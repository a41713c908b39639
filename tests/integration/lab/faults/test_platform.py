"""Faults of sink, brokers, workers and settings on a real lab, and their healing."""

import socket
import time
import urllib.error
import urllib.request

import pytest
from tests.integration.lab.faults.conftest import Shop, wait

from headgate.lab import faults
from headgate.lab.faults import catalogue, interface
from headgate.lab.workloads import cluster, sink

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

NO_DATABASE = "Unable to determine Dialect without JDBC metadata"
"""The deepest cause of a start without a database: Hibernate hides why it did not get in."""


REFUSED = "Connection refused"
ENDED = "terminating connection due to administrator command"
"""What a task says that was at work when the database stopped."""


def failed(shop: Shop, *says: str) -> sink.Task:
    """The task, once it has failed with one of the texts; any will do where there is none."""
    return sink.wait_task(
        shop.lab,
        lambda task: (
            task.state == "FAILED" and any(each in task.deepest_cause for each in says or ("",))
        ),
        within_s=60,  # it fails at its next write, and two processes share the machine
        what=f"a failed task {says}",
    )


def fails_again(shop: Shop, says: str) -> None:
    sink.restart(shop.lab)
    time.sleep(1.5)  # the answer to a restart comes before the restart
    sink.wait_task(
        shop.lab,
        lambda task: task.state == "FAILED" and says in task.deepest_cause,
        within_s=20,
        what=f"another failure with {says!r}",
    )


def works(shop: Shop, *, restart: bool) -> None:
    """Check that rows arrive again; after a restart where nothing else repairs the task."""
    if restart:
        failed(shop)  # healing does not do the operator's work
        sink.restart(shop.lab)
    before = wait(lambda: sink.rows(shop.lab), lambda _: True, within_s=1)
    wait(lambda: sink.rows(shop.lab), lambda rows: rows > before, within_s=50)


def test_a_short_outage_leaves_a_failed_task_that_one_restart_repairs(shop: Shop) -> None:
    outcome = shop.break_("sink-database-restart", seconds="2")
    assert "stays FAILED" in outcome.did[1]
    failed(shop, REFUSED, ENDED)
    assert sink.rows(shop.lab) > 0  # the database is back
    works(shop, restart=True)


def test_database_down_fails_every_restart_until_it_is_back(shop: Shop) -> None:
    shop.break_("sink-database-down")
    failed(shop, REFUSED, ENDED)
    fails_again(shop, NO_DATABASE)
    shop.heal("sink-database-down")
    works(shop, restart=True)


def test_a_refused_record_fails_at_the_same_place_until_it_is_passed(shop: Shop) -> None:
    outcome = shop.break_("sink-refuses-record")
    offset = int(outcome.did[0].split(" offset ")[1].rstrip("."))
    failed(shop, "violates check constraint")
    fails_again(shop, "violates check constraint")
    commits = shop.commits(sink.GROUP, sink.TOPIC)
    assert commits.get(0, 0) <= offset
    shop.heal("sink-refuses-record")
    works(shop, restart=False)
    wait(lambda: shop.commits(sink.GROUP, sink.TOPIC)[0], lambda now: now > offset, within_s=70)


def test_bad_credentials_are_refused_until_the_password_is_back(shop: Shop) -> None:
    shop.break_("sink-bad-credentials")
    failed(shop, "password authentication failed")
    fails_again(shop, NO_DATABASE)
    shop.heal("sink-bad-credentials")
    works(shop, restart=True)


def test_a_wrong_setting_fails_alike_until_it_is_put_right(shop: Shop) -> None:
    shop.break_("sink-misconfigured")
    failed(shop, "Could not find table")
    fails_again(shop, "Could not find table")
    shop.heal("sink-misconfigured")
    works(shop, restart=False)


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def led_by(shop: Shop, broker: int) -> int:
    return sum(1 for each in shop.partitions() if each.leader == broker)


def in_sync(shop: Shop, broker: int) -> int:
    return sum(1 for each in shop.partitions() if broker in each.in_sync)


def test_a_killed_broker_loses_its_leaders_and_leaves_the_in_sync_sets(shop: Shop) -> None:
    cluster.elect_preferred(shop.lab.bootstrap)
    port = shop.lab.part("broker-3").port
    shop.break_("broker-down")
    wait(lambda: accepts(port), lambda open_: not open_, within_s=5)  # memory is freed first
    wait(lambda: led_by(shop, 3), lambda number: number == 0, within_s=30)
    held = {each.topic for each in shop.partitions() if each.replicas == (3,)}
    wait(lambda: in_sync(shop, 3), lambda number: number <= len(held), within_s=20)
    with pytest.raises(interface.FaultError, match="majority"):
        catalogue.break_(shop.lab, interface.build(faults.ALL["broker-hung"], {"broker": "1"}))
    shop.heal("broker-down")
    assert all(3 in each.in_sync for each in shop.partitions() if 3 in each.replicas)


def test_a_planned_stop_moves_leaders_before_the_port_refuses(shop: Shop) -> None:
    cluster.elect_preferred(shop.lab.bootstrap)
    assert led_by(shop, 2) > 0
    port = shop.lab.part("broker-2").port
    shop.break_("broker-planned-stop")
    assert not accepts(port)
    single = {each for each in shop.partitions() if each.replicas == (2,)}
    assert led_by(shop, 2) == 0  # at once, no session had to end
    assert all(each.leader > 0 for each in shop.partitions() if each not in single)
    shop.heal("broker-planned-stop")


def test_a_hung_broker_accepts_and_is_fenced(shop: Shop) -> None:
    cluster.elect_preferred(shop.lab.bootstrap)
    port = shop.lab.part("broker-3").port
    shop.break_("broker-hung")
    assert accepts(port)
    wait(lambda: led_by(shop, 3), lambda number: number == 0, within_s=45)
    wait(lambda: accepts(port), bool, within_s=20)  # clients that try again may fill its queue
    shop.heal("broker-hung")
    wait(lambda: in_sync(shop, 3), lambda number: number > 0, within_s=20)


def test_leaders_stay_away_after_a_restart_until_elected(shop: Shop) -> None:
    cluster.elect_preferred(shop.lab.bootstrap)
    shop.break_("leader-imbalance")
    drifted = [each for each in shop.partitions() if each.preferred == 2 != each.leader]
    assert drifted
    assert all(2 in each.in_sync for each in drifted)
    shop.heal("leader-imbalance")
    assert not [each for each in shop.partitions() if each.preferred != each.leader]


def rest_answers(shop: Shop) -> str:
    [url, *_] = shop.lab.connect_urls
    try:
        with urllib.request.urlopen(f"{url}/connectors", timeout=1.5) as answer:  # noqa: S310 - the lab's
            return str(answer.status)
    except TimeoutError:
        return "timeout"
    except urllib.error.URLError as error:
        return "timeout" if isinstance(error.reason, TimeoutError) else "refused"


def test_a_hung_worker_accepts_and_does_not_answer(shop: Shop) -> None:
    shop.break_("worker-hung")
    assert rest_answers(shop) == "timeout"
    shop.heal("worker-hung")
    assert rest_answers(shop) == "200"
    works(shop, restart=False)


def test_a_dead_worker_refuses_and_takes_its_connectors_up_again(shop: Shop) -> None:
    shop.break_("worker-down")
    wait(lambda: rest_answers(shop), lambda answer: answer == "refused", within_s=5)
    shop.heal("worker-down")
    works(shop, restart=False)


def test_hazards_are_plain_settings(shop: Shop) -> None:
    shop.break_("rf-one-topic")
    new = [each for each in shop.partitions() if each.topic == "returns.export"]
    assert [len(each.replicas) for each in new] == [1, 1]
    shop.heal("rf-one-topic")
    wait(
        lambda: {each.topic for each in shop.partitions()},
        lambda topics: "returns.export" not in topics,
        within_s=10,
    )
    shop.break_("min-isr-too-high")
    place = (shop.lab.bootstrap, "shipments", "min.insync.replicas")
    wait(lambda: cluster.topic_setting(*place), lambda value: value == "3", within_s=5)
    shop.heal("min-isr-too-high")
    wait(lambda: cluster.topic_setting(*place), lambda value: value == "2", within_s=5)
