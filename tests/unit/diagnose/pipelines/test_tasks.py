"""Why a task failed, told apart by its trace, its other side, its record, its past."""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta

import pytest
from tests.unit.detect.pipelines.around import verdicts, why, with_past
from tests.unit.diagnose import scenes
from tests.unit.observations import AT, Scene

from headgate import diagnose
from headgate.domain import access, connects, diagnosis, fixes, observation, snapshot, timeline
from headgate.domain.resource import Resource
from headgate.domain.unknown import Unknown

DENIED = (
    "org.apache.kafka.common.errors.TopicAuthorizationException: Not authorized to access "
    "topics: [orders]"
)
JSON = (
    "com.fasterxml.jackson.core.JsonParseException: Unrecognized token 'not': was expecting "
    "(JSON String, Number, Array, Object or token 'null')"
)
DLQ = """org.apache.kafka.connect.errors.ConnectException: Could not initialize dead letter queue \
with topic=orders-dlq
\tat a.b(C.java:1)
Caused by: org.apache.kafka.common.errors.InvalidReplicationFactorException: Unable to replicate \
the partition 3 time(s): The target replication factor of 3 cannot be reached because only 1 \
broker(s) are registered."""
REGISTRY = """org.apache.kafka.common.errors.SerializationException: Error retrieving Avro value \
schema for id 3
Caused by: java.net.ConnectException: Connection refused"""
INCOMPATIBLE = (
    "io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException: Schema being "
    "registered is incompatible with an earlier schema for subject 'orders-value'; error code: 409"
)


def failing(cause: str, **config: str) -> Scene:
    scene = scenes.sink(cause)()
    held = scene.connects["main"]
    assert not isinstance(held, Unknown)
    held["orders-sink"] = dataclasses.replace(
        held["orders-sink"],
        topics=("orders",),
        config={key.replace("_", "."): value for key, value in config.items()},
    )
    return scene


def causes(
    seen: observation.Observation,
    answers: Mapping[diagnosis.Question, diagnosis.Answer] | None = None,
) -> tuple[diagnosis.Cause, ...]:
    return why(seen, "connect.task_failed", answers)


@pytest.mark.parametrize(
    ("cause", "first"),
    [
        (DENIED, "connect.credentials"),
        (DLQ, "dlq.target_unwritable"),
        (INCOMPATIBLE, "schema.breaking_change"),
        (
            "org.apache.kafka.common.config.ConfigException: Invalid value x",
            "connect.misconfigured",
        ),
        (
            "com.amazonaws.services.s3.model.AmazonS3Exception: The AWS Access Key Id you provided "
            "does not exist in our records. (Service: Amazon S3; Status Code: 403; Error Code: "
            "InvalidAccessKeyId)",
            "connect.credentials",
        ),
        (
            "io.debezium.DebeziumException: The connector is trying to read binlog starting at x, "
            "but this is no longer available on the server. Reconfigure the connector to use a "
            "snapshot when needed.",
            "connect.misconfigured",
        ),
        (
            "org.apache.kafka.connect.errors.ConnectException: Bulk request failed: "
            '[{"type":"mapper_parsing_exception","reason":"failed to parse"}]',
            "record.poison",
        ),
        (
            "org.elasticsearch.ElasticsearchStatusException: cluster_block_exception index [a] "
            "blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]",
            "downstream.outage",
        ),
    ],
)
def test_the_trace_decides(cause: str, first: str) -> None:
    found = causes(failing(cause).seen())
    assert found[0].code == first, [(one.code, one.verdict, one.agreement) for one in found]
    assert found[0].verdict in ("confirmed", "likely")
    assert all(one.against for one in found if one.verdict == "ruled_out")


def test_no_rule_for_its_topic_is_a_right_that_was_never_granted() -> None:
    scene = failing(DENIED)
    other = access.Acl(
        principal="User:x",
        host="*",
        operation="READ",
        permission="ALLOW",
        resource_type="TOPIC",
        resource_name="clicks",
        pattern="LITERAL",
    )
    scene.others["acls"] = lambda _: (other,)
    found = causes(scene.seen())
    assert (found[0].code, found[0].verdict) == ("acl.never_granted", "confirmed")
    allowed = dataclasses.replace(other, resource_name="ord", pattern="PREFIXED")
    scene.others["acls"] = lambda _: (allowed,)
    assert causes(scene.seen())[0].code == "connect.credentials"


def test_a_right_that_was_taken_away_just_before() -> None:
    scene = failing(DENIED)
    scene.others["acls"] = lambda _: ()
    scene.timeline = (entry("acl", Resource("principal", "User:sink"), "has an ACL less"),)
    found = causes(scene.seen())
    assert (found[0].code, found[0].verdict) == ("acl.removed", "confirmed")


