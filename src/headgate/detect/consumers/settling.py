"""Groups whose members have just changed: a short look sees them settle, and not how they read."""

from headgate.detect import view
from headgate.detect.consumers import costs
from headgate.domain import resource

EARLY_S = 60.0
"""A deploy is told of within so long after it begins, mostly when it does (judgment)."""


def changed(seen: view.View, group_id: str, code: str, name: str) -> bool:
    """Whether members of the group came or went, or it rebalanced, in a hold or window that is
    short in this look.
    """
    if not seen.observation.is_short(code, name):
        return False
    from_s = seen.now - seen.observation.seconds(code, name) - seen.tolerance_s
    recent = [s for s in seen.history.groups.get(group_id, ()) if s.at >= from_s]
    return any(
        sample.members != recent[-1].members or sample.state in costs.RESTLESS for sample in recent
    )


def deploy(seen: view.View, group_id: str, code: str, name: str) -> str:
    """Why such a look cannot tell whether the group stands still: a deploy of it was announced, and
    its members change as by a deploy, which replaces each once; empty: it can.
    """
    about = str(resource.Resource("group", group_id))
    told = [item for item in seen.observation.planned if item.resource == about]
    if not told or not changed(seen, group_id, code, name):
        return ""
    since = told[-1].at.timestamp() - EARLY_S
    came = sum(at >= since for at in seen.arrivals(group_id).values())
    samples = seen.history.groups.get(group_id, ())
    if came > max((len(sample.members) for sample in samples), default=0):
        return ""
    return (
        f"{told[-1].what} is on the timeline, and members of {group_id} changed in this short "
        "look: while a group settles, it commits nothing"
    )
