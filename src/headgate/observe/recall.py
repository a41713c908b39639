"""Reads the history back: the series of one group, topic or disk, or of a whole cluster."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headgate.domain.layout import UNREAD
from headgate.observe import moving, packing, recorder, slots, tiers
from headgate.ports import series

_Piece = tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.int64]]
"""Times, places among the wanted columns, values."""


@dataclass(frozen=True, kw_only=True)
class Recalled:
    """Series as columns; UNREAD where there was no value."""

    times: NDArray[np.float64]
    """float64[T], Unix seconds."""
    columns: tuple[tuple[slots.Key, int], ...]
    """(name, number within it) of each column, sorted by owner, name and number."""
    values: NDArray[np.int64]
    """int64[T, C]."""


def read(
    kept: series.Series,
    cluster: str,
    kind: moving.Kind,
    tier: tiers.Tier,
    *,
    since: float,
    owner: str | None = None,
    names: Iterable[str] | None = None,
) -> Recalled:
    """What is kept from ``since`` (Unix seconds) on; of one owner, of some names, or all."""
    since_ms = int(since * 1000)
    if names is None:
        found = list(kept.names(cluster, kind, owner=owner))
    else:
        found = [
            one
            for name in sorted(set(names))
            for one in kept.names(cluster, kind, owner=owner, name=name)
        ]
    held = [one for one in found if one.until_ms is None or one.until_ms >= since_ms]
    wanted = np.array(
        [one.first + place for one in held for place in range(one.width)], dtype=np.int64
    )
    pieces = _chunks(kept, cluster, kind, tier, wanted, since_ms)
    pieces += _rows(kept, cluster, kind, tier, wanted, since_ms)
    times, values = _joined(pieces, len(wanted))
    _blank(times, values, held)
    recent = times >= since_ms
    return _merged(times[recent], values[recent], held)


def newest(found: Recalled) -> Recalled:
    """Of things made again under their name, only the newest; columns never read are left out."""
    if not len(found.times):  # nothing was ever kept
        return Recalled(times=found.times, columns=(), values=found.values[:, :0])
    known = found.values != UNREAD
    last = np.where(known.any(axis=0), len(known) - 1 - np.argmax(known[::-1], axis=0), -1)
    best: dict[tuple[str, str], tuple[int, str]] = {}
    for (key, _), row in zip(found.columns, last.tolist(), strict=True):
        name = (key.owner, key.name)
        best[name] = max(best.get(name, (-1, "")), (row, key.uid))
    places = [
        place
        for place, (key, _) in enumerate(found.columns)
        if best[key.owner, key.name] == (best[key.owner, key.name][0], key.uid)
        and best[key.owner, key.name][0] >= 0
    ]
    return Recalled(
        times=found.times,
        columns=tuple(found.columns[place] for place in places),
        values=found.values[:, places],
    )


def _chunks(
    kept: series.Series,
    cluster: str,
    kind: moving.Kind,
    tier: tiers.Tier,
    wanted: NDArray[np.int64],
    since_ms: int,
) -> list[_Piece]:
    of_block = wanted // tiers.CHUNK_COLUMNS
    found: list[_Piece] = []
    for chunk in kept.chunks(
        cluster, kind, tier.step_s, blocks=set(of_block.tolist()), since_ms=since_ms
    ):
        times, values = packing.unpack_chunk(chunk.body)
        places = np.flatnonzero(of_block == chunk.block)
        found.append((times, places, values[:, wanted[places] % tiers.CHUNK_COLUMNS]))
    return found


def _rows(
    kept: series.Series,
    cluster: str,
    kind: moving.Kind,
    tier: tiers.Tier,
    wanted: NDArray[np.int64],
    since_ms: int,
) -> list[_Piece]:
    of_block = wanted // tiers.ROW_COLUMNS
    by_block: dict[int, list[series.Row]] = {}
    for row in kept.rows(
        cluster,
        kind,
        tier.step_s,
        blocks=set(of_block.tolist()),
        since_ms=tier.chunk_start_ms(since_ms),
    ):
        by_block.setdefault(row.block, []).append(row)
    found: list[_Piece] = []
    for block, rows in by_block.items():
        times, values = recorder.unpacked(rows)
        places = np.flatnonzero(of_block == block)
        picked = values[:, wanted[places] % tiers.ROW_COLUMNS]
        found.append((np.array(times, np.int64), places, picked))
    return found


def _joined(pieces: Sequence[_Piece], width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if not pieces:
        return np.empty(0, np.int64), np.empty((0, width), np.int64)
    times = np.unique(np.concatenate([piece[0] for piece in pieces]))
    values = np.full((len(times), width), UNREAD, np.int64)
    for at, places, part in pieces:
        values[np.ix_(np.searchsorted(times, at), places)] = part
    return times, values


def _blank(
    times: NDArray[np.int64], values: NDArray[np.int64], held: Sequence[series.Name]
) -> None:
    """What a column held before and after it was its name's is taken away."""
    low = 0
    for one in held:
        span = slice(low, low + one.width)
        low += one.width
        foreign = times < one.from_ms
        if one.until_ms is not None:
            foreign |= times > one.until_ms
        if foreign.any():
            values[foreign, span] = UNREAD


def _merged(
    times: NDArray[np.int64], values: NDArray[np.int64], held: Sequence[series.Name]
) -> Recalled:
    """One column for each name and number, though it may have held several."""
    at: dict[tuple[slots.Key, int], list[int]] = {}
    place = 0
    for one in held:
        key = slots.Key(one.owner, one.name, one.uid)
        for number in range(one.width):
            at.setdefault((key, number), []).append(place)
            place += 1
    columns = sorted(at, key=lambda item: (item[0].owner, item[0].name, item[0].uid, item[1]))
    if all(len(places) == 1 for places in at.values()):
        made = values[:, [at[column][0] for column in columns]]
    else:
        made = np.stack([values[:, at[column]].max(axis=1) for column in columns], axis=1)
    return Recalled(times=times / 1000, columns=tuple(columns), values=made)
