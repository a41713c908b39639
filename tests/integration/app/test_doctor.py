"""The doctor on a real cluster: the answer, its next step with a lane, and nothing left behind."""

import json
from collections.abc import Iterator

import pytest
from tests.integration.actions import stands

from headgate.app import doctor, errors, report, report_text
from headgate.domain.resource import TopicPartition
from headgate.kafka import cluster
from headgate.lab import lab as lab_
from headgate.lab.workloads import interface as workloads
from headgate.ports import errors as port_errors

POISON = b"\x00\x00\x00\x03\xe7\xb8{"
BEFORE = 10


@pytest.fixture(scope="module")
def stand(lab_cluster: lab_.Lab) -> Iterator[stands.Stand]:
    port = cluster.connect("lab", lab_cluster.bootstrap)
    yield stands.Stand(lab=lab_cluster, kafka=port)
    port.close()


@pytest.mark.lab
@pytest.mark.timeout(120)
def test_a_crash_loop_is_told_with_its_next_step_and_nothing_is_written(
    stand: stands.Stand,
) -> None:
    good = [json.dumps({"n": number}).encode() for number in range(BEFORE)]
    topic = stand.topic(partitions=1)
    group = f"group-{topic}"
    stand.write(topic, 0, [*good, POISON, *good])
    crashing = workloads.Consumer(name=group, group=group, topics=(topic,), work_ms=1, attempts=1)
    shares: list[float] = []
    with stand.consumers(crashing):
        stands.until(
            lambda: stand.commit_of(group, TopicPartition(topic, 0)), lambda at: at == BEFORE
        )
        before, groups = _state(stand, topic, group), _groups(stand)
        asked = doctor.Asked(
            bootstrap=stand.lab.bootstrap, client={}, watch_s=20, read_records=True
        )
        seen = doctor.examine(asked, shares.append)
        assert _state(stand, topic, group) == before, "the doctor reads only"
        assert _groups(stand) <= groups, "the doctor leaves no group behind"
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert seen.brokers == 3
    [case] = [one for one in seen.cases if str(one.draft.resource) == f"group:{group}"]
    assert "lag.stalled" in {one.code for one in case.draft.findings}
    assert case.draft.causes[0].code == "record.poison", case.draft.causes
    step = case.steps[0]
    assert step.suggestion.action == "group.quarantine_record"
    assert step.suggestion.parameters == {
        "group": group,
        "topic": topic,
        "partition": 0,
        "offset": BEFORE,
    }
    assert (step.in_catalogue, step.lane) == (True, "approve"), step.why
    json.dumps(report.as_json(seen), allow_nan=False)
    text = "\n".join([*report_text.as_text(seen, "UTC"), *report_text.as_markdown(seen, "UTC")])
    assert POISON.decode("latin-1") not in text
    assert "group.quarantine_record" in text


@pytest.mark.lab
def test_a_short_look_says_what_it_did_not_wait_for(stand: stands.Stand) -> None:
    topic = stand.topic(partitions=1)
    group = f"group-{topic}"
    stand.write(topic, 0, [b"{}"] * 50)
    assert stand.kafka.commit(group, {TopicPartition(topic, 0): 10}, deadline_s=5)
    seen = doctor.examine(doctor.Asked(bootstrap=stand.lab.bootstrap, client={}, watch_s=2))
    assert seen.sweeps >= doctor.LEAST_SWEEPS
    [case] = [one for one in seen.cases if str(one.draft.resource) == f"group:{group}"]
    [found] = [one for one in case.draft.findings if one.code == "lag.stopped"]
    assert found.state == "pending"
    assert "not watched for as long as the rule asks" in "\n".join(report_text.as_text(seen, "UTC"))
    told = {one.code: one for one in seen.matrix.capabilities}
    assert (seen.matrix.flavour, seen.matrix.architecture) == ("apache", "shared_nothing")
    for code in ("read.quorum", "read.log_dirs", "read.broker_configs", "act.topic.alter_config"):
        assert told[code].verdict == "possible", told[code]
    assert told["use.consumer_protocol"].why.startswith("group.version is")


def test_a_wrong_address_is_told_at_once() -> None:
    with pytest.raises(port_errors.Unreachable) as away:
        doctor.examine(doctor.Asked(bootstrap="127.0.0.1:1", client={}, watch_s=60))
    assert away.value.where == "127.0.0.1:1"
    assert away.value.next_step
    with pytest.raises(errors.Invalid):
        doctor.examine(doctor.Asked(bootstrap="kafka", client={}))
    with pytest.raises(errors.Invalid, match="Connect address"):
        doctor.examine(doctor.Asked(bootstrap="127.0.0.1:1", client={}, connects=("kafka:8083",)))


def _state(stand: stands.Stand, topic: str, group: str) -> object:
    """What a reader could have changed: the topics, the topic's records, the group's commit."""
    parts, _ = stand.kafka.partitions(deadline_s=5)
    ends = stand.kafka.offsets(parts, deadline_s=5).latest.tolist()
    written = [
        (str(name), end)
        for name, end in zip(parts.names(), ends, strict=True)
        if name.topic == topic
    ]
    return sorted(parts.topics), written, stand.commit_of(group, TopicPartition(topic, 0))


def _groups(stand: stands.Stand) -> set[str]:
    """All groups; those of tests before this one may come to their end meanwhile."""
    return set(stand.kafka.groups(deadline_s=5)[0])
