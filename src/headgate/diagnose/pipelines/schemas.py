"""Why schemas break, ids are missing, names conflict, and registries do not answer or take."""

from collections.abc import Sequence
from typing import ClassVar

from headgate.detect import words
from headgate.detect.pipelines import registries
from headgate.detect.pipelines import schemas as detected
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.diagnose.pipelines import addresses, failures
from headgate.domain import diagnosis, finding, resource
from headgate.domain.unknown import Unknown

_ELSEWHERE = Unknown("no other registry is looked at")
_READER = Unknown("the registry's own reading position is not read")
_NOT_TRIED = Unknown("nobody has tried its address")


class Schemas:
    """Explains findings about schemas and registries."""

    explains: ClassVar[tuple[str, ...]] = (
        "schema.incompatible",
        "schema.id_missing",
        "schema.naming_conflict",
        "schema.compat_none",
        "registry.unreachable",
        "registry.read_only",
    )

    def questions(
        self, about: finding.Finding, case: interface.Case
    ) -> tuple[diagnosis.Question, ...]:
        """Whether the registry's port takes connections, where it does not answer."""
        asked = _address(about, case) if about.code == "registry.unreachable" else None
        return () if asked is None else (asked,)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """A version that breaks, an id from elsewhere, a process that is gone."""
        argument = interface.Argument(case, about)
        if about.code == "schema.incompatible":
            _incompatible(argument)
        elif about.code == "schema.id_missing":
            weigh_missing_id(argument, int(about.resource.id), argument.own("asked", "served"))
        elif about.code == "schema.naming_conflict":
            argument.weigh(
                "schema.naming_strategy",
                "One producer names its subjects by another strategy.",
                requires("more than one subject is there", True, *argument.own("subjects")),
                decides(
                    "which client registered which",
                    Unknown("a registry does not tell who registered a schema"),
                ),
                next=[interface.suggest("owner.notify", "Let all producers use one strategy.")],
            )
        elif about.code == "schema.compat_none":
            _unchecked(argument)
        elif about.code == "registry.unreachable":
            _unreachable(argument)
        else:
            _locked(argument)
        return argument.explained()


def changed(case: interface.Case, topics: Sequence[str], since: float) -> bool | Unknown:
    """Whether a schema of one of the topics got a version shortly before."""
    if not case.seen.snapshot.registries:
        return Unknown("no schema registry is looked at")
    names = {f"{topic}{role}" for topic in topics for role in ("-value", "-key", "")}
    for one in case.seen.observation.timeline:
        if (
            one.kind == "schema"
            and one.resource.id in names
            and "version" in one.what
            and since - failures.SHORTLY_S <= one.at.timestamp() <= since + 60
        ):
            return True
    times = case.seen.history.times
    if not len(times) or since <= float(times[0]) + case.seen.sample_s:
        return Unknown("it began before Headgate's first look")
    return False


def _incompatible(argument: interface.Argument) -> None:
    about = argument.about
    cited = argument.own("rule", "version", "against")
    argument.weigh(
        "schema.breaking_change",
        "A version was registered that readers of the one before cannot use.",
        requires("the registry says that they do not fit", True, *cited),
        decides("the registry's own check refuses it", True, *argument.own("version")),
        next=[
            interface.suggest(
                "owner.notify", f"The newest version of {about.resource.id} breaks its readers."
            ),
            interface.suggest("schema.register", "Register a version that fits both."),
        ],
    )


def weigh_missing_id(argument: interface.Argument, schema_id: int, cited: tuple[str, ...]) -> None:
    """Where an id that is not served comes from: elsewhere, deleted, or not read yet."""
    served = detected.serves(argument.case.seen, schema_id)
    said = argument.fact(
        "listed",
        f"whether a registry that is looked at lists schema id {schema_id}",
        served,
        source="registry",
    )
    cite = (*cited, said)

    def told(*, like: bool | str) -> bool | Unknown:
        return served if isinstance(served, Unknown) else served == like

    next_: list[diagnosis.Suggestion] = [
        interface.suggest("owner.notify", "Ask the producer which registry it uses."),
        interface.suggest("schema.register", "Register the schema here under that id."),
    ]
    argument.weigh(
        "schema.foreign_id",
        f"Schema id {schema_id} never was in this registry: it is of another one.",
        requires("no subject ever had it", told(like=False), *cite),
        decides("another registry serves it", _ELSEWHERE),
        next=next_,
    )
    argument.weigh(
        "schema.soft_deleted",
        f"The version with schema id {schema_id} was deleted.",
        requires("only deleted versions have it", told(like="deleted"), *cite),
        decides("only deleted versions have it", told(like="deleted"), *cite),
        next=[interface.suggest("schema.register", "Register the same schema again.")],
    )
    argument.weigh(
        "registry.reader_behind",
        "One registry has not read its own topic to the end; another one serves the id.",
        requires("some registry lists it", told(like=True), *cite),
        expects("its reading position is behind", _READER),
        next=[interface.suggest("workload.restart", "Restart the registry that lags.")],
    )


def _unchecked(argument: interface.Argument) -> None:
    about = argument.about
    own = next((item.value for item in about.evidence if item.id.endswith("/own")), Unknown(""))
    told: bool | Unknown = own if isinstance(own, bool | Unknown) else Unknown("")
    cited = argument.own("own", "rule")
    update = [
        interface.suggest(
            "schema.set_compatibility", "Set BACKWARD, so that a version that breaks is refused."
        )
    ]
    argument.weigh(
        "config.set_explicitly",
        "Somebody set it on the subject itself.",
        requires("the subject has the rule itself", told, *cited),
        decides("the subject has the rule itself", told, *cited),
        next=update,
    )
    argument.weigh(
        "config.inherited",
        "It is the registry's own rule.",
        requires(
            "the subject has no rule of its own",
            told if isinstance(told, Unknown) else not told,
            *cited,
        ),
        decides(
            "the subject has no rule of its own",
            told if isinstance(told, Unknown) else not told,
            *cited,
        ),
        expects("the registry's own rule is NONE", _own_rule(argument), *cited),
        next=update,
    )


