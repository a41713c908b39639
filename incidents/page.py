"""The suite's page: one HTML file that needs nothing else, with a chart, for any screen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from incidents import baseline

_TEMPLATE = Path(__file__).with_name("page.html.jinja")
_LEFT = 8.0
_RIGHT = 352.0
_TOP = 26
_ROW = 22
_TICKS = (0, 15, 30, 45, 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One root in the chart; places are in units of the drawing."""

    name: str
    told: str
    title: str
    y: int
    found: float | None
    cause: float | None
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One mark of the chart's axis."""

    x: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Seconds from the injection to the finding and to the cause."""

    rows: tuple[Line, ...]
    ticks: tuple[Tick, ...]
    height: int
    left: float = _LEFT


def render(told: Mapping[str, Any]) -> str:
    """The page of a document as ``results.document`` makes it."""
    runs = sorted(told["runs"], key=lambda run: (run["passed"], run["scenario"], run["variant"]))
    made = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return made.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        told=told,
        headline=headline(told["measures"]),
        chart=chart(told["runs"]),
        runs=[{**run, **_mark(run)} for run in runs],
        rules=baseline.RULES,
        hold_s=int(baseline.HOLD_S),
    )


def headline(measures: Sequence[Mapping[str, Any]]) -> str:
    """The answer in one sentence."""
    missed = [one["what"] for one in measures if one["met"] is False]
    if not missed:
        return "The incident suite meets its goals"
    return f"The incident suite misses {len(missed)} of its goals"


def chart(runs: Sequence[Mapping[str, Any]]) -> Chart:
    """A line for each root, the quickest answer first, those without at the end."""
    roots = [(run, root, place) for run in runs for place, root in enumerate(run["roots"], start=1)]
    known = [
        value
        for _, root, _ in roots
        for value in (root["found_s"], root["cause_s"])
        if value is not None
    ]
    top = max([*known, 30.0])

    def x(seconds: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * float(min(seconds, top) / top), 1)

    roots.sort(key=lambda each: (each[1]["cause_s"] is None, each[1]["cause_s"] or 0.0))
    lines = tuple(
        _line(run, root, place, _TOP + number * _ROW, x)
        for number, (run, root, place) in enumerate(roots)
    )
    ticks = tuple(
        Tick(x=x(tick), text=f"{tick} s", anchor="start" if tick == 0 else "middle")
        for tick in _TICKS
        if tick <= top * 0.97
    )
    return Chart(rows=lines, ticks=ticks, height=_TOP + len(lines) * _ROW)


def _line(
    run: Mapping[str, Any], root: Mapping[str, Any], place: int, y: int, x: Callable[[float], float]
) -> Line:
    name = f"{run['scenario']}/{run['variant']}"
    if len(run["roots"]) > 1:
        name += f", root {place}"
    found, cause = root["found_s"], root["cause_s"]
    told = "not found" if found is None else "wrong cause" if cause is None else f"{cause:g} s"
    return Line(
        name=name,
        told=told,
        title=f"{name}: expected {' or '.join(root['causes'])}; {told}",
        y=y,
        found=None if found is None else x(found),
        cause=None if cause is None else x(cause),
        end=_RIGHT - 4 if cause is None else x(cause),
    )


def _mark(run: Mapping[str, Any]) -> dict[str, str]:
    if run["failure"]:
        return {"mark": "does not count", "tone": "late"}
    if run["passed"]:
        return {"mark": "as expected", "tone": "good"}
    return {"mark": "missed", "tone": "bad"}
