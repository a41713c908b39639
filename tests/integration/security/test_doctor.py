"""The doctor at a secured cluster: it shows what it may see and names the rights it lacks."""

import pytest
from tests.integration.security.conftest import HIDDEN, Secured

from headgate.app import acls, doctor, errors, report_text
from headgate.domain import rights
from headgate.domain.unknown import Unknown


def look(client: dict[str, str]) -> doctor.Report:
    asked = doctor.Asked(
        bootstrap=client["bootstrap.servers"], client=client, watch_s=1.0, deadline_s=10.0
    )
    return doctor.examine(asked)


@pytest.mark.lab
def test_a_describer_lacks_nothing_but_the_right_to_read(secured: Secured) -> None:
    found = look(secured.client("scram-512"))
    assert not isinstance(found.topics, Unknown)
    assert found.topics >= 2
    lacking = set(acls.lacking(found.unknown))
    # Who holds the open transaction is told only to those who may read the topic.
    assert lacking <= {f"Read on Topic {HIDDEN}"}


@pytest.mark.lab
def test_a_stranger_is_told_which_rights_are_lacking(secured: Secured) -> None:
    found = look(secured.add_user("newcomer"))
    assert found.brokers == 1
    lacking = set(acls.lacking(found.unknown))
    assert {str(rights.on_cluster("Describe")), str(rights.on_topic("Describe"))} <= lacking
    text = "\n".join(report_text.as_text(found, "UTC"))
    assert "lacking   the right to Describe on Cluster" in text
    assert "headgate doctor --acls" in text


@pytest.mark.lab
def test_a_wrong_password_is_told_at_once(secured: Secured) -> None:
    login = 'org.example.LoginModule required username="headgate" password="not-it";'
    client = secured.client("plain") | {"sasl.jaas.config": login}
    with pytest.raises(Exception, match="refused the login") as caught:
        look(client)
    assert not isinstance(caught.value, errors.Invalid)
    assert "not-it" not in str(caught.value)
