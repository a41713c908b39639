"""Every member of the catalogue is whole: codes, forms, examples, kinds."""

import json

import pytest

from headgate import actions
from headgate.actions import parameters
from headgate.domain import vocabulary

ACTIONS = actions.CATALOGUE.actions


def test_the_catalogue_holds_the_seven_actions() -> None:
    assert sorted(ACTIONS) == [
        "connector.restart_failed_tasks",
        "group.quarantine_record",
        "group.reset_offsets",
        "incident.watch",
        "leader.elect_preferred",
        "topic.add_partitions",
        "topic.alter_config",
    ]


@pytest.mark.parametrize("code", sorted(ACTIONS))
def test_an_action_is_known_to_the_vocabulary_and_its_example_fits(code: str) -> None:
    action = ACTIONS[code]
    assert action.code == code
    assert code in vocabulary.actions()
    assert action.title
    parsed = parameters.parse(action.parameters, action.example)
    assert parameters.parse(action.parameters, parameters.dump(parsed)) == parsed


@pytest.mark.parametrize("code", sorted(ACTIONS))
def test_every_field_of_a_form_is_described(code: str) -> None:
    schema = json.loads(json.dumps(parameters.schema(ACTIONS[code].parameters)))
    assert schema["additionalProperties"] is False
    for name, field in schema["properties"].items():
        assert field.get("description"), f"{code}: {name}"


@pytest.mark.parametrize("family", ["operations", "preconditions", "checks"])
def test_kinds_are_listed_by_their_own_names(family: str) -> None:
    members = getattr(actions.CATALOGUE, family)
    assert members
    assert all(kind == one.kind for kind, one in members.items())
