"""An incident's life over looks: opened once, told as it changes, never resolved by blindness."""

import dataclasses
import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from tests.unit.diagnose import scenes
from tests.unit.observations import AT, Scene

from headgate import diagnose
from headgate.diagnose import attention, lifecycle, story
from headgate.domain import finding, incident, resource, thresholds, vocabulary

GROUP = resource.Resource("group", "billing")
DEFAULTS = thresholds.Thresholds()


def found(
    code: str = "lag.stalled",
    about: resource.Resource = GROUP,
    state: vocabulary.FindingState = "firing",
    severity: vocabulary.Severity = "critical",
) -> finding.Finding:
    return finding.Finding(
        code=code, state=state, severity=severity, resource=about, since=AT, summary=f"{code}!"
    )


def draft(
    *findings: finding.Finding, key: str = "group@group:billing", title: str = "stuck"
) -> incident.Draft:
    worst = max((f.severity for f in findings), key=vocabulary.SEVERITIES.index)
    return incident.Draft(
        key=key,
        title=title,
        severity=worst,
        resource=findings[0].resource,
        findings=findings,
        causes=(),
    )


class Life:
    """Looks at one cluster, and the incidents that come of them."""

    def __init__(self) -> None:
        self.now = AT
        self.incidents: dict[str, incident.Incident] = {}
        self._ids = map("inc{}".format, itertools.count(1))

    def look(
        self,
        *drafts: incident.Draft,
        after_s: float = 5,
        unseen: Sequence[finding.NotSeen] = (),
        since: datetime | None = None,
        set_: thresholds.Thresholds = DEFAULTS,
    ) -> tuple[incident.Incident, ...]:
        self.now += timedelta(seconds=after_s)
        changed = lifecycle.advance(
            [i for i in self.incidents.values() if i.state not in ("closed", "merged")],
            drafts,
            detection=finding.Detection(cluster="lab", at=self.now, not_seen=tuple(unseen)),
            now=self.now,
            new_id=self._ids.__next__,
            since=since,
            set_=set_,
        )
        self.incidents |= {item.id: item for item in changed}
        return changed

    def states(self) -> dict[str, str]:
        return {name: item.state for name, item in self.incidents.items()}

    def told(self, name: str = "inc1") -> list[str]:
        return [happening.kind for happening in self.incidents[name].timeline]


def test_a_firing_draft_opens_one_incident() -> None:
    life = Life()
    life.look(draft(found()))
    life.look(draft(found()))
    assert life.states() == {"inc1": "open"}
    assert life.told() == ["opened"]
    assert life.incidents["inc1"].opened_at == AT + timedelta(seconds=5)
    assert life.incidents["inc1"].cluster == "lab"


def test_what_is_pending_or_merely_listed_opens_nothing() -> None:
    life = Life()
    life.look(draft(found(state="pending")), draft(found("lag.draining", severity="info"), key="x"))
    assert not life.states()


def test_what_is_pending_keeps_an_incident_alive() -> None:
    life = Life()
    life.look(draft(found()))
    for _ in range(10):
        life.look(draft(found(state="pending")))
    assert life.states() == {"inc1": "open"}


def test_what_is_merely_listed_does_not_keep_it_alive() -> None:
    life = Life()
    life.look(draft(found()))
    life.look(draft(found("lag.draining", severity="info")), after_s=20)
    assert life.states() == {"inc1": "resolved"}


def test_one_clear_look_resolves_nothing() -> None:
    life = Life()
    life.look(draft(found()))
    life.look()
    assert life.states() == {"inc1": "open"}
    life.look()
    assert life.states() == {"inc1": "resolved"}
    assert life.told() == ["opened", "resolved"]


def test_it_reopens_while_it_is_held_and_closes_after() -> None:
    life = Life()
    life.look(draft(found()))
    life.look(after_s=20)
    life.look(draft(found()), after_s=300)
    assert life.states() == {"inc1": "open"}
    assert life.incidents["inc1"].resolved_at is None
    life.look(after_s=20)
    life.look(after_s=599)
    assert life.states() == {"inc1": "resolved"}
    life.look(after_s=2)
    assert life.states() == {"inc1": "closed"}
    assert life.told() == ["opened", "resolved", "reopened", "resolved", "closed"]
    life.look(draft(found()))
    assert life.states() == {"inc1": "closed", "inc2": "open"}


