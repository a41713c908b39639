"""The settings of Headgate: their names, meanings and defaults.

Where they come from (file, environment, default) is the matter of ``configuration``.
"""

import zoneinfo
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import pydantic
import pydantic_settings

from headgate.domain import capability, notices, vocabulary
from headgate.domain import thresholds as limits_
from headgate.metrics import address

Environment = Literal["production", "staging", "development", "lab"]
Name = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]


class _Section(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, validate_default=True
    )


class Store(_Section):
    """Where Headgate keeps what must outlive it."""

    url: str = "sqlite:///headgate.db"
    """``sqlite:///FILE`` (relative to the configuration file's folder) or
    ``postgresql+psycopg://...``. A password in it is refused in the file: write ``env:NAME``."""


class Server(_Section):
    """Where the server listens."""

    host: str = "127.0.0.1"
    """The address to listen on. Put TLS in front of it before it leaves the machine."""
    port: int = pydantic.Field(default=8420, ge=0, le=65535)
    """The port to listen on; 0 takes a free one and prints it."""
    session_hours: float = pydantic.Field(default=12.0, gt=0, le=24 * 30)
    """Hours after which a log-in ends."""
    public_url: str = ""
    """The address under which people reach the console, such as ``https://headgate.example.com``;
    notices link to it."""
    login_hint: str = ""
    """Text under the log-in form, such as whom to ask for an account."""
    secure_cookies: bool = False
    """Whether the session cookie is sent over HTTPS only. Switch it on behind TLS."""
    metrics_compat: list[Literal["kminion", "kafka_exporter", "kafka_lag_exporter"]] = []
    """Lag exporters under whose names ``/metrics`` tells what is observed, too, so that their
    dashboards go on: ``kminion``, ``kafka_exporter``, ``kafka_lag_exporter``."""


class ThresholdsFor(_Section):
    """Parameters of one finding for the resources that match a pattern."""

    resources: str = pydantic.Field(min_length=1)
    """Pattern of ``kind:id`` with ``*`` and ``?``, such as ``group:nightly-*``."""
    finding: str
    """The finding's code, such as ``lag.growing``."""
    values: dict[str, int | float | str]
    """Parameter, then its value, as in ``thresholds``."""

    @pydantic.field_validator("finding")
    @classmethod
    def _code(cls, value: str) -> str:
        if value not in vocabulary.findings():
            raise ValueError(f"{value!r} is no finding; `headgate findings codes` lists them")
        return value

    @pydantic.model_validator(mode="after")
    def _parameters(self) -> "ThresholdsFor":
        known = vocabulary.findings()[self.finding].parameters
        for name in self.values:
            if name not in known:
                listed = ", ".join(known) or "none"
                raise ValueError(f"{self.finding} has no parameter {name!r}; it has: {listed}")
        return self


