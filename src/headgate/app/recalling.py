"""Use cases that look back: the timeline of a cluster and its restore points."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from headgate.app import context, errors, interface, permissions, translate
from headgate.domain import comparison, person, resource, restore, timeline
from headgate.domain.unknown import Unknown
from headgate.ports import store

NOW = "now"
"""Stands for the newest look where a restore point is asked for."""

MOST = 200
"""Entries or points of one page."""


class Recalling:
    """What needs the role viewer."""

    def __init__(self, running: context.Context) -> None:
        self._running = running

    def timeline(
        self,
        actor: person.Actor,
        cluster: str,
        *,
        resource: str = "",
        kinds: Sequence[str] = (),
        text: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str = "",
        limit: int = 50,
    ) -> store.Page[timeline.Entry]:
        """What became different, newest first."""
        permissions.demand(actor, "look", cluster)
        self._running.watched(cluster)
        _check(resource, kinds, since, until)
        with translate.translated(), self._running.store.read() as work:
            return work.timeline.page(
                cluster,
                resource=resource,
                kinds=kinds,
                text=text.strip(),
                since=since,
                until=until,
                cursor=cursor,
                limit=min(limit, MOST),
            )

    def restore_points(
        self, actor: person.Actor, cluster: str, *, cursor: str = "", limit: int = 50
    ) -> store.Page[restore.Point]:
        """Restore points of a cluster, newest first."""
        permissions.demand(actor, "look", cluster)
        self._running.watched(cluster)
        with translate.translated(), self._running.store.read() as work:
            return work.restore_points.page(cluster, cursor=cursor, limit=min(limit, MOST))

    def restore_point(
        self, actor: person.Actor, cluster: str, point_id: str
    ) -> interface.RestorePoint:
        """One restore point with what it holds; ``now`` is the newest look."""
        permissions.demand(actor, "look", cluster)
        point, contents = self._held(cluster, point_id)
        return interface.RestorePoint(point=point, contents=contents)

    def compare_restore_points(
        self, actor: person.Actor, cluster: str, first: str, second: str = NOW
    ) -> comparison.Comparison:
        """What differs from the first to the second; ``now`` is the newest look."""
        permissions.demand(actor, "look", cluster)
        return comparison.compare(self._held(cluster, first)[1], self._held(cluster, second)[1])

    def _held(
        self, cluster: str, point_id: str
    ) -> tuple[restore.Point, Mapping[restore.Name, restore.Part]]:
        watched = self._running.watched(cluster)
        if point_id == NOW:
            seen = watched.observed()
            if isinstance(seen, Unknown):
                raise errors.Unavailable(
                    f"Not known: {seen.reason}",
                    where=cluster,
                    next_step="It is read again at the next look",
                )
            parts = restore.parts(seen.snapshot)
            packed = restore.point(NOW, seen.snapshot)
            return packed.point, {one.name: one for one in parts}
        with translate.translated(), self._running.store.read() as work:
            found = work.restore_points.get(point_id)
            if found is None or found.cluster != cluster:
                raise errors.NotFound(
                    f"There is no restore point {point_id} of {cluster}",
                    where=cluster,
                    next_step="headgate restore-points list names them",
                )
            return found, work.restore_points.contents(found)


def _check(
    about: str, kinds: Sequence[str], since: datetime | None, until: datetime | None
) -> None:
    if about:
        try:
            resource.parse(about)
        except ValueError as error:
            raise errors.Invalid(str(error), fields=("resource",)) from error
    wrong = sorted(set(kinds) - set(timeline.KINDS))
    if wrong:
        raise errors.Invalid(
            f"{wrong[0]!r} is no kind of entry",
            next_step=f"The kinds are {', '.join(timeline.KINDS)}",
            fields=("kind",),
        )
    for name, at in (("since", since), ("until", until)):
        if at is not None and at.tzinfo is None:
            raise errors.Invalid(
                "The time has no zone",
                next_step="Write it like 2026-01-31T14:00:00Z",
                fields=(name,),
            )
