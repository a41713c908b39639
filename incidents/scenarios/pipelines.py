"""Sinks that fail, stand, loop or lose records, and Connect workers that are away."""

import contextlib
import threading
import time
from typing import ClassVar

import psycopg
from psycopg import sql

from headgate.lab.workloads import cluster, interface, sink
from incidents import scenario
from incidents.scenarios import sinks

TRIES = 4
REFUSED = "password authentication failed"
STANDS = ("connect.running_idle", "lag.growing", "lag.stalled", "lag.stopped")


class Failing(sinks.Sink):
    """Whose task fails."""

    why: ClassVar[tuple[str, ...]]

    def prepare(self) -> None:
        """It works."""
        self.work()

    def roots(self) -> tuple[scenario.Root, ...]:
        """The connector; the lag of its group belongs to it."""
        return (
            scenario.Root(
                findings=(*sinks.FAILED, "connect.restart_loop"), causes=self.why, on=self.connector
            ),
        )

    def confirm(self) -> str:
        """Connect's own word, and the table's count."""
        return self.failed()


class DownstreamDown(Failing):
    """The other side refuses, and goes on refusing."""

    name = "downstream-down"
    breaks = "The database behind a sink is away and stays away; restarts of the task fail."
    why = ("downstream.outage",)

    def inject(self) -> None:
        """The port refuses; somebody tries a restart."""
        self.tunnel.close()
        self.until(self.task_states, lambda found: found == ["FAILED"], "it failed", within_s=30)
        self.restart()

    def confirm(self) -> str:
        """Failed again, and the port refuses."""
        return f"{self.failed()}; port {self.tunnel.port} refuses"


class DownstreamBlinked(Failing):
    """The other side was away for some seconds."""

    name = "downstream-blinked"
    breaks = "The database behind a sink was away for seconds; it is back, the task stays FAILED."
    why = ("connect.transient",)

    def inject(self) -> None:
        """Away until the task has failed, and back."""
        self.tunnel.close()
        self.until(self.task_states, lambda found: found == ["FAILED"], "it failed", within_s=30)
        time.sleep(self.draw.real("away_s", 0.5, 4))
        self.tunnel.open()


class SinkPoison(Failing):
    """One record that cannot be written."""

    name = "sink-poison"
    breaks = "One record breaks a rule of the table, or does not decode: the task fails at it."
    why = ("record.poison",)

    def inject(self) -> None:
        """The record; somebody restarts the task, and it fails at the same place."""
        self.bad(decodes=self.draw.either("decodes", True, False))
        self.until(self.task_states, lambda found: found == ["FAILED"], "it failed", within_s=30)
        self.restart()


class SinkPassword(Failing):
    """A password was rotated."""

    name = "sink-password"
    breaks = "The password of a sink's database user is changed; nobody tells the connector."
    why = ("connect.credentials",)

    def inject(self) -> None:
        """A new password; the sessions end, and the next login fails.

        A task that fails because its session ended, and then at its start, tells of neither: where
        that happens, all is set back and done again.
        """
        for _ in range(TRIES):
            self.rotate(f"new-{self.draw.tag}")
            if self.until(self.traces, bool, "it failed", within_s=60)[0].count(REFUSED):
                return
            self.rotate(self.password)
            self.restart()
            self.until(self.task_states, lambda found: found == ["RUNNING"], "it runs again")
            time.sleep(2)
        raise scenario.NotConfirmed("its trace does not name the login")

    def rotate(self, password: str) -> None:
        """The role has this password, and no session."""
        place = sink.database(self.stand.lab)
        with psycopg.connect(place.admin_dsn, autocommit=True, connect_timeout=5) as admin:
            admin.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                    sql.Identifier(self.user), sql.Literal(password)
                )
            )
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s",
                (self.user,),
            )

    def traces(self) -> list[str]:
        """Of the tasks that failed."""
        return [str(each.get("trace", "")) for each in self.tasks() if each["state"] == "FAILED"]


class SinkMisconfigured(Failing):
    """A setting that cannot work."""

    name = "sink-misconfigured"
    breaks = "Somebody changes a sink's settings to what cannot work: its table, or its converter."
    why = ("connect.misconfigured",)

    def inject(self) -> None:
        """The setting."""
        if self.draw.either("setting", "table", "converter") == "table":
            self.put(collection_name_format=f"{self.table}_v2")
        else:
            self.put(value_converter="org.apache.kafka.connect.converters.LongConverter")


