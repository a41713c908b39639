"""A secured lab: every way of connecting at once, an authorizer, and two people who may connect.

``admin`` may do all; ``headgate`` may only describe, and so may whoever comes without a login
(``ANONYMOUS``). Certificates are made anew for each lab and are worth nothing outside of it.
Brokers and controllers speak to each other with certificates of their own (``broker``).
"""

import dataclasses
import datetime
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from headgate.domain import rights
from headgate.lab import errors, ports

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")
DOORS = ("TLS", "MTLS", "SASL_PLAINTEXT", "SASL_SSL")
"""Listeners beside the plain one; names of ``_PROTOCOLS``."""
_PROTOCOLS = {
    "PLAINTEXT": "PLAINTEXT",
    "TLS": "SSL",
    "MTLS": "SSL",
    "SASL_PLAINTEXT": "SASL_PLAINTEXT",
    "SASL_SSL": "SASL_SSL",
    "CONTROLLER": "SSL",
}
ADMIN, READER, ANONYMOUS = "admin", "headgate", "ANONYMOUS"
AUDIENCE = "kafka"
_BROKER = "broker"
_LOGIN = "org.apache.kafka.common.security"
_ITERATIONS = 4096
_READY_WITHIN_S = 30.0
_YEAR = datetime.timedelta(days=365)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where the files of a lab's security are."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The certificate of the authority that signs all others."""
        return self.folder / "ca.pem"

    @property
    def authority_key(self) -> Path:
        """Its key."""
        return self.folder / "ca-key.pem"

    @property
    def server(self) -> Path:
        """The brokers' key and certificate."""
        return self.folder / "server.pem"

    @property
    def client(self) -> Path:
        """The reader's key and certificate."""
        return self.folder / "headgate.pem"

    @property
    def token_key(self) -> Path:
        """What tokens are signed with."""
        return self.folder / "token-key.pem"

    @property
    def token_keys(self) -> Path:
        """What tokens are checked with, a JSON Web Key Set."""
        return self.folder / "jwks.json"

    def properties(self, name: str) -> Path:
        """The client properties of one way to connect."""
        return self.folder / "clients" / f"{name}.properties"

    def password(self, user: str) -> str:
        """The user's password; made when first asked for."""
        file = self.folder / f"{user}.password"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(12), encoding="utf-8")
        return file.read_text(encoding="utf-8")


def home(folder: Path) -> Home:
    """Return where a lab's security files are."""
    return Home(folder=folder / "security")


def prepare(folder: Path) -> Home:
    """Make the authority and the certificates; raises LabError when a package is missing."""
    made = home(folder)
    made.folder.mkdir(mode=0o700)
    (made.folder / "clients").mkdir()
    try:
        import trustme
    except ImportError as error:
        raise errors.LabError(
            "A secured lab needs the packages trustme and cryptography.",
            next_step="pip install 'headgate[lab]'",
        ) from error
    authority = trustme.CA()
    made.authority.write_bytes(authority.cert_pem.bytes())
    _write_secret(made.authority_key, authority.private_key_pem.bytes())
    issue(made, made.server, _BROKER)
    issue(made, made.client, READER)
    return made


def issue(
    where: Home,
    file: Path,
    name: str,
    *,
    hosts: Sequence[str] = (ports.HOST, "localhost"),
    expires: datetime.datetime | None = None,
) -> None:
    """Write a key (PKCS 8) with its certificate and the authority's into one PEM file.

    The file is replaced at once, so that whoever reads it gets the old or the new one.
    """
    import trustme
    from cryptography.hazmat.primitives import serialization as forms

    authority = trustme.CA.from_pem(where.authority.read_bytes(), where.authority_key.read_bytes())
    now = datetime.datetime.now(datetime.UTC)
    end = expires or now + _YEAR
    leaf = authority.issue_cert(
        *hosts, common_name=name, not_before=min(now, end) - _YEAR, not_after=end
    )
    key = forms.load_pem_private_key(leaf.private_key_pem.bytes(), None).private_bytes(
        forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()
    )
    chain = b"".join(pem.bytes() for pem in leaf.cert_chain_pems)
    fresh = file.with_suffix(".new")
    _write_secret(fresh, key + chain + where.authority.read_bytes())
    fresh.replace(file)