def _own_rule(argument: interface.Argument) -> bool | Unknown:
    for part in argument.case.seen.snapshot.registries.values():
        if isinstance(part.value, Unknown):
            continue
        if argument.about.resource.id in part.value.subjects or (
            argument.about.resource.id == part.value.name
        ):
            rule = part.value.compatibility
            return rule if isinstance(rule, Unknown) else rule == "NONE"
    return Unknown("the registry's own rule was not read")


def _address(about: finding.Finding, case: interface.Case) -> diagnosis.ReachQuestion | None:
    """The registry's own address, out of how it was asked."""
    part = case.seen.snapshot.registries.get(about.resource.id)
    if part is None:
        return None
    url = part.how.partition(" ")[2].split("/subjects")[0] or part.how
    return addresses.registry({"value.converter.schema.registry.url": url})


def _unreachable(argument: interface.Argument) -> None:
    about, case = argument.about, argument.case
    asked = _address(about, case)
    answer: object = _NOT_TRIED if asked is None else case.answers.get(asked, _NOT_TRIED)
    reached: bool | Unknown = _NOT_TRIED
    seen: tuple[str, ...] = argument.own("answer")
    if isinstance(answer, diagnosis.ReachAnswer) and asked is not None:
        reached = answer.state in ("accepts", "answers")
        seen = (
            *seen,
            argument.fact(
                "port",
                f"what {asked.host}:{asked.port} does with a connection from here",
                answer.state,
                source="actuator",
            ),
        )
    blocked = registries.unwritable(case.seen)
    topic = argument.fact(
        "schemas-topic",
        "what keeps the topic of schemas from taking writes",
        blocked or "nothing that is seen",
    )
    argument.weigh(
        "registry.process_down",
        f"No process answers for {about.resource.id}.",
        requires("it does not answer", True, *argument.own("answer")),
        decides(
            "its port refuses connections",
            reached if isinstance(reached, Unknown) else not reached,
            *seen,
        ),
        expects("its own topic in Kafka is well", not blocked, topic),
        next=[interface.suggest("workload.restart", f"Start {about.resource.id} again.")],
    )
    argument.weigh(
        "registry.no_primary",
        "Its own topic in Kafka takes no writes, and it cannot start or elect a primary.",
        requires("its own topic takes no writes", bool(blocked), topic),
        decides("its own topic takes no writes", bool(blocked), topic),
        on=_partition(case) or about.resource,
        next=[interface.suggest("diagnostics.collect", "Mend the topic first.")],
    )
    works = _clients_work(case)
    signs = argument.fact("clients", "connectors with its converters that run", works)
    argument.weigh(
        "evidence.source_failing",
        "It answers others: Headgate's own address or way to it is wrong.",
        requires("its port takes connections", reached, *seen),
        expects(
            "connectors that use it go on",
            bool(works) if not isinstance(works, Unknown) else works,
            signs,
        ),
        next=[interface.suggest("diagnostics.collect", "Check its address and the login.")],
    )


def _clients_work(case: interface.Case) -> str | Unknown:
    """Connectors with a registry's converter that run; those go on with what they remember."""
    names = []
    for connect in case.seen.connects.values():
        if isinstance(connect, Unknown):
            return connect
        names += [
            one.name
            for one in connect.connectors.values()
            if addresses.registry(one.config) is not None
            and one.tasks
            and all(task.state == "RUNNING" for task in one.tasks)
        ]
    return words.names(names) if names else Unknown("no connector is known to use it")


def _partition(case: interface.Case) -> resource.Resource | None:
    """The partition of the registry's own topic that takes no writes: what holds that up holds up
    the registry, too.
    """
    found = registries.blocked(case.seen)
    return None if found is None else resource.partition(found[0])


def _locked(argument: interface.Argument) -> None:
    about = argument.about
    mode = next((item.value for item in about.evidence if item.id.endswith("/mode")), "")
    blocked = registries.unwritable(argument.case.seen)
    topic, told = argument.own("topic"), argument.own("mode")
    argument.weigh(
        "registry.no_primary",
        "Its own topic in Kafka takes no writes.",
        requires("its own topic takes no writes", bool(blocked), *topic),
        decides("its own topic takes no writes", bool(blocked), *topic),
        on=_partition(argument.case) or about.resource,
        next=[interface.suggest("diagnostics.collect", "Mend the topic; then a primary writes.")],
    )
    argument.weigh(
        "config.set_explicitly",
        "Somebody set the registry to read only.",
        requires("its mode forbids writes", str(mode).startswith("READONLY"), *told),
        decides("its mode forbids writes", str(mode).startswith("READONLY"), *told),
        next=[interface.suggest("owner.notify", "Ask who set it, and set READWRITE again.")],
    )
    argument.weigh(
        "registry.reader_behind",
        "It has not read its own topic to the end.",
        requires("its mode allows writes", not str(mode).startswith("READONLY"), *told),
        expects("its reading position is behind", _READER),
        expects("its own topic is well", not blocked, *topic),
        next=[interface.suggest("workload.restart", f"Restart {about.resource.id}.")],
    )