class ForeignRestarter(Failing):
    """A script restarts what fails."""

    name = "foreign-restarter"
    breaks = "A task fails at a record; a script restarts it again and again."
    why = ("connect.foreign_restarter", "record.poison")
    within_s = 110.0  # a start that fails is over within a second: looks see one in a few of them

    def roots(self) -> tuple[scenario.Root, ...]:
        """The loop; the record behind it is as right an answer."""
        return (
            scenario.Root(
                findings=("connect.restart_loop",),
                causes=self.why,
                on=self.connector,
                also=sinks.FAILED,
            ),
        )

    def inject(self) -> None:
        """The record and the script."""
        self.bad(decodes=True)
        self.over = threading.Event()
        self.stand.later(self.over.set)
        self.starts = 0
        self.every_s = self.draw.real("every_s", 4, 6)
        threading.Thread(target=self._restart, name="restarter", daemon=True).start()

    def _restart(self) -> None:
        while not self.over.wait(self.every_s):
            with contextlib.suppress(interface.WorkloadError):
                self.restart()
                self.starts += 1

    def confirm(self) -> str:
        """Connect's own word of the task, again and again."""
        seen: list[str] = []
        end = time.monotonic() + 25
        while time.monotonic() < end and seen.count("FAILED") < 3:
            for state in self.task_states():
                if not seen or seen[-1] != state:
                    seen.append(state)
            time.sleep(0.2)
        if seen.count("FAILED") < 2:
            raise scenario.NotConfirmed(f"no loop: {seen}")
        return f"Connect says {' -> '.join(seen)} while {self.starts} restarts were asked for"

    def heal(self) -> None:
        """The script ends."""
        self.over.set()


class SinkBlocked(sinks.Sink):
    """A write does not return."""

    name = "sink-blocked"
    breaks = "Somebody locks a sink's table: its task says RUNNING, and nothing is written."
    within_s = 50.0

    def prepare(self) -> None:
        """It works."""
        self.work()

    def roots(self) -> tuple[scenario.Root, ...]:
        """It waits, and says that it runs."""
        return (
            scenario.Root(findings=STANDS, causes=("connect.blocked_task",), on=self.connector),
        )

    def inject(self) -> None:
        """A transaction that is left open."""
        place = sink.database(self.stand.lab)
        self.session = psycopg.connect(place.admin_dsn, connect_timeout=5)
        self.stand.later(self.session.close)
        self.session.execute(
            sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(sql.Identifier(self.table))
        )

    def confirm(self) -> str:
        """It runs, and neither its commits nor the rows move."""
        time.sleep(3)
        rows, first = self.rows(), self.stand.lag(self.group, self.topic)
        lag = self.until(
            lambda: self.stand.lag(self.group, self.topic),
            lambda found: found > max(first, 0) + self.rate * 3,
            "the lag grows",
        )
        if self.rows() != rows or self.task_states() != ["RUNNING"]:
            raise scenario.NotConfirmed(f"{self.rows()} rows, tasks {self.task_states()}")
        return f"Connect says RUNNING; the table stays at {rows} rows and the lag is {lag}"

    def heal(self) -> None:
        """The lock is gone."""
        self.session.close()


class RecordsDropped(sinks.Sink):
    """What cannot be converted is thrown away."""

    name = "records-dropped"
    breaks = "A sink tolerates errors without a dead-letter topic; its writer writes nonsense."
    claims = ("connect.records_dropped",)

    def prepare(self) -> None:
        """It works, and tolerates."""
        self.work({"errors.tolerance": "all"})

    def roots(self) -> tuple[scenario.Root, ...]:
        """Nobody will see them again."""
        return (
            scenario.Root(
                findings=("connect.records_dropped",),
                causes=("connect.tolerates_errors",),
                on=self.connector,
            ),
        )

    def inject(self) -> None:
        """Records that do not decode."""
        self.dropped = self.draw.whole("records", 15, 40)
        for _ in range(self.dropped):
            self.bad(decodes=False)

    def confirm(self) -> str:
        """All were read, and the table lacks them."""
        self.until(
            lambda: self.stand.lag(self.group, self.topic),
            lambda found: 0 <= found < 40,
            "all is read",
        )
        return f"{self.dropped} records do not decode; the sink's commits are past them"


class ToleratesSilently(sinks.Sink):
    """A setting that loses records one day."""

    name = "tolerates-silently"
    breaks = "Somebody lets a sink tolerate all errors, and gives it no dead-letter topic."

    def prepare(self) -> None:
        """It works."""
        self.work(declared=sinks.LATER[:1])

    def roots(self) -> tuple[scenario.Root, ...]:
        """A hazard."""
        return (
            scenario.Root(
                findings=("connect.tolerance_silent",),
                causes=("config.set_explicitly", "connect.tolerates_errors", "config.changed"),
                on=self.connector,
            ),
        )

    def inject(self) -> None:
        """The setting."""
        self.put(errors_tolerance="all")

    def confirm(self) -> str:
        """Connect's own word."""
        path = f"/connectors/{self.connector}/config"
        found = sink.call(self.stand.lab, "GET", path)
        if found.get("errors.tolerance") != "all":
            raise scenario.NotConfirmed(f"errors.tolerance is {found.get('errors.tolerance')}")
        return "Connect says errors.tolerance=all and names no dead-letter topic"


