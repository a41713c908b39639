"""Mirrors: which connectors of MirrorMaker 2 copy which cluster to which, and how they name topics.

MirrorMaker 2 runs as connectors of three classes; what belongs together has the same two aliases.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from headgate.detect import view
from headgate.domain import snapshot
from headgate.domain.unknown import Unknown

_CLASSES = {
    "MirrorSourceConnector": "source",
    "MirrorCheckpointConnector": "checkpoint",
    "MirrorHeartbeatConnector": "heartbeat",
}
_SOURCE, _TARGET = "source.cluster.alias", "target.cluster.alias"
_NOT_COPIED = re.compile(r".*[-.]internal|.*\.replica|__.*|mm2-.*|heartbeats|.*\.heartbeats")
"""MirrorMaker's own defaults for topics.exclude, and what it writes itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One direction of copying."""

    name: str
    """``west->east``."""
    source: str
    target: str
    connect: str
    """Connect cluster that runs it."""
    connectors: Mapping[str, snapshot.Connector]
    """By what they do: source, checkpoint, heartbeat."""

    @property
    def copier(self) -> snapshot.Connector | None:
        """What copies records; None: it is not among the connectors that were read."""
        return self.connectors.get("source")

    def setting(self, name: str, default: str = "") -> str:
        """A setting of any of its connectors."""
        for connector in self.connectors.values():
            if connector.config.get(name):
                return connector.config[name]
        return default

    @property
    def identity(self) -> bool:
        """Whether topics keep their names on the target."""
        return "Identity" in self.setting("replication.policy.class")

    def remote(self, topic: str) -> str:
        """What a topic of the source is called on the target."""
        separator = self.setting("replication.policy.separator", ".")
        return topic if self.identity else f"{self.source}{separator}{topic}"

    def copies(self, topic: str) -> bool:
        """Whether its settings say that the topic is copied."""
        copier = self.copier
        if copier is None or _NOT_COPIED.fullmatch(topic):
            return False
        if self.source and topic.startswith(f"{self.target}."):
            return False
        exclude = copier.config.get("topics.exclude", "")
        return _matches(copier.config.get("topics", ".*"), topic) and not _matches(exclude, topic)

    def follows(self, group_id: str) -> bool:
        """Whether its settings say that the group's offsets are translated."""
        checkpoint = self.connectors.get("checkpoint")
        if checkpoint is None:
            return False
        exclude = checkpoint.config.get("groups.exclude", "console-consumer-.*,connect-.*,__.*")
        return _matches(checkpoint.config.get("groups", ".*"), group_id) and not _matches(
            exclude, group_id
        )


def of_connector(connector: snapshot.Connector) -> str | None:
    """The link that a connector belongs to; None: it is no mirror."""
    if _role(connector) is None:
        return None
    return f"{connector.config.get(_SOURCE, '?')}->{connector.config.get(_TARGET, '?')}"


def of(seen: view.View) -> Mapping[str, Link]:
    """Every link that some Connect cluster runs, by name."""
    return seen.once(_make)


def _make(seen: view.View) -> Mapping[str, Link]:
    found: dict[str, dict[str, snapshot.Connector]] = {}
    where: dict[str, str] = {}
    for cluster, connect in seen.connects.items():
        if isinstance(connect, Unknown):
            continue
        for connector in connect.connectors.values():
            name, role = of_connector(connector), _role(connector)
            if name is not None and role is not None:
                found.setdefault(name, {})[role] = connector
                where[name] = cluster
    return {
        name: Link(
            name=name,
            source=name.partition("->")[0],
            target=name.partition("->")[2],
            connect=where[name],
            connectors=connectors,
        )
        for name, connectors in found.items()
    }


def is_here(seen: view.View, bootstrap: str) -> bool | Unknown:
    """Whether a bootstrap address is one of the brokers of the cluster that is looked at."""
    brokers = seen.brokers
    if isinstance(brokers, Unknown):
        return brokers
    if not bootstrap:
        return Unknown("its settings name no address")
    listed = {f"{each.host}:{each.port}".lower() for each in brokers.brokers}
    return any(part.strip().lower() in listed for part in bootstrap.split(","))


def _role(connector: snapshot.Connector) -> str | None:
    plugin = connector.config.get("connector.class", "").rpartition(".")[2]
    return _CLASSES.get(plugin)


def _matches(patterns: str, name: str) -> bool:
    """MirrorMaker's lists: several patterns with commas between them; each has to fit wholly."""
    for pattern in patterns.split(","):
        try:
            if pattern.strip() and re.fullmatch(pattern.strip(), name):
                return True
        except re.error:
            continue
    return False