def test_what_goes_on_is_told_of_before_what_is_over_comes_back() -> None:
    """A broker that is lost again and again: its leaders are away once it is back."""
    life = Life()
    away = found("leader.imbalance", resource.Resource("cluster", "lab"))
    life.look(draft(away, key="leader@cluster:lab"))
    life.look(after_s=20)
    down = found("broker.down", resource.Resource("broker", "3"))
    life.look(draft(down, away, key="broker@broker:3"))
    life.look(draft(away, key="leader@cluster:lab"))
    assert life.states() == {"inc1": "resolved", "inc2": "open"}
    assert life.incidents["inc2"].draft.key == "leader@cluster:lab"


def test_of_several_that_are_over_the_newest_comes_back() -> None:
    life = Life()
    for _ in range(2):
        life.look(draft(found()))
        life.incidents["inc1"] = dataclasses.replace(
            life.incidents["inc1"], draft=draft(found("x"), key="other")
        )
        life.look(after_s=20)
    life.incidents["inc1"] = dataclasses.replace(life.incidents["inc1"], draft=draft(found()))
    assert life.states() == {"inc1": "resolved", "inc2": "resolved"}
    life.look(draft(found()))
    assert life.states() == {"inc1": "resolved", "inc2": "open"}


def test_a_resolved_incident_is_not_reopened_by_what_is_only_pending() -> None:
    life = Life()
    life.look(draft(found()))
    life.look(after_s=20)
    life.look(draft(found(state="pending")))
    assert life.states() == {"inc1": "resolved"}


@pytest.mark.parametrize("about", [GROUP, resource.Resource("cluster", "lab")], ids=str)
def test_blindness_is_no_recovery(about: resource.Resource) -> None:
    life = Life()
    life.look(draft(found()))
    gap = finding.NotSeen(code="lag.stalled", resource=about, reason="broker 2 timed out")
    for _ in range(5):
        life.look(after_s=60, unseen=[gap])
    assert life.states() == {"inc1": "open"}
    assert [h.what for h in life.incidents["inc1"].timeline[1:]] == [
        "Its evidence cannot be read: broker 2 timed out"
    ]
    for _ in range(12):  # lag.stalled holds for 2 minutes before it could be seen again
        life.look(after_s=10)
        assert life.states() == {"inc1": "open"}
    life.look(after_s=10)
    assert life.states() == {"inc1": "resolved"}


def test_a_restart_in_the_middle_opens_nothing_and_heals_nothing() -> None:
    """The same incident goes on, though the first looks after the start see nothing of it."""
    life = Life()
    life.look(draft(found()))
    start = life.now + timedelta(seconds=60)
    life.look(after_s=60, since=start)
    for _ in range(10):
        life.look(after_s=5, since=start)
    life.look(draft(found(state="pending")), since=start)
    life.look(draft(found()), after_s=60, since=start)
    assert life.states() == {"inc1": "open"}
    assert life.told() == ["opened"]


def test_what_healed_while_headgate_was_away_resolves_once_it_could_be_seen() -> None:
    life = Life()
    life.look(draft(found()))
    start = life.now + timedelta(seconds=60)
    life.look(after_s=60, since=start)
    life.look(after_s=129, since=start)
    assert life.states() == {"inc1": "open"}
    life.look(after_s=2, since=start)
    assert life.states() == {"inc1": "resolved"}


@pytest.mark.parametrize(
    ("set_", "waits_s"),
    [
        (DEFAULTS, 120.0),
        (thresholds.Thresholds(cluster={"lag.stalled": {"hold": "20s"}}), 20.0),
        (
            thresholds.Thresholds(
                rules=[
                    thresholds.Rule(
                        resources="group:billing", code="lag.stalled", values={"hold": "40s"}
                    )
                ]
            ),
            40.0,
        ),
    ],
    ids=["default", "cluster", "group"],
)
def test_after_blindness_it_waits_as_long_as_its_hold_is_set(
    set_: thresholds.Thresholds, waits_s: float
) -> None:
    life = Life()
    life.look(draft(found()))
    life.look(unseen=[finding.NotSeen(code="lag.stalled", resource=GROUP, reason="no answer")])
    life.look(after_s=waits_s + 9, set_=set_)
    assert life.states() == {"inc1": "open"}
    life.look(after_s=2, set_=set_)
    assert life.states() == {"inc1": "resolved"}


def test_a_signal_that_flickers_is_one_incident_that_is_opened_once() -> None:
    """Each second look sees it: it neither resolves nor is anybody told anew."""
    life = Life()
    for number in range(60):
        life.look(*[draft(found())] if number % 2 == 0 else [])
    assert life.states() == {"inc1": "open"}
    assert life.told() == ["opened"]