class DeadLetters(sinks.Sink):
    """Records go to a dead-letter topic."""

    def feed(self) -> None:
        """A sink that keeps what it cannot convert."""
        self.letters = self.stand.topic(f"dlq.{self.draw.name('orders', 'sales')}", 1, 1)
        self.work(
            {
                "errors.tolerance": "all",
                "errors.deadletterqueue.topic.name": self.letters,
                "errors.deadletterqueue.topic.replication.factor": "1",
                "errors.deadletterqueue.context.headers.enable": "true",
            }
        )


class DeadLettersGrow(DeadLetters):
    """A writer has begun to write nonsense."""

    name = "dead-letters-grow"
    breaks = "A writer uses the wrong serializer: its records pile up in a sink's dead letters."

    def prepare(self) -> None:
        """It works."""
        self.feed()

    def roots(self) -> tuple[scenario.Root, ...]:
        """What cannot be decoded."""
        return (
            scenario.Root(
                findings=("dlq.growing",), causes=("record.undecodable",), on=self.letters
            ),
        )

    def inject(self) -> None:
        """Records that do not decode."""
        self.bads = self.draw.whole("records", 15, 40)
        for _ in range(self.bads):
            self.bad(decodes=False)

    def confirm(self) -> str:
        """The log end of the dead-letter topic, by Kafka's own client."""
        found = self.until(
            lambda: sum(sink_ends(self).values()),
            lambda end: end >= self.bads,
            "the dead letters are there",
        )
        return f"{found} records are in {self.letters}"


class LettersRefused(DeadLetters):
    """Dead letters that cannot be kept."""

    name = "dead-letters-refused"
    breaks = "The dead-letter topic of a sink refuses what is written to it."
    claims = ("dlq.write_failing",)

    def prepare(self) -> None:
        """It works."""
        self.feed()

    def roots(self) -> tuple[scenario.Root, ...]:
        """The topic, or the size that it allows."""
        return (
            scenario.Root(
                findings=("dlq.write_failing", *sinks.FAILED),
                causes=("dlq.target_unwritable", "message.oversize"),
                on=self.connector,
                also=("config.size_mismatch", "produce.too_large"),
            ),
        )

    def inject(self) -> None:
        """The topic takes next to nothing from now on; then records that do not decode."""
        cluster.set_topic_setting(
            self.stand.bootstrap,
            self.letters,
            "max.message.bytes",
            str(self.draw.whole("max", 150, 300)),
        )
        for _ in range(self.draw.whole("records", 10, 20)):
            self.bad(decodes=False)

    def confirm(self) -> str:
        """None of them is in it."""
        time.sleep(4)
        found = sum(sink_ends(self).values())
        if found:
            raise scenario.NotConfirmed(f"{found} records were taken")
        return f"{self.letters} is empty; Connect says {self.task_states()}"


def sink_ends(one: DeadLetters) -> dict[int, int]:
    """The log ends of its dead-letter topic."""
    return cluster.ends(one.stand.bootstrap, one.letters)


class WorkerDead(sinks.Sink):
    """One of two workers dies."""

    name = "connect-worker-dead"
    breaks = "One of two Connect workers is killed; its tasks wait until the others take them."
    needs = scenario.Needs(brokers=1, connect=2, registry=True, alone=True)

    def prepare(self) -> None:
        """Its task runs on the victim."""
        self.work()
        self.worker = self.tasks()[0]["worker_id"]

    def roots(self) -> tuple[scenario.Root, ...]:
        """The worker, whatever its tasks say."""
        return (
            scenario.Root(
                findings=("connect.worker_lost", "connect.unreachable"),
                causes=("connect.worker_dead",),
                also=(*STANDS, "connect.task_unassigned", *sinks.FAILED),
            ),
        )

    def inject(self) -> None:
        """SIGKILL, or SIGSTOP."""
        port = int(self.worker.rsplit(":", 1)[1])
        self.part = next(
            each.name
            for each in self.stand.lab.status()
            if each.name.startswith("connect-") and each.port == port
        )
        if self.draw.either("how", "killed", "frozen") == "killed":
            self.stand.lab.kill(self.part)
        else:
            self.stand.lab.pause(self.part)

    def confirm(self) -> str:
        """No more rows."""
        rows = self.rows()
        time.sleep(3)
        if self.rows() != rows:
            raise scenario.NotConfirmed("rows still arrive")
        life = self.stand.lab.part(self.part).life.value
        return f"{self.part} at {self.worker} is {life}; the table stays at {rows} rows"

    def heal(self) -> None:
        """It is back."""
        self.stand.lab.start(self.part)


MEMBERS: tuple[type[scenario.Scenario], ...] = (
    DownstreamDown,
    DownstreamBlinked,
    SinkPoison,
    SinkPassword,
    SinkMisconfigured,
    ForeignRestarter,
    SinkBlocked,
    RecordsDropped,
    ToleratesSilently,
    DeadLettersGrow,
    LettersRefused,
    WorkerDead,
)
