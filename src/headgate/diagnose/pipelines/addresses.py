"""Where a connector's other side is, as its settings and its trace say."""

import re
from collections.abc import Mapping

from headgate.domain import diagnosis

_SCHEMES = {
    "http": 80,
    "https": 443,
    "postgresql": 5432,
    "postgres": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "sqlserver": 1433,
    "oracle": 1521,
    "db2": 50000,
    "mongodb": 27017,
    "clickhouse": 8123,
    "redis": 6379,
}
_URLS = (
    "connection.url",
    "connection.uri",
    "mongodb.connection.string",
    "http.api.url",
    "http.url",
    "store.url",
    "url",
)
_HOSTS = (("database.hostname", "database.port"), ("connection.host", "connection.port"))
_REFUSED = re.compile(r"Connection to ([\w.-]+):(\d{1,5}) refused", re.IGNORECASE)
_REGISTRY = "converter.schema.registry.url"
_PORTS = 65536
_URL = re.compile(r"([a-z][a-z0-9+.]*)://(?:[^@/]*@)?(\[[^\]]+\]|[^:/?,;@]+)(?::(\d+))?", re.I)


def downstream(config: Mapping[str, str], trace: str = "") -> diagnosis.ReachQuestion | None:
    """Whether what the connector reads from or writes to takes connections; None: not known."""
    told = _REFUSED.search(trace)
    if told is not None:
        return _asked(told[1], told[2])
    for name in _URLS:
        found = _of_url(config.get(name, ""))
        if found is not None:
            return found
    for host, port in _HOSTS:
        if config.get(host):
            return _asked(config[host], config.get(port) or _usual_port(config))
    return None


def registry(config: Mapping[str, str]) -> diagnosis.ReachQuestion | None:
    """Whether the schema registry of its converters takes connections; None: it has none."""
    for name, value in config.items():
        if name.endswith((_REGISTRY, "apicurio.registry.url")):
            return _of_url(value.split(",")[0])
    return None


def _of_url(text: str) -> diagnosis.ReachQuestion | None:
    """The host of an address; of several, the first."""
    found = _URL.match(text.strip().removeprefix("jdbc:"))
    if found is None:
        return None
    return _asked(found[2].strip("[]"), found[3] or str(_SCHEMES.get(found[1].lower(), "")))


def _usual_port(config: Mapping[str, str]) -> str:
    plugin = config.get("connector.class", "").lower()
    return next((str(port) for name, port in _SCHEMES.items() if name in plugin), "")


def _asked(host: str, port: str) -> diagnosis.ReachQuestion | None:
    if not host or "*" in host or "$" in host or not port.isdecimal():
        return None
    number = int(port)
    return diagnosis.ReachQuestion(host, number) if 0 < number < _PORTS else None
