"""Each channel against a local receiver that speaks its service's format."""

import hashlib
import hmac
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from typing import Any

import pytest
from aiosmtpd import controller
from tests.contract.channels import receivers

from headgate.domain import notices
from headgate.notify import mail, pagerduty, slack, webhook
from headgate.ports import channel

AT = datetime(2026, 3, 1, 3, 2, tzinfo=UTC)


def letter(kind: notices.Kind = "open", **fields: Any) -> channel.Letter:
    given: dict[str, Any] = {
        "incident": "inc-1",
        "cluster": "orders",
        "environment": "production",
        "kind": kind,
        "severity": "critical",
        "title": "billing is stuck on orders-0 <&> it cannot read the record at offset 42",
        "lines": ("Why: that record does not decode (confirmed)", "Hits billing."),
        "resource": "group:billing",
        "cause": "record.poison",
        "opened_at": AT,
        "at": AT,
        "link": "https://headgate.example.com/incidents/inc-1",
        **fields,
    }
    return channel.Letter(**given)


Opened = tuple[channel.Channel, receivers.Receiver]


@contextmanager
def over_http(kind: str) -> Iterator[Opened]:
    answer = {
        "slack": receivers.slack,
        "pagerduty": receivers.pagerduty,
        "webhook": receivers.webhook,
    }[kind]
    with receivers.running(answer) as held:
        made: channel.Channel
        if kind == "slack":
            made = slack.Slack("ops", token="xoxb-1", to="#ops", api=held.url)
        elif kind == "pagerduty":
            made = pagerduty.PagerDuty("ops", key="R" * 32, api=held.url)
        else:
            made = webhook.Webhook("ops", f"{held.url}/hook?key=hidden", secret="s3cret")
        try:
            yield made, held
        finally:
            made.close()


@pytest.mark.parametrize("kind", ["slack", "pagerduty", "webhook"])
def test_one_thread_holds_the_whole_life_of_an_incident(kind: str) -> None:
    with over_http(kind) as (told, held):
        reference = told.send(letter(), "")
        assert reference
        life: tuple[notices.Kind, ...] = ("update", "acknowledge", "resolve", "return", "resolve")
        for step in life:
            reference = told.send(letter(step, lines=("News.",), by="mira"), reference)
        assert held.requests
        if kind == "pagerduty":
            assert held.held == {
                "headgate-inc-1": [
                    "trigger",
                    "trigger",
                    "acknowledge",
                    "resolve",
                    "trigger",
                    "resolve",
                ]
            }
        if kind == "slack":
            first, *replies = [
                one.document for one in held.requests if one.path == "/chat.postMessage"
            ]
            assert "thread_ts" not in first
            assert {one["thread_ts"] for one in replies} == {"1700000000.000000"}
            assert held.held["1700000000.000000"]["text"].startswith("Resolved: billing is stuck")
            assert "&lt;&amp;&gt;" in first["text"]


@pytest.mark.parametrize("kind", ["slack", "pagerduty", "webhook"])
def test_a_long_title_is_taken(kind: str) -> None:
    with over_http(kind) as (told, _held):
        assert told.send(letter(title="x" * 3000, lines=("y" * 9000,)), "")


@pytest.mark.parametrize("kind", ["slack", "pagerduty", "webhook"])
def test_a_service_out_of_order_is_said_and_may_be_tried_again(kind: str) -> None:
    with over_http(kind) as (told, held):
        held.down = 503, {"message": "maintenance"}
        with pytest.raises(channel.ChannelError, match="answered 503") as error:
            told.send(letter(), "")
        assert not error.value.lasting
        held.down = None
        assert told.send(letter(), "")


def test_a_service_that_is_gone_is_said() -> None:
    with receivers.running(receivers.pagerduty) as held:
        told = pagerduty.PagerDuty("ops", key="R" * 32, api=held.url)
    with pytest.raises(channel.ChannelError, match="nothing listens") as error:
        told.send(letter(), "")
    told.close()
    assert held.url in error.value.what
    assert not error.value.lasting


def test_a_wrong_key_lasts_until_the_settings_are_mended_and_is_not_shown() -> None:
    with receivers.running(receivers.pagerduty) as held:
        told = pagerduty.PagerDuty("ops", key="wrong-key-value", api=held.url)
        with pytest.raises(channel.ChannelError) as error:
            told.send(letter(), "")
        told.close()
    assert error.value.lasting
    assert "wrong-key-value" not in str(error.value)
    with receivers.running(receivers.slack) as held:
        other = slack.Slack("ops", token="xoxb-2", to="#ops", api=held.url)
        with pytest.raises(channel.ChannelError, match="invalid_auth") as error:
            other.send(letter(), "")
        other.close()
    assert error.value.lasting
    assert "xoxb-2" not in str(error.value)


def test_a_webhook_is_signed_and_its_address_stays_hidden() -> None:
    with over_http("webhook") as (told, held):
        told.send(letter(), "")
        assert "hidden" not in told.where
        (request,) = held.requests
    signed = request.headers["x-headgate-time"].encode() + b"." + request.body
    wanted = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
    assert request.headers["x-headgate-signature"] == f"sha256={wanted}"
    assert request.document["schema"] == "headgate.notice/1"
    assert request.document["incident"] == "inc-1"


class Box:
    """Keeps what an SMTP server takes; refuses one receiver."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append(envelope.content)
        return "250 OK"


@pytest.fixture
def box() -> Iterator[tuple[Box, Callable[..., mail.Mail]]]:
    """A real SMTP server and a way to write to it."""
    held = Box()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = controller.Controller(held, hostname="127.0.0.1", port=port)
    server.start()

    def made(*to: str) -> mail.Mail:
        return mail.Mail(
            "ops",
            server=f"127.0.0.1:{port}",
            sender="headgate@example.com",
            to=to,
            tls="none",
        )

    yield held, made
    server.stop()


def test_mails_of_one_incident_are_one_thread(
    box: tuple[Box, Callable[..., mail.Mail]],
) -> None:
    held, made = box
    told = made("ops@example.com", "more@example.com")
    reference = told.send(letter(), "")
    assert told.send(letter("resolve", lines=("Resolved after 5 min.",)), reference) == reference
    first, second = [message_from_bytes(one) for one in held.mails]
    assert first["Message-ID"] == reference
    assert second["References"] == reference
    assert second["Subject"].startswith("Re: [critical] billing is stuck")
    assert "Resolved after 5 min." in str(second.get_payload())


def test_a_receiver_that_is_refused_is_said(
    box: tuple[Box, Callable[..., mail.Mail]],
) -> None:
    _held, made = box
    with pytest.raises(channel.ChannelError):
        made("nobody@example.com").send(letter(), "")
    with pytest.raises(channel.ChannelError, match="nobody"):
        made("ops@example.com", "nobody@example.com").send(letter(), "")
