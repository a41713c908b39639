"""Subjects that break their rule or have none, ids that nobody serves, names, registries."""

import dataclasses
from datetime import timedelta

import pytest
from tests.unit.detect.pipelines.around import (
    cluster,
    connector,
    gaps,
    on,
    part,
    schemas,
    shop,
    subject,
    verdicts,
    why,
    with_past,
)
from tests.unit.observations import AT

from headgate import diagnose
from headgate.domain import diagnosis, observation, past, registry, snapshot
from headgate.domain.unknown import Unknown

MISSING = """org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler
\tat a.b(C.java:1)
Caused by: org.apache.kafka.connect.errors.DataException: Failed to deserialize data for topic \
orders to Avro:
\tat a.b(C.java:1)
Caused by: org.apache.kafka.common.errors.SerializationException: Error retrieving Avro value \
schema for id 77
Caused by: io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException: \
Schema 77 not found; error code: 40403
"""
BREAKS = registry.Breaks(version=2, against=1, said=("field 'vat' has no default",))


def seen(*subjects: registry.Subject, **more: str) -> observation.Observation:
    return with_past(shop().seen(), "registry:schemas", lambda _: schemas(*subjects, **more), 70)


def test_a_version_that_breaks_its_rule_is_told_with_what_breaks() -> None:
    held = seen(subject("orders-value", 1, 2, breaks=BREAKS))
    [item] = on(held, "schema.incompatible")
    assert str(item.resource) == "subject:orders-value"
    assert "field 'vat' has no default" in item.summary
    [cause] = why(held, "schema.incompatible")
    assert (cause.code, cause.verdict) == ("schema.breaking_change", "confirmed")


@pytest.mark.parametrize("breaks", [None, Unknown("it was not checked")])
def test_a_version_that_fits_or_was_not_checked_is_silent(
    breaks: registry.Breaks | Unknown | None,
) -> None:
    assert not on(seen(subject("orders-value", 1, 2, breaks=breaks)), "schema.incompatible")


@pytest.mark.parametrize(
    ("own", "first"),
    [(True, "config.set_explicitly"), (False, "config.inherited")],
)
def test_a_subject_that_takes_any_schema(own: bool, first: str) -> None:
    held = seen(subject("orders-value", 1, rule="NONE", own=own), rule="NONE")
    [item] = on(held, "schema.compat_none")
    causes = why(held, "schema.compat_none")
    assert (causes[0].code, causes[0].verdict) == (first, "confirmed")
    assert str(item.resource) == "subject:orders-value"
    assert not on(seen(subject("orders-value", 1)), "schema.compat_none")


def test_many_subjects_that_inherit_none_are_one_hazard() -> None:
    many = [subject(f"t{i}-value", i + 1, rule="NONE") for i in range(30)]
    [item] = on(seen(*many, rule="NONE"), "schema.compat_none")
    assert str(item.resource) == "registry:schemas"


def failing(*subjects: registry.Subject, registered: bool = True) -> observation.Observation:
    sink = connector()
    task = dataclasses.replace(sink.tasks[0], state="FAILED", trace=MISSING)
    held = with_past(
        shop().seen(),
        "connect:main",
        lambda _: cluster(dataclasses.replace(sink, tasks=(task,))),
        70,
    )
    if not registered:
        return held
    return with_past(held, "registry:schemas", lambda _: schemas(*subjects), 70)


def test_an_id_that_is_not_served_is_told_by_who_asked_for_it() -> None:
    held = failing(subject("orders-value", 1, 2))
    [item] = on(held, "schema.id_missing")
    assert str(item.resource) == "schema:77"
    causes = why(held, "schema.id_missing")
    assert (causes[0].code, causes[0].verdict) == ("schema.foreign_id", "likely")
    assert verdicts(causes)["schema.soft_deleted"] == "ruled_out"
    task = why(held, "connect.task_failed")
    assert task[0].code in ("schema.foreign_id", "connect.misconfigured")


def test_an_id_of_a_deleted_version() -> None:
    gone = subject("orders-value", 1, 77)
    assert not isinstance(gone.versions, Unknown)
    versions = (gone.versions[0], dataclasses.replace(gone.versions[1], deleted=True))
    causes = why(failing(dataclasses.replace(gone, versions=versions)), "schema.id_missing")
    assert (causes[0].code, causes[0].verdict) == ("schema.soft_deleted", "confirmed")
    assert verdicts(causes)["schema.foreign_id"] == "ruled_out"


def test_an_id_that_another_registry_serves() -> None:
    causes = why(failing(subject("orders-value", 1, 77)), "schema.id_missing")
    assert causes[0].code == "registry.reader_behind"


def test_an_id_without_a_registry_to_ask_stays_open() -> None:
    causes = why(failing(registered=False), "schema.id_missing")
    assert {cause.verdict for cause in causes} == {"possible"}


@pytest.mark.parametrize(
    "names",
    [
        ("orders-value", "orders"),
        ("orders-value", "orders-com.example.Order"),
    ],
)
def test_two_names_for_the_values_of_one_topic(names: tuple[str, ...]) -> None:
    held = seen(*(subject(name, place + 1) for place, name in enumerate(names)))
    [item] = on(held, "schema.naming_conflict")
    assert str(item.resource) == "topic:orders"
    assert why(held, "schema.naming_conflict")[0].code == "schema.naming_strategy"


