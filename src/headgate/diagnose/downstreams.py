"""What connectors write to or read from, as far as their settings name it."""

import re
from collections.abc import Mapping

SETTINGS = (
    "connection.url",
    "connection.uri",
    "connection.host",
    "connection.hosts",
    "database.hostname",
    "database.url",
    "mongodb.connection.string",
    "http.api.url",
    "http.url",
    "store.url",
    "s3.bucket.name",
    "gcs.bucket.name",
    "snowflake.url.name",
)
"""Settings of common connectors that name the system behind them; the first that is there counts
(JDBC, Debezium, OpenSearch, Elasticsearch, MongoDB, HTTP, S3, GCS, Snowflake)."""

_AUTHORITY = re.compile(r"(?:^[^/]*//)?([^/?;,\s]+)")


def named(config: Mapping[str, str]) -> str:
    """Host and port, or the bucket, that the settings name; empty where they name none."""
    for setting in SETTINGS:
        value = config.get(setting, "").strip()
        if not value:
            continue
        found = _AUTHORITY.match(value)
        # what stands before an @ is a name and a password
        return (found[1] if found else value).rpartition("@")[2].lower()
    return ""