def broker_properties(
    where: Home, doors: Mapping[str, int], controller_port: int
) -> dict[str, Any]:
    """The settings of a secured broker, over those of an open one.

    ``doors`` holds the port of each listener that clients use, ``PLAINTEXT`` included.
    """
    outside = ",".join(f"{name}://{ports.HOST}:{port}" for name, port in doors.items())
    values: dict[str, Any] = {
        "listeners": f"{outside},CONTROLLER://{ports.HOST}:{controller_port}",
        "advertised.listeners": outside,
        "listener.security.protocol.map": ",".join(
            f"{name}:{protocol}" for name, protocol in _PROTOCOLS.items()
        ),
        "inter.broker.listener.name": "MTLS",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN};User:{_BROKER}",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": where.server,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": where.authority,
        "ssl.principal.mapping.rules": "RULE:^.*CN=([^,]+).*$/$1/,DEFAULT",
        "listener.name.mtls.ssl.client.auth": "required",
        "listener.name.controller.ssl.client.auth": "required",
        "sasl.oauthbearer.jwks.endpoint.url": where.token_keys.as_uri(),
        "sasl.oauthbearer.expected.audience": AUDIENCE,
    }
    for listener in ("sasl_plaintext", "sasl_ssl"):
        prefix = f"listener.name.{listener}"
        values[f"{prefix}.sasl.enabled.mechanisms"] = ",".join(MECHANISMS)
        users = " ".join(f'user_{name}="{where.password(name)}"' for name in (ADMIN, READER))
        values[f"{prefix}.plain.sasl.jaas.config"] = (
            f"{_LOGIN}.plain.PlainLoginModule required {users};"
        )
        for mechanism in ("scram-sha-256", "scram-sha-512"):
            values[f"{prefix}.{mechanism}.sasl.jaas.config"] = (
                f"{_LOGIN}.scram.ScramLoginModule required;"
            )
        values[f"{prefix}.oauthbearer.sasl.jaas.config"] = (
            f"{_LOGIN}.oauthbearer.OAuthBearerLoginModule required;"
        )
        values[f"{prefix}.oauthbearer.sasl.server.callback.handler.class"] = (
            f"{_LOGIN}.oauthbearer.OAuthBearerValidatorCallbackHandler"
        )
    return values


