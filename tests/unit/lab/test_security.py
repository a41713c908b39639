"""A secured lab's keys, certificates and configuration, without starting it."""

import datetime
import json
import stat
from pathlib import Path

import pytest
from cryptography import x509

from headgate.lab import broker, errors, security, settings, tokens

DOORS = {name: 400 + place for place, name in enumerate(security.DOORS)}
NODE = broker.Node(id=1, port=100, controller_port=200, metrics_port=300, doors=DOORS)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> security.Home:
    made = security.prepare(tmp_path_factory.mktemp("lab"))
    tokens.make_keys(made.token_key, made.token_keys)
    security.write_clients(made, [{"PLAINTEXT": 100, **DOORS}], "http://127.0.0.1:1/token")
    return made


def certificate(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates(file.read_bytes())[0]


def test_nobody_else_may_read_what_is_secret(home: security.Home) -> None:
    for file in (home.authority_key, home.server, home.client, home.token_key):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.properties("plain").stat().st_mode) == 0o600


def test_the_certificates_name_their_owners(home: security.Home) -> None:
    for file, name in ((home.server, "broker"), (home.client, "headgate")):
        assert f"CN={name}" in certificate(file).subject.rfc4514_string()
        assert b"BEGIN PRIVATE KEY" in file.read_bytes(), "Kafka reads PKCS 8 only"


def test_a_certificate_can_be_renewed_in_its_place(home: security.Home, tmp_path: Path) -> None:
    file = tmp_path / "me.pem"
    end = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    security.issue(home, file, "me", expires=end)
    before = certificate(file)
    assert before.not_valid_after_utc < datetime.datetime.now(datetime.UTC)
    security.issue(home, file, "me")
    assert certificate(file).serial_number != before.serial_number
    assert certificate(file).not_valid_after_utc > datetime.datetime.now(datetime.UTC)


def test_every_way_to_connect_has_its_file(home: security.Home) -> None:
    names = {file.stem for file in (home.folder / "clients").iterdir()}
    assert {"plaintext", "tls", "mtls", "plain", "scram-256", "scram-512", "oauth"} <= names
    assert security.client(home, "tls")["bootstrap.servers"] == f"127.0.0.1:{DOORS['TLS']}"
    for name in names:
        assert security.client(home, name)["security.protocol"]


def test_the_broker_asks_everybody_who_they_are(home: security.Home) -> None:
    options = settings.Options(brokers=1, connect_workers=0, secure=True)
    text = broker.properties(NODE, [NODE], home.folder.parent / "broker-1", options)
    found = dict(line.split("=", 1) for line in text.splitlines())
    assert "StandardAuthorizer" in found["authorizer.class.name"]
    assert found["super.users"] == "User:admin;User:broker"
    assert found["listener.name.controller.ssl.client.auth"] == "required"
    assert found["inter.broker.listener.name"] == "MTLS"
    assert "allow.everyone.if.no.acl.found" not in found
    for part in found["listeners"].split(","):
        assert "://127.0.0.1:" in part
    for mechanism in security.MECHANISMS:
        assert mechanism in found["listener.name.sasl_ssl.sasl.enabled.mechanisms"]


def test_a_secured_lab_has_no_connect() -> None:
    with pytest.raises(errors.LabError, match="no Connect"):
        settings.Options(secure=True, connect_workers=1)


def test_token_keys_are_a_key_set(home: security.Home) -> None:
    (key,) = json.loads(home.token_keys.read_text())["keys"]
    assert (key["kty"], key["alg"]) == ("RSA", "RS256")
    assert len(tokens.sign(home.token_key, "headgate").split(".")) == 3
