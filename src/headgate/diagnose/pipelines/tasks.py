"""Why connectors fail: by the deepest cause that the trace of a failed task names.

The class of the deepest exception rules causes out. What else decides: whether the other side
takes connections again, whether the record decodes as its neighbours do, and what was changed
shortly before.
"""

from typing import ClassVar

from headgate.detect import words
from headgate.diagnose import interface
from headgate.diagnose.consumers import records
from headgate.diagnose.hypothesis import Prediction, decides, expects, requires
from headgate.diagnose.pipelines import failures, reasons, sinks
from headgate.domain import diagnosis, finding, resource
from headgate.domain.unknown import Unknown

_DROPPED = Unknown("the traces of the failures are gone: Connect drops them at a restart")
_SAME = Unknown("a trace does not say which record it was")
_OFTEN = 3
"""Starts that are not Headgate's own: so many are somebody else's habit (judgment)."""


class Tasks:
    """Explains failed tasks, failed connectors and restart loops."""

    explains: ClassVar[tuple[str, ...]] = (
        "connect.task_failed",
        "connect.connector_failed",
        "connect.restart_loop",
    )

    def questions(
        self, about: finding.Finding, case: interface.Case
    ) -> tuple[diagnosis.Question, ...]:
        """Whether the other side takes connections again, where it refused or did not answer."""
        found = sinks.connector(case, about.resource)
        if found is None:
            return ()
        asked = failures.question(about, case, *found)
        return () if asked is None else (asked,)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Causes by the class of the failure; the others are ruled out by the same trace."""
        argument = interface.Argument(case, about)
        found = sinks.connector(case, about.resource)
        if found is None:
            return argument.explained()
        failure = failures.Failure(argument, *found)
        if about.code == "connect.restart_loop":
            _restarter(failure)
        if not failure.trace:
            return argument.explained()
        if failure.reading.failure != "unknown":
            _outage(failure)
            _transient(failure)
            _misconfigured(failure)
            _credentials(failure)
            _poison(failure)
        reasons.weigh(failure)
        return argument.explained()


def _restarter(failure: failures.Failure) -> None:
    announced, repairs = failure.announced(), failure.repairs()
    # one repair that was tried twice starts it twice
    others = len(failure.starts()) - 2 * len(repairs)
    deeds = (*announced, *(f"{one.action} at {one.at:%H:%M:%S} UTC" for one in repairs))
    said = failure.argument.fact(
        "own",
        "restarts of it that Headgate did or was told of",
        words.names(deeds) or "none",
        source="timeline",
    )
    steady, beat = failure.beat()
    failure.argument.weigh(
        "connect.foreign_restarter",
        "Somebody or something restarts it each time it fails.",
        requires(
            "neither Headgate nor an announced person restarted it",
            not announced and (not repairs or others >= _OFTEN),
            said,
        ),
        expects("it is started again at a steady beat", steady, *([beat] if beat else [])),
        on=failure.about,
        next=[interface.suggest("owner.notify", "Find out what restarts it, and stop that.")],
    )


def _outage(failure: failures.Failure) -> None:
    """Refusals that hit several connectors at once, that last, or that come back."""
    argument, failed = failure.argument, failure.reading.failure
    shared = argument.fact(
        "others",
        "other connectors that failed within a minute, by refusals or timeouts",
        words.names(failure.others) or "none",
        source="connect",
    )
    repeat = argument.fact(
        "again", "whether it failed again after a restart", failure.again, source="history"
    )
    reached, probe = failure.reached()
    seen = (probe,) if probe else ()
    full = failed == "downstream"
    together: bool | Unknown = bool(failure.others) or failure.again
    if not together:
        together = Unknown("nothing else that depends on it is known to have failed")
    argument.weigh(
        "downstream.outage",
        _outage_text(failure, reached),
        requires(
            "its deepest cause is that the other side refuses, does not answer or is full",
            failed in ("transient", "downstream"),
            *failure.cited,
        ),
        *(
            [expects("it is about its other side, not the schema registry", False, *failure.cited)]
            if failure.reading.context == "registry"
            else []
        ),
        decides("the exception says that the other side takes no writes", full, *failure.cited),
        decides(
            "the other side still takes no connection",
            reached if isinstance(reached, Unknown) else not reached,
            *seen,
        ),
        *(
            [expects("the other side does not take connections again", False, *seen)]
            if reached is True and not full
            else []
        ),
        expects(
            "others failed at the same time, or it failed again after a restart",
            together,
            shared if failure.others else repeat,
        ),
        on=failure.about,
        next=[
            *(
                interface.suggest(
                    "connector.restart_failed_tasks",
                    "It works again once the other side answers.",
                    connect=failure.cluster,
                    connector=name,
                )
                for name in (failure.connector.name, *failure.others)
                if reached is not False
            ),
            interface.watch(failure.about, 300, "Restarts help once the other side answers."),
            interface.suggest("connector.pause", f"Pause {failure.connector.name} meanwhile."),
        ],
    )


def _outage_text(failure: failures.Failure, reached: bool | Unknown) -> str:
    asked = failure.question()
    if reached is False and asked is not None:
        return f"{asked.host}:{asked.port}, which it needs, takes no connection now."
    if failure.reading.failure == "downstream":
        return failure.text
    if failure.others:
        return f"{words.names(failure.others)} failed at the same time."
    return "What it reads from or writes to is away."


def _transient(failure: failures.Failure) -> None:
    passes = failure.reading.failure == "transient"
    reached, probe = failure.reached()
    seen = (probe,) if probe else ()
    asked = failure.question()
    alone = not failure.others
    failure.argument.weigh(
        "connect.transient",
        failure.text if passes else "A failure of a kind that passes by itself.",
        requires("its deepest cause is of a kind that passes", passes, *failure.cited),
        (expects if failure.hidden else decides)(
            "the other side takes connections again"
            if asked is not None
            else "the exception asks to be tried again",
            reached if asked is not None else passes and alone,
            *(seen or failure.cited),
        ),
        *(
            [expects("the other side takes connections now", False, *seen)]
            if reached is False
            else []
        ),
        expects("nothing else failed with it", alone, *failure.cited),
        *(
            [expects("a restart was enough", False, *failure.cited)]
            if failure.again and passes
            else []
        ),
        on=failure.about,
        next=[failure.restart("The failure is of a kind that passes.")],
    )


def _misconfigured(failure: failures.Failure) -> None:
    reading = failure.reading
    decoding = reading.failure == "poison" and reading.rule == "the record cannot be decoded"
    named = reading.failure == "configuration"
    sound = failure.sound() if decoding else Unknown("the trace is about no record")
    before = failure.worked_before() if decoding else Unknown("the trace is about no record")
    elsewhere = reading.context in ("dead_letters", "schema_id", "schema", "registry")
    failure.argument.weigh(
        "connect.misconfigured",
        failure.text
        if named
        else "Its converter is not made for the records that it reads."
        if decoding
        else "A setting, class or file of the connector is wrong.",
        requires(
            "its deepest cause is a setting, a class, a missing table, or how records are read",
            named or decoding,
            *failure.cited,
        ),
        decides("the exception names what is wrong", named, *failure.cited),
        *(
            [
                decides("the records decode in another format", sound, *failure.cited),
                expects(
                    "it never got a record through",
                    before if isinstance(before, Unknown) else not before,
                    *failure.cited,
                ),
            ]
            if decoding
            else []
        ),
        *(
            [expects("it is the connector's own setting", False, *failure.cited)]
            if elsewhere and named
            else []
        ),
        on=failure.about,
        next=_owner(failure, "its settings"),
    )


def _credentials(failure: failures.Failure) -> None:
    refused = failure.reading.failure == "credentials"
    kafka = failure.reading.context == "access"
    failure.argument.weigh(
        "connect.credentials",
        failure.text if refused else "It is not let in, or may not do what it does.",
        *(
            _not_let_in(failure)
            if failure.hidden
            else [requires("its deepest cause is a login or a right", refused, *failure.cited)]
        ),
        decides("the exception names the login or the right", refused, *failure.cited),
        *(
            [expects("it is not Kafka itself that refuses", False, *failure.cited)]
            if kafka and refused
            else []
        ),
        on=failure.about,
        next=_owner(failure, "its login"),
    )


def _not_let_in(failure: failures.Failure) -> list[Prediction]:
    """What a login that is refused foretells where the trace hides it: restarts do not help, though
    the other side is there."""
    reached, probe = failure.reached()
    again: bool | Unknown = failure.again
    if isinstance(reached, Unknown):
        again = Unknown(f"whether the other side is there: {reached.reason}")
    return [
        requires("it is not let in, or finds nothing there", True, *failure.cited),
        expects(
            "it failed again though the other side takes connections",
            again if isinstance(again, Unknown) else again and reached is True,
            *((probe,) if probe else failure.cited),
        ),
        expects("nothing else failed with it", not failure.others, *failure.cited),
    ]


def _owner(failure: failures.Failure, what: str) -> list[diagnosis.Suggestion]:
    return [
        interface.suggest(
            "owner.notify", f"{failure.connector.name}: a restart alone will not help."
        ),
        interface.suggest("connector.update", f"Correct {what}, then restart it."),
    ]


def _poison(failure: failures.Failure) -> None:
    """A record that it cannot take: its coordinates, where the group's commit shows them."""
    refused = failure.reading.failure == "poison"
    decoding = failure.reading.rule == "the record cannot be decoded"
    bad = failure.bad_records() if refused else []
    where = f"; it is offset {words.count(bad[0].offset)} of {bad[0].name}" if bad else ""
    before = failure.worked_before()
    sound = failure.sound() if decoding else _SAME
    failure.argument.weigh(
        "record.poison",
        failure.text + where if refused else "A record that it cannot take.",
        requires("its deepest cause is one record", refused, *failure.cited),
        decides(
            "the record behind its commit does not decode though its neighbours do",
            True if bad else sound if isinstance(sound, Unknown) else not sound,
            *failure.cited,
        ),
        *(
            [expects("it got other records through before", before, *failure.cited)]
            if decoding
            else []
        ),
        *(
            [expects("that record does not decode", False, *failure.cited)]
            if sound is True and not bad
            else []
        ),
        on=resource.partition(bad[0].name) if bad else failure.about,
        next=_past(failure, bad),
    )


def _past(failure: failures.Failure, bad: list[records.Next]) -> list[diagnosis.Suggestion]:
    name = failure.connector.name
    steps = [
        interface.suggest(
            "group.quarantine_record",
            f"Keep a copy of the record at offset {words.count(item.offset)} of {item.name}; "
            f"{name} goes on behind it.",
            group=failure.group_id,
            topic=item.name.topic,
            partition=item.name.partition,
            offset=item.offset,
        )
        for item in bad
    ]
    return [
        *steps,
        interface.suggest("owner.notify", "Tell its owner: a restart meets the same record again."),
        interface.suggest(
            "connector.update",
            f"Give {name} a dead-letter topic (errors.tolerance=all with "
            "errors.deadletterqueue.topic.name).",
        ),
    ]
