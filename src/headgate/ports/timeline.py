"""What the store keeps of a cluster's past: the timeline, what was last known, restore points."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from headgate.domain import observation, restore, snapshot, timeline
from headgate.ports import page


class Timeline(Protocol):
    """What became different on each cluster, and what people and CI say they did."""

    def post(self, cluster: str, item: observation.Planned, *, by: str) -> None:
        """The deed is kept."""

    def since(self, cluster: str, at: datetime) -> Sequence[observation.Planned]:
        """Deeds that were posted, from that time on, oldest first."""

    def add(self, cluster: str, entries: Sequence[timeline.Entry]) -> Sequence[int]:
        """The entries are kept; their numbers in the same order."""

    def amend(self, number: int, entry: timeline.Entry) -> None:
        """The entry of that number is as given."""

    def page(
        self,
        cluster: str,
        *,
        resource: str = "",
        kinds: Sequence[str] = (),
        text: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str = "",
        limit: int = 50,
    ) -> page.Page[timeline.Entry]:
        """Entries that match, newest first; ``text`` is looked for in any case in what they say
        and in their resource.
        """

    def prune(self, cluster: str, *, before: datetime, keep: int) -> int:
        """Entries older than that are gone, and all but the ``keep`` newest; what was posted is
        counted apart. How many they were.
        """


class Looks(Protocol):
    """What was last known of each cluster when Headgate stopped."""

    def put(self, known: snapshot.Snapshot) -> None:
        """This is what is known of its cluster; see ``known.reduced``."""

    def get(self, cluster: str) -> snapshot.Snapshot | None:
        """What was known; None: nothing was kept.

        Raises:
            StoreError: it cannot be read, because another Headgate wrote it.
        """


class RestorePoints(Protocol):
    """Restore points with the contents of their parts."""

    def put(self, packed: restore.Packed) -> restore.Point:
        """The point is kept. One taken at an interval in which nothing changed only lengthens the
        newest one, which is given back then.
        """

    def get(self, point_id: str) -> restore.Point | None:
        """The point; None: there is none of that id."""

    def contents(self, point: restore.Point) -> Mapping[restore.Name, restore.Part]:
        """What the point holds, part by part."""

    def newest(self, cluster: str) -> restore.Point | None:
        """The newest point of a cluster; None: there is none."""

    def page(self, cluster: str, *, cursor: str = "", limit: int = 50) -> page.Page[restore.Point]:
        """Points of a cluster, newest first."""

    def prune(self, cluster: str, *, keep: int) -> int:
        """Of those taken at intervals and of those taken before changes, the ``keep`` newest each
        are left, and of each part the newest point that holds all of it. How many are gone.
        """
