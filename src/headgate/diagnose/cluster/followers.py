"""Why replicas are not in sync though nobody stopped their broker.

What decides: whose replicas are missing. One follower behind for many leaders points at that
follower; one leader that many followers cannot keep up with points at the leader.
"""

from headgate.detect import view, words
from headgate.detect.cluster import gauges, throttles
from headgate.diagnose import interface
from headgate.diagnose.cluster import brokers, disks
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import resource
from headgate.domain.unknown import Unknown


def argue(argument: interface.Argument, missing: set[int]) -> None:
    """Weighs what keeps the missing replicas behind; a broker that is down has its own causes."""
    case = argument.case
    if not missing or missing & set(brokers.down(case)):
        return
    dead = missing & set(brokers.troubled(case))
    isr = argument.own("isr")
    first = brokers.broker(min(dead or missing))
    ports = {each: brokers.troubled(case)[each] for each in sorted(dead)}
    fact = argument.fact(
        "alive",
        f"what {brokers.names(missing)} does",
        "; ".join(f"broker {each}: {what}" for each, what in ports.items()) or "answers",
    )
    session = Unknown("its session with the controller still runs")
    refuses = any("refuses" in what or "lists" in what for what in ports.values())
    argument.weigh(
        "broker.crashed",
        f"{brokers.names(missing).capitalize()} does not answer; it is not given up yet.",
        requires("the port of a missing broker is dead", refuses if dead else False, fact, *isr),
        requires("it does not come back", session),
        on=first,
    )
    accepts = any("accepts" in what or "silent" in what for what in ports.values())
    argument.weigh(
        "broker.hung",
        f"{brokers.names(missing).capitalize()} accepts connections and answers nothing.",
        requires("a missing broker is there and does not answer", accepts if dead else False, fact),
        decides("the controller gives it up", session),
        on=first,
        next=[interface.watch(first, 60, "A pause ends by itself.")],
    )
    if dead:
        return
    disks.argue(argument, missing)
    _slow(argument, missing, fact)
    _slow_disk(argument, missing)
    _recovering(argument, first)
    _throttled(argument, missing)
    argument.weigh(
        "network.partition",
        f"{brokers.names(missing).capitalize()} does not reach the leaders.",
        requires("it answers us", True, fact),
        requires("it does not reach the leaders", Unknown("brokers do not tell what they reach")),
        on=first,
    )


def _slow(argument: interface.Argument, missing: set[int], fact: str) -> None:
    """The follower itself, told from its leaders by how many of them it lags behind."""
    leaders = _leaders_missing(argument.case.seen).get(min(missing), set())
    many = argument.fact(
        "leaders",
        f"leaders that miss {brokers.names(missing)}",
        words.names(sorted(leaders)) or "none",
    )
    names = argument.about.partitions
    offline = [n for n in names if disks.lies_offline(argument.case, min(missing), n)]
    copies = argument.fact(
        "copies",
        f"copies of {brokers.names(missing)} that lie in an offline log dir",
        words.partitions(offline) or "none",
        how="DescribeLogDirs",
    )
    argument.weigh(
        "follower.slow",
        f"{brokers.names(missing).capitalize()} is up and does not keep up.",
        requires("its broker is up", True, fact),
        requires("one broker is behind", len(missing) == 1, *argument.own("isr")),
        *([requires("its copy is in a log dir that works", False, copies)] if offline else []),
        expects("it is behind for more than one leader", len(leaders) > 1, many)
        if len(leaders) > 1
        else expects("it is behind for more than one leader", _ONE_LEADER, many),
        on=brokers.broker(min(missing)),
        next=[interface.suggest("diagnostics.collect", "Look at its disk, memory and network.")],
    )


_ONE_LEADER = Unknown("only one leader has partitions that it follows and misses")


def _leaders_missing(seen: view.View) -> dict[int, set[int]]:
    """Broker -> leaders of the partitions that lack its replica."""
    return seen.once(_made)


def _made(seen: view.View) -> dict[int, set[int]]:
    table = seen.partitions
    found: dict[int, set[int]] = {}
    if isinstance(table, Unknown):
        return found
    counts = table.replica_start[1:] - table.replica_start[:-1]
    synced = table.isr_start[1:] - table.isr_start[:-1]
    for ordinal in ((synced < counts) & (table.leader >= 0)).nonzero()[0].tolist():
        for each in set(table.replicas_of(ordinal)) - set(table.isr_of(ordinal)):
            found.setdefault(each, set()).add(int(table.leader[ordinal]))
    return found


