"""What became different on one cluster, look by look, and its restore points.

Each look is compared with what was last known; that is kept at the end and now and then between, so
that the first look after a start tells what changed while Headgate was away.
"""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from headgate.app import ids, settings
from headgate.domain import known, restore, snapshot, timeline
from headgate.domain.unknown import Unknown
from headgate.ports import clock
from headgate.ports import store as ports

_log = structlog.get_logger(__name__)

KEPT_EVERY = timedelta(minutes=1)
"""What is known is written at most so often, and only where it became different."""

RESTLESS = timedelta(minutes=10)
"""What goes to and fro again within this time is counted in one entry; for at most ..."""
RESTLESS_MOST = timedelta(hours=1)

_OVERLAP = timedelta(minutes=10)
"""Parts of a look are of different ages; entries so much older than it are looked through, too."""

_PRUNED_EVERY = timedelta(hours=1)

Observed = Callable[[], snapshot.Snapshot | Unknown]


class Chronicle:
    """The past of one cluster; one thread calls ``note``, any thread ``restore_point``."""

    def __init__(
        self,
        cluster: str,
        store: ports.Store,
        ticks: clock.Clock,
        kept: settings.History,
        observed: Observed,
    ) -> None:
        """Nothing was read yet. ``observed`` gives the newest look."""
        self._cluster = cluster
        self._store = store
        self._clock = ticks
        self._kept = kept
        self._observed = observed
        self._began = ticks.now()
        self._known: snapshot.Snapshot | None = None
        self._loaded = False
        self._told: set[object] = set()
        """What was told already of the time before the start."""
        self._restless: dict[object, tuple[int, timeline.Entry]] = {}
        self._dirty = False
        self._written_at: datetime | None = None
        self._pruned_at: datetime | None = None
        self._packed: restore.Packed | None = None
        self._point_due: datetime | None = None

    def note(self, seen: snapshot.Snapshot) -> Sequence[timeline.Entry]:
        """What became different since the look before is on the timeline, and a restore point is
        kept where one is due.

        Raises:
            StoreError: the database cannot be used; the next look is compared with the same again.
        """
        if not self._loaded:
            self._load()
        after, found = known.learn(self._known, seen)
        entries = self._new(found)
        self._write(after, entries)
        self._known = after
        self._keep_point(seen)
        return entries

    def close(self) -> None:
        """What is known is kept for the next start.

        Raises:
            StoreError: the database cannot be used.
        """
        if self._known is not None and self._dirty:
            kept = known.reduced(self._known)
            with self._store.begin() as work:
                work.looks.put(kept)
            self._dirty = False

    def restore_point(self, change: str) -> restore.Packed:
        """The restore point for a change that is about to start, of the newest look; not kept
        yet.
        """
        seen = self._observed()
        point_id = f"rp-{change}"
        try:
            if not isinstance(seen, Unknown):
                return self._pack(point_id, seen, change)
            reason = seen.reason
        except Exception as error:  # noqa: BLE001 - a fault here must not hold up a repair
            _log.error(
                "A restore point could not be made",
                event_key="chronicle.failed",
                cluster=self._cluster,
                change=change,
                exc_info=error,
            )
            reason = f"it could not be made: {type(error).__name__}"
        now = self._clock.now()
        return restore.nothing(point_id, self._cluster, now, reason, change=change)

    def _load(self) -> None:
        with self._store.read() as work:
            try:
                self._known = work.looks.get(self._cluster)
            except ports.StoreError as error:
                _log.warning(
                    "What was last known of a cluster cannot be read; it is begun anew",
                    event_key="chronicle.unread",
                    cluster=self._cluster,
                    reason=str(error),
                )
            if self._known is not None:
                since = self._known.at - _OVERLAP
                told = work.timeline.page(self._cluster, since=since, limit=500).items
                self._told = {one.key for one in told}
            newest = work.restore_points.newest(self._cluster)
        if newest is not None:
            self._point_due = (newest.same_until or newest.at) + self._interval
        self._loaded = True

    def _new(self, found: Sequence[timeline.Entry]) -> list[timeline.Entry]:
        """The entries with what happened before the start marked, and none of it told twice."""
        made: list[timeline.Entry] = []
        for one in found:
            if one.since is None or one.since >= self._began:
                made.append(one)
            elif one.key not in self._told:
                made.append(dataclasses.replace(one, away=True))
        return made

    def _write(self, after: snapshot.Snapshot, entries: Sequence[timeline.Entry]) -> None:
        now = self._clock.now()
        self._dirty |= bool(entries) or self._known is None
        writes_known = self._dirty and (
            self._written_at is None or now - self._written_at >= KEPT_EVERY
        )
        prunes = self._pruned_at is None or now - self._pruned_at >= _PRUNED_EVERY
        if not (entries or writes_known or prunes):
            return
        kept = known.reduced(after) if writes_known else None
        amended, added = self._folded(entries)
        with self._store.begin() as work:
            for number, one in amended:
                work.timeline.amend(number, one)
            numbers = work.timeline.add(self._cluster, added)
            if kept is not None:
                work.looks.put(kept)
            if prunes:
                work.timeline.prune(
                    self._cluster,
                    before=now - timedelta(days=self._kept.timeline_days),
                    keep=self._kept.timeline_entries,
                )
        for number, one in (*amended, *zip(numbers, added, strict=True)):
            if one.kind in timeline.RESTLESS:
                self._restless[_rest_key(one)] = (number, one)
        if kept is not None:
            self._dirty, self._written_at = False, now
        if prunes:
            self._pruned_at = now
            self._restless = {
                key: held for key, held in self._restless.items() if _rests(held[1], now)
            }

    def _folded(
        self, entries: Sequence[timeline.Entry]
    ) -> tuple[list[tuple[int, timeline.Entry]], list[timeline.Entry]]:
        """(Entries that only count up with their numbers, entries that are new)."""
        amended: list[tuple[int, timeline.Entry]] = []
        added: list[timeline.Entry] = []
        for one in entries:
            held = self._restless.get(_rest_key(one)) if one.kind in timeline.RESTLESS else None
            if held is None or not _rests(held[1], one.at):
                added.append(one)
                continue
            number, before = held
            again = dataclasses.replace(
                before,
                what=one.what,
                after=one.after,
                times=before.times + 1,
                last_at=one.at,
            )
            amended.append((number, again))
        return amended, added

    @property
    def _interval(self) -> timedelta:
        return timedelta(minutes=self._kept.restore_minutes)

    def _keep_point(self, seen: snapshot.Snapshot) -> None:
        now = self._clock.now()
        if not self._interval or (self._point_due is not None and now < self._point_due):
            return
        packed = self._pack(ids.new("rp"), seen)
        if packed.point.empty:
            return  # a point that holds nothing restores nothing, and would push out one that does
        with self._store.begin() as work:
            work.restore_points.put(packed)
            work.restore_points.prune(self._cluster, keep=self._kept.restore_points)
        self._packed = packed
        self._point_due = now + self._interval

    def _pack(self, point_id: str, seen: snapshot.Snapshot, change: str = "") -> restore.Packed:
        return restore.point(
            point_id, seen, at=self._clock.now(), change=change, before=self._packed
        )


def _rest_key(one: timeline.Entry) -> object:
    """What goes to and fro: a group's state, a broker's presence; numbers in it may differ."""
    same = one.kind in ("broker", "leaders", "isr", "worker")
    what = "".join(letter for letter in one.what if not letter.isdigit()) if same else ""
    return (one.kind, one.resource, what)


def _rests(held: timeline.Entry, at: datetime) -> bool:
    """Whether one more of its kind at that time is only counted."""
    return at - (held.last_at or held.at) < RESTLESS and at - held.at < RESTLESS_MOST
