"""The log that a source database keeps for a connector's slot."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from tests.unit.detect.pipelines.around import (
    cluster,
    connector,
    gaps,
    on,
    shop,
    verdicts,
    why,
    with_past,
)
from tests.unit.observations import Scene

from headgate import diagnose
from headgate.domain import amounts, measures, observation
from headgate.domain.resource import Resource

CODE = "connect.source_log_growth"
GB = 1024.0**3
SAMPLES = 200
"""Beyond the hold of 15 min at 5 s."""
CDC = {
    "connector_class": "io.debezium.connector.postgresql.PostgresConnector",
    "slot_name": "cdc",
    "topic_prefix": "shop",
    "database_dbname": "shop",
}
Course = Callable[[int], float]


def growing(i: int) -> float:
    return 2 * GB + i * 1e6


def told(
    kept: Course | None = growing,
    *,
    active: float | None = 1.0,
    confirmed: Course | None = None,
    quiet_s: float | None = None,
    behind_s: float | None = None,
    databases: Sequence[str] = ("shop",),
    samples: int = SAMPLES,
) -> Scene:
    """What the database's exporter and Debezium tell."""
    scene = shop(samples=samples)

    def one(name: str, value: float, **labels: str) -> measures.Measure:
        return measures.Measure(
            name=name, resource=Resource("endpoint", "pg:9187"), value=value, labels=labels
        )

    def page(i: int) -> Sequence[measures.Measure]:
        found = [one("process.cpu_seconds", i)]
        for database in databases:
            labels = {"slot": "cdc", "database": database}
            if kept is not None:
                found.append(one("database.slot_retained", kept(i), **labels))
            if active is not None:
                found.append(one("database.slot_active", active, **labels))
        if confirmed is not None:
            found.append(one("database.slot_confirmed", confirmed(i), slot="cdc"))
        if quiet_s is not None:
            found.append(one("source.since_last_event", quiet_s, server="shop"))
        if behind_s is not None:
            found.append(one("source.behind", behind_s, server="shop"))
        return found

    scene.measured["http://pg:9187/metrics"] = page
    return scene


def seen(scene: Scene, state: str = "RUNNING", **config: Any) -> observation.Observation:
    made = cluster(connector("cdc", type_="source", state=state, **{**CDC, **config}))
    return with_past(scene.seen(), "connect:main", lambda _: made, scene.samples)


def test_log_that_only_grows() -> None:
    held = seen(told())
    [item] = on(held, CODE)
    assert (str(item.resource), item.state) == ("connector:cdc", "firing")
    assert "The database keeps 2.3 GB of log for cdc" in item.summary
    assert not gaps(held, CODE)


@pytest.mark.parametrize(
    "kept",
    [
        lambda i: i * 1e6,
        lambda _i: 3 * GB,
        lambda i: 2 * GB + (i % 60) * 1e6,
        lambda i: 2 * GB + i * 1e6 if i < 190 else GB,
    ],
    ids=["little", "no more than ever", "confirmed now and then", "confirmed by now"],
)
def test_log_that_is_confirmed_in_time(kept: Course) -> None:
    held = seen(told(kept))
    assert not on(held, CODE)
    assert not gaps(held, CODE)


def test_a_one_shot_look() -> None:
    scene = told(samples=11)
    scene.interval_s, scene.cut_s = 1.0, 10.0
    [item] = on(seen(scene), CODE)
    assert item.state == "pending"


def test_a_limit_of_the_cluster() -> None:
    scene = told()
    scene.thresholds = {CODE: {"size": "3GiB"}}
    assert not on(seen(scene), CODE)
    assert amounts.size("3GiB") == 3 * GB == amounts.size("3GB")


def test_what_would_have_told_is_named() -> None:
    assert gaps(seen(shop()), CODE) == [
        "no metrics source is known; database.slot_retained of its slot cdc would tell"
    ]
    assert gaps(seen(told(), slot_name="other"), CODE) == [
        "no metrics source tells database.slot_retained of its slot other now"
    ]
    [reason] = gaps(
        seen(shop(), connector_class="io.debezium.connector.mysql.MySqlConnector"), CODE
    )
    assert "PostgreSQL's slots alone" in reason
    assert not gaps(seen(shop(), connector_class="FileStreamSource"), CODE)


def test_slots_of_the_same_name_in_two_databases() -> None:
    assert on(seen(told(databases=("shop", "other"))), CODE)
    scene = told()
    page = scene.measured["http://pg:9187/metrics"]
    scene.measured["http://pg2:9187/metrics"] = page
    [reason] = gaps(seen(scene), CODE)
    assert "several databases have a slot cdc" in reason


def test_what_was_confirmed_last_holds_while_the_slot_has_no_client() -> None:
    """The exporter tells the confirmed position of active slots only."""
    scene = told(None, active=0.0)
    page = scene.measured["http://pg:9187/metrics"]

    def without(i: int) -> Sequence[measures.Measure]:
        about, labels = Resource("endpoint", "pg:9187"), {"slot": "cdc"}
        end = measures.Measure(
            name="database.log_end", resource=about, value=5 * GB + i * 1e7, labels=labels
        )
        last = measures.Measure(
            name="database.slot_confirmed", resource=about, value=5 * GB, labels=labels
        )
        return (*page(i), end, *((last,) if i < 5 else ()))

    scene.measured["http://pg:9187/metrics"] = without
    scene.thresholds = {CODE: {"hold": "60s"}}
    [item] = on(seen(scene, "FAILED"), CODE)
    assert "keeps 2.0 GB of log" in item.summary


def test_a_connector_that_is_down() -> None:
    held = seen(told(active=0.0), "FAILED")
    causes = why(held, CODE)
    assert verdicts(causes) == {
        "connect.slot_inactive": "confirmed",
        "connect.slot_unconfirmed": "ruled_out",
        "connect.blocked_task": "ruled_out",
    }
    [step] = causes[0].next
    assert (step.action, step.parameters) == (
        "connector.restart_failed_tasks",
        {"connect": "main", "connector": "cdc"},
    )


def test_a_connector_with_nothing_to_confirm() -> None:
    held = seen(told(confirmed=lambda _i: 5e9, quiet_s=7200, behind_s=0.0))
    assert verdicts(why(held, CODE)) == {
        "connect.slot_unconfirmed": "confirmed",
        "connect.slot_inactive": "ruled_out",
        "connect.blocked_task": "ruled_out",
    }
    _, _, drafts, _ = diagnose.look(held, {})
    assert [one.title for one in drafts] == [
        "The database keeps 2.3 GB of log for cdc, which has nothing to confirm"
    ]


def test_a_connector_that_is_stuck() -> None:
    held = seen(
        told(confirmed=lambda _i: 5e9, quiet_s=1.0, behind_s=900.0), heartbeat_interval_ms="5000"
    )
    causes = why(held, CODE)
    assert (causes[0].code, causes[0].verdict) == ("connect.blocked_task", "likely")
    assert verdicts(causes)["connect.slot_inactive"] == "ruled_out"


def test_without_debezium_and_the_slot_s_state_it_is_one_of_three() -> None:
    causes = why(seen(told(active=None)), CODE)
    assert {one.verdict for one in causes} == {"possible"}
    assert any("database.slot_active" in text for one in causes for text in one.not_looked_at)
