"""Why the same fix runs again and again: it cures the symptom, and the cause returns."""

from typing import ClassVar

from headgate.detect.hygiene import fixes
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, requires
from headgate.domain import finding


class Recurring:
    """Explains fixes that return."""

    explains: ClassVar[tuple[str, ...]] = ("fix.recurring",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """A debt of design, where the fix held in between; else it never was one."""
        argument = interface.Argument(case, about)
        runs = fixes.of(case.seen, about.resource)
        before = runs[:-1]
        held = sum(one.state == "succeeded" for one in before)
        fact = argument.fact(
            "held",
            "runs that were verified to have worked before the cause was back",
            held,
            source="timeline",
        )
        action = runs[0].action if runs else "the fix"
        cause = runs[0].cause if runs else "the cause"
        argument.weigh(
            "fix.design_debt",
            f"{action} cures what {cause} brings about, and leaves {cause} itself in place.",
            requires("the fix held before the cause came back", held > 0, fact),
            decides("every run but the newest held", 0 < held == len(before), fact),
            next=[
                interface.suggest(
                    "review.open",
                    f"Find what brings {cause} back, and change that; give it an owner and a date.",
                )
            ],
        )
        return argument.explained()
