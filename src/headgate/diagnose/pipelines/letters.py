"""Why dead letters come, stay, or are of a new kind: by what their headers tell.

Without headers what tells is the share of its sources' records that became dead letters, whether
what the sink writes to takes connections, and whether a schema changed just before.
"""

from collections import Counter
from typing import ClassVar

from headgate.detect.pipelines import letter_kinds, traces
from headgate.detect.pipelines import letters as detected
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.diagnose.pipelines import addresses, schemas, sinks
from headgate.domain import deadletters, diagnosis, finding, resource, snapshot
from headgate.domain.unknown import Unknown

_NEARLY_ALL = 0.5
"""Share of the sources' records from which on it is no matter of single records (judgment)."""
_MOST = 0.6
"""Share of the sampled dead letters that one class has to have to lead."""
_UNREAD = Unknown("their headers were not read")


class Letters:
    """Explains findings about dead letters."""

    explains: ClassVar[tuple[str, ...]] = ("dlq.growing", "dlq.aging", "dlq.new_kind")

    def questions(
        self, about: finding.Finding, case: interface.Case
    ) -> tuple[diagnosis.Question, ...]:
        """Whether what the writers write to takes connections."""
        if about.code == "dlq.aging":
            return ()
        asked = (addresses.downstream(one.config) for one in _writers(case, about))
        return tuple(dict.fromkeys(one for one in asked if one is not None))[:2]

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """Undecodable records, a schema that changed, a rule of the business, an outage."""
        argument = interface.Argument(case, about)
        if about.code == "dlq.aging":
            _aging(argument)
        else:
            _why(argument)
        return argument.explained()


def _writers(case: interface.Case, about: finding.Finding) -> list[snapshot.Connector]:
    queue = detected.queues(case.seen).get(about.resource.id)
    found = (
        sinks.connector(case, resource.Resource("connector", name))
        for name in (queue.writers if queue else ())
    )
    return [each[1] for each in found if each is not None]


def _why(argument: interface.Argument) -> None:
    case, about = argument.case, argument.about
    told = case.seen.observation.letters.get(about.resource.id)
    kinds = _UNREAD if told is None else told.kinds
    if not isinstance(kinds, Unknown) and not kinds:
        kinds = Unknown("the newest ones carry no header that tells of a failure")
    shares = kinds if isinstance(kinds, Unknown) else _shares(kinds)
    cited = _cite(argument, kinds)
    share = detected.share_of(about)
    many = share if isinstance(share, Unknown) else share >= _NEARLY_ALL
    extent = argument.own("share") or argument.own("arrived")
    _outage(argument, shares, cited, many)
    _undecodable(argument, shares, cited, many, extent)
    _rule(argument, shares, cited, many, extent)
    _schema(argument, kinds, shares, cited)


def _shares(kinds: tuple[deadletters.Tally, ...]) -> Counter[str]:
    """Dead letters of each class, as counts, with their sum under ``all``."""
    found: Counter[str] = Counter()
    for tally in kinds:
        found[letter_kinds.classify(tally.kind)] += tally.count
        found["all"] += tally.count
    return found


def _mostly(shares: Counter[str] | Unknown, *classes: str) -> bool | Unknown:
    if isinstance(shares, Unknown):
        return shares
    return sum(shares[each] for each in classes) >= _MOST * shares["all"]


def _cite(
    argument: interface.Argument, kinds: tuple[deadletters.Tally, ...] | Unknown
) -> tuple[str, ...]:
    if isinstance(kinds, Unknown):
        return (argument.fact("kinds", "what their headers tell", kinds, source="records"),)
    return tuple(
        argument.fact(
            f"kind-{place + 1}",
            f"{tally.count} of the newest: {letter_kinds.classify(tally.kind).replace('_', ' ')}",
            letter_kinds.in_words(tally.kind),
            source="records",
            how="headers only",
        )
        for place, tally in enumerate(kinds[:3])
    )


def _outage(
    argument: interface.Argument,
    shares: Counter[str] | Unknown,
    cited: tuple[str, ...],
    many: bool | Unknown,
) -> None:
    case, writers = argument.case, _writers(argument.case, argument.about)
    asked = [q for one in writers if (q := addresses.downstream(one.config)) is not None]
    answers = [case.answers.get(each) for each in asked]
    known = [one for one in answers if isinstance(one, diagnosis.ReachAnswer)]
    away: bool | Unknown = Unknown("nobody has tried what the writers write to")
    seen: tuple[str, ...] = ()
    if known:
        away = any(one.state in ("refuses", "silent") for one in known)
        seen = (
            argument.fact(
                "other-side",
                f"what {asked[0].host}:{asked[0].port} does with a connection from here",
                known[0].state,
                source="actuator",
            ),
        )
    passing = _mostly(shares, "transient")
    argument.weigh(
        "downstream.outage",
        "Good records became dead letters because what the sink writes to did not take them.",
        requires(
            "most of them failed by a refusal or a time-out",
            True if isinstance(passing, Unknown) and away is True else passing,
            *(seen or cited),
        ),
        decides("most of them failed by a refusal or a time-out", passing, *cited),
        expects("the other side takes no connection now", away, *seen)
        if away is True or isinstance(away, Unknown)
        else expects("nearly all records of the window are hit", many, *argument.own("share")),
        on=resource.Resource("connector", writers[0].name) if writers else argument.about.resource,
        next=[
            *(
                interface.suggest("connector.pause", f"Pause {one.name} until it answers.")
                for one in writers[:1]
            ),
            interface.suggest("dlq.replay", "Replay them when the other side is back."),
        ],
    )


