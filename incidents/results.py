"""What came of every run, and how the whole compares with its goals. Pure, and plain JSON."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from incidents import baseline, judge

SWEEPS = 3
"""The right cause is to be named within so many sweeps after the symptom is visible ..."""
SWEEPS_SHARE = 0.9
"""... in so many of the cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootRow:
    """One root of one run."""

    findings: tuple[str, ...]
    causes: tuple[str, ...]
    found_s: float | None
    cause_s: float | None
    sweeps: int | None
    second: bool
    got: str
    naive: bool
    """Whether the loudest alert names the right cause, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One run."""

    scenario: str
    variant: int
    kind: str
    how: str
    breaks: str
    drew: dict[str, str] = field(default_factory=dict)
    proof: str = ""
    """How the effect was seen without Headgate."""
    failure: str = ""
    """Why the run does not count: it could not be prepared, injected or confirmed."""
    roots: tuple[RootRow, ...] = ()
    wrong: tuple[str, ...] = ()
    opened: int = 0
    paging: int = 0
    pages: tuple[str, ...] = ()
    """What the baseline's rules would have paged."""
    loudest: str = ""
    """The naive diagnosis: the loudest alert and the cause that its runbook names first."""
    doctor: str = ""
    """What the real command said: right, found (the cause is not), missed; empty: not asked."""
    took_s: float = 0.0
    slowest_s: float = 0.0
    """The longest look: on a busy machine everything is late, and clients time out for real."""
    said: tuple[str, ...] = ()
    """What was said of it at each look, one line each."""

    @property
    def counts(self) -> bool:
        """Whether the run proves anything."""
        return not self.failure

    @property
    def passed(self) -> bool:
        """Whether all is as it should be: found, right, and nothing else said."""
        return (
            self.counts
            and not self.wrong
            and all(one.found_s is not None and one.cause_s is not None for one in self.roots)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One goal of the suite."""

    what: str
    value: str
    goal: str
    met: bool | None
    """None: there was nothing to measure."""


def root_row(answer: judge.Answer, naive: str) -> RootRow:
    """The row of one root; ``naive`` is the cause that the loudest alert names."""
    return RootRow(
        findings=answer.root.findings,
        causes=answer.root.causes,
        found_s=_short(answer.found_s),
        cause_s=_short(answer.cause_s),
        sweeps=answer.sweeps,
        second=answer.second,
        got=answer.got,
        naive=naive in answer.root.causes,
    )


def _short(seconds: float | None) -> float | None:
    return None if seconds is None else round(max(seconds, 0.0), 1)


def measures(rows: Sequence[Row], background: Sequence[str] = ()) -> list[Measure]:
    """How the runs that count compare with the goals; ``background`` is what nobody injected."""
    counted = [row for row in rows if row.counts]
    roots = [root for row in counted for root in row.roots]
    healthy = [row for row in counted if row.kind == "healthy"]
    found = sum(1 for root in roots if root.found_s is not None)
    right = sum(1 for root in roots if root.cause_s is not None)
    timed = [root for root in roots if root.sweeps is not None]
    quick = sum(1 for root in timed if (root.sweeps or 0) <= SWEEPS)
    opened = sum(row.opened for row in counted if row.roots)
    paging = sum(row.paging for row in counted)
    pages = sum(len(row.pages) for row in counted)
    naive = sum(1 for root in roots if root.naive)
    never = _never(counted)
    silent = sum(len(row.wrong) for row in healthy)
    wrong = sum(len(row.wrong) for row in counted if row.roots)
    fewer = 1 - paging / pages if pages else 0.0
    critical = {rule.name for rule in baseline.RULES if rule.critical}
    grave = sum(1 for row in counted for page in row.pages if page.split()[0] in critical)
    plain = sum(1 for row in counted for page in row.pages if page.split()[0] != baseline.STOPPED)
    beside = sum(row.paging for row in counted if row.pages)
    asked = [row for row in counted if row.roots and row.doctor]
    return [
        Measure(
            what="Injected incidents detected",
            value=_share(found, len(roots)),
            goal="100 %",
            met=None if not roots else found == len(roots),
        ),
        Measure(
            what="First cause right",
            value=_share(right, len(roots)),
            goal=">= 95 %",
            met=None if not roots else right >= 0.95 * len(roots),
        ),
        Measure(
            what="Cause among the first two",
            value=_share(sum(1 for root in roots if root.second), len(roots)),
            goal="-",
            met=None,
        ),
        Measure(
            what="Scenarios that never work",
            value=f"{len(never)}: {', '.join(never)}" if never else "0",
            goal="0",
            met=not never if roots else None,
        ),
        Measure(
            what="Incidents opened per root",
            value=f"{opened / len(roots):.2f} ({opened} of {len(roots)})" if roots else "-",
            goal="<= 1.1",
            met=None if not roots else opened <= 1.1 * len(roots),
        ),
        Measure(
            what="Wrong findings beside a root",
            value=str(wrong),
            goal="-",
            met=None,
        ),
        Measure(
            what=f"Findings on the {len(healthy)} healthy cases",
            value=str(silent),
            goal="0",
            met=silent == 0 if healthy else None,
        ),
        Measure(
            what="Findings about what nobody broke",
            value=str(len(background)),
            goal="0",
            met=not background if counted else None,
        ),
        Measure(
            what="Pages against the baseline rules",
            value=f"{paging} against {pages}: {fewer:.0%} fewer",
            goal=">= 80 % fewer, nothing missed",
            met=fewer >= 0.8 and found == len(roots) if pages else None,
        ),
        Measure(
            what="The same, without the runs in which the rules see nothing",
            value=f"{beside} against {pages}: {1 - beside / pages:.0%} fewer" if pages else "-",
            goal="-",
            met=None,
        ),
        Measure(
            what="The same, without Burrow's rule",
            value=f"{paging} against {plain}: {1 - paging / plain:.0%} fewer" if plain else "-",
            goal="-",
            met=None,
        ),
        Measure(
            what="The same, against those rules alone whose sources call them critical",
            value=f"{paging} against {grave}: {1 - paging / grave:.0%} fewer" if grave else "-",
            goal="-",
            met=None,
        ),
        Measure(
            what=f"Cause named within {SWEEPS} sweeps of the visible symptom",
            value=_share(quick, len(timed)),
            goal=">= 90 %",
            met=quick >= SWEEPS_SHARE * len(timed) if timed else None,
        ),
        Measure(
            what="Median seconds from injection to finding / to cause",
            value=f"{_median([r.found_s for r in roots])} / {_median([r.cause_s for r in roots])}",
            goal="-",
            met=None,
        ),
        Measure(
            what="Naive diagnosis right (the loudest alert names the cause)",
            value=_share(naive, len(roots)),
            goal="<= 50 %, else too easy",
            met=naive <= 0.5 * len(roots) if roots else None,
        ),
        Measure(
            what="The real command, asked once for 10 s, names the first cause",
            value=_share(sum(1 for row in asked if row.doctor == "right"), len(asked)),
            goal="-",
            met=None,
        ),
        Measure(
            what="Slowest look in seconds (a busy machine is seen here)",
            value=f"{max((row.slowest_s for row in counted), default=0.0):.1f}",
            goal="-",
            met=None,
        ),
        Measure(
            what="Runs that do not count",
            value=str(len(rows) - len(counted)),
            goal="0",
            met=len(rows) == len(counted),
        ),
    ]


def _never(rows: Sequence[Row]) -> list[str]:
    """Scenarios of which no variant was right."""
    worked: dict[str, bool] = {}
    for row in rows:
        if row.roots:
            right = all(root.cause_s is not None for root in row.roots)
            worked[row.scenario] = worked.get(row.scenario, False) or right
    return sorted(name for name, ever in worked.items() if not ever)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%} ({part} of {whole})" if whole else "-"


def _median(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{statistics.median(known):.1f}" if known else "-"


def document(
    rows: Sequence[Row], *, seed: int, took_s: float, background: Sequence[str]
) -> dict[str, Any]:
    """All of it as plain JSON."""
    return {
        "schema": "headgate.incidents/1",
        "seed": seed,
        "took_s": round(took_s, 1),
        "measures": [asdict(one) for one in measures(rows, background)],
        "background": list(background),
        "runs": [_run(row) for row in rows],
    }


def _run(row: Row) -> dict[str, Any]:
    """A run without what was said at each look, which is kept in a file of its own."""
    told = {**asdict(row), "passed": row.passed}
    del told["said"]
    return told