def entry(kind: timeline.Kind, about: Resource, what: str) -> timeline.Entry:
    """Seen 10 s before the task failed at sample 41."""
    at = AT - timedelta(seconds=(69 - 41) * 5 + 10)
    return timeline.Entry(at=at, resource=about, kind=kind, what=what, source="timeline")


def test_a_record_is_told_from_a_converter_that_does_not_fit() -> None:
    scene = failing(JSON)
    found = causes(scene.seen())
    assert (found[0].code, found[0].verdict) == ("record.poison", "likely")
    questions = diagnose.Examination(scene.seen()).questions()
    sound = diagnosis.RecordAnswer(exists=True, decodes=True, format="json", neighbours=4)
    bad = dataclasses.replace(sound, decodes=False)
    found = causes(scene.seen(), dict.fromkeys(questions, bad))
    assert (found[0].code, found[0].verdict) == ("record.poison", "confirmed")
    assert found[0].next[0].action == "group.quarantine_record"
    found = causes(scene.seen(), dict.fromkeys(questions, sound))
    assert found[0].code == "connect.misconfigured"


def test_a_sink_that_never_wrote_anything_has_the_wrong_converter() -> None:
    scene = failing(JSON)
    scene.reads = {key: course for key, course in scene.reads.items() if key[0] == "analytics"}
    assert causes(scene.seen())[0].code == "connect.misconfigured"


def test_a_change_of_its_settings_just_before_is_named() -> None:
    scene = failing("org.apache.kafka.common.config.ConfigException: Invalid value x")
    assert verdicts(causes(scene.seen()))["config.changed"] == "ruled_out"
    scene.timeline = (
        entry("connector", Resource("connector", "orders-sink"), "its setting tasks.max changed"),
    )
    found = causes(scene.seen())
    assert [one.code for one in found[:2]] == ["connect.misconfigured", "config.changed"]
    assert found[1].verdict == "likely"


def test_a_registry_that_converters_cannot_reach() -> None:
    scene = failing(
        REGISTRY,
        value_converter_schema_registry_url="http://127.0.0.1:8081",
        connection_url="jdbc:postgresql://127.0.0.1:5432/shop",
    )
    asked = diagnosis.ReachQuestion("127.0.0.1", 8081)
    seen = scene.seen()
    assert asked in diagnose.Examination(seen).questions()
    found = causes(seen, {asked: diagnosis.ReachAnswer("refuses")})
    assert (found[0].code, found[0].verdict) == ("registry.process_down", "confirmed")


def test_a_loop_without_traces_has_a_restarter() -> None:
    scene = scenes.shop()
    scene.connector("orders-sink", ("RUNNING", ""))
    scene.tasks["main", "orders-sink", 0] = lambda i: "FAILED" if i % 6 > 3 else "RUNNING"
    [cause] = [one for one in why(scene.seen(), "connect.restart_loop") if one.code != "unknown"]
    assert (cause.code, cause.verdict) == ("connect.foreign_restarter", "likely")
    scene.planned = (
        observation.Planned(at=AT, what="restarted by ann", resource="connector:orders-sink"),
    )
    found = why(scene.seen(), "connect.restart_loop")
    assert verdicts(found)["connect.foreign_restarter"] == "ruled_out"


@pytest.mark.parametrize(("repairs", "verdict"), [(11, "ruled_out"), (1, "likely")])
def test_what_headgate_restarted_itself_needs_no_other_restarter(
    repairs: int, verdict: str
) -> None:
    scene = scenes.shop()
    scene.connector("orders-sink", ("RUNNING", ""))
    scene.tasks["main", "orders-sink", 0] = lambda i: "FAILED" if i % 6 > 3 else "RUNNING"
    scene.fixes = tuple(
        fixes.Run(
            at=AT - timedelta(seconds=5 + 30 * place),
            action="connector.restart_failed_tasks",
            cause="connect.transient",
            target="connector:orders-sink",
            state="succeeded",
        )
        for place in range(repairs)
    )
    found = why(scene.seen(), "connect.restart_loop")
    assert verdicts(found)["connect.foreign_restarter"] == verdict


def test_a_loop_is_seen_in_a_short_look_that_misses_what_runs() -> None:
    """A start that fails is RESTARTING and FAILED again, and never RUNNING when it is read."""
    scene = scenes.shop()
    scene.connector("orders-sink", ("FAILED", ""))
    scene.tasks["main", "orders-sink", 0] = lambda i: "RESTARTING" if i % 3 == 0 else "FAILED"
    seen = dataclasses.replace(scene.seen(), cut_s=10.0)
    [item] = [
        one for one in diagnose.look(seen, {})[0].findings if one.code == "connect.restart_loop"
    ]
    assert item.resource.id == "orders-sink"
    scene.tasks["main", "orders-sink", 0] = lambda i: "FAILED" if i > 40 else "RUNNING"
    seen = dataclasses.replace(scene.seen(), cut_s=10.0)
    assert "connect.restart_loop" not in {one.code for one in diagnose.look(seen, {})[0].findings}