def test_a_signal_that_flickers_slowly_comes_back_and_is_counted() -> None:
    life = Life()
    for number in range(12):
        life.look(*[draft(found())] if number % 2 == 0 else [], after_s=30)
    assert list(life.incidents) == ["inc1"]
    assert life.incidents["inc1"].returned == 5


def test_what_came_back_has_to_be_acknowledged_anew() -> None:
    life = Life()
    life.look(draft(found()))
    item = attention.acknowledged(life.incidents["inc1"], by="mira", now=life.now)
    life.incidents["inc1"] = attention.silenced(
        item, by="mira", why="known", until=life.now + timedelta(hours=1), now=life.now
    )
    life.look(draft(found()))
    assert life.incidents["inc1"].acknowledged_by == "mira"
    life.look(after_s=20)
    life.look(draft(found()))
    item = life.incidents["inc1"]
    assert (item.state, item.acknowledged_by, item.acknowledged_at) == ("open", "", None)
    assert item.is_silent(life.now)
    assert not item.is_silent(AT + timedelta(hours=2))
    assert life.told() == ["opened", "acknowledged", "silenced", "resolved", "reopened"]


def test_a_clock_that_is_set_back_resolves_nothing_and_keeps_nothing_open_for_ever() -> None:
    life = Life()
    life.look(draft(found()))
    life.look(after_s=-3600)
    assert life.states() == {"inc1": "open"}
    life.look(after_s=5)
    assert life.states() == {"inc1": "open"}
    life.look(after_s=6)
    assert life.states() == {"inc1": "resolved"}
    life.look(after_s=-3600)
    life.look(after_s=300)
    assert life.states() == {"inc1": "resolved"}
    life.look(after_s=301)
    assert life.states() == {"inc1": "closed"}


def test_blindness_is_told_once_though_each_look_fails_at_something_else() -> None:
    life = Life()
    life.look(draft(found()))
    for reason in ("no answer", "still waiting", "no answer", "still waiting"):
        life.look(unseen=[finding.NotSeen(code="lag.stalled", resource=GROUP, reason=reason)])
    assert life.told() == ["opened", "finding"]
    life.look(draft(found()))
    life.look(unseen=[finding.NotSeen(code="lag.stalled", resource=GROUP, reason="no answer")])
    assert life.told() == ["opened", "finding", "finding"]


def test_blindness_for_something_else_does_not_hold_it() -> None:
    life = Life()
    life.look(draft(found()))
    gap = finding.NotSeen(
        code="lag.stalled", resource=resource.Resource("group", "other"), reason="timed out"
    )
    life.look(after_s=20, unseen=[gap])
    assert life.states() == {"inc1": "resolved"}


def test_new_and_cleared_findings_are_told() -> None:
    life = Life()
    life.look(draft(found()))
    life.look(draft(found(), found("lag.over_objective", severity="warning")))
    life.look(draft(found()))
    assert life.told() == ["opened", "finding", "cleared"]


def test_a_consequence_that_flickers_does_not_fill_the_timeline() -> None:
    life = Life()
    for number in range(100):
        extra = [found("lag.over_objective", severity="warning")] if number % 2 else []
        life.look(draft(found(), *extra))
    assert life.told() == ["opened", *["finding", "cleared"] * 3]
    assert "comes and goes" in life.incidents["inc1"].timeline[-1].what


def at_minimum(number: int) -> list[finding.Finding]:
    names = (f"orders-{each}" for each in range(number))
    return [
        found("partition.at_min_isr", resource.Resource("partition", name), severity="warning")
        for name in names
    ]


def test_many_alike_that_come_at_once_are_one_line_and_clear_in_one() -> None:
    life = Life()
    life.look(draft(found()))
    for many in (33, 33, 20, 0, 0):
        life.look(draft(found(), *at_minimum(many)))
    assert life.told() == ["opened", "finding", "cleared"]
    came, went = life.incidents["inc1"].timeline[1:]
    assert came.what == "partition.at_min_isr! And 32 more alike."
    assert went.what == "partition.at_min_isr cleared"


def test_what_came_one_by_one_clears_in_one_line_and_its_coming_back_is_told() -> None:
    life = Life()
    life.look(draft(found()))
    for many in (1, 2, 3, 0, 2):
        life.look(draft(found(), *at_minimum(many)))
    assert life.told() == ["opened", *["finding"] * 3, "cleared", *["finding"] * 2]