def test_the_same_record_under_its_own_name() -> None:
    assert on(
        seen(subject("orders-value", 5), subject("com.ex.Order", 5)), "schema.naming_conflict"
    )
    assert not on(
        seen(subject("orders-value", 5), subject("com.ex.Other", 6)), "schema.naming_conflict"
    )


def test_names_that_are_well() -> None:
    usual = [subject(name, place) for place, name in enumerate(("orders-value", "orders-key"), 1)]
    assert not on(seen(*usual), "schema.naming_conflict")
    assert not on(seen(*usual, subject("orders-returns-value", 9)), "schema.naming_conflict")
    used = registry.Reference(name="com.ex.Order", subject="com.ex.Order", version=1)
    refers = subject("other-value", 8)
    assert not isinstance(refers.versions, Unknown)
    refers = dataclasses.replace(
        refers, versions=(dataclasses.replace(refers.versions[0], references=(used,)),)
    )
    assert not on(
        seen(subject("orders-value", 5), subject("com.ex.Order", 5), refers),
        "schema.naming_conflict",
    )


def silent(reason: str = "nothing listens at http://127.0.0.1:8081") -> observation.Observation:
    """The registry answered until sample 40."""
    held = shop().seen()
    name = "registry:schemas"
    parts = [
        dataclasses.replace(
            part(
                schemas() if i < 40 else Unknown(reason),
                "http://127.0.0.1:8081/subjects",
                AT - timedelta(seconds=(69 - i) * 5),
            )
        )
        for i in range(70)
    ]
    registries: dict[str, snapshot.Part[registry.Registry]] = {"schemas": parts[-1]}
    return dataclasses.replace(
        held,
        past=past.Past(parts={**held.past.parts, name: tuple(parts)}),
        snapshot=dataclasses.replace(held.snapshot, registries=registries),
    )


def test_a_registry_that_does_not_answer() -> None:
    held = silent()
    [item] = on(held, "registry.unreachable")
    assert (item.state, item.since.timestamp()) == ("firing", AT.timestamp() - 29 * 5)
    assert gaps(held, "schema.incompatible")
    causes = why(held, "registry.unreachable")
    assert (causes[0].code, causes[0].verdict) == ("registry.process_down", "likely")


@pytest.mark.parametrize(
    ("state", "verdict", "other"),
    [("refuses", "confirmed", "ruled_out"), ("accepts", "likely", "likely")],
)
def test_what_its_port_does_tells(state: str, verdict: str, other: str) -> None:
    answers: diagnosis.Answers = {
        diagnosis.ReachQuestion("127.0.0.1", 8081): diagnosis.ReachAnswer(state)  # type: ignore[arg-type]  # a port's state
    }
    causes = why(silent(), "registry.unreachable", answers)
    assert (causes[0].code, causes[0].verdict) == ("registry.process_down", verdict)
    assert verdicts(causes)["evidence.source_failing"] == other


def test_a_registry_that_may_not_be_read_is_not_unreachable() -> None:
    held = shop().seen()
    unread = part(Unknown("refused", kind="not_allowed"), "http://127.0.0.1:8081/subjects")
    held = dataclasses.replace(
        held, snapshot=dataclasses.replace(held.snapshot, registries={"schemas": unread})
    )
    assert not on(held, "registry.unreachable")
    assert gaps(held, "schema.compat_none")


def test_a_registry_that_somebody_locked() -> None:
    held = seen(subject("orders-value", 1), mode="READONLY")
    [item] = on(held, "registry.read_only")
    assert item.summary == "The schema registry schemas takes no new schemas: its mode is READONLY."
    causes = why(held, "registry.read_only")
    assert (causes[0].code, causes[0].verdict) == ("config.set_explicitly", "confirmed")
    assert verdicts(causes)["registry.no_primary"] == "ruled_out"


def test_a_registry_whose_topic_takes_no_writes() -> None:
    scene = shop()
    topic = scene.topic("_schemas", 1, min_isr=2)
    topic.isr[0] = (1,)
    held = with_past(scene.seen(), "registry:schemas", lambda _: schemas(), 70)
    [item] = on(held, "registry.read_only")
    assert "_schemas-0 has 1 replica in sync and needs 2" in item.summary
    causes = why(held, "registry.read_only")
    assert (causes[0].code, causes[0].verdict) == ("registry.no_primary", "confirmed")
    assert str(causes[0].resource) == "partition:_schemas-0"
    assert verdicts(causes)["config.set_explicitly"] == "ruled_out"
    drafts = [one for one in diagnose.look(held, {})[2] if one.severity == "critical"]
    assert len(drafts) == 1
    assert {"registry.read_only", "partition.under_min_isr"} <= {f.code for f in drafts[0].findings}


def test_a_registry_that_is_well() -> None:
    assert not on(seen(subject("orders-value", 1)), "registry.read_only")


def test_ids_that_nobody_asked_for_are_not_judged() -> None:
    [reason] = gaps(seen(subject("orders-value", 1)), "schema.id_missing")
    assert "are not read" in reason
    assert not gaps(failing(subject("orders-value", 1)), "schema.id_missing")
