"""What every use case works with: the store, the clusters, the catalogue and the boundary."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from headgate.actions import interface as actions
from headgate.app import (
    auth,
    chronicle,
    errors,
    hub,
    interface,
    notifying,
    owners,
    settings,
    watching,
)
from headgate.changes import proposal
from headgate.domain import person, resource, snapshot
from headgate.domain.unknown import Unknown
from headgate.ports import clock
from headgate.ports import store as ports

KILL = "kill"
"""The switch that keeps new changes from starting."""
RECURRENCE = timedelta(days=7)


def _nothing(_cluster: str) -> None:
    """Wakes nobody."""


@dataclass(slots=True, kw_only=True)
class Context:
    """One running Headgate."""

    settings: settings.Settings
    store: ports.Store
    clock: clock.Clock
    auth: auth.Auth
    hub: hub.Hub
    desk: proposal.Desk
    clusters: Mapping[str, watching.Watched]
    owners: owners.Owners
    wake: Callable[[str], None] = field(default=_nothing)
    """Tells the engine that a cluster's changes were moved."""
    tellers: Sequence[notifying.Teller] = ()
    """The channels that are told of incidents."""
    _chronicles: dict[str, chronicle.Chronicle] = field(default_factory=dict, init=False)

    def chronicle(self, name: str) -> chronicle.Chronicle:
        """What keeps the past of a cluster; the same at every call."""
        if name not in self._chronicles:
            self._chronicles[name] = chronicle.Chronicle(
                name,
                self.store,
                self.clock,
                self.settings.history,
                lambda: self._looked(name),
            )
        return self._chronicles[name]

    def _looked(self, name: str) -> snapshot.Snapshot | Unknown:
        seen = self.watched(name).observed()
        return seen if isinstance(seen, Unknown) else seen.snapshot

    def watched(self, name: str) -> watching.Watched:
        """The cluster of that name.

        Raises:
            errors.NotFound: none is configured.
        """
        found = self.clusters.get(name)
        if found is None:
            known = ", ".join(self.clusters) or "none is configured"
            raise errors.NotFound(
                f"There is no cluster {name}", where=name, next_step=f"Known: {known}"
            )
        return found

    def world(self, watched: watching.Watched) -> actions.World:
        """Everything an action may look at or touch on one cluster."""
        return actions.World(
            cluster=watched.name,
            environment=watched.about.environment,
            kafka=watched.kafka,
            connects=watched.connects,
            clock=self.clock,
            interval_s=watched.about.interval_s,
            read_records=watched.about.read_records,
            observed=watched.observed,
            detected=watched.detected,
            owner=self._owner,
            runs=lambda action, cause, target: self._runs(watched.name, action, cause, target),
            budget_left=lambda action: self._budget_left(watched.name, action),
            kill_switch=self.killed,
            deadline_s=watched.about.deadline_s,
            restore_point=self.chronicle(watched.name).restore_point,
        )

    def killed(self) -> bool:
        """Whether the kill switch is on."""
        with self.store.read() as work:
            return work.switches.get(KILL)

    def changed(self, kind: str, cluster: str, ref: str = "") -> None:
        """Live pages hear of it."""
        self.hub.publish(interface.Notice(kind=kind, cluster=cluster, ref=ref))

    def _owner(self, about: resource.Resource) -> person.Owner:
        return self.owners.of(about)

    def _runs(self, cluster: str, action: str, cause: str, target: str) -> int:
        since = self.clock.now() - RECURRENCE
        with self.store.read() as work:
            return work.changes.runs(
                cluster=cluster, action=action, cause=cause, target=target, since=since
            )

    def _budget_left(self, cluster: str, action: str) -> int:
        kept = self.settings.boundary
        limit = kept.budgets.get(action, kept.budget)
        since = self.clock.now() - timedelta(hours=self.settings.boundary.budget_hours)
        with self.store.read() as work:
            ran = work.changes.runs(
                cluster=cluster, action=action, cause="", target="", since=since
            )
        return max(0, limit - ran)
