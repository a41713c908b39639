"""The faults of the lab, by name.

`ALL` lists them; `catalogue.break_` and `catalogue.heal` act. Adding one means adding a class to
one of the families and to its `MEMBERS`.
"""

from headgate.lab.faults import brokers, catalogue, consumers, hazards, sinks, traffic, workers

ALL = catalogue.index(
    (
        *consumers.MEMBERS,
        *traffic.MEMBERS,
        *sinks.MEMBERS,
        *brokers.MEMBERS,
        *workers.MEMBERS,
        *hazards.MEMBERS,
    )
)