def test_a_sink_whose_worker_is_dead_hangs_on_the_worker() -> None:
    scene = scenes.blocked()
    seen = scene.seen()
    held = seen.snapshot.connects["main"].value
    assert not isinstance(held, Unknown)
    gone = snapshot.Worker(id="127.0.0.1:8083", state="refuses")
    well = snapshot.Worker(id="127.0.0.1:8083", state="answers")
    seen = with_past(
        seen,
        "connect:main",
        lambda i: dataclasses.replace(held, workers=(well if i < 30 else gone,)),
        scene.samples,
    )
    found = why(seen, "connect.running_idle")
    assert (found[0].code, str(found[0].resource)) == (
        "connect.worker_dead",
        "worker:127.0.0.1:8083",
    )
    drafts = [one for one in diagnose.look(seen, {})[2] if one.severity != "info"]
    assert [str(one.resource) for one in drafts] == ["worker:127.0.0.1:8083"]


def test_a_connector_that_cannot_even_start_is_told_by_its_own_trace() -> None:
    scene = scenes.shop()
    trace = scenes.TRACE.replace("{cause}", "java.lang.NoClassDefFoundError: io/acme/Foo")
    scene.connector("orders-source", state="FAILED", type_="source", trace=trace)
    seen = scene.seen()
    found = why(seen, "connect.connector_failed")
    assert (found[0].code, found[0].verdict) == ("connect.misconfigured", "confirmed")
    [draft] = [one for one in diagnose.look(seen, {})[2] if one.severity != "info"]
    assert draft.title == "orders-source has failed: a setting, class or file is wrong"


HIDDEN = (
    "org.hibernate.HibernateException: Unable to determine Dialect without JDBC metadata (please "
    "set 'jakarta.persistence.jdbc.url')"
)


@pytest.mark.parametrize(
    ("again", "answer", "first"),
    [
        (True, "accepts", "connect.credentials"),
        (False, "accepts", "connect.transient"),
        (True, "refuses", "downstream.outage"),
    ],
)
def test_a_start_that_hides_why_is_told_by_whether_restarts_help(
    again: bool, answer: connects.PortState, first: str
) -> None:
    scene = failing(HIDDEN, connection_url="jdbc:postgresql://db.shop:5432/shop")
    scene.tasks["main", "orders-sink", 0] = lambda i: (
        "RUNNING" if i < 41 or (again and 50 <= i < 53) else "FAILED"
    )
    seen = scene.seen()
    asked = diagnose.Examination(seen).questions()
    [reach] = [one for one in asked if isinstance(one, diagnosis.ReachQuestion)]
    found = causes(seen, {reach: diagnosis.ReachAnswer(answer)})
    assert found[0].code == first
    assert found[0].verdict in ("likely", "confirmed")
    if first == "connect.credentials":
        assert found[1].code == "connect.transient"


PASSWORD = (
    'org.postgresql.util.PSQLException: FATAL: password authentication failed for user "shop"'
)


@pytest.mark.parametrize(
    ("before", "answer", "first"),
    [
        (PASSWORD, "accepts", ("connect.credentials", "confirmed")),
        (PASSWORD, "refuses", ("downstream.outage", "confirmed")),
        (
            "java.net.ConnectException: Connection refused",
            "accepts",
            ("connect.transient", "likely"),
        ),
    ],
)
def test_a_trace_that_hides_why_does_not_replace_one_that_named_the_login(
    before: str, answer: connects.PortState, first: tuple[str, str]
) -> None:
    """A restart fails sooner than the login does, and says less (seen with the JDBC sink)."""
    scene = failing(HIDDEN, connection_url="jdbc:postgresql://db.shop:5432/shop")
    seen = scene.seen()
    part = seen.snapshot.connects["main"].value
    assert not isinstance(part, Unknown)
    now = part.connectors["orders-sink"]
    [task] = now.tasks
    told = dataclasses.replace(task, trace=scenes.TRACE.replace("{cause}", before))
    earlier = dataclasses.replace(
        part, connectors={"orders-sink": dataclasses.replace(now, tasks=(told,))}
    )
    seen = with_past(
        seen, "connect:main", lambda i: earlier if i < scene.samples - 2 else part, scene.samples
    )
    asked = diagnose.Examination(seen).questions()
    [reach] = [one for one in asked if isinstance(one, diagnosis.ReachQuestion)]
    found = causes(seen, {reach: diagnosis.ReachAnswer(answer)})
    assert (found[0].code, found[0].verdict) == first
