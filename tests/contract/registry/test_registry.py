"""What every implementation of the registry port must do."""

import hashlib

import pytest
from tests.contract.registry.benches import JSON_SCHEMA, Bench, record

from headgate.domain import registry
from headgate.domain.unknown import Unknown
from headgate.ports import errors


def read(bench: Bench, name: str) -> registry.Subject:
    return bench.port.registry(deadline_s=20).subjects[name]


def numbers(subject: registry.Subject) -> list[tuple[int, bool]]:
    assert not isinstance(subject.versions, Unknown)
    return [(one.number, one.deleted) for one in subject.versions]


def test_a_subject_is_read_whole(bench: Bench) -> None:
    name = bench.name("orders-value")
    bench.register(name, record("Order", "id"))
    found = bench.port.registry(deadline_s=20)
    assert (found.name, found.url) == ("schemas", bench.port.url)
    assert found.mode == "READWRITE"
    assert found.compatibility
    subject = found.subjects[name]
    assert isinstance(subject.versions, tuple)
    [version] = subject.versions
    assert (version.number, version.type, version.deleted) == (1, "AVRO", False)
    assert version.schema_id > 0
    assert version.references == ()
    text = bench.port.schema(name, 1, deadline_s=10)
    assert text == record("Order", "id")
    assert version.fingerprint == hashlib.sha256(text.encode()).hexdigest()
    assert subject.compatibility == found.compatibility
    assert not subject.own_compatibility
    assert (subject.mode, subject.deleted) == ("READWRITE", False)
    assert subject.read_at is not None


def test_a_new_version_is_seen_by_the_next_read(bench: Bench) -> None:
    name = bench.name("growing")
    bench.register(name, record("Growing", "id"))
    assert numbers(read(bench, name)) == [(1, False)]
    bench.register(name, record("Growing", "id", name.replace(" ", "_")))
    assert numbers(read(bench, name)) == [(1, False), (2, False)]


def test_rules_and_modes_of_a_subjects_own(bench: Bench) -> None:
    name = bench.name("strict")
    bench.register(name, record("Strict", "id"))
    bench.set_compatibility("FULL_TRANSITIVE", name)
    bench.set_mode("READONLY", name)
    found = bench.port.subject(name, deadline_s=10)
    assert (found.compatibility, found.own_compatibility) == ("FULL_TRANSITIVE", True)
    assert found.mode == "READONLY"


def test_a_version_that_breaks_the_rule_in_force_is_told(bench: Bench) -> None:
    name = bench.name("broken")
    bench.register(name, record("Broken", "id"))
    bench.set_compatibility("NONE", name)
    demands = record("Broken", "id", "more").replace(
        '"more","type":"string","default":""', '"more","type":"string"'
    )
    assert '"more","type":"string"}' in demands
    bench.register(name, demands)
    assert bench.port.subject(name, deadline_s=10).breaks is None
    bench.set_compatibility("BACKWARD", name)
    breaks = bench.port.subject(name, deadline_s=10).breaks
    assert isinstance(breaks, registry.Breaks)
    assert (breaks.version, breaks.against) == (2, 1)


def test_a_version_that_fits_breaks_nothing(bench: Bench) -> None:
    name = bench.name("fitting")
    bench.register(name, record("Fitting", "id"))
    bench.set_compatibility("BACKWARD", name)
    bench.register(name, record("Fitting", "id", "more"))
    assert bench.port.subject(name, deadline_s=10).breaks is None


@pytest.mark.parametrize(
    ("kind", "text"), [("JSON", JSON_SCHEMA), ("PROTOBUF", 'syntax = "proto3"; message A {}')]
)
def test_other_types_than_avro(bench: Bench, kind: str, text: str) -> None:
    name = bench.name(f"a {kind}")
    bench.register(name, text, type=kind)
    versions = read(bench, name).versions
    assert isinstance(versions, tuple)
    assert versions[0].type == kind
    assert bench.port.schema(name, 1, deadline_s=10) == text


def test_references_are_read(bench: Bench) -> None:
    base, user = bench.name("base"), bench.name("user")
    bench.register(base, record("Base", "id"))
    uses = '{"type":"record","name":"User","fields":[{"name":"b","type":"Base"}]}'
    bench.register(user, uses, uses=("Base", base, 1))
    versions = read(bench, user).versions
    assert isinstance(versions, tuple)
    assert versions[0].references == (registry.Reference(name="Base", subject=base, version=1),)


def test_a_version_deleted_softly_is_still_listed(bench: Bench) -> None:
    name = bench.name("shrinking")
    bench.register(name, record("Shrinking", "id"))
    bench.register(name, record("Shrinking", "id", "more"))
    bench.delete(name, 2)
    found = read(bench, name)
    assert numbers(found) == [(1, False), (2, True)]
    assert not found.deleted
    assert found.latest is not None
    assert found.latest.number == 1
    assert bench.port.schema(name, 2, deadline_s=10) == record("Shrinking", "id", "more")


def test_a_subject_deleted_softly_is_still_listed_with_what_was_known(bench: Bench) -> None:
    name = bench.name("gone")
    bench.register(name, record("Gone", "id"))
    before = read(bench, name)
    bench.delete(name)
    found = read(bench, name)
    assert found.deleted
    assert found.latest is None
    assert numbers(found) == [(1, True)]
    assert isinstance(before.versions, tuple)
    assert isinstance(found.versions, tuple)
    assert found.versions[0].schema_id == before.versions[0].schema_id


@pytest.mark.parametrize("hint", ["odd/name 100%?#é", ":.ctx:orders", "a b+c", ".."])
def test_names_with_every_character(bench: Bench, hint: str) -> None:
    name = bench.name(hint)
    bench.register(name, record("Odd", "id"))
    assert numbers(read(bench, name)) == [(1, False)]
    assert bench.port.subject(name, deadline_s=10).name == name
    assert bench.port.schema(name, 1, deadline_s=10) == record("Odd", "id")


def test_what_is_not_there_is_refused(bench: Bench) -> None:
    name = bench.name("there")
    bench.register(name, record("There", "id"))
    with pytest.raises(errors.Refused):
        bench.port.subject(bench.name("not there"), deadline_s=10)
    with pytest.raises(errors.Refused):
        bench.port.schema(bench.name("not there"), 1, deadline_s=10)
    with pytest.raises(errors.Refused):
        bench.port.schema(name, 9, deadline_s=10)


def test_no_time_is_no_answer(bench: Bench) -> None:
    with pytest.raises(errors.TimedOut):
        bench.port.registry(deadline_s=0)
