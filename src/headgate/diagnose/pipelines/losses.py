"""Why connectors lose records, positions or dead letters, and why their settings are hazards."""

from typing import ClassVar

from headgate.detect import words
from headgate.detect.pipelines import hazards
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.diagnose.pipelines import failures, sinks
from headgate.domain import deadletters, diagnosis, finding, resource, snapshot
from headgate.domain.unknown import Unknown

_FIXED = (4, 0)
"""From this version on a record whose retries ran out is no longer skipped where nothing is
tolerated (KAFKA-18073, merged after 2024-12)."""
_UNREAD = Unknown("Connect was not read")


class Losses:
    """Explains records that are skipped, dead letters that are not written, positions lost."""

    explains: ClassVar[tuple[str, ...]] = (
        "connect.records_dropped",
        "connect.offsets_lost",
        "connect.tolerance_silent",
        "connect.secret_inline",
        "dlq.write_failing",
    )

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """The setting, the topic, a known bug, or a store that is damaged."""
        argument = interface.Argument(case, about)
        found = sinks.connector(case, about.resource)
        if found is None:
            return argument.explained()
        cluster, connector = found
        if about.code == "connect.records_dropped":
            _dropped(argument, cluster, connector)
        elif about.code == "connect.offsets_lost":
            _positions(argument, cluster, connector)
        elif about.code == "dlq.write_failing":
            _unwritten(argument, connector)
        else:
            _setting(argument, connector)
        return argument.explained()


def _setting(argument: interface.Argument, connector: snapshot.Connector) -> None:
    silent = argument.about.code == "connect.tolerance_silent"
    cited = argument.own("tolerance", "dlq", "settings")
    argument.weigh(
        "config.set_explicitly",
        "Somebody set it on the connector itself.",
        requires("the connector's own settings hold it", True, *cited),
        decides("Connect has no default that would do so", True, *cited),
        next=[
            interface.suggest(
                "connector.update",
                f"Give {connector.name} a dead-letter topic "
                "(errors.deadletterqueue.topic.name), or set errors.tolerance to none."
                if silent
                else "Keep the secret in a file or vault, and name it with a config provider "
                "(${file:...}).",
            )
        ],
    )


def _dropped(argument: interface.Argument, cluster: str, connector: snapshot.Connector) -> None:
    tolerates = hazards.tolerates(connector)
    cited = argument.own("tolerance", "skipped")
    argument.weigh(
        "connect.tolerates_errors",
        f"{connector.name} is told to skip what it cannot convert, and keeps no copy.",
        requires("errors.tolerance is all", tolerates, *cited),
        decides("it has no dead-letter topic", not deadletters.letters_of(connector), *cited),
        next=[
            interface.suggest("connector.update", "Give it a dead-letter topic."),
            interface.suggest("owner.notify", "Tell the owner that records are missing."),
        ],
    )
    version = _version(argument, cluster)
    old = version if isinstance(version, Unknown) else version < _FIXED
    argument.weigh(
        "bug.known",
        "Connect before 4.0 skips a record whose retries ran out even where nothing is tolerated "
        "(KAFKA-18073).",
        requires("nothing is tolerated", not tolerates, *cited),
        requires("Connect is older than the fix", old, *argument.own("version")),
        next=[interface.suggest("owner.notify", "Update Connect, and look for what is missing.")],
    )


def _version(argument: interface.Argument, cluster: str) -> tuple[int, ...] | Unknown:
    held = argument.case.seen.connects.get(cluster, _UNREAD)
    if isinstance(held, Unknown):
        return held
    numbers = held.version.split("-")[0].split(".")[:2]
    if not all(part.isdecimal() for part in numbers):
        return Unknown("Connect does not tell its version")
    return tuple(int(part) for part in numbers)


