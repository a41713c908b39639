"""Situations as they were seen on real Kafka, each with the answer that Headgate must give."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from tests.unit.observations import START, Scene, line

from headgate import diagnose
from headgate.domain import diagnosis, incident, observation, vocabulary
from headgate.domain.unknown import Unknown

UNDECODABLE = diagnosis.RecordAnswer(
    exists=True, decodes=False, format="json", why="not JSON: unexpected byte at 0", neighbours=2
)
SOUND = diagnosis.RecordAnswer(exists=True, decodes=True, format="json", neighbours=2)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What was seen, and what Headgate says of it."""

    name: str
    scene: Callable[[], Scene]
    finding: str
    cause: str
    verdict: vocabulary.Verdict
    ruled_out: Sequence[str] = ()
    answer: diagnosis.Answer | None = None
    """To every question asked."""
    title: str = ""
    action: str = ""
    incidents: int = 1


def shop() -> Scene:
    """Orders and clicks with steady input; analytics reads all of it."""
    scene = Scene()
    scene.topic("orders", 6, rate=10)
    scene.topic("clicks", 3, rate=30)
    scene.follow("analytics", "clicks", behind=5)
    return scene


def stopped() -> Scene:
    scene = shop()
    scene.group("billing")
    for p in range(6):
        scene.read(
            "billing", "orders", p, line(START, 10, until=30), lambda i: "m1" if i < 31 else ""
        )
    return scene


def hung() -> Scene:
    scene = shop()
    scene.follow("billing", "orders", members=2, but=(0, 2, 4))
    for p in (0, 2, 4):
        scene.read("billing", "orders", p, line(START, 10, until=30), "billing-0")
    return scene


def crashing() -> Scene:
    """A new member every second sample; orders-3 stands, the other partitions move."""
    scene = shop()

    def alive(i: int) -> str:
        return f"m{i // 2}" if i > 30 else "m15"

    scene.group("billing", alive(69), came=lambda i: frozenset({alive(i)}))
    for p in range(6):
        course = line(START, 10, until=30) if p == 3 else line(START, 10)
        scene.read("billing", "orders", p, course, alive)
    return scene


TRACE = """org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to \
unrecoverable exception.
\tat org.apache.kafka.connect.runtime.WorkerSinkTask.deliverMessages(WorkerSinkTask.java:637)
Caused by: org.apache.kafka.connect.errors.ConnectException: JDBC sink connector failure
\tat io.debezium.connector.jdbc.JdbcSinkConnectorTask.put(JdbcSinkConnectorTask.java:98)
\t... 10 more
Caused by: {cause}
\tat org.postgresql.core.v3.ConnectionFactoryImpl.openConnectionImpl(ConnectionFactoryImpl.java:352)
\t... 20 more
"""


def sink(cause: str, tasks: int = 1) -> Callable[[], Scene]:
    def scene() -> Scene:
        made = shop()
        made.group("connect-orders-sink")
        for p in range(6):
            made.read(
                "connect-orders-sink",
                "orders",
                p,
                line(START, 10, until=40),
                lambda i: "c1" if i < 41 else "",
            )
        trace = TRACE.replace("{cause}", cause)
        made.connector("orders-sink", *[("FAILED", trace)] * tasks, failed_at=41)
        return made

    return scene


def crashed(port: str = "refuses") -> Callable[[], Scene]:
    def scene() -> Scene:
        made = shop()
        made.follow("billing", "orders", behind=3)
        made.broker(
            2,
            listed=True,
            fenced=True,
            port="refuses",
            at=lambda i: made.sample(i, fenced=i >= 42, port="answers" if i < 40 else "refuses"),
        )
        made.lose(2, isr_at=41, leaders_at=42)
        return made

    return scene


def planned() -> Scene:
    made = shop()
    made.broker(
        2,
        listed=True,
        fenced=True,
        port="refuses",
        at=lambda i: made.sample(i, fenced=i >= 41, port="answers" if i < 41 else "refuses"),
    )
    made.lose(2, isr_at=42, leaders_at=41)
    return made


def frozen() -> Scene:
    made = shop()
    made.broker(
        2,
        listed=True,
        fenced=True,
        port="accepts",
        at=lambda i: made.sample(i, fenced=i >= 42, port="answers" if i < 40 else "accepts"),
    )
    made.lose(2, isr_at=41, leaders_at=42)
    return made


