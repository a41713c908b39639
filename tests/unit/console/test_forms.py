"""The form of an action: what people type becomes the values that the action takes."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate import actions
from headgate.app import interface
from headgate.changes import parameters
from headgate.console import forms
from headgate.domain import vocabulary

CATALOGUE = {
    code: interface.ActionInfo(
        code=code,
        title=one.title,
        meaning=vocabulary.actions()[code],
        schema=parameters.schema(one),
        example=one.example,
    )
    for code, one in actions.CATALOGUE.actions.items()
}
RESET = CATALOGUE["group.reset_offsets"]
ALTER = CATALOGUE["topic.alter_config"]


@pytest.mark.parametrize(
    ("info", "typed", "values"),
    [
        (RESET, {"partitions": "1, 2 3"}, {"partitions": [1, 2, 3]}),
        (RESET, {"partitions": "[1, 2]"}, {"partitions": [1, 2]}),
        (RESET, {"partitions": "one"}, {"partitions": ["one"]}),
        (RESET, {"value": "-5"}, {"value": -5}),
        (RESET, {"value": " "}, {}),
        (RESET, {"value": "soon"}, {"value": "soon"}),
        (RESET, {"value": "[" * 100_000}, {"value": "[" * 100_000}),
        (RESET, {"remove_members": "true"}, {"remove_members": True}),
        (RESET, {"group": " 123 "}, {"group": "123"}),
        (RESET, {"moon": "1"}, {}),
        (ALTER, {"set": "a=1\n b = x=y \n"}, {"set": {"a": "1", "b": "x=y"}}),
        (ALTER, {"set": '{"a": "1"}'}, {"set": {"a": "1"}}),
        (ALTER, {"unset": "a,b"}, {"unset": ["a", "b"]}),
    ],
)
def test_what_is_typed_becomes_a_value(
    info: interface.ActionInfo, typed: Mapping[str, str], values: Mapping[str, object]
) -> None:
    assert forms.values(info, typed) == values


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_example_survives_the_form(code: str) -> None:
    """An example shown as a placeholder and typed as shown gives the example."""
    info = CATALOGUE[code]
    shown = {field.name: field.placeholder for field in forms.fields(info, {})}
    action = actions.CATALOGUE.actions[code]
    read = parameters.read(action, forms.values(info, shown))
    assert read == parameters.read(action, info.example)


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_field_has_a_label_and_a_meaning(code: str) -> None:
    for field in forms.fields(CATALOGUE[code], {}):
        assert "_" not in field.label
        assert field.help
        assert "`" not in field.help


def test_seconds_are_named() -> None:
    (about,) = [
        field for field in forms.fields(CATALOGUE["incident.watch"], {}) if field.name == "for_s"
    ]
    assert about.label == "for (seconds)"


@given(
    st.sampled_from(sorted(CATALOGUE)),
    st.dictionaries(
        st.sampled_from(["group", "topic", "partitions", "set", "value", "to", "for_s"]), st.text()
    ),
)
def test_no_text_breaks_the_form(code: str, typed: Mapping[str, str]) -> None:
    info = CATALOGUE[code]
    forms.values(info, typed)
    for field in forms.fields(info, typed):
        assert isinstance(field.value, str)