def _unwritten(argument: interface.Argument, connector: snapshot.Connector) -> None:
    case, topic = argument.case, deadletters.letters_of(connector)
    table = case.seen.partitions
    there: bool | Unknown = table if isinstance(table, Unknown) else topic in table.topics
    listed = argument.fact("listed", f"whether the cluster lists {topic}", there)
    cited = (*argument.own("failures"), listed)
    create = [
        interface.suggest("topic.create", f"Create {topic} with as many replicas as there can be."),
        interface.suggest("acl.create", f"Allow the workers to write to {topic}."),
    ]
    offline = bool(case.on(resource.Resource("topic", topic), "partition.offline"))
    argument.weigh(
        "dlq.target_unwritable",
        f"{topic} is missing, may not be written, or has no replicas to take a write.",
        requires("dead letters are refused", True, *cited),
        decides(
            f"{topic} is missing or has no leader",
            there if isinstance(there, Unknown) else not there or offline,
            *cited,
        ),
        next=create,
    )
    limit = _limit(case, topic)
    bound = argument.fact("limit", f"largest record that {topic} takes", limit, unit="bytes")
    sources = [_limit(case, name) for name in connector.topics]
    larger = any(
        not isinstance(each, Unknown) and not isinstance(limit, Unknown) and each > limit
        for each in sources
    )
    argument.weigh(
        "message.oversize",
        f"Records with their error headers are larger than {topic} takes.",
        requires(f"{topic} is there", there, listed),
        expects(
            f"{topic} takes smaller records than the topics that they come from",
            limit if isinstance(limit, Unknown) else larger,
            bound,
        ),
        next=[
            interface.suggest(
                "topic.alter_config", f"Let {topic} take larger records (max.message.bytes)."
            )
        ],
    )
    removed = failures.right_removed(case, argument.about.since.timestamp())
    argument.weigh(
        "acl.removed",
        f"Somebody took away the right to write to {topic}.",
        requires(
            "a rule was taken away shortly before",
            removed,
            *cited,
        ),
        decides(
            "a rule was taken away shortly before",
            removed,
            *cited,
        ),
        next=create[1:],
    )


def _limit(case: interface.Case, topic: str) -> int | Unknown:
    configs = case.seen.configs
    if isinstance(configs, Unknown):
        return configs
    setting = configs.get(topic, {}).get("max.message.bytes")
    if setting is None or setting.value is None or not setting.value.isdecimal():
        return Unknown("its max.message.bytes was not read")
    return int(setting.value)


def _positions(argument: interface.Argument, cluster: str, connector: snapshot.Connector) -> None:
    case = argument.case
    others = [
        item.resource.id
        for item in case.findings("connect.offsets_lost")
        if item.resource != argument.about.resource
    ]
    shared = argument.fact(
        "others", "other connectors that lost their positions", words.names(others) or "none"
    )
    store = _store(case)
    recreated = argument.fact(
        "store",
        "what happened to the topics that Connect keeps positions in",
        store if isinstance(store, Unknown) else store or "nothing that was seen",
        source="timeline",
    )
    cited = argument.own("before", "now")
    stop: list[diagnosis.Suggestion] = [
        interface.suggest("connector.stop", "Stop it before it reads everything again."),
        interface.suggest("connector.alter_offsets", "Put the saved positions back."),
    ]
    damaged = store if isinstance(store, Unknown) else bool(store)
    argument.weigh(
        "connect.offset_store_damaged",
        "The topic that Connect keeps positions in was emptied, recreated or not compacted.",
        requires("its positions are gone", not connector.offsets, *cited),
        decides("that topic was recreated or is not compacted", damaged, recreated),
        expects("other connectors lost theirs, too", bool(others), shared),
        next=stop,
    )
    recreation: bool | Unknown = False if not isinstance(store, Unknown) else store
    if not isinstance(store, Unknown) and "recreated" in store:
        recreation = True
    argument.weigh(
        "topic.recreated",
        "The topic that Connect keeps positions in was deleted and made anew.",
        requires("that topic is another one now", recreation, recreated),
        decides("that topic is another one now", recreation, recreated),
        next=stop,
    )
    renamed = [
        one.name
        for part in case.seen.readings(f"connect:{cluster}")[:1]
        if not isinstance(part.value, Unknown)
        for one in part.value.connectors.values()
        if one.config.get("connector.class") == connector.config.get("connector.class")
        and one.name != connector.name
        and one.name not in _names(case, cluster)
    ]
    gone = argument.fact(
        "renamed",
        "connectors of its class that were there before and are not now",
        words.names(renamed) or "none",
        source="connect",
    )
    argument.weigh(
        "connect.renamed",
        "It has another name now; its positions are under the old one.",
        requires("a connector of its class is gone", bool(renamed), gone),
        next=stop,
    )


def _names(case: interface.Case, cluster: str) -> frozenset[str]:
    held = case.seen.connects.get(cluster, _UNREAD)
    return frozenset() if isinstance(held, Unknown) else frozenset(held.connectors)


def _store(case: interface.Case) -> str | Unknown:
    """What is wrong with a topic that looks like Connect's store of positions; empty: nothing."""
    configs = case.seen.configs
    for one in case.seen.observation.timeline:
        if one.resource.kind == "topic" and "offsets" in one.resource.id and "anew" in one.what:
            return f"{one.resource.id} was recreated"
    if isinstance(configs, Unknown):
        return configs
    for topic, settings in configs.items():
        policy = settings.get("cleanup.policy")
        if (
            "connect" in topic
            and topic.endswith("offsets")
            and policy is not None
            and policy.value is not None
            and "compact" not in policy.value
        ):
            return f"{topic} is not compacted (cleanup.policy {policy.value})"
    return ""
