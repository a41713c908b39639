"""What is left of an incident keeps its name: until something new, something surer, or its end."""

import dataclasses

import pytest
from tests.unit.diagnose.test_lifecycle import Life, draft, found

from headgate.domain import diagnosis, incident, resource, thresholds, vocabulary

GROUP = resource.Resource("group", "billing")
STALL, STORM = found("lag.stalled"), found("rebalance.storm")
WINDOW_S = 600.0


def cause(code: str, verdict: vocabulary.Verdict) -> diagnosis.Cause:
    step = diagnosis.Suggestion(action="group.quarantine_record", why="set it aside")
    return diagnosis.Cause(
        code=code, resource=GROUP, verdict=verdict, summary=f"{code}!", next=(step,)
    )


def told(*causes: diagnosis.Cause, about: incident.Draft) -> incident.Draft:
    return dataclasses.replace(about, causes=causes)


POISON = told(
    cause("record.poison", "confirmed"),
    about=draft(STALL, STORM, title="billing cannot read a record"),
)
LEFT = told(
    cause("consumer.crash_loop", "likely"), about=draft(STORM, title="billing crashes again")
)


def test_what_is_left_of_it_ends_under_its_name() -> None:
    life = Life()
    for one in (POISON, POISON, LEFT, LEFT):
        life.look(one)
    left = life.incidents["inc1"].draft
    assert (left.title, left.causes[0].code) == (POISON.title, "record.poison")
    assert [each.code for each in left.findings] == ["rebalance.storm"], (
        "what is there is not hidden"
    )
    assert not left.causes[0].next, "what was to be done is over"
    assert life.told() == ["opened", "cleared", "cause"]
    assert life.incidents["inc1"].timeline[-1].what.startswith("It is still called record.poison")
    life.look(after_s=20)
    ended = life.incidents["inc1"]
    assert (ended.state, ended.draft.title) == ("resolved", POISON.title)


def test_something_new_is_named_anew() -> None:
    life = Life()
    frozen = told(
        cause("consumer.crash_loop", "likely"),
        about=draft(STORM, found("group.commits_frozen"), title="billing crashes again"),
    )
    for one in (POISON, LEFT, frozen):
        life.look(one)
    assert life.incidents["inc1"].draft == frozen


def test_a_group_that_catches_up_keeps_its_name() -> None:
    life = Life()
    catching = found("lag.growing", severity="warning")
    behind = told(cause("consumer.slow", "likely"), about=draft(catching, title="billing is slow"))
    for one in (POISON, behind, behind):
        life.look(one)
    assert life.incidents["inc1"].draft.title == POISON.title


def test_lag_that_is_worse_or_of_another_group_is_named_anew() -> None:
    other = found("lag.growing", resource.Resource("group", "fraud"), severity="warning")
    worse = found("lag.growing", severity="critical")
    mild = told(cause("record.poison", "confirmed"), about=draft(found(severity="warning"), STORM))
    for before, grown in ((POISON, other), (mild, worse)):
        life = Life()
        after = told(cause("consumer.slow", "likely"), about=draft(STORM, grown))
        for one in (before, after):
            life.look(one)
        assert life.incidents["inc1"].draft == after


def test_what_comes_back_is_told_with_what_to_do() -> None:
    life = Life()
    for one in (POISON, LEFT, POISON):
        life.look(one)
    assert life.incidents["inc1"].draft == POISON


def test_what_is_known_better_takes_over() -> None:
    life = Life()
    surer = told(
        cause("consumer.crash_loop", "confirmed"), about=draft(STORM, title="billing crashes again")
    )
    for one in (POISON, surer):
        life.look(one)
    assert life.incidents["inc1"].draft == surer


