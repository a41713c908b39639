"""The doctor asks metrics and registries where it is told to."""

import pytest

from headgate.app import doctor, errors, report_text
from headgate.lab import lab as lab_


@pytest.mark.lab
@pytest.mark.timeout(120)
def test_metrics_that_answer_are_told_and_those_that_do_not_are_not_seen(
    lab_cluster: lab_.Lab,
) -> None:
    broker = lab_cluster.part("broker-1")
    asked = doctor.Asked(
        bootstrap=lab_cluster.bootstrap,
        client={},
        metrics=(f"{broker.metrics_url}#broker={broker.id}", "http://127.0.0.1:1/metrics"),
        registry="http://127.0.0.1:1",
        watch_s=2,
    )
    seen = doctor.examine(asked)
    [told] = seen.measured
    assert told.about == (f"broker:{broker.id}",)
    assert told.numbers > 100
    assert told.dialect == "jmx"
    lost = {one.what: one.reason for one in seen.unknown}
    assert "nothing listens" in lost["metrics:http://127.0.0.1:1/metrics"]
    assert "registry:registry" in lost
    lines = list(report_text.as_text(seen, "UTC"))
    assert any("in the words of jmx" in line for line in lines)


def test_an_address_that_is_none_is_told_at_once() -> None:
    with pytest.raises(errors.Invalid, match="begins with http"):
        doctor.examine(doctor.Asked(bootstrap="127.0.0.1:1", client={}, metrics=("broker-1",)))
