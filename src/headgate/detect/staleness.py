"""Headgate's own view: parts of the snapshot that are too old to be judged by."""

from typing import ClassVar

from headgate.detect import interface, view, words


class Staleness:
    """Says which parts were last read too long ago."""

    codes: ClassVar[tuple[str, ...]] = ("evidence.stale",)
    needs: ClassVar[tuple[interface.Part, ...]] = ()

    def find(self, seen: view.View) -> interface.Found:
        """One finding for the cluster, naming the old parts."""
        factor = seen.observation.number("evidence.stale", "factor")
        old = {
            name: (seen.at - part.at).total_seconds()
            for name, part in seen.snapshot.parts().items()
            if name != "configs"
            and (seen.at - part.at).total_seconds() > seen.old_after_s(part, factor)
        }
        if not old:
            return interface.Found()
        report = interface.Report(seen, "evidence.stale", seen.cluster)
        for name, age_s in old.items():
            report.fact(name, f"age of {name}", age_s, unit="s", source="history")
        oldest = max(old.values())
        return interface.Found(
            findings=(
                report.finding(
                    f"{words.names(old)} of {seen.cluster.id} were last read "
                    f"{words.duration(oldest)} ago; what rests on them is not judged.",
                    since=seen.now - oldest,
                ),
            )
        )
