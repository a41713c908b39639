"""Causes of a failed task beyond the class of its exception: rights, schemas, mirrors.

Each is told by what the trace is about and by what is known of that thing.
"""

from headgate.detect import words
from headgate.detect.pipelines import links
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.diagnose.pipelines import addresses, failures, schemas
from headgate.domain import deadletters, diagnosis, resource
from headgate.domain.unknown import Unknown

_NO_ACLS = Unknown("the access rules were not read")


def weigh(failure: failures.Failure) -> None:
    """All of them compete; what does not fit is ruled out by the trace."""
    _access(failure)
    _dead_letters(failure)
    _schema(failure)
    _registry(failure)
    _mirror(failure)
    _changed(failure)


def _access(failure: failures.Failure) -> None:
    """A right on Kafka that is not there, or no longer."""
    argument, denied = failure.argument, failure.reading.context == "access"
    gone = failures.right_removed(failure.case, failure.since)
    covered = _covered(failure)
    grant = interface.suggest(
        "acl.create", f"Allow {failure.connector.name} what it needs on {_topics(failure)}."
    )
    argument.weigh(
        "acl.never_granted",
        "Kafka does not let it use a topic or group: no rule gives it the right.",
        requires("Kafka refuses it a topic, a group or the cluster", denied, *failure.cited),
        decides(
            "no access rule names the topics that it uses",
            covered if isinstance(covered, Unknown) else not covered,
            *failure.cited,
        ),
        *([expects("no rule was taken away", False, *failure.cited)] if gone is True else []),
        on=failure.about,
        next=[grant, interface.suggest("owner.notify", "Say which right it lacks.")],
    )
    if denied:
        argument.weigh(
            "acl.removed",
            "Somebody took away a rule that it needs.",
            requires("Kafka refuses it a topic, a group or the cluster", denied, *failure.cited),
            requires("a rule was taken away shortly before", gone, *failure.cited),
            decides("a rule was taken away shortly before it failed", gone, *failure.cited),
            on=failure.about,
            next=[grant],
        )


def _covered(failure: failures.Failure) -> bool | Unknown:
    """Whether some rule allows something on its topics; for whom, the trace does not say."""
    acls = failure.case.seen.snapshot.acls.value
    if isinstance(acls, Unknown):
        return _NO_ACLS if not acls.reason else Unknown(f"access rules: {acls.reason}")
    topics = failure.topics()
    if not topics:
        return Unknown("the topics that it uses are not known")
    return all(
        any(
            acl.permission == "ALLOW"
            and acl.resource_type == "TOPIC"
            and (
                acl.resource_name in ("*", topic)
                or (acl.pattern == "PREFIXED" and topic.startswith(acl.resource_name))
            )
            for acl in acls
        )
        for topic in topics
    )


def _topics(failure: failures.Failure) -> str:
    return words.names(failure.topics()) or "its topics"


def _dead_letters(failure: failures.Failure) -> None:
    """A sink that fails because its own dead-letter topic cannot be made or written."""
    about_them = failure.reading.context == "dead_letters"
    topic = deadletters.letters_of(failure.connector)
    table = failure.case.seen.partitions
    there = table if isinstance(table, Unknown) else topic in table.topics
    missing = there if isinstance(there, Unknown) else not there
    failure.argument.weigh(
        "dlq.target_unwritable",
        f"Its dead-letter topic {topic} cannot be made or written."
        if topic
        else "Its dead-letter topic cannot be made or written.",
        requires("the trace is about the dead-letter topic", about_them, *failure.cited),
        decides("Connect could not set the dead-letter topic up", about_them, *failure.cited),
        *([expects("that topic does not exist", missing, *failure.cited)] if about_them else []),
        on=resource.Resource("topic", topic) if topic and about_them else failure.about,
        next=[
            interface.suggest(
                "topic.create", f"Create {topic or 'it'} with as many replicas as there can be."
            ),
            interface.suggest(
                "connector.update", "Or set errors.deadletterqueue.topic.replication.factor lower."
            ),
        ],
    )