def _undecodable(
    argument: interface.Argument,
    shares: Counter[str] | Unknown,
    cited: tuple[str, ...],
    many: bool | Unknown,
    extent: tuple[str, ...],
) -> None:
    broken = _mostly(shares, "deserialization")
    usual = isinstance(shares, Unknown) and _only_converts(argument)
    argument.weigh(
        "record.undecodable",
        "A producer writes records that the reader cannot decode.",
        requires("most of them failed when they were decoded", broken, *cited),
        decides("most of them failed when they were decoded", broken, *cited),
        *(
            [
                expects(
                    "a sink wrote them and goes on: mostly that is what it cannot convert",
                    True,
                    *argument.own("told-by"),
                )
            ]
            if usual
            else []
        ),
        expects(
            "it is a part of the records only",
            many if isinstance(many, Unknown) else not many,
            *extent,
        ),
        next=[
            interface.suggest("owner.notify", "Find the producer that writes them."),
            interface.suggest("dlq.transform_replay", "Replay them once they can be decoded."),
            interface.suggest("dlq.park", "Park them meanwhile."),
        ],
    )


def _only_converts(argument: interface.Argument) -> bool:
    """Whether running sinks of Connect write them: by its own rule Connect tolerates failures of
    converters and transformations; a refused write fails the task, unless the sink reports it.
    """
    writers = _writers(argument.case, argument.about)
    return bool(writers) and all(task.state == "RUNNING" for one in writers for task in one.tasks)


def _rule(
    argument: interface.Argument,
    shares: Counter[str] | Unknown,
    cited: tuple[str, ...],
    many: bool | Unknown,
    extent: tuple[str, ...],
) -> None:
    refused = _mostly(shares, "business_rule")
    argument.weigh(
        "record.business_rule",
        "The records can be read, and the application or the database refuses what they say.",
        requires("most of them were decoded and then refused", refused, *cited),
        decides("most of them were decoded and then refused", refused, *cited),
        expects(
            "it is a part of the records only",
            many if isinstance(many, Unknown) else not many,
            *extent,
        ),
        next=[
            interface.suggest("owner.notify", "The owner decides what becomes of them."),
            interface.suggest("dlq.park", "Park them meanwhile."),
        ],
    )


def _schema(
    argument: interface.Argument,
    kinds: tuple[deadletters.Tally, ...] | Unknown,
    shares: Counter[str] | Unknown,
    cited: tuple[str, ...],
) -> None:
    about = argument.about
    misfit = _mostly(shares, "schema_mismatch")
    topics = [topic for one in _writers(argument.case, about) for topic in one.topics]
    new = schemas.changed(argument.case, topics, about.since.timestamp())
    argument.weigh(
        "schema.breaking_change",
        "The records have a schema now that the reader cannot use.",
        requires("most of them were decoded and do not fit", misfit, *cited),
        decides("a version was registered shortly before", new, *cited),
        expects("their headers name a field, a type or a schema", misfit, *cited),
        next=[
            interface.suggest("owner.notify", "Ask who registered the new version."),
            interface.suggest("schema.register", "Register a version that fits both."),
            interface.suggest("dlq.replay", "Replay them when they fit."),
        ],
    )
    foreign: bool | Unknown = _UNREAD
    if not isinstance(kinds, Unknown):
        foreign = any(_misses_id(tally.kind) for tally in kinds)
    argument.weigh(
        "schema.foreign_id",
        "They carry a schema id that this registry does not have.",
        requires("the registry did not know a schema id", foreign, *cited),
        decides("the registry did not know a schema id", foreign, *cited),
        next=[
            interface.suggest("owner.notify", "Ask the producer which registry it uses."),
            interface.suggest("schema.register", "Register the schema here under that id."),
        ],
    )


def _misses_id(kind: deadletters.Kind) -> bool:
    text = f"{kind.exception}: {kind.message}".replace("#", "1")
    return traces.context(text) == "schema_id" or "retrieving" in kind.message


def _aging(argument: interface.Argument) -> None:
    about = argument.about
    readers = next((i.value for i in about.evidence if i.id.endswith("/readers")), "none")
    cited = argument.own("oldest", "readers")
    argument.weigh(
        "dlq.undrained",
        f"Nothing reads {about.resource.id}."
        if readers == "none"
        else f"{readers} reads {about.resource.id} more slowly than it fills.",
        requires("dead letters wait", True, *cited),
        decides("no group reads them, or it does not keep up", True, *cited),
        next=[
            interface.suggest("owner.notify", "Somebody has to decide what becomes of them."),
            interface.suggest("dlq.park", "Park them before they are deleted."),
        ],
    )
