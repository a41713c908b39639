"""One Kafka Connect cluster over REST."""

from typing import Protocol

from headgate.domain import snapshot


class Connect(Protocol):
    """Reads and changes one Connect cluster; methods raise ``ports.errors.PortError``."""

    @property
    def name(self) -> str:
        """The name Headgate knows it by."""

    @property
    def url(self) -> str:
        """Its first REST address, without credentials."""

    def cluster(self, *, deadline_s: float) -> snapshot.ConnectCluster:
        """All connectors with tasks, traces and configs, and the workers; secrets are masked.

        Offsets, topics used and plugins are read at a slower rhythm; until then they are Unknown.
        """

    def connector(self, name: str, *, deadline_s: float) -> snapshot.Connector:
        """One connector, read now; its offsets and topics used are the newest that were read.

        Raises:
            errors.Refused: there is no such connector.
        """

    def restart_failed(self, name: str, *, deadline_s: float) -> None:
        """Restarts the failed tasks (and the connector itself if it failed); returns when asked."""

    def close(self) -> None:
        """Connections are closed."""
