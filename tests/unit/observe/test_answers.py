"""Questions are answered from records where that is allowed, once, and within the deadline."""

import pytest

from headgate.domain import connects, diagnosis, snapshot
from headgate.domain.resource import TopicPartition
from headgate.domain.unknown import Unknown
from headgate.kafka import fake
from headgate.observe import answers, collector, reaching
from headgate.ports import clock, errors


def cluster() -> fake.Fake:
    made = fake.Fake()
    made.add_topic("orders", partitions=4)
    for partition in range(4):
        made.fill("orders", partition, 20)
    return made


def sweep(made: fake.Fake) -> snapshot.Snapshot:
    return collector.Collector(made, clock=clock.SystemClock()).sweep()


def ask(
    made: fake.Fake, *questions: diagnosis.Question, read_records: bool = True
) -> diagnosis.Answers:
    return answers.Answerer(made, read_records=read_records).answer(questions, sweep(made))


def ask_record(made: fake.Fake, offset: int) -> diagnosis.RecordAnswer:
    question = diagnosis.RecordQuestion("orders", 0, offset)
    answer = ask(made, question)[question]
    assert isinstance(answer, diagnosis.RecordAnswer)
    return answer


def test_a_poison_record_is_told_from_its_neighbours() -> None:
    made = cluster()
    bad = made.write("orders", 0, b"\x00\x00\x00\x03\xe7..", key=b"k")
    made.fill("orders", 0, 3)
    answer = ask_record(made, bad)
    assert answer.exists is True
    assert answer.decodes is False
    assert (answer.format, answer.neighbours, answer.keyed) == ("json", 8, True)
    assert answer.why == "not JSON: it begins like a record framed with schema id 999"
    assert ask_record(made, bad - 1).decodes is True


def test_a_poison_record_at_the_very_first_offset() -> None:
    made = fake.Fake()
    made.add_topic("orders")
    made.write("orders", 0, b"\xff\xff")
    made.fill("orders", 0, 5)
    assert ask_record(made, 0).decodes is False


def test_a_poison_record_just_after_deleted_ones() -> None:
    made = cluster()
    bad = made.write("orders", 0, b"\xff\xff")
    made.fill("orders", 0, 5)
    made.delete_before("orders", 0, bad)
    assert ask_record(made, bad).decodes is False


def test_an_offset_without_a_record() -> None:
    made = cluster()
    marker = made.write_control("orders", 0)
    made.fill("orders", 0, 3)
    answer = ask_record(made, marker)
    assert answer.exists is False
    assert answer.format == "json"
    assert "transaction marker" in answer.why
    assert ask_record(made, 1_000).exists is False


def test_records_are_not_read_where_that_is_not_allowed() -> None:
    made = cluster()
    record, keys = diagnosis.RecordQuestion("orders", 0, 3), diagnosis.KeyQuestion("orders")
    given = ask(made, record, keys, read_records=False)
    assert given == {record: answers.NOT_ALLOWED, keys: answers.NOT_ALLOWED}
    assert made.called("read") == 0


def test_what_is_certain_is_read_once_and_what_is_not_is_read_again() -> None:
    made = cluster()
    seen = sweep(made)
    answerer = answers.Answerer(made, read_records=True)
    certain = diagnosis.RecordQuestion("orders", 0, 3)
    for _ in range(3):
        answerer.answer([certain], seen)
    assert made.called("read") == 2
    beyond = diagnosis.RecordQuestion("orders", 0, 20)
    assert isinstance(answerer.answer([beyond], seen)[beyond], diagnosis.RecordAnswer)
    made.fill("orders", 0, 1)
    again = answerer.answer([beyond], seen)[beyond]
    assert isinstance(again, diagnosis.RecordAnswer)
    assert again.exists is True


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_REMEMBERED", 5)
    made = cluster()
    answerer = answers.Answerer(made, read_records=True)
    questions = [diagnosis.RecordQuestion("orders", 0, offset) for offset in range(20)]
    answerer.answer(questions, sweep(made))
    read = made.called("read")
    answerer.answer(questions[-5:], sweep(made))
    assert made.called("read") == read
    answerer.answer(questions[:1], sweep(made))
    assert made.called("read") > read


