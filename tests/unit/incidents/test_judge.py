"""The judge: what counts as found, as right, and as wrong."""

from incidents import judge, looks, scenario

ROOT = scenario.Root(findings=("lag.stalled",), causes=("record.poison",), on="billing-a1")
OWN = judge.Own(names=("billing-a1", "orders-a1"))
MOMENTS = judge.Moments(began=0, injected=10, confirmed=14)


def told(
    finding: str = "lag.stalled",
    *causes: str,
    on: str = "group:billing-a1",
    severity: str = "critical",
) -> looks.Told:
    return looks.Told(
        key=f"lag@{on}",
        title="",
        resource=on,
        severity=severity,
        findings=(looks.Found(code=finding, resource=on, severity=severity),),
        causes=tuple(looks.Cause(code=one, on=on, verdict="likely") for one in causes),
    )


def look(
    at: float,
    *said: looks.Told,
    opened: tuple[looks.Told, ...] = (),
    paged: tuple[looks.Told, ...] = (),
    waiting: tuple[looks.Told, ...] = (),
) -> looks.Look:
    return looks.Look(began=at - 0.2, at=at, told=said, opened=opened, paged=paged, waiting=waiting)


def verdict(*seen: looks.Look, roots: tuple[scenario.Root, ...] = (ROOT,)) -> judge.Verdict:
    return judge.judge(seen, roots, MOMENTS, OWN)


def test_found_and_right_with_the_seconds_from_the_injection() -> None:
    wrong_first = told("lag.stalled", "consumer.hung", "record.poison")
    right = told("lag.stalled", "record.poison", "consumer.hung")
    [answer] = verdict(
        look(12), look(16, wrong_first), look(18, right), look(20, right), look(22, right)
    ).answers
    assert (answer.found_s, answer.cause_s, answer.second) == (6, 8, True)
    assert answer.sweeps == 1  # 4 s after the symptom was visible
    assert answer.settled


def test_an_answer_that_does_not_last_is_not_right() -> None:
    right, wrong = told("lag.stalled", "record.poison"), told("lag.stalled", "consumer.slow")
    [answer] = verdict(look(16, right), look(18, right), look(20, wrong)).answers
    assert answer.found_s == 6
    assert answer.cause_s is None
    assert not answer.second
    assert "consumer.slow" in answer.got


def test_what_is_seen_only_once_may_be_right() -> None:
    right = told("lag.stalled", "record.poison")
    [answer] = verdict(look(16, right), look(18), look(20)).answers
    assert (answer.cause_s, answer.settled) == (6, True)


def test_second_place_is_told_apart_from_first() -> None:
    [answer] = verdict(look(16, told("lag.stalled", "consumer.hung", "record.poison"))).answers
    assert (answer.cause_s, answer.second) == (None, True)


def test_nothing_is_found_where_another_resource_is_spoken_of() -> None:
    [answer] = verdict(look(16, told("lag.stalled", "record.poison", on="group:other"))).answers
    assert (answer.found_s, answer.got) == (None, "nothing")


def test_the_culprit_must_be_named_where_one_is_expected() -> None:
    root = scenario.Root(findings=("lag.stalled",), causes=("broker.hung",), culprit="broker:2")
    said = told("lag.stalled", "broker.hung")
    assert verdict(look(16, said), roots=(root,)).answers[0].cause_s is None


def test_what_is_said_before_the_injection_is_wrong() -> None:
    found = verdict(look(8, told("lag.stalled", "record.poison"))).wrong
    assert len(found) == 1
    assert found[0].startswith("before the injection")


def test_an_incident_that_turns_to_the_root_is_not_wrong_but_another_one_is() -> None:
    early = told("lag.growing", "consumer.slow")
    beside = told("topic.input_stopped", "producer.stopped", on="topic:orders-a1")
    seen = [look(12, early), look(16, told("lag.stalled", "record.poison"), beside)]
    assert [one.partition(":")[0] for one in verdict(*seen).wrong] == ["topic"]


def test_what_is_merely_listed_is_not_wrong() -> None:
    assert not verdict(look(16, told("lag.draining", severity="info"))).wrong


def test_companions_that_are_expected_are_not_wrong() -> None:
    root = scenario.Root(findings=("lag.stalled",), causes=("x",), also=("config.retention_short",))
    beside = told("config.retention_short", on="topic:orders-a1")
    assert not verdict(look(16, beside), roots=(root,)).wrong


def test_a_healthy_case_is_settled_with_no_answer_and_counts_what_is_said() -> None:
    found = verdict(look(16, told("lag.stalled", "record.poison")), roots=())
    assert (found.answers, len(found.wrong)) == ((), 1)


def test_incidents_and_calls_to_people_are_counted_apart() -> None:
    warning, other = told("lag.growing", severity="warning"), told(on="group:other")
    opened = (told(), warning, other, told(severity="info"))
    grave_by_now = told("lag.growing")
    found = verdict(look(16, opened=opened, paged=(told(), other)), look(20, paged=(grave_by_now,)))
    assert (found.opened, found.paging) == (2, 2)


def test_calls_that_wait_when_the_run_ends_are_counted() -> None:
    passing, mine, other = told("lag.growing"), told(), told(on="group:other")
    found = verdict(look(16, waiting=(passing,)), look(20, waiting=(mine, other)))
    assert found.paging == 1


def test_claims_and_being_alone_make_things_ones_own() -> None:
    cluster = told("rebalance.join_rejected", on="cluster:x")
    assert not judge.mine(cluster, OWN)
    assert judge.mine(cluster, judge.Own(codes=("rebalance.join_rejected",)))
    assert judge.mine(cluster, judge.Own(all=True))
