"""Use cases that ask a schema registry itself: one subject as it is now, and a schema's text.

Lists of subjects come from the observation, in which a rule may be an hour old; texts are large and
seldom looked at, so they are nowhere but in the registry.
"""

import contextlib
from collections.abc import Iterator

from headgate.app import context, errors, permissions
from headgate.domain import person
from headgate.domain import registry as registry_
from headgate.ports import errors as port_errors
from headgate.ports import registry

DEADLINE_S = 3.0
"""Somebody waits for the page."""


class Schemas:
    """What needs the role viewer."""

    def __init__(self, running: context.Context) -> None:
        self._running = running

    def subject(
        self, actor: person.Actor, cluster: str, registry: str, subject: str
    ) -> registry_.Subject:
        """One subject, read now: its rule may have changed since the newest look.

        Raises:
            errors.NotFound: there is no such registry or subject.
            errors.Unavailable: the registry does not answer.
        """
        port = self._port(actor, cluster, registry)
        with _told(f"There is no subject {subject}"):
            return port.subject(subject, deadline_s=DEADLINE_S)

    def schema(
        self, actor: person.Actor, cluster: str, registry: str, subject: str, version: int
    ) -> str:
        """The text of one version.

        Raises:
            errors.NotFound: there is no such registry, subject or version.
            errors.Unavailable: the registry does not answer.
        """
        port = self._port(actor, cluster, registry)
        with _told(f"There is no version {version} of {subject}"):
            return port.schema(subject, version, deadline_s=DEADLINE_S)

    def _port(self, actor: person.Actor, cluster: str, name: str) -> registry.SchemaRegistry:
        permissions.demand(actor, "look", cluster)
        port = self._running.watched(cluster).registries.get(name)
        if port is None:
            raise errors.NotFound(
                f"{cluster} has no schema registry {name}",
                where=cluster,
                next_step="Name one with registry = in headgate.toml",
            )
        return port


@contextlib.contextmanager
def _told(absent: str) -> Iterator[None]:
    """What the registry raises inside comes out as an error that a face may show."""
    try:
        yield
    except port_errors.NotNow as error:
        raise _unavailable(error) from error
    except port_errors.Refused as error:
        raise errors.NotFound(
            absent,
            where=error.where,
            next_step="It may have been deleted for good since the newest look",
        ) from error
    except port_errors.PortError as error:
        raise _unavailable(error) from error


def _unavailable(error: port_errors.PortError) -> errors.Unavailable:
    return errors.Unavailable(error.what, where=error.where, next_step=error.next_step)
