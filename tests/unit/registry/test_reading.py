"""The registry as a part of the snapshot: what could not be read of it is told."""

from headgate.domain import registry
from headgate.domain.unknown import Unknown
from headgate.observe import readings
from headgate.registry import fake


class Partly(fake.FakeRegistry):
    """A registry of which some subjects could not be read."""

    def registry(self, *, deadline_s: float) -> registry.Registry:
        whole = super().registry(deadline_s=deadline_s)
        late, denied = Unknown("no time"), Unknown("denied", needs="the right to read")
        made = {
            f"s{number}": registry.Subject(
                name=f"s{number}",
                versions=denied if number == 2 else late,
                compatibility=late,
                deleted=number == 3,
            )
            for number in range(4)
        }
        return registry.Registry(
            name=whole.name,
            url=whole.url,
            compatibility=whole.compatibility,
            mode=whole.mode,
            subjects={**whole.subjects, **made},
        )


def test_subjects_that_were_not_read_are_missing_once_for_each_reason() -> None:
    port = Partly()
    port.register("there", "1")
    reading = readings.of_registry(port)
    assert reading.name == "registry:registry"
    _, missing = reading.call(readings.Ground(), 5.0)
    assert [(one.what, one.reason, one.needs) for one in missing] == [
        ("2 of 5 subjects", "no time", ""),
        ("1 of 5 subjects", "denied", "the right to read"),
    ]


def test_a_registry_that_was_read_whole_lacks_nothing() -> None:
    port = fake.FakeRegistry()
    port.register("there", "1")
    value, missing = readings.of_registry(port).call(readings.Ground(), 5.0)
    assert isinstance(value, registry.Registry)
    assert missing == ()
