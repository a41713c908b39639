"""What the doctor's command does around the look: the client file, the zone, the exit code."""

from pathlib import Path

import pytest

from headgate.app import errors
from headgate.cli import doctor


def test_a_client_properties_file_is_read_as_kafka_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "client.properties"
    path.write_text(
        "# a comment\n! another\n\n"
        "security.protocol = SASL_SSL\n"
        "sasl.mechanism:SCRAM-SHA-512\n"
        "sasl.jaas.config=org.apache.Login required \\\n"
        '    username="me" \\\n'
        '    password="a=b:c";\n'
        "client.id=\n"
    )
    assert doctor._properties(path) == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": 'org.apache.Login required username="me" password="a=b:c";',
        "client.id": "",
    }


@pytest.mark.parametrize(
    ("text", "where"), [("acks\n", ":1"), ("a=1\n\n# x\nnothing here\n", ":4")]
)
def test_a_line_that_is_none_is_named(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "client.properties"
    path.write_text(text)
    with pytest.raises(errors.Invalid) as caught:
        doctor._properties(path)
    assert caught.value.where == f"{path}{where}"


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "client.properties"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(errors.Invalid, match="cannot be read"):
        doctor._properties(path)


def test_the_zone_is_the_one_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Europe/Berlin")
    assert doctor._zone() == "Europe/Berlin"
