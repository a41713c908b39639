"""What the brokers of a simulated cluster say, encoded by kafka-python and kept once encoded."""

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.simulated import groups
from benchmarks.simulated.shape import Shape
from headgate.kafka import library
from headgate.kafka.address import Address

API_VERSIONS = 18
METADATA = 3
WHOLE_CLUSTER = frozenset({METADATA, 10, 18, 29, 32, 46, 48, 50, 55, 60})
"""Calls that any broker answers alike."""
REQUESTS: dict[int, Any] = {
    kind.API_KEY: kind
    for kind in (
        library.consumer.ListOffsetsRequest,
        library.metadata.MetadataRequest,
        library.consumer.OffsetFetchRequest,
        library.metadata.FindCoordinatorRequest,
        library.admin.DescribeGroupsRequest,
        library.admin.ListGroupsRequest,
        library.metadata.ApiVersionsRequest,
        library.admin.DescribeAclsRequest,
        library.admin.DescribeConfigsRequest,
        library.admin.DescribeLogDirsRequest,
        library.admin.ListPartitionReassignmentsRequest,
        library.admin.DescribeClientQuotasRequest,
        library.admin.DescribeUserScramCredentialsRequest,
        library.admin.DescribeQuorumRequest,
        library.admin.DescribeClusterRequest,
        library.admin.DescribeProducersRequest,
        library.admin.ListTransactionsRequest,
        library.ConsumerGroupDescribeRequest,
    )
}
"""What the brokers know; they say so, and a client that asks for more is told by its library."""
UNKNOWN_TOPIC = 3
REPLICA_BYTES = 1_000_000_000
_LEVEL = 30
"""metadata.version of Kafka 4.3."""
_STATIC, _DEFAULT = 4, 5


