"""Stack traces of failed tasks, as Connect shows them, and the class that each must get."""

import pytest

from headgate.detect.pipelines import traces
from headgate.domain import vocabulary

SINK = """org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to \
unrecoverable exception.
\tat org.apache.kafka.connect.runtime.WorkerSinkTask.deliverMessages(WorkerSinkTask.java:637)
\tat java.base/java.lang.Thread.run(Thread.java:840)
Caused by: org.apache.kafka.connect.errors.ConnectException: JDBC sink connector failure
\tat io.debezium.connector.jdbc.JdbcSinkConnectorTask.put(JdbcSinkConnectorTask.java:98)
\t... 11 more
Caused by: """
TOLERANCE = """org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler
\tat org.apache.kafka.connect.runtime.errors.RetryWithToleranceOperator.execute(R.java:260)
Caused by: org.apache.kafka.connect.errors.DataException: Converting byte[] to Kafka Connect data \
failed due to serialization error:\x20
\tat org.apache.kafka.connect.json.JsonConverter.toConnectData(JsonConverter.java:338)
\t... 16 more
Caused by: """
PG = "org.postgresql.util.PSQLException: "
HIBERNATE = "org.hibernate.exception."

CASES: tuple[tuple[vocabulary.TaskFailure, str], ...] = (
    (
        "transient",
        SINK + PG + "Connection to 127.0.0.1:5432 refused. Check that the hostname and "
        "port are correct and that the postmaster is accepting TCP/IP connections.",
    ),
    ("transient", SINK + "java.net.ConnectException: Connection refused\n\tat sun.nio.ch(N.java)"),
    (
        "transient",
        SINK + "org.apache.kafka.connect.errors.ConnectException: Failed to check for "
        "existence of table CollectionId[name=enriched]",
    ),
    ("transient", SINK + PG + "FATAL: terminating connection due to administrator command"),
    ("transient", SINK + PG + "FATAL: the database system is shutting down"),
    ("transient", SINK + PG + "This connection has been closed."),
    (
        "transient",
        SINK + PG + "An I/O error occurred while sending to the backend.\n"
        "\tat org.postgresql.core.v3.QueryExecutorImpl.execute(QueryExecutorImpl.java:398)\n"
        "Caused by: java.io.EOFException\n\tat org.postgresql.core.PGStream.receive(P.java:1)",
    ),
    ("transient", SINK + HIBERNATE + "JDBCConnectionException: Unable to acquire JDBC Connection"),
    ("transient", SINK + PG + "FATAL: sorry, too many clients already"),
    ("transient", SINK + PG + "ERROR: deadlock detected\n  Detail: Process 71 waits for"),
    (
        "transient",
        SINK + "org.apache.kafka.common.errors.TimeoutException: Timeout expired after "
        "60000ms while awaiting InitProducerId",
    ),
    ("transient", "org.apache.kafka.connect.errors.RetriableException: again, please"),
    ("transient", SINK + "java.net.SocketTimeoutException: Read timed out"),
    ("transient", SINK + "java.sql.SQLException: SQLSTATE: 08006"),
    ("credentials", SINK + PG + 'FATAL: password authentication failed for user "sink"'),
    ("credentials", SINK + PG + 'FATAL: no pg_hba.conf entry for host "127.0.0.1", user "sink"'),
    ("credentials", SINK + PG + "ERROR: permission denied for table enriched"),
    (
        "credentials",
        "org.apache.kafka.common.errors.TopicAuthorizationException: Not authorized "
        "to access topics: [orders]",
    ),
    (
        "credentials",
        "org.apache.kafka.common.errors.SaslAuthenticationException: Authentication "
        "failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256",
    ),
    (
        "poison",
        SINK + HIBERNATE + "ConstraintViolationException: could not execute batch [Batch "
        "entry 0 INSERT INTO ...]\n\tat org.hibernate(H.java)\n"
        "Caused by: java.sql.BatchUpdateException: Batch entry 0 INSERT INTO x was aborted: ERROR: "
        'new row for relation "orders" violates check constraint "orders_amount_check"\n'
        "  Detail: Failing row contains (1, -5).  Call getNextException\n"
        "Caused by: " + PG + 'ERROR: new row for relation "orders" violates check constraint '
        '"orders_amount_check"\n  Detail: Failing row contains (1, -5).',
    ),
    (
        "poison",
        SINK + PG + 'ERROR: null value in column "id" of relation "orders" violates '
        "not-null constraint",
    ),
    ("poison", SINK + PG + "ERROR: value too long for type character varying(8)"),
    ("poison", SINK + PG + 'ERROR: invalid input syntax for type integer: "x"'),
    (
        "poison",
        TOLERANCE + "com.fasterxml.jackson.core.JsonParseException: Unrecognized token "
        "'not': was expecting (JSON String, Number, Array, Object or token 'null')\n"
        ' at [Source: (byte[])"not json"; line: 1, column: 4]',
    ),
    ("poison", "org.apache.kafka.connect.errors.DataException: Cannot cast a STRING to INT32"),
    (
        "poison",
        "org.apache.kafka.common.errors.RecordTooLargeException: The message is 2000 bytes "
        "when serialized which is larger than the maximum request size",
    ),
    (
        "configuration",
        "org.apache.kafka.common.config.ConfigException: Invalid value x for "
        "configuration tasks.max",
    ),
    (
        "configuration",
        "org.apache.kafka.connect.errors.ConnectException: Couldn't find or create "
        "file '/no/such/x' for FileStreamSinkTask\n\tat x.y(Z.java:1)\n"
        "Caused by: java.nio.file.NoSuchFileException: /no/such/x",
    ),
    (
        "configuration",
        "java.util.ServiceConfigurationError: com.fasterxml.jackson.databind.Module: "
        "Provider not a subtype",
    ),
    ("configuration", "java.lang.NoClassDefFoundError: io/debezium/Foo"),
    (
        "configuration",
        SINK + PG + 'ERROR: relation "warehouse_order" does not exist\n  Position: 13',
    ),
    (
        "configuration",
        TOLERANCE.replace("serialization error", "x") + "org.apache.kafka.connect."
        'errors.DataException: JsonConverter with schemas.enable requires "schema" and "payload" '
        "fields and may not contain additional fields.",
    ),
    ("downstream", SINK + PG + "ERROR: could not extend file: No space left on device"),
    ("downstream", SINK + PG + "ERROR: cannot execute INSERT in a read-only transaction"),
    ("unknown", SINK + "com.example.StrangeException: the moon is full"),
    ("unknown", ""),
)


@pytest.mark.parametrize(("failure", "trace"), CASES, ids=[c[1][-50:] for c in CASES])
def test_the_deepest_known_cause_decides(failure: vocabulary.TaskFailure, trace: str) -> None:
    assert traces.read(trace).failure == failure, traces.read(trace)


def test_the_chain_is_read_with_its_messages() -> None:
    chain = traces.links(SINK + PG + "ERROR: a\n  Detail: b\n\tat x.y(Z.java:1)")
    assert [str(link) for link in chain] == [
        "ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.",
        "ConnectException: JDBC sink connector failure",
        "PSQLException: ERROR: a Detail: b",
    ]


def test_suppressed_exceptions_are_not_causes() -> None:
    trace = (
        "java.lang.IllegalStateException: first\n\tat a.b(C.java:1)\n"
        "\tSuppressed: java.net.ConnectException: Connection refused\n\t\tat d.e(F.java:2)\n"
        "\tCaused by: java.net.ConnectException: Connection refused\n"
    )
    assert traces.read(trace).failure == "unknown"