def _slow_disk(argument: interface.Argument, missing: set[int]) -> None:
    case = argument.case
    slow = [item for each in missing for item in case.on(brokers.broker(each), "broker.slow_disk")]
    reason = gauges.lacking(case.seen, "broker.log_flush_p99")
    said: bool | Unknown = bool(slow) if slow or not reason else Unknown(reason)
    fact = argument.fact(
        "flushes",
        f"whether flushes of {brokers.names(missing)} take far longer than they should",
        said,
        source="metrics",
    )
    argument.weigh(
        "disk.slow",
        f"The disk of {brokers.names(missing)} takes too long to write.",
        requires("its flushes take far longer than its peers'", said, fact),
        decides("its flushes take far longer than its peers'", said, fact),
        on=brokers.broker(min(missing)),
        next=[interface.suggest("leader.move", "Let others lead until it is mended.")],
    )


def _recovering(argument: interface.Argument, about: resource.Resource) -> None:
    state = gauges.latest(argument.case.seen, "broker.state", about)
    said: bool | Unknown = state if isinstance(state, Unknown) else state == 2
    fact = argument.fact(
        "state", "its own BrokerState; 2 is recovery, 3 running", state, source="metrics"
    )
    argument.weigh(
        "recovery.unclean_start",
        f"Broker {about.id} reads its logs after a start and is not back yet.",
        requires("its own metrics say that it recovers its logs", said, fact),
        on=about,
        next=[interface.watch(about, 600.0, "Recovery ends by itself.")],
    )


def _throttled(argument: interface.Argument, missing: set[int]) -> None:
    """Whether a replication throttle holds the copy back, and whose it is."""
    case, about = argument.case, argument.about
    held = case.seen.once(throttles.now)
    rate: int | None = None
    facts: tuple[str, ...] = ()
    if not isinstance(held, Unknown):
        name = about.partitions[0]
        found = [held.rate(name, each, "follower") for each in missing]
        table = case.seen.partitions
        ordinal = None if isinstance(table, Unknown) else table.ordinal(name)
        if not isinstance(table, Unknown) and ordinal is not None:
            found.append(held.rate(name, int(table.leader[ordinal]), "leader"))
        rates = [each for each in found if each is not None]
        rate = min(rates) if rates else None
        facts = (
            argument.fact(
                "throttle",
                f"bytes a second that a throttle leaves to the copies of {name}",
                "no throttle" if rate is None else rate,
                unit="" if rate is None else "bytes/s",
                how="DescribeConfigs",
            ),
        )
    limited: bool | Unknown = held if isinstance(held, Unknown) else rate is not None
    moving = case.seen.snapshot.reassignments.value
    idle: bool | Unknown = moving if isinstance(moving, Unknown) else not moving
    own = own_throttle(case)
    whose = argument.fact(
        "whose", "whether Headgate's record says that it set a throttle", own, source="timeline"
    )
    still = argument.fact(
        "moves", "reassignments under way", moving if isinstance(moving, Unknown) else len(moving)
    )
    argument.weigh(
        "throttle.own_leftover",
        "A throttle that Headgate set is still there and holds the copy back.",
        requires("a throttle limits this copy", limited, *facts),
        requires("Headgate set it", own, whose),
        requires("nothing is being moved", idle, still),
        next=[interface.suggest("throttle.clear", "Take it away.")],
    )
    argument.weigh(
        "throttle.foreign",
        "A throttle that somebody else set holds the copy back: a leftover, or meant to spare the "
        "clients.",
        requires("a throttle limits this copy", limited, *facts),
        decides("a throttle limits this copy", limited, *facts),
        requires("Headgate did not set it", not own, whose),
        expects("nothing is being moved", idle, still),
        next=[interface.suggest("throttle.clear", "Take it away, if it is a leftover.")],
    )


def own_throttle(case: interface.Case) -> bool:
    """Whether Headgate's own record says that it set a throttle lately."""
    return any(
        "throttle" in planned.what.lower() and planned.what.startswith("Headgate")
        for planned in case.seen.observation.planned
    )
