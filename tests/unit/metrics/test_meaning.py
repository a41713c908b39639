"""What samples of each dialect come to mean."""

import pytest

from headgate.domain.measures import Measures
from headgate.domain.resource import Resource, parse
from headgate.domain.unknown import Unknown
from headgate.metrics import catalogue, exposition, meaning, owners

NOW = 1_800_000_000.0
ONE = Resource("broker", "1")


def told(
    text: str,
    *,
    configured: Resource | None = ONE,
    hosts: dict[int, str] | None = None,
    address: str = "10.0.0.1:7071",
    openmetrics: bool = False,
) -> Measures:
    page = exposition.read(text, openmetrics=openmetrics, wanted=meaning.wanted)
    whose = owners.Owners(
        catalogue.load(),
        brokers=owners.by_host(hosts or {}),
        configured=configured,
        address=address,
    )
    return meaning.measured(
        page.samples, page.names, whose, source="here", now=NOW, others=page.others
    )


SPELLINGS = [
    # the same thing as each dialect says it: (dialect, line, measure, labels, value)
    (
        "jmx",
        "kafka_server_replicamanager_underreplicatedpartitions 3",
        "broker.under_replicated",
        {},
        3,
    ),
    (
        "plain",
        'kafka_server_ReplicaManager_Value{name="UnderReplicatedPartitions",} 3.0',
        "broker.under_replicated",
        {},
        3,
    ),
    (
        "jmx",
        'kafka_network_requestmetrics_totaltimems_99thpercentile{request="Produce"} 12.5',
        "broker.request_time_p99",
        {"request": "Produce", "part": "total"},
        12.5,
    ),
    (
        "confluent",
        'kafka_network_requestmetrics_requestqueuetimems{request="Fetch",quantile="0.50"} 1',
        "broker.request_time_p50",
        {"request": "Fetch", "part": "queue"},
        1,
    ),
    (
        "plain",
        'kafka_network_RequestMetrics_99thPercentile{name="ThrottleTimeMs",request="Fetch"} 7',
        "broker.request_time_p99",
        {"request": "Fetch", "part": "throttle"},
        7,
    ),
    (
        "confluent",
        'kafka_server_brokertopicmetrics_bytesinpersec{topic="orders"} 90',
        "broker.bytes_in",
        {"topic": "orders"},
        90,
    ),
    (
        "plain",
        'kafka_server_BrokerTopicMetrics_Count{name="BytesInPerSec",topic="orders"} 90',
        "broker.bytes_in",
        {"topic": "orders"},
        90,
    ),
    (
        "redpanda",
        'redpanda_kafka_request_bytes_total{redpanda_request="produce",redpanda_topic="o"} 9',
        "broker.bytes_in",
        {"topic": "o"},
        9,
    ),
    (
        "automq",
        'kafka_stream_operation_latency_sum{operation_type="S3Request",operation_name="put_object",'
        'status="success",size="16KB"} 3e9',
        "store.request_seconds",
        {"operation": "put_object", "outcome": "success", "size": "16KB"},
        3,
    ),
    (
        "warpstream",
        'warpstream_blob_store_operation_latency_count{operation="put_bytes",outcome="error"} 4',
        "store.requests",
        {"operation": "put_bytes", "outcome": "error"},
        4,
    ),
    (
        "redpanda",
        'redpanda_cloud_storage_errors_total{redpanda_direction="tx"} 2',
        "store.errors",
        {"direction": "tx"},
        2,
    ),
    (
        "postgres",
        'pg_replication_slots_pg_wal_lsn_diff{database="shop",slot_name="cdc"} 2048',
        "database.slot_retained",
        {"slot": "cdc", "database": "shop"},
        2048,
    ),
    (
        "postgres",
        'pg_replication_slot_slot_is_active{slot_name="cdc",slot_type="logical"} 0',
        "database.slot_active",
        {"slot": "cdc"},
        0,
    ),
    (
        "debezium",
        'debezium_metrics_MilliSecondsSinceLastEvent{context="streaming",name="shop",'
        'plugin="postgres"} 4000',
        "source.since_last_event",
        {"server": "shop"},
        4,
    ),
    (
        "jmx",
        'kafka_network_requestmetrics_errors_total{error="NOT_COORDINATOR",request="Join"} 4',
        "broker.errors",
        {"request": "Join", "error": "NOT_COORDINATOR"},
        4,
    ),
    (  # client_java 1.x drops _total from what it takes for a gauge
        "jmx",
        "kafka_server_socket_server_metrics_failed_authentication"
        '{listener="A",networkProcessor="1"} 8',
        "broker.failed_authentications",
        {"listener": "A", "processor": "1"},
        8,
    ),
    (
        "jmx",
        'kafka_server_fetch_throttle_time{client_id="slow"} 784',
        "broker.throttle",
        {"client": "slow", "quota": "fetch"},
        784,
    ),
    ("strimzi", "kafka_server_raftmetrics_current_leader -1", "controller.current_leader", {}, -1),
    (
        "jvm",
        'jvm_memory_bytes_used{area="heap",} 1.5e8',
        "process.heap_used",
        {},
        1.5e8,
    ),
    (
        "jvm",
        'jvm_gc_collection_seconds_sum{gc="G1 Young Generation"} 2.5',
        "process.gc_seconds",
        {"collector": "G1 Young Generation"},
        2.5,
    ),
    ("jmx", "java_process_processcputime 2e9", "process.cpu_seconds", {}, 2.0),
]