class Expected(_Section):
    """A condition that is meant to be so."""

    resources: str = pydantic.Field(min_length=1)
    """Pattern of ``kind:id`` with ``*`` and ``?``, such as ``group:audit-*``."""
    findings: list[str] = ["*"]
    """Patterns of finding codes, such as ``lag.*``."""
    why: str = pydantic.Field(min_length=3)
    """The reason, for the person who finds it listed."""
    until: datetime | None = None
    """It counts up to then (with an offset from UTC, else UTC); without it, for good."""

    @pydantic.field_validator("until")
    @classmethod
    def _zone(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Cluster(_Section):
    """One Kafka cluster with what stands around it."""

    name: Name
    """What Headgate calls it."""
    bootstrap: str = pydantic.Field(min_length=3)
    """One or more ``host:port``, with commas between them."""
    environment: Environment = "development"
    """What is at stake; policies look at it."""
    connect: list[str] = []
    """REST addresses of its Kafka Connect clusters, those of one cluster's workers in one entry
    with commas between them. A reference (``env:NAME``) may stand for one with a password."""
    registry: str = ""
    """Address of its schema registry, as clients use it; empty: it has none. Apicurio serves the
    interface under ``/apis/ccompat/v7``."""
    registry_username: str = ""
    """User for the registry (basic authentication)."""
    registry_password: str = ""
    """The user's password, by reference: ``env:NAME`` or ``file:PATH``."""
    registry_token: str = ""
    """Bearer token for the registry, by reference; it wins over user and password."""
    registry_ca_file: str = ""
    """File of the authority that signed the registry's certificate; empty: the machine's own."""
    metrics: list[str] = []
    """Metrics of its brokers, workers and clients: addresses of pages
    (``http://HOST:7071/metrics``, with ``#broker=1`` where the host does not tell), and of
    Prometheus servers (``prometheus+http://HOST:9090?LABEL=VALUE``)."""
    flavour: capability.Flavour | None = None
    """What kind of Kafka it is (``msk``, ``confluent``, ...), where Headgate does not see it."""
    architecture: capability.Architecture | None = None
    """Where records lie: ``shared_nothing``, ``tiered`` or ``shared_storage``; as ``flavour``."""
    client: dict[str, str] = {}
    """Kafka client settings, as in a client properties file. Secrets are references: ``env:NAME``
    or ``file:PATH``."""
    interval_s: float = pydantic.Field(default=5.0, ge=0.5, le=3600)
    """Seconds from one sweep to the next."""
    deadline_s: float = pydantic.Field(default=5.0, ge=0.2, le=120)
    """Seconds that one call to the cluster may take."""
    process: bool = False
    """Whether it is swept, and what is wrong found and explained, in a process of its own, so that
    pages stay quick. Worth its 90 MB from about 20,000 partitions on."""
    read_records: bool = False
    """Whether Headgate may read record contents to tell a poison record; they are never kept."""
    thresholds: dict[str, dict[str, int | float | str]] = {}
    """Finding code, then parameter, then the value that overrides the vocabulary's."""
    thresholds_for: list[ThresholdsFor] = []
    """The same for resources that match a pattern: one entry a pattern and finding."""
    expected: list[Expected] = []
    """Conditions that are meant to be so: they are listed with their reason and open nothing."""
    declared: Path | None = None
    """Folder of declarations (TOML): the topics and ACLs that should be there, owners, and marks
    such as ``test``. What differs is found as ``config.drift``."""

    @pydantic.field_validator("bootstrap")
    @classmethod
    def _addresses(cls, value: str) -> str:
        for given in value.split(","):
            host, colon, port = given.strip().rpartition(":")
            if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
                raise ValueError(f"{given.strip()!r} is not HOST:PORT")
        return value

    @pydantic.field_validator("metrics")
    @classmethod
    def _sources(cls, value: list[str]) -> list[str]:
        for given in value:
            if not given.startswith(("env:", "file:")):
                address.parse(given)
        return value

    @pydantic.field_validator("connect")
    @classmethod
    def _urls(cls, value: list[str]) -> list[str]:
        for entry in value:
            for url in entry.split(","):
                _require_url(url.strip())
        return value

    @pydantic.field_validator("registry")
    @classmethod
    def _url(cls, value: str) -> str:
        if value:
            _require_url(value)
        return value

    def limits(self) -> limits_.Thresholds:
        """The parameters of the cluster's findings."""
        return limits_.Thresholds(
            cluster=self.thresholds,
            rules=tuple(
                limits_.Rule(resources=one.resources, code=one.finding, values=one.values)
                for one in self.thresholds_for
            ),
            expected=tuple(
                limits_.Expectation(
                    resources=one.resources,
                    findings=tuple(one.findings),
                    why=one.why,
                    until=one.until,
                )
                for one in self.expected
            ),
        )


class Boundary(_Section):
    """What decides on the lane of a change."""

    policies: Path | None = None
    """Folder of Cedar policies; the built-in ones where it is not named."""
    owners: Path | None = None
    """File of owners; nobody owns anything where it is not named."""
    budget: int = pydantic.Field(default=10, ge=0)
    """How often each action may run alone on one cluster within the window."""
    budgets: dict[str, Annotated[int, pydantic.Field(ge=0)]] = {}
    """The same for single actions, by their code."""
    budget_hours: float = pydantic.Field(default=1.0, gt=0, le=24 * 7)
    """The budgets' window."""
    approval_minutes: float = pydantic.Field(default=60.0, gt=0, le=24 * 60)
    """For how long an approval holds before the change must have started."""
    waiting_hours: float = pydantic.Field(default=24.0, gt=0, le=24 * 30)
    """For how long a change waits for a person."""


class Engine(_Section):
    """How changes are made and run."""

    propose: bool = True
    """Whether Headgate proposes changes by itself for incidents whose cause it knows."""
    retry_minutes: list[Annotated[float, pydantic.Field(ge=0)]] = [0, 2, 6, 12, 20, 30]
    """Minutes to wait before the first, second, ... try of a fix; after the last there is none."""
    lease_s: float = pydantic.Field(default=15.0, ge=1, le=300)
    """For how long a silent process keeps the right to run changes on a cluster."""


class History(_Section):
    """For how long the past is kept: what moves (log ends, commits, how full disks are), the
    timeline, and restore points."""

    by_minute_days: float = pydantic.Field(default=1.0, gt=0, le=366)
    """Days that a value a minute is kept. 100,000 partitions take 0.2 to 0.3 GB a day."""
    by_ten_minutes_days: float = pydantic.Field(default=7.0, gt=0, le=366)
    """Days that a value in ten minutes is kept."""
    by_hour_days: float = pydantic.Field(default=90.0, gt=0, le=3660)
    """Days that a value an hour is kept."""
    timeline_days: float = pydantic.Field(default=90.0, gt=0, le=3660)
    """Days that entries of the timeline are kept."""
    timeline_entries: int = pydantic.Field(default=100_000, ge=100, le=10_000_000)
    """Entries of the timeline that are kept of each cluster; deploys are counted apart."""
    restore_minutes: float = pydantic.Field(default=15.0, ge=0, le=60 * 24)
    """Minutes between two restore points; 0 keeps only those before changes."""
    restore_points: int = pydantic.Field(default=200, ge=1, le=10_000)
    """Restore points that are kept of each cluster; those before changes are counted apart."""


class Quiet(_Section):
    """Hours in which a channel is not told of what can wait."""

    begin: str = pydantic.Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """When they begin, such as ``22:00``."""
    end: str = pydantic.Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """When they end; at or before ``begin``: on the next day."""
    zone: str = "UTC"
    """The time zone, such as ``Europe/Vienna``."""
    severities: list[Literal["info", "warning", "critical"]] = ["info", "warning"]
    """What is held back until they end."""

    @pydantic.field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in zoneinfo.available_timezones():
            raise ValueError(f"{value!r} is no time zone; write it like Europe/Vienna")
        return value


class Notify(_Section):
    """A channel that is told of incidents: one thread per incident."""

    name: Name
    """What Headgate calls it."""
    kind: Literal["slack", "pagerduty", "webhook", "email"]
    """``slack`` (a bot token with ``chat:write``), ``pagerduty`` (the routing key of an Events API
    v2 integration), ``webhook`` (JSON, signed where a secret is set), or ``email``."""
    secret: str = ""
    """The token, routing key or signing secret, by reference: ``env:NAME`` or ``file:PATH``."""
    url: str = ""
    """The webhook's address (a reference may stand for it); for Slack and PagerDuty another
    address of their interface, such as a proxy's."""
    to: list[str] = []
    """The Slack channel (its id or ``#name``), or the receivers of e-mail."""
    severity: Literal["info", "warning", "critical"] = "critical"
    """The least severity that is told."""
    clusters: list[str] = ["*"]
    """Patterns of cluster names."""
    quiet: list[Quiet] = []
    """Hours in which what can wait is held back."""
    wait_seconds: float = pydantic.Field(default=notices.WAIT.total_seconds(), ge=0, le=3600)
    """Seconds from an incident's opening, or return, to its first notice: nobody is called for what
    is over or folded into another incident by then. 0: at once."""
    limit: int = pydantic.Field(default=10, ge=0)
    """Incidents that are told one by one within ``limit_minutes``, and as many critical ones at
    any rate; what is above that is told in sum. 0: no limit."""
    limit_minutes: float = pydantic.Field(default=10.0, gt=0, le=24 * 60)
    """The limit's window."""
    server: str = ""
    """The mail server, as ``HOST:PORT``."""
    sender: str = ""
    """The sender of e-mail."""
    username: str = ""
    """User at the mail server."""
    password: str = ""
    """The user's password, by reference."""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """How the mail server is spoken to: ``starttls`` (587), ``tls`` (465), or ``none``."""

    @pydantic.model_validator(mode="after")
    def _whole(self) -> "Notify":
        wanted = {
            "slack": ("secret", "to"),
            "pagerduty": ("secret",),
            "webhook": ("url",),
            "email": ("server", "sender", "to"),
        }[self.kind]
        for name in wanted:
            if not getattr(self, name):
                raise ValueError(f"{self.kind} needs {name}")
        if self.server and not self.server.rpartition(":")[2].isdecimal():
            raise ValueError("server is written as HOST:PORT")
        if self.url:
            _require_url(self.url)
        return self


class Settings(pydantic_settings.BaseSettings):
    """All settings. Each is also an environment variable: ``HEADGATE_SECTION__NAME``, and for a
    cluster ``HEADGATE_CLUSTER__NAME__SETTING``.
    """

    model_config = pydantic_settings.SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix="HEADGATE_",
        env_nested_delimiter="__",
        use_attribute_docstrings=True,
    )

    store: Store = Store()
    server: Server = Server()
    cluster: list[Cluster] = []
    boundary: Boundary = Boundary()
    engine: Engine = Engine()
    history: History = History()
    notify: list[Notify] = []

    @pydantic.model_validator(mode="after")
    def _names_differ(self) -> "Settings":
        names = [item.name for item in self.cluster]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two clusters are called {twice[0]}")
        told = [item.name for item in self.notify]
        if len(told) != len(set(told)):
            raise ValueError("two channels of [[notify]] have the same name")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[pydantic_settings.BaseSettings],
        init_settings: pydantic_settings.PydanticBaseSettingsSource,
        env_settings: pydantic_settings.PydanticBaseSettingsSource,
        dotenv_settings: pydantic_settings.PydanticBaseSettingsSource,
        file_secret_settings: pydantic_settings.PydanticBaseSettingsSource,
    ) -> tuple[pydantic_settings.PydanticBaseSettingsSource, ...]:
        """Only what it is given: ``configuration`` lays the sources over each other."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def _require_url(url: str) -> None:
    if url.startswith(("env:", "file:")):
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address here begins with http:// or https:// and names a host")
