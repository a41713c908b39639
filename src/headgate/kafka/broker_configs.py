"""The settings of brokers: each tells its own, since static ones differ between them."""

from collections.abc import Mapping, Sequence
from typing import Any

from headgate.domain import snapshot
from headgate.kafka import failure, library, topics
from headgate.kafka.nodes import Nodes, finished, outcome
from headgate.ports import errors, inspection, kafka

API = "DescribeConfigs"
BROKER = 4
"""Kafka's number for brokers among the resources that have settings."""


def read(
    nodes: Nodes, brokers: Sequence[int], *, deadline: float
) -> inspection.Read[snapshot.BrokerConfigs]:
    """The effective settings of each broker with their sources; a value that Kafka holds secret
    is None.

    Raises:
        errors.NotAllowed: no broker may be read.
    """
    asked = {nodes.ask(broker, _request(broker), deadline=deadline): broker for broker in brokers}
    found: dict[int, Mapping[str, snapshot.ConfigValue]] = {}
    failures: dict[int, kafka.Failure] = {}
    for future in finished(asked, deadline=deadline):
        broker, answer = asked[future], outcome(future)
        told = (
            failure.of_error(answer)
            if isinstance(answer, errors.PortError)
            else topics.settings(answer)[str(broker)]
        )
        if isinstance(told, kafka.Failure):
            failures[broker] = told
        else:
            found[broker] = told
    refused = [failed for failed in failures.values() if failed.not_allowed]
    if refused and len(refused) == len(brokers):
        raise errors.NotAllowed(refused[0].reason, where=nodes.name, needs=refused[0].needs)
    return found, tuple(
        snapshot.Missing(what=f"broker:{broker}", reason=failed.reason, needs=failed.needs)
        for broker, failed in sorted(failures.items())
    )


def _request(broker: int) -> Any:
    request = library.admin.DescribeConfigsRequest
    return request(
        resources=[
            request.DescribeConfigsResource(
                resource_type=BROKER, resource_name=str(broker), configuration_keys=None
            )
        ],
        include_synonyms=False,
        include_documentation=False,
    )
