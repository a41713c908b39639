"""Replication throttles as they are set: rates on brokers, lists of replicas on topics.

A throttle works only where both are there (KIP-73): the rate limits the replicas that are listed.
"""

from dataclasses import dataclass
from typing import Literal

from headgate.detect import view
from headgate.domain import resource, snapshot
from headgate.domain.unknown import Unknown

Side = Literal["leader", "follower"]
SIDES: tuple[Side, ...] = ("leader", "follower")
MARK = ".replication.throttled."
"""What the names of all settings of a throttle have in common."""
_RATE = f"{{}}{MARK}rate"
_LIST = f"{{}}{MARK}replicas"
_DYNAMIC = ("dynamic_broker", "dynamic_default_broker")
EVERY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttles:
    """What is set now."""

    rates: dict[tuple[int, Side], int]
    """(Broker, side) -> bytes a second."""
    lists: dict[tuple[str, Side], str]
    """(Topic, side) -> replicas: ``*`` or ``partition:broker`` with commas between."""

    def rate(self, name: resource.TopicPartition, broker: int, side: Side) -> int | None:
        """What limits that replica on that side; None: nothing."""
        listed = self.lists.get((name.topic, side), "")
        if listed != EVERY and f"{name.partition}:{broker}" not in listed.split(","):
            return None
        return self.rates.get((broker, side))


def now(seen: view.View) -> Throttles | Unknown:
    """The throttles that are set, or why it is not known."""
    brokers = seen.read(seen.snapshot.broker_configs)
    if isinstance(brokers, Unknown):
        return Unknown(f"broker settings were not read: {brokers.reason}")
    topics = seen.configs
    if isinstance(topics, Unknown):
        return Unknown(f"topic settings were not read: {topics.reason}")
    return Throttles(rates=_rates(brokers), lists=_lists(topics))


def _rates(brokers: snapshot.BrokerConfigs) -> dict[tuple[int, Side], int]:
    found: dict[tuple[int, Side], int] = {}
    for broker, settings in brokers.items():
        for side in SIDES:
            one = settings.get(_RATE.format(side))
            if one is not None and one.source in _DYNAMIC and (one.value or "").isdecimal():
                found[broker, side] = int(one.value or 0)
    return found


def _lists(topics: snapshot.Configs) -> dict[tuple[str, Side], str]:
    found: dict[tuple[str, Side], str] = {}
    for side in SIDES:
        key = _LIST.format(side)
        for topic, settings in topics.items():
            one = settings.get(key)
            if one is not None and not one.default and one.value:
                found[topic, side] = one.value.replace(" ", "")
    return found