def test_what_clears_while_others_of_its_code_stay_is_told_by_its_name() -> None:
    life = Life()
    life.look(draft(found()))
    for many in (2, 1, 0):
        life.look(draft(found(), *at_minimum(many)))
    cleared = [line.what for line in life.incidents["inc1"].timeline if line.kind == "cleared"]
    assert cleared == [
        "partition.at_min_isr cleared on orders-1",
        "partition.at_min_isr cleared",
    ]


def test_many_alike_that_come_and_go_do_not_fill_the_timeline() -> None:
    life = Life()
    for number in range(60):
        life.look(draft(found(), *at_minimum(33 if number % 2 else 0)))
    lines = [line for line in life.incidents["inc1"].timeline if line.kind != "trend"]
    assert [line.kind for line in lines] == ["opened", *["finding", "cleared"] * 3]
    assert "comes and goes" in lines[-1].what


def test_a_few_are_told_one_by_one_and_so_is_what_comes_later() -> None:
    life = Life()
    for many in (0, 3, 3, 10, 11):
        life.look(draft(found(), *at_minimum(many)))
    lines = [line.what for line in life.incidents["inc1"].timeline[1:]]
    one = "partition.at_min_isr!"
    assert lines == [one, one, one, f"{one} And 6 more alike.", one]


def test_an_incident_follows_its_findings_under_another_root() -> None:
    life = Life()
    life.look(draft(found("lag.growing")))
    life.look(
        draft(
            found("broker.down", resource.Resource("broker", "2")),
            found("lag.growing"),
            key="broker@broker:2",
            title="Broker 2 crashed",
        )
    )
    assert life.states() == {"inc1": "open"}
    assert life.incidents["inc1"].draft.title == "Broker 2 crashed"


def test_an_incident_is_merged_into_that_of_its_root() -> None:
    life = Life()
    broker = found("broker.down", resource.Resource("broker", "2"))
    life.look(draft(found()), draft(broker, key="broker@broker:2", title="Broker 2 crashed"))
    life.look(draft(broker, found(), key="broker@broker:2", title="Broker 2 crashed"))
    assert life.states() == {"inc1": "merged", "inc2": "open"}
    assert life.incidents["inc1"].timeline[-1].ref == "inc2"


@pytest.mark.parametrize("state", ["watching", "acting"])
def test_an_incident_under_response_lives_as_the_others_do(
    state: vocabulary.IncidentState,
) -> None:
    life = Life()
    life.look(draft(found()))
    life.incidents["inc1"] = lifecycle.move(
        life.incidents["inc1"], state, now=life.now, what="chg1 runs", kind="change", ref="chg1"
    )
    life.look(draft(found()))
    assert life.states() == {"inc1": state}
    life.look(after_s=20)
    assert life.states() == {"inc1": "resolved"}


def test_only_the_moves_of_the_vocabulary_are_legal() -> None:
    life = Life()
    life.look(draft(found()))
    item = life.incidents["inc1"]
    for one, allowed in vocabulary.incident_transitions().items():
        for two in vocabulary.incident_transitions():
            before = dataclasses.replace(item, state=one)  # type: ignore[arg-type]  # a known state
            if two in allowed:
                after = lifecycle.move(before, two, now=AT, what="", kind="x")  # type: ignore[arg-type]  # as above
                assert after.state == two
            else:
                with pytest.raises(lifecycle.IllegalMove):
                    lifecycle.move(before, two, now=AT, what="", kind="x")  # type: ignore[arg-type]  # as above


def test_the_timeline_keeps_its_first_line_and_the_newest() -> None:
    life = Life()
    life.look(draft(found()))
    item = life.incidents["inc1"]
    for number in range(300):
        item = story.note(item, now=AT, what=str(number), kind="change")
    assert len(item.timeline) == 200
    assert (item.timeline[0].kind, item.timeline[-1].what) == ("opened", "299")


def test_a_story_from_poison_to_recovery() -> None:
    """The same incident from the first look to the last, on drafts as detection makes them."""
    life = Life()

    def at(scene: Scene, now: datetime) -> tuple[incident.Draft, ...]:
        life.now = now
        return diagnose.look(scene.seen(), {})[2]

    life.look(*at(scenes.crashing(), AT))
    assert list(life.states().values()) == ["open"]
    healthy = scenes.shop()
    healthy.follow("billing", "orders", behind=3)
    life.look(*at(healthy, AT + timedelta(seconds=30)))
    assert list(life.states().values()) == ["resolved"]