class Answers:
    """The answers of one cluster."""

    def __init__(self, shape: Shape, addresses: Mapping[int, Address]) -> None:
        self.shape = shape
        self.alive = set(addresses)
        self._addresses = addresses
        self._now_ms = int(time.time() * 1000)
        self._kept: dict[tuple[int, int, int, bytes], bytes] = {}
        self._makers: dict[int, Callable[[int, Any], Any]] = {
            2: self._list_offsets,
            METADATA: self._metadata,
            9: lambda broker, asked: groups.commits(self, broker, asked),
            10: lambda _, asked: groups.coordinators(self, self._addresses, asked),
            15: lambda broker, asked: groups.classic(self, broker, asked),
            16: lambda broker, _: groups.listed(self, broker),
            API_VERSIONS: lambda _broker, _asked: _versions(),
            29: lambda _broker, _asked: self._acls(),
            32: self._configs,
            35: self._log_dirs,
            46: lambda _broker, _asked: _none(library.admin.ListPartitionReassignmentsResponse),
            48: lambda _broker, _asked: self._quotas(),
            50: lambda _broker, _asked: _scram(),
            55: lambda _broker, _asked: self._quorum(),
            60: lambda _broker, _asked: self._cluster(),
            61: lambda _broker, asked: _producers(asked),
            66: lambda _broker, _asked: _transactions(),
            69: lambda broker, asked: groups.consumer(self, broker, asked),
        }

    def give(self, broker: int, key: int, version: int, body: bytes) -> bytes:
        """The encoded body of an answer."""
        asked_of = 0 if key in WHOLE_CLUSTER else broker
        held = self._kept.get((asked_of, key, version, body))
        if held is None:
            request = REQUESTS[key].decode(body, version=version)
            answer = self._makers[key](broker, request)
            held = bytes(answer.encode(version=version))
            self._kept[asked_of, key, version, body] = held
        return held

    def living(self, brokers: set[int]) -> None:
        """Only those brokers lead and coordinate from now on."""
        self.alive = brokers
        self._kept.clear()

    def leader(self, ordinal: int) -> int:
        """The first living replica; -1: none."""
        alive = self.alive
        return next((n for n in self.shape.replicas_of(ordinal) if n in alive), -1)

    def coordinator(self, place: int) -> int:
        """The living broker that coordinates a group."""
        alive = sorted(self.alive)
        return alive[place % len(alive)]

    # ---- the cluster ----

    def _metadata(self, _broker: int, asked: Any) -> Any:
        response = library.metadata.MetadataResponse
        topic = response.MetadataResponseTopic
        names = [self.shape.topic(place) for place in range(self.shape.topics)]
        if asked.topics is not None:
            names = [one.name for one in asked.topics]
        return response(
            brokers=[
                response.MetadataResponseBroker(
                    node_id=n, host=at.host, port=at.port, rack=f"rack-{n % 3}"
                )
                for n, at in self._addresses.items()
                if n in self.alive
            ],
            cluster_id="simulated",
            controller_id=min(self.alive),
            topics=[self._topic(topic, name) for name in names],
            error_code=0,
        )

    def _topic(self, kind: Any, name: str) -> Any:
        place = self.shape.place(name)
        if place is None:
            return kind(error_code=UNKNOWN_TOPIC, name=name, is_internal=False, partitions=[])
        return kind(
            error_code=0,
            name=name,
            topic_id=uuid.UUID(int=place + 1),
            is_internal=False,
            partitions=[
                self._partition(kind.MetadataResponsePartition, place, number)
                for number in range(self.shape.partitions)
            ],
        )

    def _partition(self, kind: Any, place: int, number: int) -> Any:
        ordinal = place * self.shape.partitions + number
        replicas = self.shape.replicas_of(ordinal)
        leader = self.leader(ordinal)
        return kind(
            error_code=0 if leader >= 0 else 5,
            partition_index=number,
            leader_id=leader,
            leader_epoch=3,
            replica_nodes=replicas,
            isr_nodes=[n for n in replicas if n in self.alive],
            offline_replicas=[n for n in replicas if n not in self.alive],
        )

    def _cluster(self) -> Any:
        response = library.admin.DescribeClusterResponse
        return response(
            error_code=0,
            endpoint_type=1,
            cluster_id="simulated",
            controller_id=min(self.alive),
            brokers=[
                response.DescribeClusterBroker(
                    broker_id=n,
                    host=at.host,
                    port=at.port,
                    rack=f"rack-{n % 3}",
                    is_fenced=n not in self.alive,
                )
                for n, at in self._addresses.items()
            ],
        )

    def _quorum(self) -> Any:
        response = library.admin.DescribeQuorumResponse
        part = response.TopicData.PartitionData
        voters = sorted(self.alive)[:3]
        return response(
            error_code=0,
            topics=[
                response.TopicData(
                    topic_name="__cluster_metadata",
                    partitions=[
                        part(
                            partition_index=0,
                            error_code=0,
                            leader_id=voters[0],
                            leader_epoch=7,
                            high_watermark=1_000,
                            current_voters=[
                                part.ReplicaState(
                                    replica_id=n,
                                    log_end_offset=1_000,
                                    last_fetch_timestamp=self._now_ms,
                                    last_caught_up_timestamp=self._now_ms,
                                )
                                for n in voters
                            ],
                            observers=[],
                        )
                    ],
                )
            ],
            nodes=[],
        )

    # ---- what lies on the brokers ----

    def _list_offsets(self, broker: int, asked: Any) -> Any:
        response = library.consumer.ListOffsetsResponse
        topic = response.ListOffsetsTopicResponse
        part = topic.ListOffsetsPartitionResponse
        found = []
        for one in asked.topics:
            place = self.shape.place(one.name)
            parts = []
            for wanted in one.partitions:
                ordinal = (place or 0) * self.shape.partitions + wanted.partition_index
                leads = place is not None and self.leader(ordinal) == broker
                offset, stamp = self._position(ordinal, wanted.timestamp)
                parts.append(
                    part(
                        partition_index=wanted.partition_index,
                        error_code=0 if leads else UNKNOWN_TOPIC if place is None else 6,
                        timestamp=stamp if leads else -1,
                        offset=offset if leads else -1,
                        leader_epoch=3,
                    )
                )
            found.append(topic(name=one.name, partitions=parts))
        return response(topics=found)

    def _position(self, ordinal: int, when: int) -> tuple[int, int]:
        end = self.shape.end(ordinal)
        if when == -1:
            return end, -1
        if when in (-2, -4):
            return end - 500_000, -1
        if when == -3:
            return end - 1, self._now_ms
        return max(end - max(self._now_ms - when, 0) // 10, end - 500_000), when

    def _log_dirs(self, broker: int, _asked: Any) -> Any:
        response = library.admin.DescribeLogDirsResponse
        result = response.DescribeLogDirsResult
        topic = result.DescribeLogDirsTopic
        part = topic.DescribeLogDirsPartition
        shape = self.shape
        dirs: list[list[Any]] = [[], []]
        for place in range(shape.topics):
            held: list[list[Any]] = [[], []]
            for number in range(shape.partitions):
                ordinal = place * shape.partitions + number
                if broker in shape.replicas_of(ordinal):
                    one = part(
                        partition_index=number,
                        partition_size=REPLICA_BYTES + ordinal,
                        offset_lag=0,
                        is_future_key=False,
                    )
                    held[number % 2].append(one)
            for side in (0, 1):
                if held[side]:
                    dirs[side].append(topic(name=shape.topic(place), partitions=held[side]))
        return response(
            error_code=0,
            results=[
                result(
                    error_code=0,
                    log_dir=f"/data/{side}",
                    topics=topics,
                    total_bytes=20 * 2**40,
                    usable_bytes=9 * 2**40,
                    is_cordoned=False,
                )
                for side, topics in enumerate(dirs)
            ],
        )

    # ---- settings and access ----

    def _configs(self, _broker: int, asked: Any) -> Any:
        response = library.admin.DescribeConfigsResponse
        result = response.DescribeConfigsResult
        entry = result.DescribeConfigsResourceResult
        entries = [
            entry(
                name=name,
                value=value,
                read_only=False,
                config_source=source,
                is_sensitive=False,
                synonyms=[],
                config_type=1,
                documentation=None,
            )
            for name, value, source in _settings(self.shape.settings)
        ]
        return response(
            results=[
                result(
                    error_code=0,
                    error_message=None,
                    resource_type=one.resource_type,
                    resource_name=one.resource_name,
                    configs=entries,
                )
                for one in asked.resources
            ]
        )

    def _acls(self) -> Any:
        response = library.admin.DescribeAclsResponse
        resource = response.DescribeAclsResource
        return response(
            error_code=0,
            resources=[
                resource(
                    resource_type=2,
                    resource_name=self.shape.topic(place),
                    pattern_type=3,
                    acls=[
                        resource.AclDescription(
                            principal=f"User:service-{place}",
                            host="*",
                            operation=operation,
                            permission_type=3,
                        )
                        for operation in (3, 8)
                    ],
                )
                for place in range(self.shape.acls)
            ],
        )

    def _quotas(self) -> Any:
        response = library.admin.DescribeClientQuotasResponse
        entry = response.EntryData
        return response(
            error_code=0,
            entries=[
                entry(
                    entity=[entry.EntityData(entity_type="user", entity_name=f"service-{place}")],
                    values=[entry.ValueData(key="producer_byte_rate", value=1e6)],
                )
                for place in range(self.shape.quotas)
            ],
        )


def _settings(count: int) -> list[tuple[str, str, int]]:
    """Name, value and source of settings; those that detectors look at come first."""
    known = [
        ("cleanup.policy", "delete", _DEFAULT),
        ("retention.ms", "604800000", _DEFAULT),
        ("retention.bytes", "-1", _DEFAULT),
        ("min.insync.replicas", "2", _STATIC),
        ("segment.bytes", "1073741824", _DEFAULT),
        ("message.timestamp.type", "CreateTime", _DEFAULT),
        ("max.message.bytes", "1048588", _DEFAULT),
        ("unclean.leader.election.enable", "false", _DEFAULT),
        ("compression.type", "producer", _DEFAULT),
    ]
    return (known + [(f"made.up.{n}", str(n), _DEFAULT) for n in range(count)])[:count]


def _versions() -> Any:
    response = library.metadata.ApiVersionsResponse
    return response(
        error_code=0,
        api_keys=[
            response.ApiVersion(
                api_key=key, min_version=kind.valid_versions[0], max_version=kind.max_version
            )
            for key, kind in REQUESTS.items()
        ],
        supported_features=[
            response.SupportedFeatureKey(name="metadata.version", min_version=1, max_version=_LEVEL)
        ],
        finalized_features_epoch=1,
        finalized_features=[
            response.FinalizedFeatureKey(
                name="metadata.version", max_version_level=_LEVEL, min_version_level=_LEVEL
            )
        ],
    )


def _none(response: Any) -> Any:
    return response(error_code=0, topics=[])


def _scram() -> Any:
    return library.admin.DescribeUserScramCredentialsResponse(error_code=0, results=[])


def _transactions() -> Any:
    return library.admin.ListTransactionsResponse(
        error_code=0, unknown_state_filters=[], transaction_states=[]
    )


def _producers(asked: Any) -> Any:
    response = library.admin.DescribeProducersResponse
    topic = response.TopicResponse
    return response(
        topics=[
            topic(
                name=one.name,
                partitions=[
                    topic.PartitionResponse(
                        partition_index=number, error_code=0, active_producers=[]
                    )
                    for number in one.partition_indexes
                ],
            )
            for one in asked.topics
        ]
    )
