"""Tiered storage: groups that read what is no longer on the brokers' own disks."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headgate.detect import interface, view, words
from headgate.detect.consumers import lags
from headgate.domain import resource
from headgate.domain.unknown import Unknown

_WHY = (
    "the earliest offset on the brokers' own disks was not read: a commit below it would be read "
    "from remote storage"
)


class ColdReads:
    """Says of groups that are behind on tiered topics that nobody knows where they read.

    Headgate does not read the earliest local offset yet, so it finds nothing and says so.
    """

    codes: ClassVar[tuple[str, ...]] = ("tier.cold_reads",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("offsets", "groups", "commits")

    def find(self, seen: view.View) -> interface.Found:
        """What could not be judged, one for each group."""
        now = lags.now(seen)
        tiered = topics(seen)
        if isinstance(now, Unknown) or not tiered:
            return interface.Found()
        behind = now.behind
        keys = seen.history.commit_keys
        hit: dict[str, set[str]] = {}
        for column in behind[np.isin(behind, _columns(seen, now, tiered))].tolist():
            hit.setdefault(keys[column][0], set()).add(keys[column][1].topic)
        lacking = [
            item
            for group_id, names in sorted(hit.items())
            for item in interface.not_seen(
                self.codes,
                resource.Resource("group", group_id),
                f"{words.names(sorted(names))}: {_WHY}",
            )
        ]
        return interface.Found(not_seen=tuple(lacking))


def topics(seen: view.View) -> frozenset[str]:
    """Topics with remote storage."""
    return seen.once(_topics)


def _topics(seen: view.View) -> frozenset[str]:
    if isinstance(seen.configs, Unknown):
        return frozenset()
    return frozenset(
        name
        for name, held in seen.configs.items()
        if "remote.storage.enable" in held and held["remote.storage.enable"].value == "true"
    )


def _columns(seen: view.View, now: lags.Lags, names: frozenset[str]) -> NDArray[np.intp]:
    wanted = [place for place, name in enumerate(seen.history.places.topics) if name in names]
    known = np.flatnonzero(now.partition_of >= 0)
    return known[np.isin(seen.history.places.topic_of[now.partition_of[known]], wanted)]
