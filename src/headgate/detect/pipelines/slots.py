"""The log that a source database keeps for a connector, by what its exporter tells of the slot.

PostgreSQL keeps its log for a replication slot until the slot's client has confirmed it: without a
client, or with one that confirms nothing, the database's disk fills. Headgate reads no database;
``postgres_exporter`` on a metrics address tells it.
"""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from headgate.detect import interface, view, words
from headgate.detect.cluster import gauges
from headgate.detect.pipelines import clusters
from headgate.domain import amounts, finding, meters, resource, snapshot
from headgate.domain.unknown import Unknown

CODE = "connect.source_log_growth"
ACTIVE, CONFIRMED = "database.slot_active", "database.slot_confirmed"
_RETAINED, _END = "database.slot_retained", "database.log_end"
_POSTGRES = "PostgresConnector"
_OTHERS = ("MySqlConnector", "MariaDbConnector", "SqlServerConnector", "OracleConnector")
_SLOT = "debezium"
"""The name of a slot that Debezium's settings do not name."""


class Slots:
    """Says for which connectors their database keeps more and more log."""

    codes: ClassVar[tuple[str, ...]] = (CODE,)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding per connector that reads a database's log."""
        findings: list[finding.Finding] = []
        read, not_seen = clusters.read(seen, self.codes)
        for cluster, connect in read:
            for connector in connect.connectors.values():
                for item in _judged(seen, cluster, connector):
                    if isinstance(item, finding.Finding):
                        findings.append(item)
                    else:
                        not_seen.append(item)
        return interface.Found(findings=tuple(findings), not_seen=tuple(not_seen))


def slot(connector: snapshot.Connector) -> str:
    """The replication slot that a connector reads from; empty: it reads from none."""
    name = connector.config.get("connector.class", "").rpartition(".")[2]
    return connector.config.get("slot.name", _SLOT) if name == _POSTGRES else ""


def of(seen: view.View, name: str, connector: snapshot.Connector) -> meters.Meter | Unknown:
    """What is told of the connector's slot; Unknown: nobody tells it, or several databases do."""
    called, database = slot(connector), connector.config.get("database.dbname", "")
    found = [
        one
        for one in gauges.told(seen, name, slot=called)
        if one.labels.get("database", database) in (database, "")
    ]
    sources = {(one.source, one.resource) for one in found}
    if len(sources) > 1:
        return Unknown(f"several databases have a slot {called}, and {name} does not say which")
    if found:
        return found[0]
    if not seen.meters.courses:
        return Unknown(f"no metrics source is known; {name} of its slot {called} would tell")
    return Unknown(f"no metrics source tells {name} of its slot {called} now")


def retained(seen: view.View, connector: snapshot.Connector) -> meters.Meter | Unknown:
    """Bytes that are kept for the slot: as told, or from the log's end to what was confirmed last.

    A slot without a client confirms nothing more, and its exporter falls silent about it: what was
    confirmed last still holds.
    """
    told = of(seen, _RETAINED, connector)
    if not isinstance(told, Unknown):
        return told
    end = of(seen, _END, connector)
    if isinstance(end, Unknown):
        return told
    same = [
        one
        for one in seen.meters.all(CONFIRMED, end.resource, slot=slot(connector))
        if one.source == end.source
    ]
    if not same:
        return Unknown(f"{end.source} never told {CONFIRMED} of its slot {slot(connector)}")
    values = same[0].values
    places = np.maximum.accumulate(np.where(np.isnan(values), -1, np.arange(len(values))))
    held = np.where(places >= 0, values[np.maximum(places, 0)], np.nan)
    return meters.Meter(
        source=end.source,
        name=_RETAINED,
        resource=end.resource,
        labels=end.labels,
        times=end.times,
        values=end.values - held,
    )


def _judged(
    seen: view.View, cluster: str, connector: snapshot.Connector
) -> Iterator[finding.Finding | finding.NotSeen]:
    about = resource.Resource("connector", connector.name)
    if connector.config.get("connector.class", "").rpartition(".")[2] in _OTHERS:
        yield finding.NotSeen(
            code=CODE,
            resource=about,
            reason="only the source database tells how much log it keeps for it, and Headgate "
            "knows the metrics of PostgreSQL's slots alone",
        )
    if not slot(connector):
        return
    kept = retained(seen, connector)
    if isinstance(kept, Unknown):
        yield finding.NotSeen(code=CODE, resource=about, reason=kept.reason)
        return
    size = amounts.size(str(seen.observation.thresholds.value(CODE, "size", about)))
    grown = _grows(kept, size)
    if grown is None:
        return
    start, rise = grown
    state = seen.state(CODE, "hold", start, about=about)
    if state is None:
        return
    latest = float(kept.values[-1])
    report = interface.Report(seen, CODE, about)
    report.fact(
        "retained",
        f"log that the database keeps for slot {slot(connector)}",
        round(latest),
        unit="bytes",
        source="metrics",
        how=kept.source,
    )
    report.fact("rise", "more than at the beginning", round(rise), unit="bytes", source="metrics")
    report.fact("connect", "Connect cluster", cluster, source="connect")
    yield report.finding(
        f"The database keeps {amounts.words(latest)} of log for {connector.name} "
        f"({amounts.words(rise)} more in {words.duration(seen.now - start)}): its disk fills.",
        state=state,
        since=start,
    )


def _grows(kept: meters.Meter, size: float) -> tuple[float, float] | None:
    """(Since when it is over the size and never fell, by how much it grew since); None: it does
    not.
    """
    known = ~np.isnan(kept.values)
    times, values = kept.times[known], kept.values[known]
    if len(values) < 2 or values[-1] <= size or np.isnan(kept.values[-1]):
        return None
    broken = np.flatnonzero((values[1:] < values[:-1]) | (values[:-1] <= size))
    first = int(broken[-1]) + 1 if len(broken) else 0
    rise = float(values[-1] - values[first])
    return (float(times[first]), rise) if rise > 0 else None
