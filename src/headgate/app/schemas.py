"""The use case that asks a schema registry itself: a version's text, read when somebody wants it.

Everything else about subjects is in the observation; texts are large and seldom looked at.
"""

from headgate.app import context, errors, permissions
from headgate.domain import person
from headgate.ports import errors as port_errors

DEADLINE_S = 3.0
"""Somebody waits for the page."""


class Schemas:
    """What needs the role viewer."""

    def __init__(self, running: context.Context) -> None:
        self._running = running

    def schema(
        self, actor: person.Actor, cluster: str, registry: str, subject: str, version: int
    ) -> str:
        """The text of one version.

        Raises:
            errors.NotFound: there is no such registry, subject or version.
            errors.Unavailable: the registry does not answer.
        """
        permissions.demand(actor, "look", cluster)
        watched = self._running.watched(cluster)
        port = watched.registries.get(registry)
        if port is None:
            raise errors.NotFound(
                f"{cluster} has no schema registry {registry}",
                where=cluster,
                next_step="Name one with registry = in headgate.toml",
            )
        try:
            return port.schema(subject, version, deadline_s=DEADLINE_S)
        except port_errors.NotNow as error:
            raise _unavailable(error) from error
        except port_errors.Refused as error:
            raise errors.NotFound(
                f"There is no version {version} of {subject}",
                where=error.where,
                next_step="It may have been deleted for good since the newest look",
            ) from error
        except port_errors.PortError as error:
            raise _unavailable(error) from error


def _unavailable(error: port_errors.PortError) -> errors.Unavailable:
    return errors.Unavailable(error.what, where=error.where, next_step=error.next_step)
