"""What single connectors and libraries say when they fail, as data, each with its source.

These stand before the general rules: a connector's own words are more exact than the class of the
exception that carries them.
"""

from headgate.detect.pipelines.rule import Rule, rule

_REGISTRY = "confluentinc/schema-registry, issues 799, 1269, 1340, 1817; errors of its REST API"
_DEBEZIUM = "debezium/debezium, connector documentation; apache/flink-cdc, issues 65, 271, 1602"
_ELASTIC = "confluentinc/kafka-connect-elasticsearch, issues 99, 147, 634, 694, 740"
_S3 = "confluentinc/kafka-connect-storage-cloud; AWS error codes of S3"
_HTTP = "Aiven-Open/http-connector-for-apache-kafka; status codes as it prints them"
_MONGO = "MongoDB's driver and error codes; Debezium MongoDB connector documentation"
_KAFKA = "apache/kafka, org.apache.kafka.common.errors and connect/runtime/errors"

RULES: tuple[Rule, ...] = (
    # -- the schema registry behind a converter
    rule(
        "configuration",
        "the schema registry does not know the schema id of the record",
        "ArtifactNotFoundException",
        says=r"Schema (with id )?\d* ?not found|error code: 4040[346]\b",
        source=_REGISTRY,
    ),
    rule(
        "configuration",
        "the schema registry does not know the subject",
        says=r"error code: 4040[1257]\b|Subject '?[^' ]+'? (was )?not found",
        source=_REGISTRY,
    ),
    rule(
        "configuration",
        "the schema registry refuses the schema: it is not compatible with an earlier one",
        says=r"incompatible with an earlier schema|error code: 409\b|RuleViolationException",
        source=_REGISTRY,
    ),
    rule(
        "credentials",
        "the schema registry does not accept the login",
        says=r"(Unauthorized|Forbidden|User cannot be authenticated).{0,40}error code: 40[13]",
        source=_REGISTRY,
    ),
    rule(
        "transient",
        "the schema registry cannot do it now",
        says=r"error code: 5\d{2,4}\b|Leader not known|Master not known|forwarding the request to",
        source=_REGISTRY,
    ),
    # -- the dead-letter topic of the sink itself
    rule(
        "configuration",
        "the dead-letter topic cannot have so many replicas",
        "InvalidReplicationFactorException",
        says=r"replication factor .{0,60}(larger than available|cannot be reached)",
        source=_KAFKA,
    ),
    # -- Kafka itself
    rule(
        "credentials",
        "TLS does not come about: certificate, name or protocol do not fit",
        "SslAuthenticationException",
        "SSLHandshakeException",
        "SSLPeerUnverifiedException",
        "CertPathValidatorException",
        "CertificateExpiredException",
        "CertificateException",
        "SunCertPathBuilderException",
        says=r"PKIX path|SSL handshake failed|No subject alternative|certificate_unknown"
        r"|unable to find valid certification path|Keystore was tampered with",
        source=_KAFKA,
    ),
    rule(
        "credentials",
        "the SASL settings do not lead to a login",
        "UnsupportedSaslMechanismException",
        "IllegalSaslStateException",
        "SaslException",
        says=r"Could not find a 'KafkaClient' entry|SASL handshake|OAUTHBEARER.*(denied|invalid)",
        source=_KAFKA,
    ),
    rule(
        "configuration",
        "another process has its transactional id, or it was fenced",
        "ProducerFencedException",
        "InvalidProducerEpochException",
        source=_KAFKA,
    ),
    # -- Debezium sources
    rule(
        "configuration",
        "the database no longer has the log that the connector stands in",
        says=r"no longer available on the server|purged required binary logs"
        r"|requested WAL segment \S+ has already been removed|Could not find first log file"
        r"|can no longer get changes from replication slot|resume (of )?change stream.{0,40}not"
        r"|resume point may no longer be in the oplog|ChangeStreamHistoryLost"
        r"|(LSN|SCN) .{0,80}(no longer available|not available)",
        source=_DEBEZIUM,
    ),
    rule(
        "transient",
        "another session still holds the replication slot",
        says=r"replication slot \"[^\"]+\" is active for PID",
        source=_DEBEZIUM,
    ),
    rule(
        "configuration",
        "the replication slot or publication is not as the connector needs it",
        says=r"replication slot \"[^\"]+\" (already exists|does not exist)"
        r"|Creation of replication slot failed|all replication slots are in use"
        r"|publication \"[^\"]+\" does not exist|logical decoding requires wal_level"
        r"|must be (a )?superuser(/replication role)? to (use|create)|wal_level >= logical",
        source=_DEBEZIUM,
    ),
    rule(
        "configuration",
        "the database is not set up for change capture",
        says=r"not (configured|using) .{0,30}(binlog|row-level)|binlog_format|binlog_row_image"
        r"|CDC is not enabled|database schema history.{0,60}(missing|not found|recovery)"
        r"|The db history topic (or its content )?is (fully or partially )?missing"
        r"|whose schema isn't known to this connector|Encountered change event for table",
        source=_DEBEZIUM,
    ),
    rule(
        "transient",
        "the database ended the connection",
        says=r"Failed to read next byte from position|EventDataDeserializationException"
        r"|Database connection failed when (reading|writing|creating)|server has gone away"
        r"|Could not execute heartbeat action",
        source=_DEBEZIUM,
    ),
    # -- MongoDB
    rule(
        "credentials",
        "the other side does not accept the login",
        "MongoSecurityException",
        says=r"\(AuthenticationFailed\)|code 18 .{0,30}Authentication",
        source=_MONGO,
    ),
    rule(
        "credentials",
        "the login may not do this",
        says=r"\(Unauthorized\)|not authorized on \S+ to execute",
        source=_MONGO,
    ),
    rule(
        "transient",
        "the other side refused or broke the connection",
        "MongoSocketOpenException",
        "MongoSocketReadException",
        "MongoSocketException",
        "MongoNodeIsRecoveringException",
        "MongoNotPrimaryException",
        "MongoTimeoutException",
        says=r"Timed out .{0,40}while waiting (for|to) .{0,40}(server|connect)",
        source=_MONGO,
    ),
    # -- Elasticsearch and OpenSearch sinks
    rule(
        "poison",
        "the index does not take the record: its fields do not fit the mapping",
        says=r"mapper_parsing_exception|document_parsing_exception|strict_dynamic_mapping"
        r"|illegal_argument_exception.{0,80}mapp|version_conflict_engine_exception",
        source=_ELASTIC,
    ),
    rule(
        "downstream",
        "the other side is full or takes no writes",
        says=r"cluster_block_exception|flood.stage disk watermark|read-only-allow-delete"
        r"|limit of total fields|this action would add .{0,40}shards",
        source=_ELASTIC,
    ),
    rule(
        "transient",
        "the other side was busy and asks to be tried again",
        says=r"es_rejected_execution_exception|circuit_breaking_exception"
        r"|unavailable_shards_exception|no_shard_available",
        source=_ELASTIC,
    ),
    rule(
        "configuration",
        "the target index does not exist or may not have that name",
        says=r"index_not_found_exception|invalid_index_name_exception",
        source=_ELASTIC,
    ),
    # -- S3 and object stores
    rule(
        "credentials",
        "the store does not accept the keys, or they may not do this",
        says=r"InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|AccessDenied\b"
        r"|Unable to load (AWS )?credentials|Status Code: 40[13]\b",
        source=_S3,
    ),
    rule(
        "configuration",
        "the store has no such bucket or region",
        says=r"NoSuchBucket|Non-existent S3 bucket|PermanentRedirect|IllegalLocationConstraint",
        source=_S3,
    ),
    rule(
        "transient",
        "the other side was busy and asks to be tried again",
        says=r"SlowDown\b|RequestTimeTooSkewed|InternalError; |ServiceUnavailable\b",
        source=_S3,
    ),
    # -- HTTP sinks
    rule(
        "credentials",
        "the service does not accept the login, or it may not do this",
        says=r"(response|status)( code)?[^0-9]{0,20}\b40[13]\b",
        source=_HTTP,
    ),
    rule(
        "poison",
        "the service refuses the record",
        says=r"(response|status)( code)?[^0-9]{0,20}\b(400|406|409|413|415|422)\b",
        source=_HTTP,
    ),
    rule(
        "configuration",
        "the service has no such address",
        says=r"(response|status)( code)?[^0-9]{0,20}\b(404|405|410)\b",
        source=_HTTP,
    ),
    rule(
        "transient",
        "the service cannot do it now",
        says=r"(response|status)( code)?[^0-9]{0,20}\b(408|429|500|502|503|504)\b",
        source=_HTTP,
    ),
)
"""Most exact first."""
