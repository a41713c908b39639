"""Rows of what stands around a cluster."""

from tests.unit import observations

from headgate.app.tables import connectors, subjects
from headgate.domain import registry
from headgate.domain.unknown import Unknown


def test_one_connect_cluster_named_twice_is_told() -> None:
    made = observations.Scene()
    made.connector("sink", ("RUNNING", ""), connect="connect-1")
    made.connector("sink", ("RUNNING", ""), connect="connect-2")
    assert connectors.twins(made.seen()) == (("connect-1", "connect-2"),)
    made.connector("other", ("RUNNING", ""), connect="connect-2")
    assert connectors.twins(made.seen()) == ()


def test_a_subject_that_was_not_read_is_unknown_and_not_empty() -> None:
    why = Unknown("there was no time for it")
    row = subjects.row(
        "main", registry.Subject(name="orders-value", versions=why, compatibility=why)
    )
    assert (row.versions, row.latest, row.type, row.references) == (why, why, why, why)
    assert row.read_at == Unknown("not read yet")
    gone = registry.Version(number=1, schema_id=7, type="AVRO", fingerprint="f", deleted=True)
    row = subjects.row(
        "main", registry.Subject(name="a", versions=(gone,), compatibility="NONE", deleted=True)
    )
    assert (row.versions, row.type) == (0, Unknown("every version is deleted"))
