"""What the store keeps of the history: names of series, their newest samples, and older chunks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """Columns of the history that belong together, such as the partitions of one topic."""

    first: int
    """The first column; columns are given again once their name has ended."""
    width: int
    owner: str
    """The group of a commit, the broker of a disk; else empty."""
    name: str
    """The topic, or the path of a disk."""
    uid: str
    """The topic's id: one that is made again under its name is another."""
    from_ms: int
    """Unix milliseconds from which the columns are its own."""
    until_ms: int | None = None
    """None: they still are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One sample of a block of columns."""

    block: int
    at_ms: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Samples of a block of columns over a while."""

    block: int
    from_ms: int
    until_ms: int
    """Of the first and the last sample."""
    body: bytes = field(repr=False)


class Series(Protocol):
    """The history of what moves, by cluster, kind (``end``, ``commit``, ``disk``) and step."""

    def names(
        self, cluster: str, kind: str, *, owner: str | None = None, name: str | None = None
    ) -> Sequence[Name]:
        """Names by their first column; of one owner or name where given."""

    def put_names(self, cluster: str, kind: str, names: Sequence[Name]) -> None:
        """Each name is kept as given, replacing one with the same column and start."""

    def put_rows(
        self, cluster: str, kind: str, step_s: int, at_ms: int, bodies: Sequence[tuple[int, bytes]]
    ) -> None:
        """One sample is kept: (block, body) for each block of columns."""

    def rows(
        self,
        cluster: str,
        kind: str,
        step_s: int,
        *,
        blocks: Collection[int],
        since_ms: int,
        before_ms: int | None = None,
    ) -> Sequence[Row]:
        """Samples of those blocks from ``since_ms`` on, by block, oldest first."""

    def blocks(self, cluster: str, kind: str, step_s: int, *, before_ms: int) -> Sequence[int]:
        """Blocks that have samples before then."""

    def replace(
        self,
        cluster: str,
        kind: str,
        step_s: int,
        block: int,
        *,
        before_ms: int,
        chunks: Sequence[Chunk],
    ) -> None:
        """The chunks stand in the place of the block's samples before then."""

    def chunks(
        self, cluster: str, kind: str, step_s: int, *, blocks: Collection[int], since_ms: int
    ) -> Sequence[Chunk]:
        """Chunks of those blocks that reach to ``since_ms`` or later, by block, oldest first."""

    def forget(self, cluster: str, kind: str, step_s: int, *, before_ms: int) -> None:
        """Chunks and samples that end before then are gone."""

    def forget_names(self, cluster: str, *, before_ms: int) -> None:
        """Names that ended before then are gone."""
