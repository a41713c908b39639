"""Feature levels that the cluster agreed on, and the release that each broker runs."""

from typing import Any

from headgate.domain import quorum
from headgate.domain.unknown import Unknown
from headgate.kafka import asking, library, release
from headgate.kafka.nodes import Nodes
from headgate.ports import inspection

UNVERSIONED = 35
"""UNSUPPORTED_VERSION: kafka-python repeats ApiVersions in an older version itself."""


def read(nodes: Nodes, *, deadline: float) -> inspection.Read[quorum.Features]:
    """Levels as the broker with the newest agreement tells them; each live broker's release."""
    told = asking.every_broker(nodes, request, "ApiVersions", deadline=deadline)
    versions: dict[int, str | Unknown] = {
        node.id: Unknown("the broker is fenced" if node.listed else "the cluster does not list it")
        for node in nodes.known()
    }
    versions |= {int(item.what.partition(":")[2]): Unknown(item.reason) for item in told.missing}
    versions |= {broker: version(answer) for broker, answer in told.answers.items()}
    newest = max(
        told.answers.values(),
        key=lambda answer: getattr(answer, "finalized_features_epoch", None) or -1,
        default=None,
    )
    found = quorum.Features(
        features=() if newest is None else _features(newest),
        versions=dict(sorted(versions.items())),
    )
    return found, told.missing


def request() -> Any:
    """Asks a broker for the calls and features it knows."""
    return library.metadata.ApiVersionsRequest(
        client_software_name="headgate", client_software_version="1"
    )


def version(answer: Any) -> str:
    """The release of the broker that answered.

    Its highest supported metadata.version tells it; where that is not told, the calls it knows.
    """
    levels = {feature.name: feature.max_version for feature in answer.supported_features or ()}
    if "metadata.version" in levels:
        return release.of_level(levels["metadata.version"])
    calls = {key.api_key: (key.min_version, key.max_version) for key in answer.api_keys}
    numbers = library.BrokerVersionData(api_versions=calls).broker_version
    return ".".join(str(number) for number in numbers)


def _features(answer: Any) -> tuple[quorum.Feature, ...]:
    finalized = {
        feature.name: int(feature.max_version_level) for feature in answer.finalized_features or ()
    }
    return tuple(
        quorum.Feature(
            name=feature.name,
            finalized=finalized.get(feature.name),
            supported=(int(feature.min_version), int(feature.max_version)),
        )
        for feature in sorted(answer.supported_features or (), key=lambda one: one.name)
    )
