"""Why Connect does not answer, and why a sink that runs writes nothing."""

import dataclasses

from tests.unit.detect.pipelines.around import verdicts, why
from tests.unit.diagnose import scenes
from tests.unit.observations import START, Scene, line

from headgate import diagnose
from headgate.domain import diagnosis
from headgate.domain.unknown import Unknown


def silent(*, until: int, members: bool) -> Scene:
    """Connect is silent since sample 40; its sink's commits move until a sample."""
    scene = scenes.silent_connect()
    scene.group("connect-orders-sink", "c1")
    for p in range(6):
        scene.read("connect-orders-sink", "orders", p, line(START, 10, until=until), "c1")
    scene.group("connect-cluster", *(["w1"] if members else []), protocol="connect")
    return scene


def test_a_session_that_is_not_over_yet_hides_no_dead_worker() -> None:
    causes = why(silent(until=39, members=True).seen(), "connect.unreachable")
    assert (causes[0].code, causes[0].verdict) == ("connect.worker_dead", "likely")
    assert verdicts(causes)["evidence.source_failing"] == "ruled_out"


def test_sinks_that_go_on_show_that_only_the_address_is_away() -> None:
    causes = why(silent(until=200, members=True).seen(), "connect.unreachable")
    assert (causes[0].code, causes[0].verdict) == ("evidence.source_failing", "confirmed")
    assert verdicts(causes)["connect.worker_dead"] == "possible"


def test_where_nothing_listens_the_worker_is_gone_though_others_go_on() -> None:
    """Or the address is wrong: that stays open."""
    scene = silent(until=200, members=True)
    scene.connects["main"] = Unknown("nothing listens at http://connect-1:8083")
    causes = why(scene.seen(), "connect.unreachable")
    assert (causes[0].code, causes[0].verdict) == ("connect.worker_dead", "likely")
    assert verdicts(causes)["evidence.source_failing"] == "likely"
    [draft] = [one for one in diagnose.look(scene.seen(), {})[2] if one.severity != "info"]
    assert draft.title == (
        "Connect main does not answer: the worker at that address is gone; others of its cluster "
        "go on"
    )


def test_without_a_sink_that_would_show_it_both_stay_open() -> None:
    causes = why(scenes.silent_connect().seen(), "connect.unreachable")
    assert causes[0].code == "connect.worker_dead"
    assert verdicts(causes)["evidence.source_failing"] == "possible"


def test_lag_of_a_sink_is_a_consequence_of_its_silent_connect() -> None:
    drafts = diagnose.look(silent(until=39, members=False).seen(), {})[2]
    urgent = [one for one in drafts if one.severity != "info"]
    assert [str(one.resource) for one in urgent] == ["connect:main"]
    assert {"connect.unreachable", "lag.stalled"} <= {item.code for item in urgent[0].findings}


def blocked(**config: str) -> Scene:
    scene = scenes.blocked()
    held = scene.connects["main"]
    assert not isinstance(held, Unknown)
    held["orders-sink"] = dataclasses.replace(
        held["orders-sink"], config={k.replace("_", "."): v for k, v in config.items()}
    )
    return scene


def test_an_idle_sink_whose_database_takes_no_connection() -> None:
    seen = blocked(connection_url="jdbc:postgresql://db:5432/shop").seen()
    asked = diagnosis.ReachQuestion("db", 5432)
    assert asked in diagnose.Examination(seen).questions()
    causes = why(seen, "connect.running_idle", {asked: diagnosis.ReachAnswer("silent")})
    assert (causes[0].code, causes[0].verdict) == ("downstream.outage", "confirmed")
    causes = why(seen, "connect.running_idle", {asked: diagnosis.ReachAnswer("accepts")})
    assert causes[0].code == "connect.blocked_task"
    assert verdicts(causes)["downstream.outage"] == "ruled_out"


def test_an_idle_sink_without_an_address_is_blocked() -> None:
    causes = why(blocked().seen(), "connect.running_idle")
    assert (causes[0].code, causes[0].verdict) == ("connect.blocked_task", "likely")
    assert verdicts(causes)["downstream.outage"] == "possible"


def test_a_task_that_is_started_again_is_not_blocked() -> None:
    """Its group has stood since it failed; at the moment somebody restarts it."""
    scene = scenes.shop()
    scene.group("connect-orders-sink", "c1")
    for p in range(6):
        scene.read("connect-orders-sink", "orders", p, line(START, 10, until=40), "c1")
    scene.connector("orders-sink", ("RESTARTING", ""))
    last = scene.samples - 1

    def state(i: int) -> str:
        return "RUNNING" if i <= 40 else "FAILED" if i < last else "RESTARTING"

    scene.tasks["main", "orders-sink", 0] = state
    causes = why(scene.seen(), "lag.stalled")
    assert "connect.blocked_task" not in {one.code for one in causes}
    scene.tasks["main", "orders-sink", 0] = lambda i: "RUNNING" if i < last else "RESTARTING"
    assert why(scene.seen(), "lag.stalled")[0].code == "connect.blocked_task"
