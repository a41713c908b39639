"""What is known of exceptions in Connect task traces, as data.

The first rule that fits decides; what only one connector or library says stands first, in
``connector_rules``. Sources of the rest: Kafka Connect's own exceptions, PostgreSQL's SQLSTATE
classes with the messages its driver prints (the driver leaves the code out), MySQL's, the JDK's,
HTTP status codes as sinks print them, and traces seen from Debezium's JDBC sink.
"""

from headgate.detect.pipelines import connector_rules
from headgate.detect.pipelines.rule import Rule
from headgate.detect.pipelines.rule import rule as _rule

HIDDEN = "the other side is not there, or does not let it in; the trace hides which"

RULES: tuple[Rule, ...] = (
    *connector_rules.RULES,
    # Credentials come first: "connection refused: no password" is no transient failure.
    _rule(
        "credentials",
        "the other side does not accept the login",
        "SaslAuthenticationException",
        "AuthenticationException",
        "SslAuthenticationException",
        "InvalidPasswordException",
        "FailedLoginException",
        "LoginException",
        says=r"password authentication failed|authentication failed|no pg_hba\.conf entry"
        r"|Access denied for user|role \"[^\"]*\" does not exist|SQLSTATE[ :=\[(]*28"
        r"|invalid (username|user name|password|credentials)|\b401\b.*unauthori[sz]ed"
        r"|The server requested (password|SCRAM)-based authentication|expired (password|token)",
    ),
    _rule(
        "credentials",
        "the login may not do this",
        "TopicAuthorizationException",
        "GroupAuthorizationException",
        "ClusterAuthorizationException",
        "TransactionalIdAuthorizationException",
        "AuthorizationException",
        "AccessDeniedException",
        says=r"permission denied for|must be owner of|SQLSTATE[ :=\[(]*42501|\b403\b.*forbidden"
        r"|Not authorized to access",
    ),
    _rule(
        "configuration",
        "the database has no such table, column or schema",
        says=r"(relation|table|column|schema|database|type|function) \"?[\w.\"]+\"?"
        r"( of relation \"[^\"]*\")? does not exist"
        r"|Table '[^']+' doesn't exist|Unknown (column|database)"
        r"|SQLSTATE[ :=\[(]*(42P01|42703|3F000|3D000)|Could not find (destination )?table"
        r"|Table .* is missing|no unique or exclusion constraint",
    ),
    _rule(
        "downstream",
        "the other side is full or takes no writes",
        says=r"No space left on device|could not extend file|disk full|read-only transaction"
        r"|recovery is in progress|SQLSTATE[ :=\[(]*(53100|25006)|quota exceeded|\b507\b",
    ),
    _rule(
        "transient",
        "the other side refused or broke the connection",
        "java.net.ConnectException",
        "NoRouteToHostException",
        "PortUnreachableException",
        "UnknownHostException",
        "SocketException",
        "EOFException",
        "ClosedChannelException",
        "SQLNonTransientConnectionException",
        "SQLTransientConnectionException",
        "JDBCConnectionException",
        "CommunicationsException",
        "SQLRecoverableException",
        "DisconnectException",
        says=r"Connection( to \S+)? refused|connection attempt failed|An I/O error occurred"
        r"|This connection has been closed|Connection (is )?closed|Connection reset|Broken pipe"
        r"|terminating connection|the database system is (starting up|shutting down|in recovery)"
        r"|server closed the connection|Communications link failure|No route to host"
        r"|Unable to acquire JDBC Connection|Connection is not available"
        r"|SQLSTATE[ :=\[(]*(08|57P)|backend terminated|Network is unreachable"
        r"|Failed to check for existence of table",
    ),
    _rule(
        "transient",
        HIDDEN,
        # What Hibernate makes of a database that refuses, or does not let it in, at start.
        says=r"Unable to determine Dialect without JDBC metadata",
    ),
    _rule(
        "transient",
        "the other side did not answer in time",
        "TimeoutException",
        "SocketTimeoutException",
        "ConnectTimeoutException",
        "HttpTimeoutException",
        "SQLTimeoutException",
        "QueryTimeoutException",
        "InterruptedByTimeoutException",
        "DisconnectedException",
        says=r"timed? ?out|SQLSTATE[ :=\[(]*57014|canceling statement due to",
    ),
    _rule(
        "transient",
        "the other side was busy and asks to be tried again",
        "RetriableException",
        "LockAcquisitionException",
        "SQLTransientException",
        "TransientException",
        "NotEnoughReplicasException",
        "NotEnoughReplicasAfterAppendException",
        "NotLeaderOrFollowerException",
        "LeaderNotAvailableException",
        "CoordinatorNotAvailableException",
        "CoordinatorLoadInProgressException",
        "NotCoordinatorException",
        "NetworkException",
        "RebalanceInProgressException",
        "ThrottlingQuotaExceededException",
        "KafkaStorageException",
        says=r"deadlock detected|could not serialize access|too many (clients|connections)"
        r"|remaining connection slots|SQLSTATE[ :=\[(]*(40001|40P01|53300)"
        r"|coordinator (is )?not available|\b(429|500|502|503|504)\b.*"
        r"(too many|internal server|bad gateway|unavailable|gateway time)",
    ),
    _rule(
        "poison",
        "the record breaks a rule of the database",
        "ConstraintViolationException",
        "SQLIntegrityConstraintViolationException",
        "SQLDataException",
        "DataIntegrityViolationException",
        says=r"violates (not-null|foreign key|unique|check|exclusion) constraint"
        r"|violates .*constraint \"|value too long for type|invalid input (syntax|value) for"
        r"|out of range for type|numeric field overflow|date/time field value out of range"
        r"|invalid byte sequence for encoding|Duplicate entry|Data truncation"
        r"|SQLSTATE[ :=\[(]*(22|23)",
    ),
    _rule(
        "poison",
        "the record cannot be decoded",
        "JsonParseException",
        "JsonEOFException",
        "MismatchedInputException",
        "JsonMappingException",
        "SerializationException",
        "RecordDeserializationException",
        "AvroTypeException",
        "AvroRuntimeException",
        "InvalidProtocolBufferException",
        "MalformedInputException",
        "SchemaParseException",
        "DateTimeParseException",
        "NumberFormatException",
        "CorruptRecordException",
        says=r"Error deserializing|Unknown magic byte|due to serialization error",
    ),
    _rule(
        "poison",
        "the record is larger than the target takes",
        "RecordTooLargeException",
        "RecordBatchTooLargeException",
        says=r"larger than the maximum request size|MESSAGE_TOO_LARGE|\b413\b",
    ),
    _rule(
        "configuration",
        "a setting, class or file is wrong",
        "ConfigException",
        "ConfigDef",
        "ServiceConfigurationError",
        "ClassNotFoundException",
        "NoClassDefFoundError",
        "NoSuchMethodError",
        "NoSuchMethodException",
        "NoSuchFieldError",
        "InstantiationException",
        "AbstractMethodError",
        "UnsupportedClassVersionError",
        "NoSuchFileException",
        "FileNotFoundException",
        "NotDirectoryException",
        "FileSystemException",
        "MalformedURLException",
        "URISyntaxException",
        "InvalidTopicException",
        "UnknownTopicOrPartitionException",
        "UnsupportedVersionException",
        "SQLSyntaxErrorException",
        says=r"Invalid value .* for configuration|Missing required configuration"
        r"|No suitable driver|Failed to find any class|No (configured )?primary key"
        r"|requires \"schema\" and \"payload\" fields|schemas\.enable|syntax error at or near"
        r"|primary\.key\.(mode|fields)|Cannot ALTER TABLE|SQLSTATE[ :=\[(]*42601",
    ),
    _rule(
        "poison",
        "the record does not have the form that the connector expects",
        "DataException",
        "SchemaProjectorException",
        "SchemaBuilderException",
        "ClassCastException",
        "InvalidRecordException",
    ),
)
