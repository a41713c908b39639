"""No secret of a connector's settings or traces is shown; what is no secret stays readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.connect import masking


@pytest.mark.parametrize(
    "name",
    [
        "connection.password",
        "database.passwd",
        "consumer.override.sasl.jaas.config",
        "aws.secret.access.key",
        "aws.access.key.id",
        "azure.account-key",
        "apiKey",
        "ssl.keystore.key",
        "ssl.key.password",
        "value.converter.basic.auth.user.info",
        "http.headers",
        "github.token",
        "gcp.credentials.json",
        "http.authorization",
        "snowflake.private.key",
    ],
)
def test_names_that_may_hold_a_secret_are_hidden(name: str) -> None:
    assert masking.config({name: "s3cr3t-value"}) == {name: masking.MASK}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("key.converter", "org.apache.kafka.connect.json.JsonConverter"),
        ("primary.key.mode", "record_key"),
        ("primary.key.fields", "id"),
        ("topics", "orders"),
        ("connection.url", "jdbc:postgresql://127.0.0.1:5432/shop"),
        ("connection.password", "${file:/run/db.properties:password}"),
        ("errors.deadletterqueue.context.headers.enable", "true"),
        ("transforms.route.regex", "(.*)@(.*)"),
    ],
)
def test_what_is_no_secret_stays(name: str, value: str) -> None:
    assert masking.config({name: value}) == {name: value}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("https://mira:pw@host/x", "https://********@host/x"),
        ("mongodb+srv://u:p@h1,h2/db", "mongodb+srv://********@h1,h2/db"),
        (
            "jdbc:postgresql://db/shop?user=shop&password=hunter2&ssl=on",
            "jdbc:postgresql://db/shop?user=shop&password=********&ssl=on",
        ),
        ("jdbc:oracle:thin:scott/tiger@db:1521:x", "jdbc:oracle:thin:********@db:1521:x"),
        ("jdbc:sqlserver://db;password=hunter2;x=1", "jdbc:sqlserver://db;password=********;x=1"),
    ],
)
def test_credentials_inside_addresses_are_hidden(value: str, shown: str) -> None:
    assert masking.config({"connection.url": value}) == {"connection.url": shown}


def test_settings_that_the_plugin_declares_as_passwords_are_hidden() -> None:
    assert masking.config({"pin": "2468"}, {"pin"}) == {"pin": masking.MASK}


def test_a_secret_is_hidden_wherever_else_it_appears() -> None:
    config = {"connection.password": "hunter2", "init.sql": "set role x identified by hunter2"}
    assert masking.config(config)["init.sql"] == "set role x identified by ********"
    secrets = masking.secrets_of(config)
    assert masking.text("FATAL: no login for shop with hunter2", secrets).endswith(masking.MASK)


@given(
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=30),
    before=st.text(max_size=40),
    after=st.text(max_size=40),
)
def test_no_given_secret_survives_in_a_text(secret: str, before: str, after: str) -> None:
    shown = masking.text(before + secret + after, {secret})
    assert secret not in shown.replace(masking.MASK, "")
