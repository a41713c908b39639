"""One schema registry over REST (Confluent's API)."""

from typing import Protocol

from headgate.domain import registry as registry_


class SchemaRegistry(Protocol):
    """Reads one registry; methods raise ``ports.errors.PortError``."""

    @property
    def name(self) -> str:
        """The name Headgate knows it by."""

    @property
    def url(self) -> str:
        """Its address, without credentials."""

    def registry(self, *, deadline_s: float) -> registry_.Registry:
        """All subjects with their versions. What was read before and cannot have changed is not
        read again; a subject that could not be read by the deadline is ``Unknown`` and comes first
        the next time.
        """

    def subject(self, name: str, *, deadline_s: float) -> registry_.Subject:
        """One subject, read now.

        Raises:
            errors.Refused: there is no such subject.
        """

    def schema(self, subject: str, version: int, *, deadline_s: float) -> str:
        """The text of one version.

        Raises:
            errors.Refused: there is no such version.
        """

    def close(self) -> None:
        """Connections are closed."""
