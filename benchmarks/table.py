"""One row per promised number: what was measured, the goal, and the ratio to a baseline.

The machine is noisy, so an absolute figure says little; the baseline is taken in the same run.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measured figure."""

    what: str
    value: float
    unit: str
    goal: float | None = None
    """None: no goal was promised."""
    at_least: bool = False
    """Whether the goal is a least and not a most."""
    baseline: float | None = None
    """In the same unit; None: there is nothing to compare with."""
    against: str = ""
    """What the baseline is."""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None: there is none."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal


def render(rows: Sequence[Row]) -> str:
    """The rows as text for a terminal."""
    cells = [("what", "measured", "goal", "met", "ratio", "baseline")]
    for row in rows:
        goal = "-"
        if row.goal is not None:
            goal = f"{'>=' if row.at_least else '<='} {row.goal:g} {row.unit}"
        ratio = f"{row.value / row.baseline:.2f} x" if row.baseline else "-"
        base = f"{row.baseline:.4g} {row.unit}: {row.against}" if row.baseline else "-"
        met = {True: "yes", False: "NO", None: "-"}[row.met]
        cells.append((row.what, f"{row.value:.4g} {row.unit}", goal, met, ratio, base))
    widths = [max(len(line[place]) for line in cells) for place in range(len(cells[0]))]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)