def _schema(failure: failures.Failure) -> None:
    """A schema that changed, or an id that the registry does not know."""
    argument, reading = failure.argument, failure.reading
    if reading.context == "schema_id":
        schemas.weigh_missing_id(argument, reading.schema_id, failure.cited)
    fits = reading.context == "schema" or reading.rule in _SHAPE
    argument.weigh(
        "schema.breaking_change",
        "Records have a schema now that it cannot use.",
        requires("the trace says that the record's schema does not fit", fits, *failure.cited),
        requires(
            "the schema of its topics changed",
            schemas.changed(failure.case, failure.topics(), failure.since),
            *failure.cited,
        )
        if reading.context != "schema"
        else decides("the exception names the schema", True, *failure.cited),
        expects(
            "a version was registered shortly before it failed",
            schemas.changed(failure.case, failure.topics(), failure.since),
            *failure.cited,
        ),
        on=failure.about,
        next=[
            interface.suggest("owner.notify", "Ask who registered the new version."),
            interface.suggest("schema.register", "Register a version that fits both."),
        ],
    )


_SHAPE = (
    "the record does not have the form that the connector expects",
    "the database has no such table, column or schema",
    "the index does not take the record: its fields do not fit the mapping",
)


def _registry(failure: failures.Failure) -> None:
    """A schema registry that the converters cannot reach."""
    about_it = failure.reading.context == "registry" and failure.reading.failure == "transient"
    asked = addresses.registry(failure.connector.config)
    if asked is None and not about_it:
        return
    down = failure.case.findings("registry.unreachable")
    answer = failure.case.answers.get(asked) if asked is not None else None
    reached: bool | Unknown = Unknown("nobody has tried its address")
    if isinstance(answer, diagnosis.ReachAnswer):
        reached = answer.state in ("accepts", "answers")
    failure.argument.weigh(
        "registry.process_down",
        "Its converters cannot reach the schema registry.",
        requires("the trace is about the schema registry", about_it, *failure.cited),
        decides(
            "the schema registry takes no connection",
            True if down else reached if isinstance(reached, Unknown) else not reached,
            *failure.cited,
        ),
        on=down[0].resource if down else failure.about,
        next=[
            interface.suggest("workload.restart", "Start the schema registry again."),
            failure.restart("It works again once the registry answers."),
        ],
    )


def _mirror(failure: failures.Failure) -> None:
    """A mirror whose target cluster does not take what it copies."""
    link = links.of_connector(failure.connector)
    reading = failure.reading
    refuses = reading.context in ("oversize", "access") or reading.cause.type.startswith(
        ("NotEnoughReplicas", "ThrottlingQuota")
    )
    failure.argument.weigh(
        "mirror.target_rejects",
        "The target cluster does not take what the mirror copies.",
        requires("it is a mirror", link is not None, *failure.cited),
        requires("the target refuses: size, right or replicas", refuses, *failure.cited),
        decides(
            "the exception is the target's answer to a write",
            link is not None and refuses,
            *failure.cited,
        ),
        on=failure.about,
        next=[
            interface.suggest(
                "topic.alter_config",
                "Let the target's topic take records as large as the source's do.",
            )
            if reading.context == "oversize"
            else interface.suggest("acl.create", "Allow the mirror to write on the target."),
        ],
    )


def _changed(failure: failures.Failure) -> None:
    """A change of the connector's own settings just before."""
    changed = failure.changed()
    entries = () if isinstance(changed, Unknown) else changed
    said = failure.argument.fact(
        "changed",
        "what became different in its settings shortly before it failed",
        changed
        if isinstance(changed, Unknown)
        else "; ".join(one.what for one in entries) or "nothing",
        source="timeline",
    )
    named = failure.reading.failure in ("configuration", "credentials")
    failure.argument.weigh(
        "config.changed",
        f"Somebody changed its settings: {entries[0].what}."
        if entries
        else "Somebody changed its settings shortly before.",
        requires(
            "its settings were changed shortly before it failed",
            changed if isinstance(changed, Unknown) else bool(entries),
            said,
        ),
        requires("the failure may come of a setting", named or bool(entries), *failure.cited),
        *([expects("the failure is about a setting or a login", named, said)] if entries else []),
        on=failure.about,
        next=[
            interface.suggest("connector.update", "Put the setting back as it was."),
            interface.suggest("owner.notify", "Ask who changed it."),
        ],
    )
