"""Client properties, as Java and librdkafka name them, become one way to connect."""

import pytest

from headgate.kafka import properties
from headgate.ports import errors

ENDPOINT = "https://id.example.com/token"
JAVA = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "OAUTHBEARER",
    "sasl.login.callback.handler.class": "org.apache.kafka.common.security.oauthbearer"
    ".OAuthBearerLoginCallbackHandler",
    "sasl.oauthbearer.token.endpoint.url": ENDPOINT,
    "sasl.jaas.config": "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
    " required clientId='me' clientSecret=\"s=1,2\" scope=kafka"
    ' extension_logicalCluster="lkc-1" extension_identityPoolId="pool-2";',
}
JAVA_4 = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "OAUTHBEARER",
    "sasl.oauthbearer.token.endpoint.url": ENDPOINT,
    "sasl.oauthbearer.client.credentials.client.id": "me",
    "sasl.oauthbearer.client.credentials.client.secret": "s=1,2",
    "sasl.oauthbearer.scope": "kafka",
    "sasl.oauthbearer.extensions": "logicalCluster=lkc-1, identityPoolId=pool-2",
}
LIBRDKAFKA = {
    "security.protocol": "sasl_ssl",
    "sasl.mechanisms": "OAUTHBEARER",
    "sasl.oauthbearer.method": "OIDC",
    "sasl.oauthbearer.token.endpoint.url": ENDPOINT,
    "sasl.oauthbearer.client.id": "me",
    "sasl.oauthbearer.client.secret": "s=1,2",
    "sasl.oauthbearer.scope": "kafka",
    "sasl.oauthbearer.extensions": "logicalCluster=lkc-1,identityPoolId=pool-2",
}


@pytest.mark.parametrize("given", [JAVA, JAVA_4, LIBRDKAFKA], ids=["java", "java 4", "librdkafka"])
def test_an_oauth_client_is_understood_in_every_dialect(given: dict[str, str]) -> None:
    found = properties.parse(given)
    assert found.login is not None
    asked = found.login.client
    assert (asked.endpoint, asked.id, asked.secret, asked.scope) == (
        ENDPOINT,
        "me",
        "s=1,2",
        "kafka",
    )
    assert asked.extensions == {"logicalCluster": "lkc-1", "identityPoolId": "pool-2"}
    data = found.librdkafka()
    assert callable(data["oauth_cb"])
    assert not [name for name in data if name.startswith("sasl.oauthbearer")]
    assert "s=1,2" not in repr(found)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("missing", ["sasl.username", "sasl.password"])
def test_a_login_without_its_password_or_user_is_told(mechanism: str, missing: str) -> None:
    given = {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": mechanism,
        "sasl.username": "me",
        "sasl.password": "mine",
    }
    del given[missing]
    with pytest.raises(errors.PortError, match=f"{missing} is missing") as caught:
        properties.parse(given)
    assert "mine" not in str(caught.value)


@pytest.mark.parametrize(
    "missing",
    [
        "sasl.oauthbearer.token.endpoint.url",
        "sasl.oauthbearer.client.id",
        "sasl.oauthbearer.client.secret",
    ],
)
def test_an_oauth_login_that_is_not_whole_is_told(missing: str) -> None:
    given = {name: value for name, value in LIBRDKAFKA.items() if name != missing}
    with pytest.raises(errors.PortError, match=missing):
        properties.parse(given)


@pytest.mark.parametrize(
    ("mechanism", "instead"), [("AWS_MSK_IAM", "SCRAM or mTLS"), ("GSSAPI", "Kerberos")]
)
def test_a_mechanism_that_is_not_supported_names_another_way(mechanism: str, instead: str) -> None:
    with pytest.raises(errors.PortError, match=instead):
        properties.parse({"security.protocol": "SASL_SSL", "sasl.mechanism": mechanism})


def test_a_foreign_login_handler_is_refused() -> None:
    given = JAVA | {"sasl.login.callback.handler.class": "com.example.Mine"}
    with pytest.raises(errors.PortError, match=r"sasl\.login\.callback\.handler\.class"):
        properties.parse(given)


def test_one_file_may_hold_certificate_and_key() -> None:
    given = {"security.protocol": "SSL", "ssl.keystore.type": "pem"}
    data = properties.parse(given | {"ssl.keystore.location": "/me.pem"}).librdkafka()
    assert data["ssl.certificate.location"] == data["ssl.key.location"] == "/me.pem"
    data = properties.parse(
        given | {"ssl.certificate.location": "/me.pem", "ssl.key.location": "/key.pem"}
    ).librdkafka()
    assert data["ssl.key.location"] == "/key.pem"
