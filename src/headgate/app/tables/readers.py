"""Who reads a topic, and who writes to it as far as Kafka tells."""

from dataclasses import dataclass

import numpy as np

from headgate.domain import observation, snapshot, standing, transactions
from headgate.domain.unknown import Unknown

NO_WRITERS = Unknown(
    "Kafka names producers only while they hold a transaction open; metrics of clients name others"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderRow:
    """One group on one topic."""

    group: str
    state: str
    partitions: int
    """That it committed on."""
    lag: int | Unknown
    behind_s: float | Unknown
    """On its worst partition."""


def of(seen: observation.Observation, topic: str) -> tuple[ReaderRow, ...] | Unknown:
    """Every group with a commit on the topic, the furthest behind first."""
    commits = seen.snapshot.commits.value
    if isinstance(commits, Unknown):
        return commits
    known = seen.snapshot.groups.value
    found = standing.of(seen)
    where = found.places
    if topic not in where.topics:
        return ()
    place = where.topics.index(topic)
    at = np.maximum(where.partition_of, 0)
    mine = np.flatnonzero(
        (where.partition_of >= 0)
        & (where.topic_of[at] == place)
        & (found.commit != snapshot.UNREAD)
    )
    made = []
    for group in np.unique(where.group_of[mine]).tolist():
        columns = mine[where.group_of[mine] == group]
        name = where.groups[group]
        records, behind = found.records[columns], found.behind_s[columns]
        item = None if isinstance(known, Unknown) else known.get(name)
        made.append(
            ReaderRow(
                group=name,
                state="" if item is None else item.state,
                partitions=len(columns),
                lag=Unknown("the log end of a partition was not read")
                if (records == snapshot.UNREAD).any()
                else int(records.sum()),
                behind_s=Unknown("the age of a record is not known")
                if np.isnan(behind).any()
                else float(behind.max()),
            )
        )
    return tuple(
        sorted(made, key=lambda row: (0 if isinstance(row.lag, Unknown) else -row.lag, row.group))
    )


def writers(
    seen: observation.Observation, topic: str
) -> tuple[transactions.Producer, ...] | Unknown:
    """Producers with a transaction open on the topic; Kafka shows no others."""
    held = seen.snapshot.transactions.value
    if isinstance(held, Unknown):
        return held
    found = tuple(one for one in held.open_producers if one.partition.topic == topic)
    return found or NO_WRITERS
