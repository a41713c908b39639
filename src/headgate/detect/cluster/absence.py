"""Brokers that do not do their work, and since when: a fact that several findings ask for."""

from collections.abc import Callable

from headgate.detect import view
from headgate.domain import connects, history
from headgate.domain.unknown import Unknown


def gone(seen: view.View) -> dict[int, str]:
    """Brokers that do not do their work now, given up by the controller or not, and what shows it.

    Without a controller nobody fences: then a dead port is all that shows it.
    """
    table = seen.brokers
    if isinstance(table, Unknown):
        return {}
    found = {}
    for each in table.brokers:
        if not each.listed:
            found[each.id] = "the cluster no longer lists it"
        elif each.fenced is True:
            found[each.id] = "the controller fenced it"
        elif each.port_state in connects.DEAD:
            found[each.id] = f"its port {each.port_state}"
    return found


def since(seen: view.View, broker_id: int, holds: Callable[[history.BrokerSample], bool]) -> float:
    """Since when something has held in every sample of the broker; now where it never did."""
    start = seen.now
    for sample in reversed(seen.history.brokers.get(broker_id, ())):
        if not holds(sample):
            break
        start = sample.at
    return start


def given_up(sample: history.BrokerSample) -> bool:
    """Whether the cluster no longer counted on the broker then."""
    return not sample.listed or bool(sample.fenced)


def dead(sample: history.BrokerSample) -> bool:
    """Whether the broker did not do its work then, given up by the controller or not."""
    return given_up(sample) or sample.port in connects.DEAD
