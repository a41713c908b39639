"""Why two sources differ on one fact: one of them does not tell what is so now."""

from typing import ClassVar

from headgate.detect import words
from headgate.detect.cluster import conflicts
from headgate.diagnose import interface
from headgate.diagnose.hypothesis import decides, expects, requires
from headgate.domain import finding
from headgate.domain.unknown import Unknown


class Conflicts:
    """Explains two sources that differ."""

    explains: ClassVar[tuple[str, ...]] = (conflicts.CODE,)

    def explain(self, about: finding.Finding, case: interface.Case) -> interface.Explained:
        """The source that alone is off; where all are, what all were compared with."""
        argument = interface.Argument(case, about)
        held = case.seen.once(conflicts.compared)
        mine = [one for one in held if one.meter.resource == about.resource and one.differs]
        names = {one.pair.name for one in mine}
        others = [
            one for one in held if one.pair.name in names and one.meter.resource != about.resource
        ]
        off = sorted({str(one.meter.resource) for one in others if one.differs})
        alone: bool | Unknown = (
            not off if others else Unknown(f"no other {about.resource.kind} tells the same fact")
        )
        fact = argument.fact(
            "others",
            "others about which the same two sources differ",
            alone if isinstance(alone, Unknown) else words.names(off) or "none",
            source="metrics",
        )
        cited = tuple(item.id for item in about.evidence)
        other = mine[0].pair.other if mine else "the other source"
        every = bool(off) and len(off) == len({str(one.meter.resource) for one in others})
        where = " and ".join(sorted({one.meter.source for one in mine}))
        argument.weigh(
            "evidence.source_failing",
            f"{other[:1].upper()}{other[1:]} is not up to date, for it differs from all metrics."
            if every
            else f"What {where or 'the source'} tells of {about.resource} is not up to date, or is "
            "of another one.",
            requires("the two never met", bool(cited), *cited),
            decides("only this one is off, all others agree", alone, fact),
            expects(
                "not some are off and others not",
                alone if isinstance(alone, Unknown) else alone or every,
                fact,
            ),
            on=case.seen.cluster if every else None,
            next=[
                interface.suggest(
                    "owner.notify",
                    "Compare both by hand; check that the metrics address is of that process, and "
                    "restart what tells old numbers. Until then no change runs alone there.",
                )
            ],
        )
        return argument.explained()