SITUATIONS = (
    Situation(
        name="a consumer that stopped",
        scene=stopped,
        finding="lag.stopped",
        cause="consumer.stopped",
        verdict="confirmed",
        ruled_out=("consumer.hung",),
        title="billing has stopped",
    ),
    Situation(
        name="a consumer that hangs",
        scene=hung,
        answer=SOUND,
        finding="lag.stalled",
        cause="consumer.hung",
        verdict="likely",
        ruled_out=("consumer.crash_loop", "record.poison", "consumer.slow", "downstream.outage"),
        title="billing stands still on orders-0, orders-2 and orders-4: its member billing-0 hangs",
    ),
    Situation(
        name="a record that cannot be read",
        scene=crashing,
        answer=UNDECODABLE,
        finding="lag.stalled",
        cause="record.poison",
        verdict="confirmed",
        ruled_out=("consumer.hung", "consumer.crash_loop", "downstream.outage"),
        title="billing is stuck on orders-3: it cannot read the record at offset 1,300",
        action="group.quarantine_record",
    ),
    Situation(
        name="a crash loop at a sound record",
        scene=crashing,
        answer=SOUND,
        finding="lag.stalled",
        cause="consumer.crash_loop",
        verdict="likely",
        ruled_out=("consumer.hung", "record.poison"),
        title="billing crashes again and again",
    ),
    Situation(
        name="a crash loop with records that may not be read",
        scene=crashing,
        answer=Unknown("records may not be read here"),
        finding="lag.stalled",
        cause="record.poison",
        verdict="likely",
        ruled_out=("consumer.hung",),
        title="billing is stuck on orders-3, probably at a record that it cannot read",
    ),
    Situation(
        name="a database that refuses",
        scene=sink(
            "org.postgresql.util.PSQLException: Connection to 127.0.0.1:5432 refused. "
            "Check that the hostname and port are correct."
        ),
        finding="connect.task_failed",
        cause="connect.transient",
        verdict="confirmed",
        ruled_out=("connect.misconfigured", "connect.credentials", "record.poison"),
        title="orders-sink has failed: the other side refused or broke the connection",
        action="connector.restart_failed_tasks",
    ),
    Situation(
        name="a database without its table check",
        scene=sink(
            "org.apache.kafka.connect.errors.ConnectException: "
            "Failed to check for existence of table orders"
        ),
        finding="connect.task_failed",
        cause="connect.transient",
        verdict="confirmed",
    ),
    Situation(
        name="a wrong password",
        scene=sink(
            "org.postgresql.util.PSQLException: FATAL: password authentication failed "
            'for user "sink"'
        ),
        finding="connect.task_failed",
        cause="connect.credentials",
        verdict="confirmed",
        ruled_out=("connect.transient",),
    ),
    Situation(
        name="a record that the database refuses",
        scene=sink(
            'org.postgresql.util.PSQLException: ERROR: null value in column "id" of '
            'relation "orders" violates not-null constraint\n  Detail: Failing row'
        ),
        finding="connect.task_failed",
        cause="record.poison",
        verdict="likely",
        ruled_out=("connect.transient", "connect.misconfigured"),
    ),
    Situation(
        name="a broker that crashed",
        scene=crashed(),
        finding="broker.down",
        cause="broker.crashed",
        verdict="confirmed",
        ruled_out=("broker.planned_stop", "broker.hung"),
        title="Broker 2 crashed",
    ),
    Situation(
        name="a broker stopped as planned",
        scene=planned,
        finding="broker.down",
        cause="broker.planned_stop",
        verdict="confirmed",
        ruled_out=("broker.crashed", "broker.hung"),
        title="Broker 2 was stopped as planned",
        action="incident.watch",
    ),
    Situation(
        name="a broker that hangs",
        scene=frozen,
        finding="broker.fenced",
        cause="broker.hung",
        verdict="likely",
        ruled_out=("broker.crashed",),
        title="Broker 2 hangs",
    ),
)


def answers(seen: observation.Observation, answer: diagnosis.Answer | None) -> diagnosis.Answers:
    """The same answer to everything that diagnosis asks."""
    if answer is None:
        return {}
    detection = diagnose.look(seen, {})[0]
    return dict.fromkeys(diagnose.questions(detection, seen), answer)


def urgent(drafts: Sequence[incident.Draft]) -> list[incident.Draft]:
    return [draft for draft in drafts if draft.severity != "info"]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)
def test_the_first_cause_is_the_right_one(situation: Situation) -> None:
    seen = situation.scene().seen()
    _, _, drafts, _ = diagnose.look(seen, answers(seen, situation.answer))
    found = urgent(drafts)
    assert len(found) == situation.incidents, [draft.title for draft in found]
    draft = found[0]
    assert draft.findings[0].code == situation.finding
    first = draft.causes[0]
    assert (first.code, first.verdict) == (situation.cause, situation.verdict), [
        (cause.code, cause.verdict, cause.summary) for cause in draft.causes
    ]
    ruled_out = {cause.code for cause in draft.causes if cause.verdict == "ruled_out"}
    assert ruled_out >= set(situation.ruled_out)
    assert draft.title.startswith(situation.title), draft.title
    if situation.action:
        assert first.next[0].action == situation.action


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)
def test_every_statement_can_be_followed_to_its_evidence(situation: Situation) -> None:
    seen = situation.scene().seen()
    _, _, drafts, _ = diagnose.look(seen, answers(seen, situation.answer))
    for draft in drafts:
        known = {item.id for item in draft.evidence}
        assert len(known) == len(draft.evidence)
        for cause in draft.causes:
            assert set(cause.for_) | set(cause.against) <= known, cause
            if cause.verdict == "ruled_out":
                assert cause.against, cause
                assert not cause.next
            elif cause.verdict != "possible":
                assert cause.for_, cause
                assert cause.next, cause
