"""Why a database keeps more and more log: its slot has no client, or one that confirms nothing."""

from typing import ClassVar

from headgate.detect import words
from headgate.detect.cluster import gauges
from headgate.detect.pipelines import slots
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.diagnose.pipelines import sinks
from headgate.domain import finding, snapshot
from headgate.domain.unknown import Unknown

_EVENT, _BEHIND = "source.since_last_event", "source.behind"
_LATE_S = 60.0
"""A source that is so far behind what it reads has work that it does not get done (judgment)."""


class Slots:
    """Explains log that a source database keeps."""

    explains: ClassVar[tuple[str, ...]] = (slots.CODE,)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """The connector is down, has nothing to confirm, or is stuck."""
        argument = interface.Argument(case, about)
        found = sinks.connector(case, about.resource)
        if found is not None:
            _argue(argument, *found)
        return argument.explained()


def _argue(argument: interface.Argument, cluster: str, connector: snapshot.Connector) -> None:
    seen, name = argument.case.seen, connector.name
    cited = argument.own("retained", "rise")
    meter = slots.of(seen, slots.ACTIVE, connector)
    told = meter if isinstance(meter, Unknown) else meter.latest
    active = told if isinstance(told, Unknown) else told == 1.0
    slot = argument.fact(
        "active",
        f"whether a client reads from slot {slots.slot(connector)}",
        active,
        source="metrics",
    )
    states = [task.state for task in connector.tasks]
    runs = connector.state == "RUNNING" and bool(states) and set(states) == {"RUNNING"}
    state = argument.fact(
        "state",
        "what the connector and its tasks say",
        words.names([connector.state, *states]),
        source="connect",
    )
    failed = "FAILED" in (connector.state, *states)
    argument.weigh(
        "connect.slot_inactive",
        f"{name} is down, so nothing reads from its slot.",
        requires("nobody reads from the slot", _not(active), slot, *cited),
        decides("the connector does not run", not runs, state),
        next=[
            interface.suggest(
                "connector.restart_failed_tasks",
                "It confirms what it has once it runs again.",
                connect=cluster,
                connector=name,
            )
            if failed
            else interface.suggest(
                "connector.resume",
                f"Let it run again, or stop it for good and have the database's owner drop slot "
                f"{slots.slot(connector)}.",
            )
        ],
    )
    _unconfirmed(argument, connector, active, slot)
    behind = _of_source(argument, connector, _BEHIND, "seconds that it is behind its database")
    argument.weigh(
        "connect.blocked_task",
        f"{name} says RUNNING and is stuck: it reads, and what it reads does not come out.",
        requires("it says RUNNING", runs, state),
        requires("its client holds the slot", active, slot),
        requires(
            "it is behind its database",
            behind[0] if isinstance(behind[0], Unknown) else behind[0] > _LATE_S,
            *behind[1],
        ),
        next=[interface.suggest("connector.restart_task", "Restart the task once.")],
    )


def _unconfirmed(
    argument: interface.Argument,
    connector: snapshot.Connector,
    active: bool | Unknown,
    slot: str,
) -> None:
    seen, name = argument.case.seen, connector.name
    hold_s = seen.observation.seconds(slots.CODE, "hold", argument.about.resource)
    meter = slots.of(seen, slots.CONFIRMED, connector)
    rise = meter if isinstance(meter, Unknown) else meter.rise(hold_s)
    still = rise if isinstance(rise, Unknown) else rise == 0
    confirmed = argument.fact(
        "confirmed", "whether the confirmed position stands still", still, source="metrics"
    )
    beat = connector.config.get("heartbeat.interval.ms", "0")
    heart = argument.fact("heartbeat", "heartbeat.interval.ms", beat, source="connect")
    quiet = _of_source(argument, connector, _EVENT, "seconds since it last read a change")
    argument.weigh(
        "connect.slot_unconfirmed",
        f"{name} runs, its tables do not change, and other writes fill the log: without a "
        "heartbeat it has nothing to confirm.",
        requires("its client holds the slot", active, slot),
        expects("the confirmed position stands still", still, confirmed),
        expects("it has no heartbeat", beat in ("", "0"), heart),
        decides(
            "it has read no change for as long",
            quiet[0] if isinstance(quiet[0], Unknown) else quiet[0] >= hold_s,
            *quiet[1],
        ),
        next=[
            interface.suggest(
                "connector.update",
                "Set heartbeat.interval.ms, and heartbeat.action.query so that the tables of its "
                "own database change now and then.",
            )
        ],
    )


def _of_source(
    argument: interface.Argument, connector: snapshot.Connector, name: str, what: str
) -> tuple[float | Unknown, tuple[str, ...]]:
    """What Debezium itself tells of the connector, by its topic prefix, and the fact's id."""
    config = connector.config
    server = config.get("topic.prefix", "") or config.get("database.server.name", "")
    told = gauges.told(argument.case.seen, name, server=server)
    value: float | Unknown = Unknown(f"no metrics source tells {name} of {server or 'it'}")
    if len(told) == 1:
        value = told[0].latest
    kind = name.rpartition(".")[2]
    return value, (argument.fact(kind, what, value, unit="s", source="metrics"),)


def _not(held: bool | Unknown) -> bool | Unknown:
    return held if isinstance(held, Unknown) else not held
