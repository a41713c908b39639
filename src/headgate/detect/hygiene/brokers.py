"""Settings of the brokers that hurt later: topics that come into being by a typing error."""

from typing import ClassVar

from headgate.detect import interface, view, words

AUTO_CREATE = "auto.create.topics.enable"


class AutoCreate:
    """Says whether a mistyped name makes a topic."""

    codes: ClassVar[tuple[str, ...]] = ("config.auto_create",)
    needs: ClassVar[tuple[interface.Part, ...]] = ("broker_configs",)

    def find(self, seen: view.View) -> interface.Found:
        """At most one finding for the cluster."""
        configs = interface.certain(seen.snapshot.broker_configs.value)
        held = {broker: one[AUTO_CREATE] for broker, one in configs.items() if AUTO_CREATE in one}
        if not held:
            reason = f"no broker tells {AUTO_CREATE}"
            return interface.Found(not_seen=interface.not_seen(self.codes, seen.cluster, reason))
        on = sorted(broker for broker, one in held.items() if (one.value or "").lower() == "true")
        if not on:
            return interface.Found()
        report = interface.Report(seen, self.codes[0], seen.cluster)
        report.fact(
            "brokers", f"brokers with {AUTO_CREATE}", words.names(on), how="DescribeConfigs"
        )
        report.fact(
            "source", f"where {AUTO_CREATE} is set", held[on[0]].source, how="DescribeConfigs"
        )
        production = seen.observation.environment == "production"
        return interface.Found(
            findings=(
                report.finding(
                    "A program that asks for a topic which does not exist makes it, with default "
                    f"settings: {AUTO_CREATE} is true.",
                    severity="warning" if production else None,
                ),
            )
        )