@pytest.mark.parametrize(("after_s", "title"), [(-10, POISON.title), (10, LEFT.title)])
def test_it_keeps_its_name_for_no_longer_than_its_windows(after_s: float, title: str) -> None:
    life = Life()
    life.look(POISON)
    looks = int((WINDOW_S - 10 + after_s) // 5) + 1
    for _ in range(looks):
        life.look(LEFT)
    assert life.incidents["inc1"].draft.title == title


def test_windows_that_were_set_are_shorter() -> None:
    life = Life()
    short = thresholds.Thresholds(cluster={STORM.code: {"window": "30s"}})
    life.look(POISON, set_=short)
    for _ in range(6):
        life.look(LEFT, set_=short)
    assert life.incidents["inc1"].draft.title == POISON.title
    life.look(LEFT, set_=short)
    assert life.incidents["inc1"].draft.title == LEFT.title


def test_a_guess_is_no_name_to_keep() -> None:
    life = Life()
    guessed = told(cause("record.poison", "possible"), about=POISON)
    for one in (guessed, LEFT):
        life.look(one)
    assert life.incidents["inc1"].draft == LEFT


@pytest.mark.parametrize(
    ("state", "title"), [("open", "billing crashes"), ("acting", POISON.title)]
)
def test_while_a_change_answers_it_what_stands_meanwhile_has_its_name(
    state: vocabulary.IncidentState, title: str
) -> None:
    life = Life()
    life.look(POISON)
    life.incidents["inc1"] = dataclasses.replace(life.incidents["inc1"], state=state)
    restless = told(
        cause("consumer.crash_loop", "likely"), about=draft(STALL, title="billing crashes")
    )
    for one in (restless, restless):
        life.look(one)
    assert life.incidents["inc1"].draft.title == title


def test_once_the_change_is_over_what_stands_is_told_with_what_to_do() -> None:
    """A database is back while its task is restarted in vain: the next restart is suggested."""
    life = Life()
    down = told(cause("downstream.outage", "confirmed"), about=draft(STALL, title="no database"))
    back = told(cause("connect.transient", "likely"), about=draft(STALL, title="it refused"))
    life.look(down)
    for state in ("acting", "open"):
        life.incidents["inc1"] = dataclasses.replace(life.incidents["inc1"], state=state)
        life.look(back)
        shown = life.incidents["inc1"].draft
        assert (shown.title == back.title) is (state == "open")
        assert bool(shown.causes[0].next) is (state == "open")


def test_a_group_that_is_stopped_while_a_change_waits_is_told_of() -> None:
    life = Life()
    life.look(POISON)
    life.incidents["inc1"] = dataclasses.replace(life.incidents["inc1"], state="acting")
    stopped = told(cause("consumer.stopped", "likely"), about=draft(found("lag.stopped")))
    life.look(stopped)
    assert life.incidents["inc1"].draft == stopped


def test_while_the_first_finding_stands_the_newest_look_tells_its_cause() -> None:
    life = Life()
    unsure = told(cause("consumer.hung", "possible"), about=draft(STALL, title="billing stalls"))
    for one in (POISON, unsure):
        life.look(one)
    assert life.incidents["inc1"].draft == unsure


def of(code: str, verdict: vocabulary.Verdict = "likely") -> incident.Draft:
    return told(cause(code, verdict), about=draft(found("lag.growing"), title=code))


@pytest.mark.parametrize(
    ("after", "states"),
    [
        (of("consumer.slow"), {"inc1": "open"}),
        (of("consumer.slow", "confirmed"), {"inc1": "open"}),
        (of("traffic.burst", "possible"), {"inc1": "open"}),
        (of("traffic.burst"), {"inc1": "resolved", "inc2": "open"}),
    ],
)
def test_what_was_resolved_returns_unless_another_cause_is_known(
    after: incident.Draft, states: dict[str, str]
) -> None:
    life = Life()
    life.look(of("consumer.slow"))
    life.look(after_s=20)
    life.look(after)
    assert life.states() == states


def test_each_cause_returns_as_its_own_incident() -> None:
    life = Life()
    for one in (of("consumer.slow"), of("traffic.burst"), of("consumer.slow")):
        life.look(one)
        life.look(after_s=20)
    assert {name: one.returned for name, one in life.incidents.items()} == {"inc1": 1, "inc2": 0}


def at(severity: vocabulary.Severity, code: str, verdict: vocabulary.Verdict) -> incident.Draft:
    """One look at the same incident: how bad it is, and what is known of it."""
    about = draft(found("lag.stalled", severity=severity), title=f"{code}, {severity}")
    return told(cause(code, verdict), about=about)


@pytest.mark.parametrize(
    ("looks", "title"),
    [
        (
            [
                at("critical", "broker.crashed", "confirmed"),
                at("warning", "leader.drifted", "confirmed"),
            ],
            "broker.crashed, critical",
        ),
        (
            [at("warning", "consumer.slow", "likely"), at("critical", "commit.absent", "possible")],
            "consumer.slow, warning",
        ),
        (
            [
                at("critical", "consumer.slow", "likely"),
                at("critical", "record.poison", "confirmed"),
            ],
            "record.poison, critical",
        ),
        (
            [
                at("critical", "record.poison", "possible"),
                at("warning", "consumer.slow", "likely"),
            ],
            "consumer.slow, warning",
        ),
        (
            [
                at("warning", "consumer.slow", "likely"),
                at("critical", "record.poison", "likely"),
                at("warning", "record.poison", "confirmed"),
            ],
            "record.poison, critical",
        ),
    ],
    ids=["milder", "not known", "surer", "known at last", "worst of three"],
)
def test_once_it_is_over_it_is_called_what_it_was_at_its_worst(
    looks: list[incident.Draft], title: str
) -> None:
    life = Life()
    for one in looks:
        life.look(one)
    assert life.incidents["inc1"].draft.title == looks[-1].title, "while it lasts, what is"
    life.look(after_s=20)
    ended = life.incidents["inc1"]
    assert (ended.state, ended.draft.title) == ("resolved", title)
    assert title == f"{ended.draft.causes[0].code}, {ended.draft.severity}"
    life.look(looks[0])
    back = life.incidents["inc1"].state == "open"
    assert back is (looks[0].title == title or not looks[0].causes[0].is_answer)


CRASHED = told(
    cause("broker.crashed", "confirmed"),
    cause("leader.drifted", "possible"),
    about=draft(
        found("broker.down"), STALL, STORM, key="broker.down@broker:3", title="broker 3 crashed"
    ),
)
VOTER = told(
    cause("quorum.voter_down", "likely"), about=draft(STALL, key="voter", title="a voter is behind")
)
LEADERS = told(
    cause("leader.drifted", "confirmed"),
    about=draft(
        found("rebalance.storm", severity="warning"), key="leaders", title="leaders stay away"
    ),
)
OTHER = told(
    cause("consumer.slow", "likely"),
    about=draft(found("lag.growing"), key="slow", title="another is slow"),
)


def test_what_a_root_leaves_behind_is_no_new_incident_though_it_falls_apart() -> None:
    life = Life()
    for looks in ((CRASHED,), (VOTER, LEADERS), (VOTER, LEADERS), (LEADERS,)):
        life.look(*looks)
        assert life.states() == {"inc1": "open"}
    assert life.incidents["inc1"].draft.title == LEADERS.title, "while it lasts, what is"
    life.look(after_s=20)
    assert life.states() == {"inc1": "resolved"}
    assert life.incidents["inc1"].draft.title == CRASHED.title


def test_nor_does_it_bring_an_older_incident_back() -> None:
    life = Life()
    life.look(LEADERS)
    life.look(after_s=20)
    for looks in ((CRASHED,), (VOTER, LEADERS)):
        life.look(*looks)
    assert life.states() == {"inc1": "resolved", "inc2": "open"}


def test_while_the_root_stands_what_falls_away_from_it_is_an_incident_of_its_own() -> None:
    life = Life()
    life.look(CRASHED)
    down = told(
        cause("broker.crashed", "confirmed"),
        about=draft(found("broker.down"), STALL, key="broker.down@broker:3"),
    )
    life.look(down, LEADERS)
    assert life.states() == {"inc1": "open", "inc2": "open"}


def test_what_is_new_beside_what_is_left_is_an_incident_of_its_own() -> None:
    life = Life()
    life.look(CRASHED)
    life.look(VOTER, LEADERS, OTHER)
    assert life.states() == {"inc1": "open", "inc2": "open"}
    both = life.incidents["inc1"].draft
    assert {one.code for one in both.findings} == {"lag.stalled", "rebalance.storm"}


def test_what_was_known_beside_the_root_does_not_name_it_afterwards() -> None:
    life = Life()
    strict = cause("min_isr.too_strict", "confirmed")
    hung = told(
        cause("broker.hung", "likely"),
        strict,
        about=draft(found("broker.fenced"), STALL, title="broker 3 hangs"),
    )
    for one in (hung, told(strict, about=draft(STALL, title="no writes"))):
        life.look(one)
    life.look(after_s=20)
    assert life.incidents["inc1"].draft.title == "broker 3 hangs"
