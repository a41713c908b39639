"""Share groups: records that were given up at the delivery limit, by the brokers' own notes."""

from collections.abc import Mapping
from dataclasses import dataclass

from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown

NOTES = "__share_group_state"
"""The topic in which brokers note how far each share group has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """Records of one partition that a share group gave up lately."""

    partition: TopicPartition
    records: int
    deliveries: int
    """How often each of them was delivered."""
    since_ms: int
    """Unix milliseconds of the first note that tells it."""


Given = Mapping[str, tuple[GivenUp, ...]] | Unknown
"""Share group -> what it gave up lately; a group that gave up nothing is left out."""

NOT_READ = Unknown(
    "records given up at the delivery limit look like read ones; only the brokers' notes in "
    f"{NOTES} tell, and they were not read"
)
