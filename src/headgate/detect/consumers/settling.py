"""Groups whose members have just changed: a short look sees them settle, and not how they read."""

import itertools
from collections.abc import Sequence

from headgate.detect import view, words
from headgate.detect.consumers import costs
from headgate.domain import history

FIRST_COMMIT_S = 6.0
"""A member that has just come commits for the first time after auto.commit.interval.ms, 5 s by
default, and the poll after that."""


def changed(seen: view.View, group_id: str, code: str, name: str) -> bool:
    """Whether members of the group came or went, or it rebalanced, in a hold or window that this
    look cuts.
    """
    recent = _recent(seen, group_id, code, name)
    return any(
        sample.members != recent[-1].members or sample.state in costs.RESTLESS for sample in recent
    )


def replaced(seen: view.View, group_id: str, code: str, name: str) -> str:
    """Why such a look cannot tell whether the group stands still: a moment ago members went, and
    those who took their place stay, as in a deploy; empty: it can.
    """
    recent = _recent(seen, group_id, code, name)
    if not recent:
        return ""
    first, last = recent[0].members, recent[-1].members
    if not first - last or len(last) > len(first) or seen.loops(group_id, recent[0].at):
        return ""
    since = max(two.at for one, two in itertools.pairwise(recent) if one.members != two.members)
    if seen.now - since >= FIRST_COMMIT_S:
        return ""
    return (
        f"members of {group_id} have just left: the first commit of who took over may take "
        f"{words.duration(FIRST_COMMIT_S)}"
    )


def _recent(seen: view.View, group_id: str, code: str, name: str) -> Sequence[history.GroupSample]:
    """Its samples in a hold or window that this look cuts; none where it cuts none."""
    if not seen.observation.is_cut(code, name):
        return ()
    from_s = seen.now - seen.observation.seconds(code, name) - seen.tolerance_s
    return [s for s in seen.history.groups.get(group_id, ()) if s.at >= from_s]
