"""Input that does not fit is told field by field."""

import pytest

from headgate.actions import parameters, quarantine, resets

GOOD = {"group": "billing", "topic": "orders", "partition": 7, "offset": 48211}


def test_json_becomes_the_dataclass() -> None:
    parsed = parameters.parse(quarantine.QuarantineParameters, GOOD)
    assert parsed.offset == 48211
    assert parsed.dead_letter_topic == ""


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        ({**GOOD, "offset": "x"}, "offset", "integer"),
        ({k: v for k, v in GOOD.items() if k != "group"}, "group", "required"),
        ({**GOOD, "colour": 1}, "colour", "no such parameter (there are group, topic"),
        ({**GOOD, "offset": 1.5}, "offset", "integer"),
    ],
)
def test_a_bad_field_is_named(given: dict[str, object], field: str, reason: str) -> None:
    with pytest.raises(parameters.BadParameters) as caught:
        parameters.parse(quarantine.QuarantineParameters, given)
    problem = caught.value.problems[0]
    assert problem.field == field
    assert reason in problem.reason
    assert field in str(caught.value)


def test_several_problems_are_told_together() -> None:
    with pytest.raises(parameters.BadParameters) as caught:
        parameters.parse(
            resets.ResetParameters, {"group": 1, "topic": "t", "to": "moon", "partitions": [0, "x"]}
        )
    assert {x.field for x in caught.value.problems} == {"group", "to", "partitions.1"}


def test_a_schema_offers_the_choices() -> None:
    schema = parameters.schema(resets.ResetParameters)
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert properties["to"]["enum"] == ["earliest", "latest", "offset", "shift"]
    assert schema["required"] == ["group", "topic", "to"]
