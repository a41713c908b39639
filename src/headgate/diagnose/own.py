"""Why Headgate's own view is old."""

from typing import ClassVar

from headgate.diagnose import hypothesis, interface
from headgate.domain import finding


class OwnView:
    """Explains evidence that is too old."""

    explains: ClassVar[tuple[str, ...]] = ("evidence.stale",)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """The read fails, or takes longer than the interval."""
        argument = interface.Argument(case, about)
        argument.weigh(
            "evidence.source_failing",
            "The reads fail or take longer than the time between two of them.",
            hypothesis.requires(
                "a part is older than three of its intervals",
                True,
                *(item.id for item in about.evidence),
            ),
            next=[interface.suggest("diagnostics.collect", "See Headgate's log for the reads.")],
        )
        return argument.explained()
