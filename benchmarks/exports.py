"""A scrape of ``/metrics`` at 100,000 partitions, against joining as many ready lines.

Beside it a broker's page of 50,000 samples read for its measures, against the parser alone.
"""

import io
import statistics
import time
from collections.abc import Callable

from prometheus_client import parser

from benchmarks import observed, table
from headgate.app import exports
from headgate.app.exports import interface, view
from headgate.metrics import exposition, meaning

RUNS = 5
GOAL_S = 1.5
READ_GOAL_S = 0.25
TOPICS = 2_000


def run() -> list[table.Row]:
    """The rows."""
    own = tuple(exports.OWN)
    rows = [_scrape("scrape, own names", own, GOAL_S)]
    rows += [
        _scrape(f"scrape, with {name}'s names", (*own, member), 2 * GOAL_S)
        for name, member in exports.BY_NAME.items()
    ]
    return [*rows, _read()]


def _scrape(what: str, members: tuple[interface.Export, ...], goal_s: float) -> table.Row:
    seen = observed.make()
    view.View("large", seen, labelled=False).wholes  # noqa: B018 - a page's time, not the lag's

    def scrape() -> str:
        page = interface.Page()
        for member in members:
            member.write(page, view.View("large", seen, labelled=False))
        return page.text()

    lines = scrape().splitlines()
    return table.Row(
        what=f"{what} ({len(lines):,} lines)",
        value=_median(scrape),
        unit="s",
        goal=goal_s,
        baseline=_median(lambda: "\n".join([line + "" for line in lines])),
        against="joining the ready lines",
    )


def _read() -> table.Row:
    """A broker that leads partitions of many topics; most samples are of no use here."""
    lines = [
        line
        for topic in range(TOPICS)
        for line in (
            f'kafka_server_brokertopicmetrics_bytesin_total{{topic="t{topic}"}} {topic}',
            f'kafka_server_brokertopicmetrics_bytesout_total{{topic="t{topic}"}} {topic}',
            *(
                f'kafka_log_log_{what}{{topic="t{topic}",partition="{number}"}} 12345'
                for what in ("size", "logendoffset", "numlogsegments")
                for number in range(8)
            ),
        )
    ]
    text = "\n".join(lines) + "\n"
    return table.Row(
        what=f"a broker's page read ({len(lines):,} samples)",
        value=_median(lambda: exposition.read(text, openmetrics=False, wanted=meaning.wanted)),
        unit="s",
        goal=READ_GOAL_S,
        baseline=_median(
            lambda: [
                one
                for family in parser.text_fd_to_metric_families(io.StringIO(text))
                for one in family.samples
            ]
        ),
        against="prometheus_client parses all of it",
    )


def _median(work: Callable[[], object]) -> float:
    took = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)
