"""Which Kafka release a feature level belongs to.

A broker tells the highest ``metadata.version`` it supports, as a number that each release raises
(Kafka's own MetadataVersion table). The table holds the highest level of each release.
"""

import bisect

LEVELS = (
    (1, "3.0"),
    (2, "3.1"),
    (3, "3.2"),
    (7, "3.3"),
    (8, "3.4"),
    (11, "3.5"),
    (14, "3.6"),
    (19, "3.7"),
    (20, "3.8"),
    (21, "3.9"),
    (25, "4.0"),
    (27, "4.1"),
    (29, "4.2"),
    (30, "4.3"),
)
"""Highest level, release."""


def of_level(level: int) -> str:
    """The release whose brokers support metadata.version up to that level."""
    place = bisect.bisect_left(LEVELS, (level, ""))
    if place == len(LEVELS):
        return f"newer than {LEVELS[-1][1]}"
    return LEVELS[place][1]