def test_a_leader_that_does_not_answer_leaves_the_question_unknown() -> None:
    made = cluster()
    made.fail_next("read", errors.TimedOut("The leader of orders-0 did not answer"))
    question = diagnosis.RecordQuestion("orders", 0, 3)
    assert ask(made, question) == {question: Unknown("The leader of orders-0 did not answer")}


def test_no_time_left_leaves_a_question_unasked() -> None:
    made = cluster()
    question = diagnosis.RecordQuestion("orders", 0, 3)
    answerer = answers.Answerer(made, read_records=True, deadline_s=0.0)
    assert answerer.answer([question], sweep(made)) == {}


def keys_of(made: fake.Fake, topic: str = "orders") -> diagnosis.KeyAnswer:
    question = diagnosis.KeyQuestion(topic)
    answer = ask(made, question)[question]
    assert isinstance(answer, diagnosis.KeyAnswer)
    return answer


def test_evenly_keyed() -> None:
    answer = keys_of(cluster())
    assert (answer.sampled, answer.keyed_share) == (80, 1.0)
    assert answer.top_key_share == pytest.approx(12 / 80)


def test_one_key_on_top() -> None:
    made = cluster()
    for _ in range(100):
        made.write("orders", 2, b"{}", key=b"whale")
    answer = keys_of(made)
    assert answer.sampled == 110
    assert answer.top_key_share == pytest.approx(50 / 110)


def test_without_keys() -> None:
    made = fake.Fake()
    made.add_topic("orders")
    for _ in range(300):
        made.write("orders", 0, b"{}")
    answer = keys_of(made)
    assert (answer.sampled, answer.keyed_share, answer.top_key_share) == (200, 0.0, 0.0)


def test_a_wide_topic_is_sampled_in_some_partitions_only() -> None:
    made = fake.Fake()
    made.add_topic("wide", partitions=300)
    for partition in range(300):
        made.fill("wide", partition, 30)
    assert keys_of(made, "wide").sampled == 200
    assert made.called("read") == 20
    read = {call.arguments[0] for call in made.calls if call.method == "read"}
    assert TopicPartition("wide", 285) in read


def test_one_partition_that_cannot_be_read_spoils_no_other() -> None:
    made = cluster()
    made.fail_next("read", errors.TimedOut("no answer"))
    assert keys_of(made).sampled == 60


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("nothing", "the cluster lists no topic nothing"),
        ("empty", "topic empty holds no records to look at"),
    ],
)
def test_nothing_to_sample(topic: str, reason: str) -> None:
    made = cluster()
    made.add_topic("empty")
    question = diagnosis.KeyQuestion(topic)
    assert ask(made, question) == {question: Unknown(reason)}


def test_a_port_that_is_silent_tells_whether_it_accepted_connections_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    course: tuple[connects.PortState, ...] = ("accepts", "silent", "silent", "refuses", "silent")
    states = iter(course)
    monkeypatch.setattr(reaching, "AGE_S", 0.0)
    monkeypatch.setattr(reaching, "reach", lambda *_, **__: diagnosis.ReachAnswer(next(states)))
    made, question = cluster(), diagnosis.ReachQuestion("broker-1", 9092)
    asker, seen = answers.Answerer(made, read_records=False), sweep(made)
    told = [asker.answer([question], seen)[question] for _ in range(5)]
    assert told == [
        diagnosis.ReachAnswer("accepts"),
        diagnosis.ReachAnswer("silent", accepted=True),
        diagnosis.ReachAnswer("silent", accepted=True),
        diagnosis.ReachAnswer("refuses"),
        diagnosis.ReachAnswer("silent"),
    ]