@pytest.mark.parametrize(("dialect", "line", "name", "labels", "value"), SPELLINGS)
def test_each_dialect_says_the_same(
    dialect: str, line: str, name: str, labels: dict[str, str], value: float
) -> None:
    seen = told(line + "\n")
    assert seen.get(name, ONE, **labels) == value
    assert len(seen.measures) == 1
    assert seen.dialect in (dialect, "")


CLIENTS = [
    'kafka_consumer_consumer_coordinator_metrics_rebalance_rate_per_hour{client_id="billing-1"} 12',
    'kafka_consumer_coordinator_rebalance_rate_per_hour{clientId="billing-1"} 12',
    'org_apache_kafka_consumer_coordinator_rebalance_rate_per_hour{client_id="billing-1"} 12',
]


@pytest.mark.parametrize("line", CLIENTS)
def test_clients_are_named_by_their_id(line: str) -> None:
    seen = told(line, configured=None)
    assert seen.get("consumer.rebalances_per_hour", parse("client:billing-1")) == 12


def test_tasks_are_named_by_connector_and_number() -> None:
    line = 'kafka_connect_task_error_total_record_errors{connector="to-db",task="3"} 2'
    assert told(line).get("task.errors", parse("task:to-db-3")) == 2


IDLE = "kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent 0.9\n"


def test_strimzis_mean_since_the_start_is_not_taken_for_the_last_minute() -> None:
    usual = told(IDLE + "kafka_server_raft_metrics_current_leader 1\n")
    assert usual.get("broker.handler_idle", ONE) == 0.9
    strimzi = told(IDLE + "kafka_server_raftmetrics_current_leader 1\n")
    assert strimzi.dialect == "strimzi"
    assert isinstance(strimzi.get("broker.handler_idle", ONE), Unknown)
    assert strimzi.get("broker.handler_idle_mean", ONE) == 0.9


def test_the_brokers_own_handlers_count_before_those_of_both_roles() -> None:
    own = IDLE.replace("_requesthandler", "_brokerrequesthandler").replace("0.9", "0.2")
    for text in (IDLE + own, own + IDLE):
        assert told(text).get("broker.handler_idle", ONE) == 0.2


def test_a_minute_meter_is_unknown_right_after_a_start() -> None:
    zero = IDLE.replace("0.9", "0.0")
    young = told(f"{zero}process_start_time_seconds {NOW - 30}\n")
    reason = young.get("broker.handler_idle", ONE)
    assert isinstance(reason, Unknown)
    assert "30 s ago" in reason.reason
    old = told(f"{zero}process_start_time_seconds {NOW - 121}\n")
    assert old.get("broker.handler_idle", ONE) == 0.0
    # a start in the future is a clock that is off, and says nothing about the meter
    ahead = told(f"{zero}process_start_time_seconds {NOW + 3600}\n")
    assert ahead.get("broker.handler_idle", ONE) == 0.0


@pytest.mark.parametrize(("said", "why"), [("NaN", "NaN"), ("+Inf", "infinity"), ("-1", "-1")])
def test_nonsense_is_absent_with_its_reason(said: str, why: str) -> None:
    seen = told(f'jvm_memory_max_bytes{{area="heap"}} {said}\n')
    found = seen.get("process.heap_max", ONE)
    assert isinstance(found, Unknown)
    assert why in found.reason
    assert seen.measures == ()


def test_what_nobody_knows_is_counted() -> None:
    seen = told('custom_thing 1\nother_thing{a="b"} 2\n' + IDLE)
    assert seen.unmapped == 2


def test_a_source_that_does_not_tell_says_so() -> None:
    assert "does not tell" in str(told(IDLE).get("broker.network_idle", ONE))


class TestWhose:
    def test_the_samples_own_label_counts_first(self) -> None:
        line = 'kafka_server_replicamanager_leadercount{broker_id="7"} 3'
        assert told(line).about == {Resource("broker", "7")}

    def test_a_broker_that_tells_its_id_counts_before_the_host(self) -> None:
        text = f'kafka_server_app_info_starttimems{{id="4"}} 1\n{IDLE}'
        seen = told(text, configured=None, hosts={2: "10.0.0.1"})
        assert seen.about == {Resource("broker", "4")}
        assert seen.unmapped == 0

    def test_the_configured_owner_counts_before_the_host(self) -> None:
        assert told(IDLE, hosts={2: "10.0.0.1"}).about == {ONE}

    def test_the_broker_on_the_same_host_is_taken(self) -> None:
        seen = told(IDLE, configured=None, hosts={2: "10.0.0.1", 3: "10.0.0.3"})
        assert seen.about == {Resource("broker", "2")}

    def test_two_brokers_on_one_host_are_not_told_apart(self) -> None:
        seen = told(IDLE, configured=None, hosts={2: "10.0.0.1", 3: "10.0.0.1"})
        assert seen.about == {Resource("endpoint", "10.0.0.1:7071")}

    def test_a_pod_is_the_host_that_begins_with_its_name(self) -> None:
        text = IDLE.replace(" 0.9", '{pod="prod-kafka-0"} 0.9')
        hosts = {0: "prod-kafka-0.prod-kafka-brokers.kafka.svc", 1: "prod-kafka-1.x"}
        seen = told(text, configured=None, hosts=hosts, address="")
        assert seen.about == {Resource("broker", "0")}

    def test_numbers_of_one_network_are_no_pods(self) -> None:
        seen = told(IDLE, configured=None, hosts={1: "10.0.0.7"}, address="10.0.0.8:7071")
        assert seen.about == {Resource("endpoint", "10.0.0.8:7071")}
