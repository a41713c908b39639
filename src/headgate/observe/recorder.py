"""The recorder keeps the history of one cluster in the database, so that it outlives the process.

Each tier is recorded by itself: a fresh sample is one row per block of columns, of what changed
since the sample before. Once a tier's samples make a chunk, they are laid together over their time
in narrower blocks. It is called in a thread of its own; no sweep waits for it.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import structlog
from numpy.typing import NDArray

from headgate.domain import snapshot
from headgate.domain.layout import UNREAD
from headgate.domain.unknown import Unknown
from headgate.observe import moving, packing, slots, tiers
from headgate.ports import series, store

_log = structlog.get_logger(__name__)

Values = NDArray[np.int64]


class Recorder:
    """Writes what moves in one cluster; one thread at a time may call it."""

    def __init__(self, database: store.Store, cluster: str, steps: Sequence[tiers.Tier]) -> None:
        self._store = database
        self._cluster = cluster
        self._tiers = tuple(steps)
        self._slots: dict[moving.Kind, slots.Slots] = {}
        self._before: dict[tuple[moving.Kind, int], tuple[int, Values]] = {}
        """Kind and step -> (time, filled values) of the sample before."""
        self._layouts: dict[moving.Kind, tuple[moving.Moving, NDArray[np.int64]]] = {}
        """The sample before, and the column of each of its values."""
        self._known_ends = np.empty(0, np.int64)
        """The log ends that were last read, by column."""
        self._last_ms: dict[tuple[moving.Kind, int], int] = {}

    def record(self, seen: snapshot.Snapshot) -> bool:
        """What is due is kept; whether anything was.

        Raises:
            store.StoreError: the database cannot be used; nothing is lost but this sample.
        """
        wrote = False
        for kind in moving.KINDS:
            at_ms = _ms(_part(seen, kind).at)
            due = [tier for tier in self._tiers if self._is_due(kind, tier, at_ms)]
            if not due:
                continue
            ends = self._ends(seen) if kind == "sum" else np.empty(0, np.int64)
            laid = self._layouts.get(kind)
            found = moving.of(seen, kind, ends, laid[0] if laid else None)
            if found is not None and len(found.names):
                self._write(kind, found, at_ms, due)
                wrote = True
        return wrote

    def _ends(self, seen: snapshot.Snapshot) -> Values:
        """Log ends; one that was not read now is as it was last kept."""
        offsets, listed = seen.offsets.value, seen.partitions.value
        if isinstance(offsets, Unknown) or isinstance(listed, Unknown):
            return np.empty(0, np.int64)
        laid = self._layouts.get("end")
        now = None if laid is None else moving.of(seen, "end", offsets.latest, laid[0])
        if laid is None or now is None or now.names is not laid[0].names:
            return offsets.latest
        before = self._known_ends
        known = np.append(before, UNREAD)[np.minimum(laid[1], len(before))]
        return np.where(offsets.latest == UNREAD, known, offsets.latest)

    def _is_due(self, kind: moving.Kind, tier: tiers.Tier, at_ms: int) -> bool:
        last = self._last_ms.get((kind, tier.step_s))
        step_ms = tier.step_s * 1000
        return last is None or at_ms // step_ms > last // step_ms

    def _write(
        self, kind: moving.Kind, found: moving.Moving, at_ms: int, due: Sequence[tiers.Tier]
    ) -> None:
        held = self._held(kind)
        laid = self._layouts.get(kind)
        changed: tuple[series.Name, ...] = ()
        if laid is not None and laid[0].names is found.names:
            held.stay(at_ms)
            columns = laid[1]
        else:
            changed = held.follow(found.wanted(), at_ms)
            first = np.array([held.first(key) for key in found.names], np.int64)
            columns = first[found.name_of] + found.number
        self._layouts[kind] = (found, columns)
        row = self._row(held, columns, found.values)
        bases = {tier.step_s: self._base(kind, tier, row, at_ms) for tier in due}
        bodies = {step_s: _packed(row, base) for step_s, base in bases.items()}
        try:
            with self._store.begin() as work:
                work.series.put_names(self._cluster, kind, changed)
                for step_s, made in bodies.items():
                    work.series.put_rows(self._cluster, kind, step_s, at_ms, made)
        except store.StoreError:
            self._slots.pop(kind)  # the database knows best which names it has
            self._layouts.pop(kind)
            for tier in due:
                self._before.pop((kind, tier.step_s), None)
            raise
        if kind == "end":
            known = np.full(len(row), UNREAD, np.int64)
            width = min(len(row), len(self._known_ends))
            known[:width] = self._known_ends[:width]
            self._known_ends = np.where(row == UNREAD, known, row)
        for tier in due:
            kept = packing.filled(row, bases[tier.step_s])
            self._before[kind, tier.step_s] = (at_ms, kept)
            last = self._last_ms.get((kind, tier.step_s))
            self._last_ms[kind, tier.step_s] = at_ms
            if last is None or tier.chunk_start_ms(last) != tier.chunk_start_ms(at_ms):
                self._lay_together(kind, tier, at_ms)

    def _held(self, kind: moving.Kind) -> slots.Slots:
        if kind not in self._slots:
            with self._store.read() as work:
                self._slots[kind] = slots.Slots(work.series.names(self._cluster, kind))
        return self._slots[kind]

    def _row(self, held: slots.Slots, columns: Values, values: Values) -> Values:
        """The sample by column, whole blocks long."""
        blocks = -(-held.size // tiers.ROW_COLUMNS)
        row = np.full(blocks * tiers.ROW_COLUMNS, UNREAD, np.int64)
        row[columns] = values
        return row

    def _base(self, kind: moving.Kind, tier: tiers.Tier, row: Values, at_ms: int) -> Values | None:
        """The sample before, if it is of the same chunk and as wide."""
        at, before = self._before.get((kind, tier.step_s), (0, None))
        if before is None or len(before) != len(row):
            return None
        return before if tier.chunk_start_ms(at) == tier.chunk_start_ms(at_ms) else None

    def _lay_together(self, kind: moving.Kind, tier: tiers.Tier, at_ms: int) -> None:
        """Samples of chunks that are over are chunks; what is older than it is kept is gone."""
        begun = tier.chunk_start_ms(at_ms)
        with self._store.read() as work:
            blocks = work.series.blocks(self._cluster, kind, tier.step_s, before_ms=begun)
        for block in blocks:
            self._lay_block(kind, tier, block, begun)
        oldest = at_ms - int(tier.keep_s * 1000)
        with self._store.begin() as work:
            work.series.forget(self._cluster, kind, tier.step_s, before_ms=oldest)
            if tier is self._tiers[-1]:
                longest = max(each.keep_s for each in self._tiers)
                work.series.forget_names(self._cluster, before_ms=at_ms - int(longest * 1000))

    def _lay_block(self, kind: moving.Kind, tier: tiers.Tier, block: int, begun: int) -> None:
        """One block's samples before ``begun`` are chunks of that block's columns."""
        with self._store.read() as work:
            rows = work.series.rows(
                self._cluster, kind, tier.step_s, blocks=[block], since_ms=0, before_ms=begun
            )
        times, values = unpacked(rows)
        chunks: list[series.Chunk] = []
        starts = [tier.chunk_start_ms(at) for at in times]
        for start in sorted(set(starts)):
            span = [place for place, each in enumerate(starts) if each == start]
            for low in range(0, tiers.ROW_COLUMNS, tiers.CHUNK_COLUMNS):
                part = values[span[0] : span[-1] + 1, low : low + tiers.CHUNK_COLUMNS]
                if (part == UNREAD).all():
                    continue
                chunks.append(
                    series.Chunk(
                        block=(block * tiers.ROW_COLUMNS + low) // tiers.CHUNK_COLUMNS,
                        from_ms=times[span[0]],
                        until_ms=times[span[-1]],
                        body=packing.pack_chunk([times[place] for place in span], part),
                    )
                )
        with self._store.begin() as work:
            work.series.replace(
                self._cluster, kind, tier.step_s, block, before_ms=begun, chunks=chunks
            )


def unpacked(rows: Sequence[series.Row]) -> tuple[list[int], Values]:
    """Times and values of one block's samples, oldest first; what cannot be read is left out."""
    times: list[int] = []
    found: list[Values] = []
    before: Values | None = None
    for row in rows:
        opened = packing.unpack_row(row.body, before)
        if opened is None:
            continue
        values, before = opened
        times.append(row.at_ms)
        found.append(values)
    if not found:
        return [], np.empty((0, tiers.ROW_COLUMNS), np.int64)
    return times, np.stack(found)


def _packed(row: Values, base: Values | None) -> list[tuple[int, bytes]]:
    """(block, body) for each block of columns."""
    made = []
    for low in range(0, len(row), tiers.ROW_COLUMNS):
        span = slice(low, low + tiers.ROW_COLUMNS)
        body = packing.pack_row(row[span], None if base is None else base[span])
        made.append((low // tiers.ROW_COLUMNS, body))
    return made


def _part(seen: snapshot.Snapshot, kind: moving.Kind) -> snapshot.Part[object]:
    """The part whose time the sample bears: lag is an end less a commit of the same sample."""
    return seen.log_dirs if kind == "disk" else seen.offsets


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
