"""Small tables and decoders: releases, failures, assignments."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kio.schema.errors import ErrorCode

from headgate.domain.resource import TopicPartition
from headgate.kafka import describing, failure, release
from headgate.ports import errors


@pytest.mark.parametrize(
    ("level", "name"),
    [
        (1, "3.0"),
        (7, "3.3"),
        (20, "3.8"),
        (22, "4.0"),
        (25, "4.0"),
        (30, "4.3"),
        (31, "newer than 4.3"),
    ],
)
def test_a_level_belongs_to_a_release(level: int, name: str) -> None:
    assert release.of_level(level) == name


def test_releases_rise_with_their_levels() -> None:
    levels = [level for level, _ in release.LEVELS]
    assert levels == sorted(set(levels))


@pytest.mark.parametrize("code", sorted(failure.MEANINGS))
def test_codes_have_kafkas_names(code: int) -> None:
    assert failure.MEANINGS[code].name == ErrorCode(code).name.upper()


def test_an_unknown_code_keeps_its_number_and_name() -> None:
    found = failure.of_code(4242, "what the broker said", name="SOMETHING_NEW")
    assert (found.code, found.name) == (4242, "SOMETHING_NEW")
    assert "what the broker said" in found.reason


@pytest.mark.parametrize(
    ("error", "writing", "unknown"),
    [
        (errors.TimedOut("late"), True, True),
        (errors.TimedOut("late"), False, False),
        (errors.OutcomeUnknown("lost"), True, True),
        (errors.Unreachable("refused"), True, False),
        (errors.NotAllowed("no"), True, False),
    ],
)
def test_only_a_write_that_left_has_an_unknown_outcome(
    error: errors.PortError, writing: bool, unknown: bool
) -> None:
    found = failure.of_error(error, writing=writing)
    assert found.unknown_outcome is unknown
    assert found.not_allowed is isinstance(error, errors.NotAllowed)
    assert found.reason


def encoded(names: list[TopicPartition], user_data: bytes) -> bytes:
    topics: dict[str, list[int]] = {}
    for name in names:
        topics.setdefault(name.topic, []).append(name.partition)
    parts = [struct.pack(">hi", 1, len(topics))]
    for topic, numbers in topics.items():
        raw = topic.encode()
        parts += [struct.pack(">h", len(raw)), raw, struct.pack(">i", len(numbers))]
        parts += [struct.pack(">i", number) for number in numbers]
    return b"".join([*parts, struct.pack(">i", len(user_data)), user_data])


NAMES = st.lists(
    st.builds(TopicPartition, st.text(min_size=1, max_size=5), st.integers(0, 99)), unique=True
)


@settings(deadline=None)
@given(names=NAMES, user_data=st.binary(max_size=9))
def test_an_assignment_is_decoded(names: list[TopicPartition], user_data: bytes) -> None:
    assert sorted(describing.assignment(encoded(names, user_data))) == sorted(names)


@settings(deadline=None)
@given(data=st.binary(max_size=60))
def test_what_is_no_assignment_never_raises(data: bytes) -> None:
    assert isinstance(describing.assignment(data), tuple)
