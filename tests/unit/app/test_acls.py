"""The ACLs asked for, for a person, a ticket and a program."""

import pytest
from typer.testing import CliRunner

from headgate.app import acls, logs
from headgate.cli import doctor
from headgate.domain import rights, snapshot

ASKED = acls.Request(bootstrap="kafka:9092", principal="User:headgate")


@pytest.mark.parametrize(
    ("client", "who"),
    [
        ({}, "User:ANONYMOUS"),
        ({"security.protocol": "SSL"}, "User:ANONYMOUS"),
        ({"security.protocol": "SSL", "ssl.keystore.location": "/me.pem"}, "User:headgate"),
        (
            {
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": "PLAIN",
                "sasl.username": "ada",
                "sasl.password": "x",
            },
            "User:ada",
        ),
    ],
)
def test_the_acls_are_for_whoever_logs_in(client: dict[str, str], who: str) -> None:
    assert acls.principal(client) == who


def test_each_form_names_every_acl() -> None:
    text = "\n".join(acls.as_text(ASKED))
    ticket = "\n".join(acls.as_markdown(ASKED))
    held = acls.as_json(ASKED)["acls"]
    assert isinstance(held, list)
    assert len(held) == len(rights.READING)
    for one in rights.READING:
        assert str(one.right) in text
        assert str(one.right) in ticket
        assert one.command("User:headgate") in text


def test_what_is_not_needed_is_a_comment() -> None:
    plain = [line for line in acls.commands(ASKED) if not line.startswith("#")]
    assert len(plain) == sum(not one.optional for one in rights.READING)
    assert all("--operation Read " not in line for line in plain)


def test_lacking_rights_are_told_once() -> None:
    missing = (
        snapshot.Missing(what="acls", reason="no", needs="Describe on Cluster"),
        snapshot.Missing(what="quorum", reason="no", needs="Describe on Cluster"),
        snapshot.Missing(what="broker:2", reason="it does not answer"),
    )
    assert acls.lacking(missing) == ("Describe on Cluster",)


def test_the_command_prints_them_without_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    # this process goes on after the command: its logs must not go where the runner listened
    monkeypatch.setattr(logs, "configure", lambda _least: None)
    told = CliRunner().invoke(doctor.app, ["nowhere.invalid:9092", "--acls"])
    assert told.exit_code == 0, told.output
    assert "--bootstrap-server nowhere.invalid:9092" in told.output
    assert "User:ANONYMOUS" in told.output
