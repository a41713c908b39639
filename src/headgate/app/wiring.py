"""Puts a Headgate together from its configuration: the one place that names every adapter."""

import functools

from headgate import actions
from headgate.app import (
    around,
    auth,
    channels,
    collecting,
    configuration,
    context,
    deciding,
    declared,
    hub,
    notifying,
    opening,
    owners,
    runtime,
    service,
    settings,
    watching,
)
from headgate.boundary import cedar
from headgate.boundary import interface as boundary
from headgate.changes import proposal
from headgate.observe import tiers
from headgate.ports import clock
from headgate.ports import store as ports

open_store = opening.open_store
"""The database that the configuration names."""


def load_boundary(held: configuration.Configuration) -> boundary.Boundary:
    """The policies in force.

    Raises:
        configuration.ConfigError: a policy cannot be used; says file, line and reason.
    """
    try:
        return cedar.CedarBoundary(held.path(held.settings.boundary.policies))
    except boundary.PolicyError as error:
        place = f"{error.file}:{error.line}" if error.file and error.line else str(error.file or "")
        problem = configuration.Problem(place=place, setting="", reason=error.reason)
        raise configuration.ConfigError((problem,)) from error


def load_owners(held: configuration.Configuration) -> owners.Owners:
    """The register of owners.

    Raises:
        configuration.ConfigError: it cannot be used; says file, line and reason.
    """
    return owners.load(held.path(held.settings.boundary.owners))


def load_declared(held: configuration.Configuration, one: settings.Cluster) -> declared.Folder:
    """What the cluster should be, and who owns what on it.

    Raises:
        configuration.ConfigError: it cannot be used; says file, line and reason.
    """
    folder = held.path(one.declared)
    found = declared.NOTHING if folder is None else declared.load(folder)
    return found.owned_also(load_owners(held).owned())


def load_all_declared(held: configuration.Configuration) -> tuple[declared.Folder, ...]:
    """What every cluster should be.

    Raises:
        configuration.ConfigError: something cannot be used; says file, line and reason.
    """
    return tuple(load_declared(held, one) for one in held.settings.cluster)


def build(
    held: configuration.Configuration,
    store: ports.Store,
    ticks: clock.Clock | None = None,
) -> runtime.Runtime:
    """A Headgate that is ready to be started; nothing was sent to any cluster yet.

    Raises:
        errors.AppError: something in the configuration cannot be used.
    """
    time = ticks or clock.SystemClock()
    made = held.settings
    notices = hub.Hub()
    clusters = {one.name: _watched(one, held, store, time, notices) for one in made.cluster}
    running = context.Context(
        settings=made,
        store=store,
        clock=time,
        auth=auth.Auth(store, time, session_hours=made.server.session_hours),
        hub=notices,
        desk=proposal.Desk(
            catalogue=actions.CATALOGUE,
            boundary=load_boundary(held),
            terms=deciding.terms(made.boundary.approval_minutes, made.boundary.waiting_hours),
        ),
        clusters=clusters,
        owners=load_owners(held),
        tellers=[
            notifying.Teller(
                channels.opened(one, held.folder),
                channels.route(one),
                store=store,
                ticks=time,
                environment=lambda name: clusters[name].about.environment,
                link=made.server.public_url,
            )
            for one in made.notify
        ],
    )
    return runtime.Runtime(running, service.Service(running))


def _watched(
    one: settings.Cluster,
    held: configuration.Configuration,
    store: ports.Store,
    ticks: clock.Clock,
    notices: hub.Hub,
) -> watching.Watched:
    folder, kept = held.folder, held.settings.history
    port = around.cluster(one, folder)
    wanted = load_declared(held, one)
    apart = functools.partial(collecting.Remote, one, folder, declared=wanted)
    return watching.Watched(
        one,
        cluster=port,
        connects=around.connects(one, folder),
        registries=around.registries(one, folder),
        sources=around.sources(one, folder, port),
        database=store,
        ticks=ticks,
        publish=notices.publish,
        apart=apart if one.process else None,
        declared=wanted,
        steps=tiers.of(
            by_minute_days=kept.by_minute_days,
            by_ten_minutes_days=kept.by_ten_minutes_days,
            by_hour_days=kept.by_hour_days,
        ),
    )