def java_options(where: Home) -> tuple[str, ...]:
    """What a broker's Java needs: Kafka reads token keys only from addresses that are named."""
    return (f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={where.token_keys.as_uri()}",)


def write_clients(where: Home, nodes: Sequence[Mapping[str, int]], token_url: str) -> None:
    """One client properties file per way to connect, as any Kafka client reads it."""
    for name, door, values in _clients(where, token_url):
        bootstrap = ",".join(f"{ports.HOST}:{each[door]}" for each in nodes)
        lines = {"bootstrap.servers": bootstrap, "security.protocol": _PROTOCOLS[door], **values}
        text = "".join(f"{key}={value}\n" for key, value in lines.items())
        _write_secret(where.properties(name), text.encode())


def client(where: Home, name: str) -> dict[str, str]:
    """The client properties of one way to connect, ``bootstrap.servers`` among them."""
    text = where.properties(name).read_text(encoding="utf-8")
    return dict(line.split("=", 1) for line in text.splitlines())


def _clients(where: Home, token_url: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    trust = {"ssl.truststore.type": "PEM", "ssl.truststore.location": str(where.authority)}
    yield "plaintext", "PLAINTEXT", {}
    yield "tls", "TLS", trust
    mine = {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(where.client)}
    yield "mtls", "MTLS", trust | mine
    for protocol, suffix, more in (("SASL_SSL", "", trust), ("SASL_PLAINTEXT", "-plaintext", {})):
        yield f"plain{suffix}", protocol, more | _login(where, "PLAIN", READER)
        for bits in ("256", "512"):
            login = _login(where, f"SCRAM-SHA-{bits}", READER)
            yield f"scram-{bits}{suffix}", protocol, more | login
        yield f"oauth{suffix}", protocol, more | _oauth(where, token_url)
    yield "admin", "SASL_SSL", trust | _login(where, "PLAIN", ADMIN)


def _login(where: Home, mechanism: str, user: str) -> dict[str, str]:
    module = "plain.Plain" if mechanism == "PLAIN" else "scram.Scram"
    return {
        "sasl.mechanism": mechanism,
        "sasl.jaas.config": f"{_LOGIN}.{module}LoginModule required "
        f'username="{user}" password="{where.password(user)}";',
    }


def _oauth(where: Home, token_url: str) -> dict[str, str]:
    module = f"{_LOGIN}.oauthbearer.OAuthBearerLogin"
    return {
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.token.endpoint.url": token_url,
        "sasl.login.callback.handler.class": f"{module}CallbackHandler",
        "sasl.jaas.config": f"{module}Module required "
        f'clientId="{READER}" clientSecret="{where.password(READER)}" scope="kafka";',
    }


# ---- once the brokers answer ----


def admit(where: Home) -> None:
    """The users can log in with SCRAM, and the reader may describe; raises StartFailed."""
    from confluent_kafka import KafkaException

    desk = admin_client(where)
    granted = [one.right for one in rights.READING if not one.optional]
    acls = [acl(f"User:{user}", one) for user in (READER, ANONYMOUS) for one in granted]
    deadline = time.monotonic() + _READY_WITHIN_S
    try:
        for change in _credentials(where):  # one request may not name a user twice
            for done in desk.alter_user_scram_credentials([change]).values():
                done.result(_READY_WITHIN_S)
        for done in desk.create_acls(acls).values():
            done.result(_READY_WITHIN_S)
        for name in ("scram-256", "scram-512"):
            _client(where, name).list_topics(timeout=max(deadline - time.monotonic(), 1.0))
    except (KafkaException, TimeoutError) as error:
        raise errors.StartFailed(
            f"Users and ACLs could not be made: {error}",
            where=str(where.folder),
            next_step="Read the brokers' logs.",
        ) from error


def _credentials(where: Home) -> Iterator[Any]:
    admin = _admin()
    for mechanism in (admin.ScramMechanism.SCRAM_SHA_256, admin.ScramMechanism.SCRAM_SHA_512):
        for user in (ADMIN, READER):
            info = admin.ScramCredentialInfo(mechanism, _ITERATIONS)
            password = where.password(user).encode()
            yield admin.UserScramCredentialUpsertion(user, info, password)


def admin_client(where: Home) -> Any:
    """A client that may do all."""
    return _client(where, "admin")


def admin_settings(where: Home) -> dict[str, Any]:
    """The same as librdkafka's settings, for a producer or consumer that may do all."""
    return _settings(where, "admin")


def acl(principal: str, right: rights.Right) -> Any:
    """The ACL binding that grants a right, as confluent-kafka's admin client takes it."""
    admin = _admin()
    kind = {
        "Cluster": admin.ResourceType.BROKER,  # librdkafka's name for the cluster
        "Topic": admin.ResourceType.TOPIC,
        "Group": admin.ResourceType.GROUP,
        "TransactionalId": admin.ResourceType.TRANSACTIONAL_ID,
    }[right.resource_type]
    operation = {
        "Describe": admin.AclOperation.DESCRIBE,
        "DescribeConfigs": admin.AclOperation.DESCRIBE_CONFIGS,
        "Read": admin.AclOperation.READ,
        "Write": admin.AclOperation.WRITE,
    }[right.operation]
    return admin.AclBinding(
        kind,
        right.name,
        admin.ResourcePatternType.LITERAL,
        principal,
        "*",
        operation,
        admin.AclPermissionType.ALLOW,
    )


def _admin() -> Any:
    import confluent_kafka.admin

    return confluent_kafka.admin


def _client(where: Home, name: str) -> Any:
    return _admin().AdminClient(_settings(where, name))


def _settings(where: Home, name: str) -> dict[str, Any]:
    given = client(where, name)
    login = given["sasl.jaas.config"].split('"')
    return {
        "bootstrap.servers": given["bootstrap.servers"],
        "security.protocol": given["security.protocol"],
        "ssl.ca.location": given["ssl.truststore.location"],
        "sasl.mechanism": given["sasl.mechanism"],
        "sasl.username": login[1],
        "sasl.password": login[3],
        "reconnect.backoff.ms": 20,
        "reconnect.backoff.max.ms": 100,
        "log_level": 0,
    }


def _write_secret(file: Path, content: bytes) -> None:
    file.touch(mode=0o600)
    file.write_bytes(content)
