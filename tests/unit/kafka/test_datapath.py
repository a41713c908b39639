"""What librdkafka reports beside a time-out is told instead of it."""

import confluent_kafka
import pytest

from headgate.kafka import datapath
from headgate.ports import errors

Error = confluent_kafka.KafkaError
LOGIN = (
    "sasl_ssl://kafka:9093/bootstrap: SASL authentication error: Invalid username or password "
    "(after 301ms in state AUTH_REQ)"
)


@pytest.mark.parametrize(
    ("code", "text", "kind", "what"),
    [
        (
            Error._AUTHENTICATION,
            LOGIN,
            errors.NotAllowed,
            "The broker refused the login: Invalid username or password",
        ),
        (Error._SSL, "bad", errors.Misunderstood, "No TLS connection came about: bad"),
        (Error._RESOLVE, "no", errors.Unreachable, "A broker's name is not known here: no"),
    ],
)
def test_the_cause_is_told(code: int, text: str, kind: type[errors.PortError], what: str) -> None:
    troubles = datapath.Troubles()
    troubles(Error(Error._ALL_BROKERS_DOWN, "1/1 brokers are down"))
    troubles(Error(code, text))
    told = troubles.told("orders")
    assert isinstance(told, kind)
    assert (told.what, told.where) == (what, "orders")
    assert told.next_step


def test_nothing_is_made_up() -> None:
    troubles = datapath.Troubles()
    assert troubles.told("orders") is None
    troubles(Error(Error._ALL_BROKERS_DOWN, "1/1 brokers are down"))
    assert troubles.told("orders") is None
